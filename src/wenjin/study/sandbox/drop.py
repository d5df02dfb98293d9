"""Run a command without root's rights: `python -I -S drop.py --parent PID --show PATH… -- COMMAND…`.

As root, in a private mount namespace: where a needed path lies below a folder that others may not enter (an
interpreter in /root), that folder is covered by an empty one that they may, and only the needed paths are bound into
it, read-only, at their old names. Then groups, gid and uid go, and with them every capability. Started by an ordinary
user there is nothing to drop. Either way the command dies with process PID.

A script of its own, standard library only: it runs before anything is imported.
"""

import ctypes
import os
import stat
import sys

CLONE_NEWNS = 0x20000
MS_RDONLY, MS_NOSUID, MS_REMOUNT, MS_BIND, MS_REC, MS_SLAVE = 1, 2, 32, 4096, 16384, 1 << 19
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    words = (source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())
    checked(_libc.mount(*words), f"mount {target}")


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


def open_up(paths: list[str]) -> None:
    """Make `paths` reachable for everyone, at the same names, and nothing else of the closed folders above them."""
    links: dict[str, str] = {}
    needed: set[str] = set()
    covered: list[str] = []
    for path in paths:
        if not os.path.exists(path):
            continue
        found, real = trail(path)
        for name, target in [*found, (real, "")]:
            above = closed_above(name)
            if above is None:
                continue
            if above not in covered:
                covered.append(above)
            if target:
                links[name] = target
            else:
                needed.add(name)
    if not covered:
        return
    checked(_libc.unshare(CLONE_NEWNS), "unshare")
    mount("none", "/", "", MS_REC | MS_SLAVE)
    places = {name: os.open(name, os.O_PATH | os.O_CLOEXEC) for name in needed}  # these outlive the covering
    for folder in covered:
        mount("tmpfs", folder, "tmpfs", MS_NOSUID, "mode=0755,size=1m")
    for real, place in sorted(places.items()):
        if any(real.startswith(f"{other}/") for other in places):
            continue  # it comes with the tree that holds it
        if stat.S_ISDIR(os.stat(place).st_mode):
            os.makedirs(real, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(real), exist_ok=True)
            os.close(os.open(real, os.O_CREAT | os.O_WRONLY, 0o644))
        mount(f"/proc/self/fd/{place}", real, "", MS_BIND | MS_REC)
        mount("none", real, "", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID)
    for name, target in links.items():
        if not os.path.lexists(name):
            os.makedirs(os.path.dirname(name), exist_ok=True)
            os.symlink(target, name)
    for folder in covered:
        mount("none", folder, "", MS_REMOUNT | MS_RDONLY | MS_NOSUID)


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
        open_up([value for name, value in values if name == "--show"])
        os.chdir("/")
        identity = free_id()
        os.setgroups([])
        os.setresgid(identity, identity, identity)
        os.setresuid(identity, identity, identity)
        if not os.access(command[0], os.X_OK):
            raise SystemExit(f"{command[0]} cannot be run by other users: chmod -R o+rX its folders")
    _libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(9), 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(70)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
