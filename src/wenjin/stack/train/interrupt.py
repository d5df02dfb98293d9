"""Ctrl-C and SIGTERM as a wish: the step is finished and saved before the run stops. A second Ctrl-C does not wait.

Proof   tests/stack/train/test_kills.py: real processes, signalled at any moment
"""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class Interrupt:
    """While it is open, `asked` says who wants the run to stop: "interrupt" (Ctrl-C), "terminated", or nobody: None."""

    def __init__(self) -> None:
        self.asked: str | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Interrupt":
        if threading.current_thread() is threading.main_thread():  # Python tells no other thread of signals
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.asked == "interrupt" and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = "interrupt" if number == signal.SIGINT else "terminated"
