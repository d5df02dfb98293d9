"""One learner at work, as the trusted side sees it: frames out, frames in, a deadline, a capped output."""

import os
import selectors
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Self

Cause = Literal["exit", "signal", "memory", "timeout", "flood"]
MiB = 1 << 20
OUTPUT_KEPT, OUTPUT_MOST = 64 * 1024, MiB
FRAME_MOST = 64 * MiB
END_SECONDS = 0.25  # how long a learner whose work is done may take to go
KILL_SECONDS = 5.0  # and the kernel to take away one that was killed


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


class Job:
    """A learner's process and its three pipes. Used by one thread; leave its `with` block and nothing of it is left."""

    def __init__(self, limits: Limits, kill: Callable[[], None], done: Callable[[], None]) -> None:
        """`kill` asks for its end; `done` gives its slot back."""
        self.limits = limits
        self._kill, self._done = kill, done
        request, self._request = os.pipe()
        self._reply, reply = os.pipe()
        self._output_pipe, output = os.pipe()
        self.inside = [request, reply, output]  # the learner's ends, handed over and then closed here
        for place in (self._request, self._reply, self._output_pipe):
            os.set_blocking(place, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._reply, selectors.EVENT_READ)
        self._selector.register(self._output_pipe, selectors.EVENT_READ)
        self._deadline = time.monotonic() + limits.seconds
        self._buffer, self._kept, self._printed = bytearray(), bytearray(), 0
        self._gone = threading.Event()  # set by whoever hears of the end
        self._heard: tuple[Cause | Literal["broken"], int] = ("broken", 0)
        self._draining = True
        self._ended: Ended | None = None

    def close_inside(self) -> None:
        """The learner has its ends now."""
        for place in self.inside:
            os.close(place)
        self.inside = []

    def heard(self, cause: Cause | Literal["broken"], code: int) -> None:
        """The zygote says that nothing of the job is left."""
        self._heard = (cause, code)
        self._gone.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def output(self) -> bytes:
        """What the learner printed so far, the first 64 KiB."""
        return bytes(self._kept)

    def send(self, frame: bytes) -> None:
        """One frame to the learner; its length goes before it."""
        rest = memoryview(struct.pack(">I", len(frame)) + frame)
        self._alive()
        self._selector.register(self._request, selectors.EVENT_WRITE)
        try:
            while rest:
                if self._request in self._ready():
                    try:
                        rest = rest[os.write(self._request, rest) :]
                    except BlockingIOError:
                        continue
                    except BrokenPipeError:
                        break
        finally:
            if self._ended is None:
                self._selector.unregister(self._request)
        if rest:
            raise self._finish()

    def receive(self) -> bytes:
        """The learner's next frame. A frame that claims more than the limit ends the job as `memory`."""
        self._alive()
        while True:
            if len(self._buffer) >= 4:
                size = struct.unpack_from(">I", self._buffer)[0]
                if size > min(self.limits.frame, FRAME_MOST):
                    raise self._finish("memory")
                if len(self._buffer) >= 4 + size:
                    frame = bytes(self._buffer[4 : 4 + size])
                    del self._buffer[: 4 + size]
                    return frame
            if self._reply in self._ready():
                piece = self._read(self._reply)
                if piece == b"":
                    raise self._finish()
                self._buffer += piece or b""

    def end(self) -> Ended:
        """Wait until nothing of the job is left, and say how it ended. A learner that stays is killed."""
        if self._ended is None:
            self._ended = self._finish(patience=END_SECONDS)
        return self._ended

    # -- inside ----------------------------------------------------------------------------------------------

    def _alive(self) -> None:
        if self._ended is not None:
            raise self._ended

    def _ready(self) -> set[int]:
        """Wait for a pipe, drain the output, keep the deadline and the cap. The pipes that are ready."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self._finish("timeout")
        ready = {int(key.fd) for key, _ in self._selector.select(left)}
        if self._output_pipe in ready:
            self._drain()
            if self._printed > OUTPUT_MOST:
                raise self._finish("flood")
        return ready

    def _drain(self) -> None:
        piece = self._read(self._output_pipe)
        if piece == b"":
            self._selector.unregister(self._output_pipe)
            self._draining = False
        elif piece:
            self._printed += len(piece)
            self._kept += piece[: OUTPUT_KEPT - len(self._kept)]

    @staticmethod
    def _read(place: int) -> bytes | None:
        try:
            return os.read(place, 1 << 16)
        except BlockingIOError:
            return None

    def _finish(self, verdict: Cause | None = None, patience: float | None = None) -> Ended:
        """End the job, for `verdict` or because it goes by itself within `patience`, and give back all it held."""
        os.close(self._request)
        self._selector.unregister(self._reply)
        if verdict is None:
            verdict = self._wait(self._deadline if patience is None else time.monotonic() + patience)
        if verdict is not None:
            self._kill()
            self._gone.wait(KILL_SECONDS)
        cause, code = self._heard
        self._ended = Ended(verdict or ("exit" if cause == "broken" else cause), code)
        self._selector.close()
        os.close(self._reply)
        os.close(self._output_pipe)
        self._done()
        if not self._gone.is_set() or cause == "broken":
            raise SandboxError("the sandbox lost a learner's process and was started again")
        return self._ended

    def _wait(self, deadline: float) -> Cause | None:
        """Until the job is gone, keeping what it prints. Why that must be forced, if it must."""
        while self._draining and self._selector.select(max(0.0, deadline - time.monotonic())):
            self._drain()
            if self._printed > OUTPUT_MOST:
                return "flood"
        return None if self._gone.wait(max(0.0, deadline - time.monotonic())) else "timeout"
