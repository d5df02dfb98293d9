"""One file of a form, streamed to the disk as it comes: never held in memory, never more of it than may be.

A body that is too long, or that the disk does not take, is read to its end and thrown away: a browser shows an answer
only to a body that was read. Left out: all other fields, whose one (`csrf`) the guard has read.
"""

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from wenjin.kit.text import Text
from wenjin.study.store import archive, faults
from wenjin.study.store.log import StoreError

LONGEST = 4 << 30  # bytes of an archive that a page takes; `wenjin import` takes longer ones
FIELD = "file"

NO_FORM = Text("没有收到文件；请选一个文件再试。", "No file has come; choose one and try again.")
TOO_LONG = Text(
    "文件超过 {most} GiB，页面不收；请在终端里用 wenjin import 导入。",
    "The file is longer than {most} GiB, which the page does not take; use wenjin import in a terminal.",
)


class Upload:
    """The file of one request, laid in `folder` under its own name. `fault`: why it was not kept, if so."""

    def __init__(self, folder: Path, kind: str, longest: int = LONGEST) -> None:
        self.path: Path | None = None
        self.fault: StoreError | None = None
        self._folder, self._longest, self._size = folder, longest, 0
        self._file: IO[bytes] | None = None
        self._header, self._value, self._headers = b"", b"", {b"": b""}
        boundary = parse_options_header(kind)[1].get(b"boundary", b"")
        if not boundary:
            raise StoreError(NO_FORM)
        calls: dict[str, Callable[..., None]] = {
            "on_part_begin": self._begin,
            "on_header_field": self._named,
            "on_header_value": self._valued,
            "on_header_end": self._headed,
            "on_headers_finished": self._open,
            "on_part_data": self._write,
            "on_part_end": self._end,
        }
        self._parser = MultipartParser(boundary, calls)  # type: ignore[arg-type]

    def feed(self, piece: bytes) -> None:
        if self.fault is None:
            try:
                self._parser.write(piece)
            except FormParserError:
                self.fault = self.fault or StoreError(NO_FORM)
            except OSError as error:
                self.fault = faults.of_system(error, self._folder)

    def close(self) -> None:
        """Nothing more comes."""
        if self._file is not None:  # the body ended in the middle of it
            self._file.close()
            self._file = None
            self.fault = self.fault or StoreError(NO_FORM)

    def kept(self) -> Path:
        """Where it lies, whole. Raises StoreError where it does not."""
        if self.fault is not None:
            raise self.fault
        if self.path is None or not self._size:
            raise StoreError(NO_FORM)
        return self.path

    def _begin(self) -> None:
        self._headers = {}

    def _named(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _valued(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _headed(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _open(self) -> None:
        told = parse_options_header(self._headers.get(b"content-disposition", b""))[1]
        if told.get(b"name") == FIELD.encode() and told.get(b"filename") and self.path is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path = self._folder / named(told[b"filename"].decode("utf-8", "replace"))
            self._file = self.path.open("xb")

    def _write(self, data: bytes, start: int, end: int) -> None:
        if self._file is None:
            return
        self._size += end - start
        if self._size > self._longest:
            self.fault = StoreError(TOO_LONG.format(most=self._longest >> 30))
            raise FormParserError
        self._file.write(data[start:end])

    def _end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def named(given: str) -> str:
    """A name to lay it under: its own, without a path; a plain one where that can be laid on no disk."""
    name = PurePosixPath(given.replace("\\", "/")).name
    return name if archive.clean(f"workspace/{name}") and not name.startswith(".") else "archive.zip"


async def receive(request: Request, folder: Path, longest: int = LONGEST) -> Path:
    """The file of the form that was sent. Raises StoreError, and then leaves nothing open; what it wrote is below
    `folder`."""
    upload = Upload(folder, request.headers.get("content-type", ""), longest)
    try:
        async for piece in request.stream():
            await run_in_threadpool(upload.feed, piece)
    finally:
        upload.close()
    return upload.kept()
