"""What a lab run leaves on the disk beside its events: its frames, and the state from which it goes on.

    <data>/runs/<run>/frames.jsonl     one row of JSON a line, only ever added to
    <data>/runs/<run>/keep/<name>      bytes that the lab saved, whole or not at all
    <data>/runs/<run>/output.txt       the last that its process printed

Only the process that holds the run writes here; any process of the learner may read. A kill can leave half a line at
the end of the frames: readers stop before it, and the next writer cuts it off. The answers of models are kept in the
same way, below `chats` (chats.py).
"""

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.store import faults
from wenjin.study.store.log import StoreError
from wenjin.study.store.places import Places

MOST = 256 << 20  # bytes of frames that one run may leave
BATCH = 1 << 20  # bytes of frames that one reading takes
PIECE = 1 << 16
RUN = re.compile(r"[0-9a-f]{32}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

TOO_MUCH = Text(
    "这次运行送来的数据超过 {most} MiB，已经停下；请让它少报一些点或图。",
    "The run sent more than {most} MiB and was stopped; let it report fewer points or pictures.",
)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows from a cursor on. `after` is the cursor behind the last of them: bytes from the beginning of the file."""

    rows: list[dict[str, Any]]
    after: int


class Runs:
    """The runs of a data folder. Raises StoreError with a sentence when the disk refuses."""

    def __init__(self, places: Places, folder: str = "runs") -> None:
        self.root = places.data / folder

    def folder(self, run: str) -> Path:
        """Raises ValueError for what is no run's id."""
        if not RUN.fullmatch(run):
            raise ValueError(f"not a run: {run[:40]!r}")
        return self.root / run

    def read(self, run: str, after: int = 0) -> Rows:
        """The next whole rows, at most about a mebibyte of them; none where there are none (yet)."""
        try:
            with (self.folder(run) / "frames.jsonl").open("rb") as file:
                file.seek(max(0, after))
                found = file.read(BATCH)
                if b"\n" not in found:  # a picture may be longer
                    found += file.readline()
        except FileNotFoundError:
            return Rows([], after)
        except OSError as error:
            raise faults.of_system(error, self.folder(run)) from error
        whole = found[: found.rfind(b"\n") + 1]
        rows = []
        for line in whole.splitlines():
            with suppress(ValueError, RecursionError):  # a damaged disk, or a cursor that fell into a line
                if isinstance(row := json.loads(line), dict):
                    rows.append(row)
        return Rows(rows, after + len(whole))

    def all(self, run: str) -> Iterator[dict[str, Any]]:
        """Every row so far."""
        after = 0
        while (batch := self.read(run, after)).after > after:
            yield from batch.rows
            after = batch.after

    def writer(self, run: str) -> "Writer":
        """Adds to the frames, after what stands there. The caller closes it."""
        try:
            folder = self.folder(run)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return Writer(folder / "frames.jsonl")
        except OSError as error:
            raise faults.of_system(error, self.root) from error

    def kept(self, run: str) -> dict[str, Path]:
        """What the lab saved, by name."""
        folder = self.folder(run) / "keep"
        if not folder.is_dir():
            return {}
        return {path.name: path for path in sorted(folder.iterdir()) if NAME.fullmatch(path.name)}

    def save(self, run: str, name: str, pieces: Iterable[bytes]) -> None:
        """Keep the bytes under the name. A kill at any moment leaves the old bytes or the new ones."""
        if not NAME.fullmatch(name):
            raise ValueError(f"not a name for what is kept: {name[:40]!r}")
        path = self.folder(run) / "keep" / name
        new = path.with_name(f".{name}.new")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with new.open("wb") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, path)
            _sync(path.parent)
        except BaseException as error:
            with suppress(OSError):
                new.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise faults.of_system(error, path) from error
            raise

    def forget_kept(self, run: str, but: Collection[str] = ()) -> None:
        """Delete what the lab saved, `but` what it leaves for others: the run is over."""
        with suppress(OSError):
            for path in (self.folder(run) / "keep").iterdir():
                if path.name not in but:
                    path.unlink()

    def said(self, run: str, text: str) -> None:
        """Keep the last that its process printed."""
        try:
            folder = self.folder(run)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / "output.txt").write_text(text, encoding="utf-8", errors="replace")
        except OSError as error:
            raise faults.of_system(error, self.folder(run)) from error


class Writer:
    """The open frames of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("ab")
        size = self._file.tell()
        if size:  # a kill may have left half a line
            with path.open("rb") as before:
                self._file.truncate(_whole(before, size))
        self._size = os.fstat(self._file.fileno()).st_size

    def write(self, row: Mapping[str, Any]) -> None:
        """Add a row; readers see it at once, and it survives a kill of this process."""
        line = json.dumps(row, allow_nan=False).encode() + b"\n"
        if self._size + len(line) > MOST:
            raise StoreError(TOO_MUCH.format(most=MOST >> 20))
        try:
            self._file.write(line)
            self._file.flush()
        except OSError as error:
            raise faults.of_system(error, self.path) from error
        self._size += len(line)

    def sync(self) -> None:
        """The rows so far survive a power cut, too."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise faults.of_system(error, self.path) from error

    def close(self) -> None:
        try:
            self.sync()
        finally:
            with suppress(OSError):
                self._file.close()


def _whole(file: Any, size: int) -> int:
    """Where the last whole line of an open file ends."""
    end = size
    while end:
        start = max(0, end - PIECE)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return int(start + found + 1)
        end = start
    return 0


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
