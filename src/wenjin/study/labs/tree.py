"""The processes of one run: all that its worker started, however they hid, found by a mark in their environment.

A child inherits the mark, also one that opened a session of its own or whose parent died. Without /proc (macOS) only
the worker's own session is found.
"""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from wenjin.study.sandbox import launch

MARK = "LAB_OF_WENJIN"  # no setting: nobody sets it by hand
PROC = Path("/proc")


def marked(run: str) -> list[int]:
    """The processes that carry the mark of this run; a process that has ended but was not yet collected is none."""
    mark, found = f"{MARK}={run}".encode(), []
    for name in os.listdir(PROC) if PROC.is_dir() else ():
        if name.isdigit() and int(name) != os.getpid():
            with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as file:
                if mark in file.read().split(b"\0"):
                    found.append(int(name))
    return found


def end(run: str, worker: "subprocess.Popen[bytes] | None" = None, seconds: float = 2.0) -> bool:
    """Kill them all. False when some would not go in that time."""
    deadline = time.monotonic() + seconds
    if worker is not None:
        launch.stop(worker)
    while left := marked(run):  # again, as one may have started another meanwhile
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def memory(run: str) -> int:
    """Bytes that they hold together; what they share counts once. 0 where that cannot be told."""
    total = 0
    for pid in marked(run):
        with contextlib.suppress(OSError, ValueError, IndexError):
            total += _held(pid)
    return total


def _held(pid: int) -> int:
    """The proportional set size; the resident set where the system does not tell the other."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup", "rb") as file:
        for line in file:
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) << 10
    with open(f"/proc/{pid}/statm", "rb") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
