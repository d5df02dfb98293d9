"""Run a command without root's rights: `python -I -S drop.py --parent PID --show PATH… -- COMMAND…`.

As root, in a private mount namespace: where a needed path lies below a folder that others may not enter (an
interpreter in /root), that folder is covered by an empty one that they may, and only the needed paths are bound into
it, read-only, at their old names. Then groups, gid and uid go, and with them every capability. Started by an ordinary
user there is nothing to drop. Either way the command dies with process PID.

A script of its own, standard library only: it runs before anything is imported.
"""

import ctypes
import os
import signal
import stat
import struct
import sys

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_RDONLY, MS_NOSUID, MS_REMOUNT, MS_BIND, MS_REC, MS_SLAVE = 1, 2, 32, 4096, 16384, 1 << 19
PR_SET_PDEATHSIG = 1
OPEN_TREE, MOVE_MOUNT, MOUNT_SETATTR = 428, 429, 442  # the same numbers on every machine
AT_EMPTY_PATH, OPEN_TREE_CLONE, MOVE_MOUNT_FROM_EMPTY = 0x1000, 1, 4
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_IDMAP = 1, 2, 0x100000


def system(name: str, *words: int | bytes) -> int:
    """A call of the C library; what fails is an OSError that names it."""
    exact = [ctypes.c_long(word) if isinstance(word, int) else word for word in words]
    result: int = getattr(ctypes.CDLL(None, use_errno=True), name)(*exact)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    system("mount", source.encode(), target.encode(), kind.encode(), flags, options.encode())


def trail(path: str) -> tuple[list[tuple[str, str]], str]:
    """The symbolic links that lead from `path` to the real file, as (link, where it points), and the real file."""
    links: list[tuple[str, str]] = []
    real, rest = "/", [part for part in path.split("/") if part]
    while rest:
        part = rest.pop(0)
        if part == "..":
            real = os.path.dirname(real)
        elif part != ".":
            here = os.path.join(real, part)
            if os.path.islink(here):
                target = os.readlink(here)
                if len(links) > 40:
                    raise OSError(f"{path}: too many symbolic links")
                links.append((here, target))
                rest = [p for p in target.split("/") if p] + rest
                real = "/" if target.startswith("/") else real
            else:
                real = here
    return links, real


def closed_above(path: str) -> str | None:
    """The topmost folder above `path` that others may not enter."""
    parts = path.strip("/").split("/")
    for depth in range(1, len(parts)):
        folder = "/" + "/".join(parts[:depth])
        if not os.stat(folder).st_mode & stat.S_IXOTH:
            return folder
    return None


def open_up(paths: list[str], identity: int) -> set[str]:
    """Make `paths` readable for `identity`, at the same names, and nothing else of the closed folders above them.

    Those folders are returned: each is an empty one now, but for the paths.
    """
    links: dict[str, str] = {}
    needed: set[str] = set()
    covered: set[str] = set()
    for path in paths:
        if not os.path.exists(path):
            continue
        found, real = trail(path)
        above = {name: closed_above(name) for name in (real, *dict(found))}
        covered.update(folder for folder in above.values() if folder)
        links.update((name, target) for name, target in found if above[name])
        if above[real] or not os.stat(real).st_mode & stat.S_IROTH:
            needed.add(real)
    whole = [tree for tree in sorted(needed) if not any(tree.startswith(f"{other}/") for other in needed)]
    if not covered and not whole:
        return covered
    try:
        system("unshare", CLONE_NEWNS)
        mount("none", "/", "", MS_REC | MS_SLAVE)
    except PermissionError:
        closed = ", ".join(sorted({*covered, *whole}))
        raise SystemExit(f"Others may not enter {closed}, and this machine allows no mounts: chmod o+rx them") from None
    places = {tree: os.open(tree, os.O_PATH | os.O_CLOEXEC) for tree in whole}  # these outlive the covering
    for folder in covered:
        mount("tmpfs", folder, "tmpfs", MS_NOSUID, "mode=0755,size=1m")
    for tree, place in places.items():
        if stat.S_ISDIR(os.stat(place).st_mode):
            os.makedirs(tree, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(tree), exist_ok=True)
            os.close(os.open(tree, os.O_CREAT | os.O_RDONLY, 0o644))
        try:
            bind_as_own(place, tree, identity)
        except OSError:  # an older kernel or file system: what is closed inside the tree stays closed
            mount(f"/proc/self/fd/{place}", tree, "", MS_BIND | MS_REC)
            mount("none", tree, "", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID)
    for name, target in links.items():
        if not os.path.lexists(name):
            os.makedirs(os.path.dirname(name), exist_ok=True)
            os.symlink(target, name)
    for folder in covered:
        mount("none", folder, "", MS_REMOUNT | MS_RDONLY | MS_NOSUID)
    return covered


def bind_as_own(place: int, target: str, identity: int) -> None:
    """Bind a tree read-only so that its owner's files appear as `identity`'s: files made under umask 077, too."""
    owner = os.stat(place)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # it only holds the table of ids
        system("unshare", CLONE_NEWUSER)
        os.write(writer, b".")
        signal.pause()
    os.read(reader, 1)
    try:
        for name, old in (("uid_map", owner.st_uid), ("gid_map", owner.st_gid)):
            with open(f"/proc/{child}/{name}", "w") as table:
                table.write(f"{old} {identity} 1")
        with open(f"/proc/{child}/ns/user") as space:
            wanted = struct.pack(
                "=QQQQ", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_IDMAP, 0, 0, space.fileno()
            )
            tree = system("syscall", OPEN_TREE, place, b"", AT_EMPTY_PATH | OPEN_TREE_CLONE)
            system("syscall", MOUNT_SETATTR, tree, b"", AT_EMPTY_PATH, wanted, len(wanted))
        system("syscall", MOVE_MOUNT, tree, b"", -100, target.encode(), MOVE_MOUNT_FROM_EMPTY)
        os.close(tree)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)


def free_id() -> int:
    """A user id that no account has: what runs under it shares it with nothing."""
    import pwd

    taken = {entry.pw_uid for entry in pwd.getpwall()}
    return next(number for number in range(65533, 60000, -1) if number not in taken)


def main(arguments: list[str]) -> None:
    split = arguments.index("--")
    options, command = arguments[:split], arguments[split + 1 :]
    values = [(options[i], options[i + 1]) for i in range(0, len(options), 2)]
    parent = next(int(value) for name, value in values if name == "--parent")
    if os.geteuid() == 0:
        os.umask(0o022)
        identity = free_id()
        open_up([value for name, value in values if name == "--show"], identity)
        os.chdir("/")
        os.setgroups([])
        os.setresgid(identity, identity, identity)
        os.setresuid(identity, identity, identity)
        if not os.access(command[0], os.X_OK):
            raise SystemExit(f"{command[0]} cannot be run by other users: chmod -R o+rX its folders")
    system("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(70)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
