"""Sandboxes for tests, and a look at the machine's processes."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wenjin.study.sandbox.pool import Limits, Sandbox

LEARNERS = Path(__file__).parent / "learners"


def tiny(**options: Any) -> Sandbox:
    """A sandbox whose learner runs programs and sends back their `result`; see learners/tiny.py."""
    return Sandbox(**{"warm": (), "entry": "tiny", "folder": LEARNERS, **options})


def asked(sandbox: Sandbox, program: str, **limits: Any) -> str:
    """What `result` is at the program's end, or the error that it raised, as text."""
    with sandbox.open(Limits(**limits)) as job:
        job.send(program.encode())
        return job.receive().decode()


def processes(mark: str = "") -> dict[int, str]:
    """The machine's living processes whose command line holds `mark`, and all below them, with their command lines."""
    lines, parents = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state not in "ZX":
            lines[int(folder.name)], parents[int(folder.name)] = line, int(parent)

    def belongs(pid: int) -> bool:
        return pid in lines and (mark in lines[pid] or belongs(parents[pid]))

    return {pid: line for pid, line in lines.items() if belongs(pid)}


def eventually(true: Callable[[], bool], seconds: float) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return true()
