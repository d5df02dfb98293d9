"""A job from the trusted side: frames, ends, caps."""

import os
import re
import time

import pytest

from tests.study.sandbox.support import eventually, tiny
from wenjin.study.sandbox.pool import Ended, Guards, Job, Limits, Sandbox

MiB = 1 << 20


def ending(sandbox: Sandbox, program: str, **limits: float) -> tuple[str, int, bytes]:
    """How a job ends that runs this program, and what it printed."""
    with sandbox.open(Limits(**limits)) as job:  # type: ignore[arg-type]
        try:
            job.send(program.encode())
            job.receive()
        except Ended as ended:
            return ended.cause, ended.code, job.output
        ended = job.end()
        return ended.cause, ended.code, job.output


def test_frames_keep_their_order_and_their_bytes(sandbox: Sandbox) -> None:
    with sandbox.open() as job:
        for number in range(50):
            job.send(f"result = {number}".encode())
            assert job.receive() == str(number).encode()


def test_a_job_remembers_nothing_of_the_job_before(sandbox: Sandbox) -> None:
    for _ in range(2):
        with sandbox.open() as job:
            job.send(b"import builtins; result = hasattr(builtins, 'left'); builtins.left = 1")
            assert job.receive() == b"False"


def test_large_frames_go_both_ways(sandbox: Sandbox) -> None:
    with sandbox.open() as job:
        job.send(b"text = '" + b"x" * (4 * MiB) + b"'; result = len(text)")
        assert job.receive() == str(4 * MiB).encode()
        job.send(f"result = 'y' * {4 * MiB}".encode())
        assert len(job.receive()) == 4 * MiB + 2


def test_what_is_printed_is_kept_and_flushed_at_the_end(sandbox: Sandbox) -> None:
    cause, code, printed = ending(sandbox, "import sys; print('out'); print('err', file=sys.stderr); print('打印')")
    assert (cause, code) == ("exit", 0)
    assert sorted(printed.decode().split()) == ["err", "out", "打印"]


@pytest.mark.parametrize(
    ("program", "cause", "code"),
    [
        ("import os; os._exit(0)", "exit", 0),
        ("import os; os._exit(7)", "exit", 7),
        ("import sys; sys.exit(3)", "exit", 1),
        ("import os; os.abort()", "signal", 6),
        ("import os; os.kill(os.getpid(), 9)", "signal", 9),
        ("import ctypes; ctypes.string_at(0)", "signal", 11),
        ("import os; os.close(reply); import time; time.sleep(99)", "timeout", 9),
        ("import time; time.sleep(99)", "timeout", 9),
        ("while True: pass", "timeout", 9),
        ("import signal\nsignal.signal(15, signal.SIG_IGN)\nsignal.pthread_sigmask(0, range(1, 64))\nwhile True: pass",
         "timeout", 9),
        ("while True: print('A' * 4000)", "flood", 9),
        ("import os\nos.write(reply, b'\\xff\\xff\\xff\\xff')\nimport time; time.sleep(9)", "memory", 9),
    ],
)  # fmt: skip
def test_each_end_has_its_cause(sandbox: Sandbox, program: str, cause: str, code: int) -> None:
    began = time.monotonic()
    seen = ending(sandbox, program, seconds=1.5, frame=MiB)
    assert seen[:2] == (cause, code)
    assert time.monotonic() - began < 1.5 + 2


def test_a_flood_is_stopped_at_the_cap_not_at_the_deadline(sandbox: Sandbox) -> None:
    began = time.monotonic()
    cause, _code, printed = ending(sandbox, "while True: print('A' * 4000)", seconds=20)
    assert cause == "flood"
    assert len(printed) <= 64 * 1024
    assert time.monotonic() - began < 10


def test_unasked_replies_do_not_fill_the_trusted_side(sandbox: Sandbox) -> None:
    before = resident()
    spam = "import os\npiece = (1 << 16).to_bytes(4, 'big') + bytes(1 << 16)\nwhile True: os.write(reply, piece)"
    with sandbox.open(Limits(seconds=20, frame=4 * MiB)) as job:
        job.send(spam.encode())
        time.sleep(0.5)
        with pytest.raises(Ended, match="flood"):
            send_for_ever(job)
    assert resident() - before < 50 * MiB


def test_a_learner_that_stays_after_its_work_is_taken_away(sandbox: Sandbox) -> None:
    began = time.monotonic()
    cause, _code, _printed = ending(
        sandbox, "import threading, time; threading.Thread(target=time.sleep, args=(10**6,)).start()", seconds=20
    )
    assert cause in ("exit", "timeout")
    assert time.monotonic() - began < 5


def test_memory_beyond_the_limit_is_refused_to_the_program(sandbox: Sandbox) -> None:
    program = "held = []\nwhile True: held.append(bytearray(16 << 20))"
    with sandbox.open(Limits(seconds=20, memory=256 * MiB)) as job:
        job.send(program.encode())
        assert job.receive().startswith(b"MemoryError")


def test_torch_says_that_memory_is_refused(warmed: Sandbox) -> None:
    with warmed.open(Limits(seconds=20, memory=256 * MiB)) as job:
        job.send(b"import torch; torch.zeros(10**13)")
        assert b"can't allocate memory" in job.receive()


def test_where_no_limit_on_addresses_holds_the_watcher_ends_what_holds_too_much() -> None:
    with tiny(guards=Guards(limits=False)) as sandbox:
        program = "held = []\nwhile True: held.append(bytearray(16 << 20))"
        assert ending(sandbox, program, seconds=20, memory=256 * MiB)[:2] == ("memory", 9)


def test_an_ended_job_stays_ended(sandbox: Sandbox) -> None:
    with sandbox.open() as job:
        job.send(b"import os; os._exit(5)")
        for _ in range(2):
            with pytest.raises(Ended) as caught:
                job.receive()
            assert (caught.value.cause, caught.value.code) == ("exit", 5)
        with pytest.raises(Ended):
            job.send(b"result = 1")
        assert job.end().code == 5


def test_descriptors_do_not_leak(sandbox: Sandbox) -> None:
    with sandbox.open() as job:
        job.end()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        with sandbox.open() as job:
            job.send(b"result = 1")
            job.receive()
    assert eventually(lambda: len(os.listdir("/proc/self/fd")) <= before, 5)


def send_for_ever(job: Job) -> None:
    while True:
        job.send(b"x" * MiB)


def resident() -> int:
    with open("/proc/self/status") as file:
        return int(re.findall(r"VmRSS:\s+(\d+)", file.read())[0]) * 1024
