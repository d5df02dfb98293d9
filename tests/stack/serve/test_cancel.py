"""Whoever leaves frees the slot: within a second nothing runs for them, and every page of the cache is back."""

import random
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.stack.serve.conftest import Running


def leave(server: Running, dice: random.Random, *, stream: bool) -> None:
    """Ask for a long answer and close the line at some moment: while it waits, or after some bytes of it."""
    messages = [{"role": "user", "content": "".join(dice.choices("床前明月光the ", k=dice.randrange(1, 80)))}]
    asked = {"messages": messages, "max_tokens": 600, "stream": stream, "n": dice.choice((1, 1, 3))}
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(server.raw("/v1/chat/completions", **asked))
        if stream:
            line.settimeout(30)
            heard, most, came = 0, dice.randrange(1, 3_000), b""
            while heard < most and b"[DONE]" not in came[-32:] and (came := line.recv(1024)):
                heard += len(came)
        else:
            time.sleep(dice.random() * 0.05)


def test_a_hundred_leave_in_the_middle(server: Running, count: Callable[[int], int]) -> None:
    dice = random.Random(1)
    before = server.quiet(5)
    slowest = 0.0
    for number in range(count(100)):
        leave(server, dice, stream=number % 2 == 0)
        left = time.monotonic()
        now = server.quiet(1)
        slowest = max(slowest, time.monotonic() - left)
        assert now["pages_used"] == before["pages_used"] == 0
    after = server.stats()
    assert after["cancelled"] > before["cancelled"]
    assert after["failed"] == before["failed"]
    print(f"a slot was free after {1000 * slowest:.0f} ms at most")
    assert server.chat().status_code == 200


def test_a_processor_has_nothing_to_do_afterwards(server: Running) -> None:
    server.quiet(2)

    def spent() -> float:
        fields = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    before = spent()
    time.sleep(1)
    assert spent() - before <= 0.1


def test_who_waits_may_leave_too(server: Running) -> None:
    """A client that gives up while it stands in the queue never gets a slot."""
    before = server.quiet(2)
    with ExitStack() as closed:
        for _ in range(10):
            line = closed.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            line.sendall(server.raw("/v1/completions", prompt="a", max_tokens=900, temperature=0))
        while server.stats()["waiting"] < 6:
            time.sleep(0.005)
    assert server.quiet(1)["cancelled"] - before["cancelled"] == 10
