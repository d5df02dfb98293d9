"""The judge as a process: restarted when it dies, many at once, and it takes everything along when it goes."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.study.judge.conftest import COURSE
from tests.study.judge.test_kinds import TOP_P
from wenjin.study.judge.client import Judge, local_judge


def below(pid: int) -> list[int]:
    """The process and everything that descends from it."""
    children = [
        int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and (p / "stat").exists() and _parent(p) == pid
    ]
    return [pid, *(deeper for child in children for deeper in below(child))]


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_a_killed_judge_is_started_again(judge: Judge) -> None:
    assert judge.judge("kinds/top-p", TOP_P.encode())["verdict"] == "pass"
    assert judge._process is not None
    line = below(judge._process.pid)
    assert len(line) > 2, "the worker, its sandbox and the warmed process"
    os.kill(judge._process.pid, signal.SIGKILL)
    assert judge.judge("kinds/top-p", TOP_P.encode())["verdict"] == "pass"
    deadline = time.monotonic() + 2
    while alive(line[1:]) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert alive(line[1:]) == []


def test_eight_at_once(judge: Judge) -> None:
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda _: judge.judge("kinds/top-p", TOP_P.encode())["verdict"], range(16)))
    assert verdicts == ["pass"] * 16


def test_close_leaves_no_process() -> None:
    with local_judge(COURSE) as judge:
        judge.judge("kinds/top-p", TOP_P.encode())
        assert judge._process is not None
        line = below(judge._process.pid)
    deadline = time.monotonic() + 2
    while alive(line) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert alive(line) == []


def test_the_web_side_needs_no_torch() -> None:
    import subprocess
    import sys

    code = "import sys, wenjin.study.judge.client, wenjin.study.judge.attempt; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
