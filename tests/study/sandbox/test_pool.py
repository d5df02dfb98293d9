"""The pool: slots and queue, retirement, recovery, and what a job costs."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import pytest

from tests.study.sandbox.support import LEARNERS, asked, eventually, processes, tiny
from wenjin.study.sandbox import pool
from wenjin.study.sandbox.inside.places import Guards
from wenjin.study.sandbox.pool import Ended, Limits, Sandbox, SandboxError


def most_at_once(sandbox: Sandbox, jobs: int) -> int:
    """How many of so many jobs were at work at the same time."""
    lock, now, most = threading.Lock(), 0, 0

    def work(_: int) -> None:
        nonlocal now, most
        with sandbox.open(Limits(seconds=20)) as job:
            with lock:
                now += 1
                most = max(most, now)
            job.send(b"import time; time.sleep(0.2)")
            job.receive()
            with lock:
                now -= 1

    with ThreadPoolExecutor(jobs) as threads:
        list(threads.map(work, range(jobs)))
    return most


def test_four_at_once_the_others_wait(sandbox: Sandbox) -> None:
    assert most_at_once(sandbox, 10) == 4


def test_one_at_a_time_where_jobs_share_a_box() -> None:
    with tiny(guards=Guards(nested=False)) as sandbox:
        assert most_at_once(sandbox, 3) == 1


def test_jobs_of_many_threads_get_their_own_answers(sandbox: Sandbox, count: Callable[[int], int]) -> None:
    with ThreadPoolExecutor(8) as threads:
        numbers = range(count(200))
        answers = list(threads.map(lambda n: asked(sandbox, f"result = {n}", seconds=60), numbers))
    assert answers == [str(n) for n in numbers]


def test_a_hostile_job_does_not_slow_or_spoil_the_ones_beside_it(sandbox: Sandbox) -> None:
    def loop() -> str:
        with sandbox.open(Limits(seconds=1.5)) as job:
            job.send(b"while True: pass")
            try:
                job.receive()
            except Ended as ended:
                return ended.cause
        return "answered"

    with ThreadPoolExecutor(2) as threads:
        bad = threads.submit(loop)
        for number in range(10):
            assert asked(sandbox, f"result = {number}", seconds=20) == str(number)
        assert bad.result() == "timeout"


def test_a_zygote_that_is_killed_is_replaced(sandbox: Sandbox) -> None:
    with tiny() as own:
        assert asked(own, "result = 1") == "1"
        zygote = own._now.result().warm.process.pid  # type: ignore[union-attr]
        with own.open() as job:
            os.killpg(zygote, signal.SIGKILL)
            with pytest.raises(SandboxError):
                job.receive()
        assert eventually(lambda: own._now.result().warm.dead, 5)  # type: ignore[union-attr]
        assert asked(own, "result = 2") == "2"
    assert asked(sandbox, "result = 3") == "3"


def test_a_zygote_that_hangs_is_killed_and_replaced(tmp_path: Path) -> None:
    shutil.copytree(LEARNERS, tmp_path / "learners")  # whose path marks the processes
    with tiny(folder=tmp_path / "learners") as own, own.open(Limits(seconds=1)) as job:
        job.send(b"result = 0")
        assert job.receive() == b"0"
        stuck = processes(str(tmp_path))
        for pid in stuck:
            os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        job.send(b"result = 1")
        with pytest.raises(Ended, match="timeout"):
            job.receive()
        assert time.monotonic() - began < 1 + 2
        assert eventually(lambda: not processes().keys() & stuck.keys(), 2)
        assert asked(own, "result = 2") == "2"


def test_a_zygote_retires_and_its_successor_is_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "JOBS", 12)
    monkeypatch.setattr(pool, "AHEAD", 8)
    with tiny() as sandbox:
        served = set()
        longest = 0.0
        for number in range(60):
            began = time.monotonic()
            assert asked(sandbox, f"result = {number}") == str(number)
            longest = max(longest, time.monotonic() - began)
            served.add(sandbox._now.result().warm.process.pid)  # type: ignore[union-attr]
            time.sleep(0.02)
        assert len(served) >= 3
        last = sandbox._now.result().warm.process.pid  # type: ignore[union-attr]
        assert eventually(lambda: not served - {last} & processes().keys(), 5)


def test_a_job_outlives_the_retirement_of_its_zygote(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "JOBS", 3)
    monkeypatch.setattr(pool, "AHEAD", 3)
    with tiny() as sandbox, sandbox.open(Limits(seconds=30)) as first:
        first.send(b"result = 1")
        assert first.receive() == b"1"
        old = sandbox._now
        end = time.monotonic() + 20
        while sandbox._now is old and time.monotonic() < end:
            asked(sandbox, "result = 2")
        assert sandbox._now is not old
        first.send(b"result = 3")
        assert first.receive() == b"3"
        assert first.end().cause == "exit"


def test_what_cannot_start_says_why_and_is_tried_again() -> None:
    with tiny(warm=("no_such_library",)) as sandbox:
        for _ in range(2):
            with pytest.raises(SandboxError, match="no_such_library"):
                sandbox.open()


def test_closing_ends_everything() -> None:
    before = processes("inside import zygote").keys()
    sandbox = tiny()
    job = sandbox.open()
    sandbox.close()
    with pytest.raises(SandboxError):
        job.receive()
    with pytest.raises(SandboxError):
        sandbox.open()
    assert eventually(lambda: processes("inside import zygote").keys() <= before, 2)


def test_a_learner_with_torch_answers_far_sooner_than_torch_is_imported(
    warmed: Sandbox, count: Callable[[int], int]
) -> None:
    """The budget is 15 ms from fork to a confined learner at work; on a machine that others use, a ratio holds."""
    asked(warmed, "result = 1")
    time.sleep(1.5)  # the zygote gathers its pages while nobody waits

    def cold() -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import torch"], check=True)
        return time.perf_counter() - began

    def warm() -> float:
        began = time.perf_counter()
        with warmed.open(Limits(seconds=30)) as job:
            job.send(b"result = 1")
            job.receive()
            return time.perf_counter() - began

    imports = [cold()]
    forks = [warm() for _ in range(count(200))]
    imports.append(cold())
    ratio = median(imports) / median(forks)
    print(f"\nlearner {median(forks) * 1e3:.1f} ms, import of torch {median(imports) * 1e3:.0f} ms, {ratio:.0f} times")
    assert ratio > 25
