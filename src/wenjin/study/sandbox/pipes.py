"""The trusted ends of a learner's three pipes: frames go out, frames and printed text come in, nothing blocks."""

import contextlib
import os
import queue
import selectors
import threading
from typing import IO, NamedTuple

PIECE = 1 << 16


class Turn(NamedTuple):
    """What happened: bytes taken from what was to be sent (None: the other side is closed), and what came in.

    `reply` and `printed` are b"" where nothing came.
    """

    sent: int | None
    reply: bytes
    printed: bytes


class Pipes:
    """By selectors, on Linux and macOS. `open_reply` and `open_output` turn false at the end of each."""

    def __init__(self, request: int, reply: int, output: int) -> None:
        self.open_reply = self.open_output = True
        self._request, self._reply, self._output = request, reply, output
        self._selector = selectors.DefaultSelector()
        for place in (request, reply, output):
            os.set_blocking(place, False)
        self._selector.register(reply, selectors.EVENT_READ)
        self._selector.register(output, selectors.EVENT_READ)

    def turn(self, seconds: float, send: memoryview | None = None) -> Turn:
        """Wait until something can be done, at most so long, and do it."""
        if send is not None:
            self._selector.register(self._request, selectors.EVENT_WRITE)
        try:
            ready = {key.fd for key, _ in self._selector.select(max(0.0, seconds))}
        finally:
            if send is not None:
                self._selector.unregister(self._request)
        sent: int | None = 0
        if send is not None and self._request in ready:
            try:
                sent = os.write(self._request, send[:PIECE])
            except BlockingIOError:
                sent = 0
            except BrokenPipeError:
                sent = None
        reply = printed = b""
        if self._reply in ready:
            reply = os.read(self._reply, PIECE)
            if not reply:
                self.open_reply = False
                self._selector.unregister(self._reply)
        if self._output in ready:
            printed = os.read(self._output, PIECE)
            if not printed:
                self.open_output = False
                self._selector.unregister(self._output)
        return Turn(sent, reply, printed)

    def hang_up(self) -> None:
        """Nothing more will be sent: the learner reads an end."""
        os.close(self._request)

    def close(self) -> None:
        self._selector.close()
        os.close(self._reply)
        os.close(self._output)


class ThreadedPipes:
    """The same by threads, for Windows, where nothing can wait for several pipes at once."""

    def __init__(self, request: IO[bytes], reply: IO[bytes], output: IO[bytes]) -> None:
        self.open_reply = self.open_output = True
        self._request = request
        self._came: queue.Queue[tuple[str, bytes]] = queue.Queue(maxsize=16)  # a flood waits in the pipe, not here
        self._to_send: queue.Queue[bytes | None] = queue.Queue()
        for name, file in (("reply", reply), ("output", output)):
            threading.Thread(target=self._read, args=(name, file), daemon=True).start()
        threading.Thread(target=self._write, daemon=True).start()

    def turn(self, seconds: float, send: memoryview | None = None) -> Turn:
        """See Pipes.turn; what is sent is taken at once and waits for its thread."""
        if send is not None:
            self._to_send.put(bytes(send))
            return Turn(len(send), b"", b"")
        try:
            name, piece = self._came.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return Turn(0, b"", b"")
        if name == "reply":
            self.open_reply = bool(piece)
            return Turn(0, piece, b"")
        self.open_output = bool(piece)
        return Turn(0, b"", piece)

    def hang_up(self) -> None:
        """See Pipes.hang_up."""
        self._to_send.put(None)

    def close(self) -> None:
        """The threads end with the process that they read from."""
        self.open_reply = self.open_output = False
        with contextlib.suppress(queue.Empty):
            while True:
                self._came.get_nowait()

    def _read(self, name: str, file: IO[bytes]) -> None:
        with file:
            while piece := os.read(file.fileno(), PIECE):
                self._came.put((name, piece))
        self._came.put((name, b""))

    def _write(self) -> None:
        with contextlib.suppress(OSError), self._request:
            while (piece := self._to_send.get()) is not None:
                self._request.write(piece)
                self._request.flush()
