"""One learner at work, as the trusted side sees it: frames out, frames in, a deadline, a capped output."""

import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Self

from wenjin.study.sandbox.pipes import Pipes, ThreadedPipes

Cause = Literal["exit", "signal", "memory", "timeout", "flood"]
MiB = 1 << 20
OUTPUT_KEPT, OUTPUT_MOST = 64 * 1024, MiB
FRAME_MOST = 64 * MiB
END_SECONDS = 0.25  # how long a learner whose work is done may take to go
KILL_SECONDS = 1.5  # how long the kernel may take to take away one that was killed


@dataclass(frozen=True, slots=True)
class Limits:
    """seconds: wall time from start to end; memory: bytes beyond the warmed libraries; frame: bytes of one answer."""

    seconds: float = 5.0
    memory: int = 1024 * MiB
    frame: int = 16 * MiB


class Ended(Exception):
    """The learner's process is gone: why, and its exit code or signal."""

    def __init__(self, cause: Cause, code: int) -> None:
        super().__init__(f"{cause} {code}")
        self.cause, self.code = cause, code


class SandboxError(Exception):
    """The sandbox itself failed; the learner has no part in it."""


Later = Callable[[Callable[[], object]], object]


def at_once(act: Callable[[], object]) -> object:
    """Later, for those who wait."""
    return act()


class Job:
    """A learner's process. Used by one thread.

    Leaving its `with` block ends it without waiting: it keeps its slot until nothing of it is left.
    """

    def __init__(
        self,
        limits: Limits,
        pipes: Pipes | ThreadedPipes,
        kill: Callable[[bool], None],
        done: Callable[[], None],
        later: Later = at_once,
    ) -> None:
        """`kill` ends it, with True by all means; `done` is called once when it has ended.

        `later` does something in another thread; without it the `with` block waits for the end.
        """
        self.limits = limits
        self._pipes, self._kill, self._done, self._later = pipes, kill, done, later
        self._deadline = time.monotonic() + limits.seconds
        self._came, self._kept, self._printed = bytearray(), bytearray(), 0
        self._gone = threading.Event()
        self._heard: tuple[Cause | Literal["broken"], int] = ("broken", 0)
        self._ended: Ended | SandboxError | None = None

    def heard(self, cause: Cause | Literal["broken"], code: int) -> None:
        """From another thread: nothing of the job is left. "broken" when the sandbox lost it."""
        self._heard = (cause, code)
        self._gone.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._ended is None:
            self._later(lambda: self._finish(patience=END_SECONDS))

    @property
    def output(self) -> bytes:
        """What the learner printed so far, the first 64 KiB."""
        return bytes(self._kept)

    def send(self, frame: bytes) -> None:
        """One frame to the learner, after its length. Raises Ended, SandboxError."""
        rest = memoryview(struct.pack(">I", len(frame)) + frame)
        while rest:
            sent = self._turn(rest)
            if sent is None or not self._pipes.open_reply:
                raise self._finish()
            rest = rest[sent:]

    def receive(self) -> bytes:
        """The learner's next frame. One that claims more than the limit ends the job as `memory`.

        Raises Ended, SandboxError.
        """
        while True:
            if len(self._came) >= 4:
                size = struct.unpack_from(">I", self._came)[0]
                if size > min(self.limits.frame, FRAME_MOST):
                    raise self._finish("memory")
                if len(self._came) >= 4 + size:
                    frame = bytes(self._came[4 : 4 + size])
                    del self._came[: 4 + size]
                    return frame
            if not self._pipes.open_reply:
                raise self._finish()
            self._turn()

    def end(self) -> Ended:
        """Wait until nothing of the job is left, and say how it ended. A learner that stays is killed.

        Raises SandboxError.
        """
        ended = self._finish(patience=END_SECONDS)
        if isinstance(ended, SandboxError):
            raise ended
        return ended

    def _turn(self, send: memoryview | None = None) -> int | None:
        """Move what can be moved, keep the deadline and the caps."""
        if self._ended is not None:
            raise self._ended
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self._finish("timeout")
        turn = self._pipes.turn(left, send)
        self._came += turn.reply
        self._keep(turn.printed)
        if self._printed > OUTPUT_MOST or len(self._came) > self.limits.frame + OUTPUT_MOST:
            raise self._finish("flood")
        return turn.sent

    def _keep(self, printed: bytes) -> None:
        self._printed += len(printed)
        self._kept += printed[: OUTPUT_KEPT - len(self._kept)]

    def _finish(self, verdict: Cause | None = None, patience: float | None = None) -> Ended | SandboxError:
        """End the job, for `verdict` or because it goes by itself within `patience`, and give back all it held."""
        if self._ended is not None:
            return self._ended
        self._pipes.hang_up()
        if verdict is None:
            verdict = self._wait(self._deadline if patience is None else time.monotonic() + patience)
        if verdict is not None:
            self._kill(False)
            if not self._gone.wait(KILL_SECONDS):
                self._kill(True)
                self._gone.wait(KILL_SECONDS)
        self._pipes.close()
        cause, code = self._heard
        if verdict is not None:
            self._ended = Ended(verdict, code)
        elif cause == "broken":
            self._ended = SandboxError("the sandbox lost a learner's process and will be started again")
        else:
            self._ended = Ended(cause, code)
        self._done()
        return self._ended

    def _wait(self, deadline: float) -> Cause | None:
        """Until the job is gone, keeping what it prints. Why that must be forced, if it must."""
        while self._pipes.open_output and (left := deadline - time.monotonic()) > 0:
            self._keep(self._pipes.turn(left).printed)
            if self._printed > OUTPUT_MOST:
                return "flood"
        return None if self._gone.wait(max(0.0, deadline - time.monotonic())) else "timeout"
