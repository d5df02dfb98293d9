"""One lab in a process of its own, as whoever started it sees it: frames, what it keeps, and how it ended.

What comes from the process is read as if a stranger had written it: a line that is no frame, or an endless one, ends
the run with a sentence. worker.py says what goes over the pipes.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Collection, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import IO, Any
from uuid import uuid4

from wenjin.kit.lab import BadRow, Frame, from_row
from wenjin.kit.text import Text, visible
from wenjin.study.labs import tree
from wenjin.study.sandbox import launch

LONGEST = 8 << 20  # bytes of a line: a picture of six mebibytes
LARGEST = 4 << 30  # bytes that a lab may keep under one name
PIECE = 1 << 16
PATIENCE = 5.0  # seconds for a process that said its last word
SAID = 8000  # characters that are kept of what it printed
PASSED = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "CUDA_VISIBLE_DEVICES", "CUDA_HOME")

GARBLED = Text(
    "实验进程送来了读不懂的内容（{what}），这次运行到此为止；这是实验的毛病，请报告给作者。",
    "The lab's process sent something that is no frame ({what}), and the run ends here. The fault is the lab's: tell "
    "its author.",
)
DIED = Text(
    "实验的代码在第 {line} 行出错：{says}。改小参数再试；还是不行就把这句话报告给作者。",
    "The lab's code failed at line {line}: {says}. Try smaller arguments; if it stays, tell its author this sentence.",
)
MEMORY = Text(
    "内存不够（{says}）；请把决定大小的参数调小，或关掉别的程序，再运行一次。",
    "The memory ran out ({says}); make the arguments that set the size smaller, or close other programs, and run "
    "it again.",
)
KILLED = Text(
    "实验进程被系统结束了（信号 {signal}），多半是内存不够：请把决定大小的参数调小，再运行一次。",
    "The system killed the lab's process (signal {signal}), most likely for memory: make the arguments that set the "
    "size smaller and run again.",
)
ENDED = Text(
    "实验进程没有说完就结束了（退出码 {code}）；再运行一次，还是这样就报告给作者。",
    "The lab's process ended without a word (exit code {code}); run it again, and if it stays, tell its author.",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that the lab saves. `pieces` must be read before the next message."""

    name: str
    size: int
    pieces: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class End:
    """How it ended: whole, with its claims and the most bytes that it held; stopped; or with `why`."""

    whole: bool = False
    stopped: bool = False
    claims: Mapping[str, bool | None] = field(default_factory=dict)
    peak: int = 0
    why: Text | None = None


Message = Frame | Kept | End


class Garbled(Exception):
    """Not what a worker says; the message tells what."""


class BrokenOff(Exception):
    """The process ended in the middle of what it keeps."""


class Working:
    """The process of a run, from its start to its end. `messages` must be read; the other methods are for any thread.

    run    marks its processes
    data   the data folder, whose `corpora` it may read
    kept   files with the state from which it goes on
    """

    def __init__(
        self,
        root: Path,
        lab: str,
        arguments: Mapping[str, Any],
        *,
        run: str,
        data: Path | None = None,
        kept: Mapping[str, Path] | None = None,
    ) -> None:
        self.run = run
        self._kept = dict(kept or {})
        self._sizes = {name: path.stat().st_size for name, path in self._kept.items()}
        self._order = {"lab": lab, "arguments": dict(arguments), "kept": self._sizes}
        self._said: deque[str] = deque()
        self._stop = threading.Event()
        readable = [root] if data is None else [root, data / "corpora"]
        command = [sys.executable, "-m", "wenjin.study.labs.worker", str(root)]
        environment = _environment(run, data)
        self.process = launch.start_worker(command, environment=environment, readable=readable, errors=subprocess.PIPE)
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._listen, self._feed)]
        for thread in self._threads:
            thread.start()

    def messages(self) -> Iterator[Message]:
        """All that it says; the last is an End. After something garbled the processes are killed."""
        try:
            end = yield from self._read()
        except Garbled as error:
            end = End(why=GARBLED.format(what=error))
        if end.why is not None:
            self.kill()
        self._code()
        self._threads[0].join(0.5)  # what it printed last; a child may hold the pipe open
        yield end

    def ask_to_stop(self) -> None:
        """It ends at its next frame, if it comes to one."""
        self._stop.set()

    def kill(self) -> bool:
        """End it and all that it started, at once. False when some of them would not go."""
        self._stop.set()
        return tree.end(self.run, self.process)

    def close(self) -> None:
        """Nothing of it is left."""
        self.kill()
        for thread in self._threads:
            thread.join(1.0)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError, ValueError):
                    pipe.close()

    @property
    def said(self) -> str:
        """The last that it printed, safe to show."""
        return visible("".join(self._said))[-SAID:]

    def _read(self) -> Generator[Message, None, End]:
        stdout = self.process.stdout
        assert stdout is not None
        while (line := stdout.readline(LONGEST + 1)) and (line.endswith(b"\n") or len(line) > LONGEST):
            row = _row(line)
            match row:
                case {"keep": str(name), "size": int(size)} if 0 <= size <= LARGEST:
                    yield Kept(name, size, _pieces(stdout, size))
                case {"end": {"claims": dict(claims), "peak": int(peak)}}:
                    held = {name: value if isinstance(value, bool) else None for name, value in claims.items()}
                    return End(whole=True, claims=held, peak=peak)
                case {"stopped": True}:
                    return End(stopped=True)
                case {"died": {"kind": str(kind), "says": str(says), "line": int() | None as place}}:
                    told = MEMORY if kind == "memory" else DIED
                    return End(why=told.format(line=place or "?", says=visible(says)[:600]))
                case _:
                    try:
                        frame = from_row(row)
                    except BadRow as error:
                        raise Garbled(visible(str(error))) from None
                    yield frame
        code = self._code()
        return End(why=KILLED.format(signal=-code) if code < 0 else ENDED.format(code=code))

    def _code(self) -> int:
        """Its exit code; a process that said its last word and will not go is killed."""
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            launch.stop(self.process)
            return self.process.wait()

    def _feed(self) -> None:
        stdin = self.process.stdin
        assert stdin is not None
        with contextlib.suppress(OSError, ValueError):  # it is gone; its end is told by what it does not say
            stdin.write(json.dumps(self._order).encode() + b"\n")
            for name, path in self._kept.items():
                with path.open("rb") as file:
                    _copy(file, stdin, self._sizes[name])
            stdin.flush()
            self._stop.wait()
            stdin.write(b"stop\n")
            stdin.flush()

    def _listen(self) -> None:
        stderr, length = self.process.stderr, 0
        assert stderr is not None
        with contextlib.suppress(OSError, ValueError):
            while piece := os.read(stderr.fileno(), PIECE):
                self._said.append(piece.decode("utf-8", "replace"))
                length += len(self._said[-1])
                while length - len(self._said[0]) > SAID:
                    length -= len(self._said.popleft())


@dataclass(frozen=True, slots=True)
class Outcome:
    """A whole run without a record, for authors. `left`: what it kept under the names that were asked for."""

    frames: list[Frame]
    end: End
    seconds: float
    said: str
    left: Mapping[str, bytes] = field(default_factory=dict)


def run(
    root: Path,
    lab: str,
    arguments: Mapping[str, Any],
    *,
    data: Path | None = None,
    taken: Mapping[str, Path] | None = None,
    leaves: Collection[str] = (),
) -> Outcome:
    """Run a lab to its end. `taken`: files that an earlier run left for it. Ctrl-C and any error end its processes."""
    frames: list[Frame] = []
    left: dict[str, bytes] = {}
    began, working = monotonic(), Working(root, lab, arguments, run=uuid4().hex, data=data, kept=taken)
    try:
        for message in working.messages():
            if isinstance(message, Kept):
                with contextlib.suppress(BrokenOff):
                    if message.name in leaves:
                        left[message.name] = b"".join(message.pieces)
                    else:
                        deque(message.pieces, 0)
            elif isinstance(message, End):
                return Outcome(frames, message, monotonic() - began, working.said, left)
            else:
                frames.append(message)
    finally:
        working.close()
    raise AssertionError("the messages of a run end with an End")


def _environment(run: str, data: Path | None) -> dict[str, str]:
    kept = {name: os.environ[name] for name in PASSED if name in os.environ}
    threads = {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}
    ours = {tree.MARK: run, "LANG": "C.UTF-8", "PYTHONUTF8": "1", "PYTHONHASHSEED": "0"}
    return kept | threads | ours | ({} if data is None else {"WENJIN_DATA": str(data)})


def _row(line: bytes) -> Any:
    if not line.endswith(b"\n"):
        raise Garbled(f"a line of over {LONGEST >> 20} MiB")
    try:
        return json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Garbled(visible(f"{error}: {line[:60].decode('utf-8', 'replace')}")) from None


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _pieces(source: IO[bytes], size: int) -> Iterator[bytes]:
    left = size
    while left:
        piece = source.read(min(PIECE, left))
        if not piece:
            raise BrokenOff
        left -= len(piece)
        yield piece


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> None:
    left = size
    while left and (piece := source.read(min(PIECE, left))):
        target.write(piece)
        left -= len(piece)
