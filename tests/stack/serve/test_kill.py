"""kill -9 under load: the server is back within ten seconds and answers as before; nothing half-written is used."""

import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path

from tests.stack.serve.conftest import Running, Start


def load(running: Running, closed: ExitStack) -> None:
    """Streams that are being read, and requests that wait."""
    for _ in range(12):
        line = closed.enter_context(socket.create_connection(("127.0.0.1", running.port)))
        line.sendall(running.raw("/v1/completions", prompt="床前明月光" * 40, max_tokens=700, stream=True))
    while running.stats()["running"] < 4:
        time.sleep(0.005)


def test_back_after_a_kill(start_server: Start, model: Path) -> None:
    files = {path: path.read_bytes() for path in sorted(model.iterdir())}
    asked = {"temperature": 1.3, "seed": 5, "max_tokens": 40}
    first = start_server("--slots", "4")
    answer = first.chat("床前明月光", **asked).json()["choices"]
    with ExitStack() as closed:
        load(first, closed)
        first.process.send_signal(signal.SIGKILL)
        first.process.wait(10)
    begun = time.monotonic()
    second = start_server("--slots", "4")
    assert second.chat("床前明月光", **asked).json()["choices"] == answer
    spent = time.monotonic() - begun
    print(f"back after {spent:.1f} s")
    assert spent <= 10
    assert second.stats()["prefix_hits"] == 0, "no page of the one that was killed is used"
    assert {path: path.read_bytes() for path in sorted(model.iterdir())} == files
