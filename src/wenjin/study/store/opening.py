"""An archive is opened: everything in it is read, counted and compared with its digests before a byte of it is used.

Refused, each with one sentence: what is no zip of ours, is cut short or changed; names that lead elsewhere (absolute,
.., links, devices), stand twice, or are no UTF-8; encryption; more members or more bytes than such a file could
honestly hold; records that are no events, or that no page could read; the archive of a newer program. Memory is
bounded by one record.
"""

import hashlib
import json
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from wenjin.kit.text import Text
from wenjin.study.store import archive
from wenjin.study.store.archive import DRAFTS, EVENTS, FOLDERS, FORMAT, MANIFEST, PIECE, VERSION, Told
from wenjin.study.store.log import Draft, Event, StoreError

MEMBERS = 100_000
CATALOG = 32 << 20  # bytes of the zip's own list, and of the manifest
LINE = 64 << 20  # bytes of one record
BYTES = 0.2  # how much of a check is done once all bytes are read; the rest is reading the records
RATIO, FREE = 200, 64 << 20  # an archive may unpack to so many times its size, and to so many bytes in any case
ID = re.compile(r"[!-~]{1,64}")
NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")

REFUSED = Text("{where} 没有导入，什么也没有改动：{why}。", "{where} was not imported and nothing was changed: {why}.")
NO_ZIP = Text("它不是问津的归档，或者没有下载完整", "it is not an archive of Wenjin, or its download was cut short")
CHANGED = Text(
    "{member} 与清单不符，文件损坏或被改过", "{member} is not what the manifest says; it was damaged or changed"
)
NEWER = Text(
    "它由更新的版本写成（{found}，本程序认得 {known}），请先更新本程序（git pull）",
    "it was written by a newer version ({found}; this program knows {known}), so update this program first (git pull)",
)
BAD_NAME = Text(
    "里面有不该有的文件名 {member}", "it holds the name {member}, which leads elsewhere or is no name of ours"
)
TWICE = Text("{member} 在里面出现了两次", "{member} stands in it twice")
LOCKED = Text("{member} 加了密", "{member} is encrypted")
NO_FILE = Text("{member} 不是普通文件", "{member} is not a plain file")
TOO_MANY = Text("里面的文件太多（上限 {most}）", "it holds too many files (at most {most})")
TOO_LARGE = Text(
    "解开后有 {size} MiB，对这样大小的文件来说不合情理",
    "it unpacks to {size} MiB, more than such a file honestly holds",
)
BAD_ROW = Text("{member} 的第 {number} 行不是一条记录", "line {number} of {member} is no record")


def refused(path: Path, why: Text) -> StoreError:
    """The sentence; what it quotes is cut and made visible by whoever prints it."""
    return StoreError(REFUSED.format(where=path.name, why=why))


class Opened:
    """An archive whose names and sizes are in order; `check` reads all of it. A context manager."""

    def __init__(self, path: Path, known: tuple[str, ...]) -> None:
        """`known`: the schemas that this program can read, the newest last. Raises StoreError."""
        self.path = path
        self._file: IO[bytes] | None = None
        try:
            self._file = path.open("rb")
            self._look_at_catalog(self._file)
            self._zip = zipfile.ZipFile(self._file)
            self.members = self._names()
            self.manifest = self._manifest(known)
        except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, zlib.error, EOFError) as error:
            self.close()
            raise refused(path, NO_ZIP) from error
        except OSError as error:
            self.close()
            raise refused(path, Text(str(error.strerror), str(error.strerror))) from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Opened":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def files(self) -> list[str]:
        return [name for name in self.members if name not in (EVENTS, DRAFTS, MANIFEST)]

    def check(self, told: Told = lambda part: None, reads: Callable[[Event], bool] = lambda event: True) -> None:
        """Read every byte once. StoreError where one is not what the manifest says, or where `reads`, which is given
        each event in its order, says that it cannot be read."""
        whole = sum(info.file_size for info in self.members.values()) + 1
        done = 0
        for member in self.members:
            if member == MANIFEST:
                continue
            digest, size = hashlib.sha256(), 0
            for piece in self.pieces(member):
                digest.update(piece)
                size += len(piece)
                told(BYTES * (done + size) / whole)
            done += size
            said = self.manifest["members"][member]
            if (said["size"], said["sha256"]) != (size, digest.hexdigest()):
                raise self.refuse(CHANGED, member=member)
        seen = set()
        for number, event in enumerate(self.events(), 1):
            if not reads(event):
                raise self.refuse(BAD_ROW, member=EVENTS, number=number)
            seen.add(event.id)
            if number % 500 == 0:
                told(min(1.0, BYTES + (1 - BYTES) * number / max(1, self.manifest["events"])))
        if len(seen) != self.manifest["events"]:
            raise self.refuse(CHANGED, member=EVENTS)
        if len({draft.subject for draft in self.drafts()}) != self.manifest["drafts"]:
            raise self.refuse(CHANGED, member=DRAFTS)

    def events(self) -> Iterator[Event]:
        for number, row in self._rows(EVENTS):
            try:
                event = Event.from_dict(row)
                sound = (
                    set(row) == {"id", "at", "kind", "subject", "data"}
                    and ID.fullmatch(event.id)
                    and isinstance(event.at, datetime)
                    and event.at.tzinfo is not None
                    and NAME.fullmatch(event.kind)
                    and plain(event.subject)
                    and isinstance(event.data, dict)
                )
            except (KeyError, TypeError, ValueError, OverflowError):
                sound = None
            if not sound:
                raise self.refuse(BAD_ROW, member=EVENTS, number=number)
            yield event

    def drafts(self) -> Iterator[Draft]:
        for number, row in self._rows(DRAFTS):
            sound = set(row) == {"subject", "text", "revision"} and plain(row["subject"])
            sound = sound and isinstance(row["text"], str) and type(row["revision"]) is int
            if not sound or not 1 <= row["revision"] < 1 << 62:
                raise self.refuse(BAD_ROW, member=DRAFTS, number=number)
            yield Draft(row["subject"], row["text"], row["revision"])

    def pieces(self, member: str) -> Iterator[bytes]:
        try:
            with self._zip.open(self.members[member]) as file:
                while piece := file.read(PIECE):
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
            raise self.refuse(CHANGED, member=member) from error

    def refuse(self, why: Text, **blanks: object) -> StoreError:
        return refused(self.path, why.format(**{key: str(value)[:120] for key, value in blanks.items()}))

    def _rows(self, member: str) -> Iterator[tuple[int, dict[str, Any]]]:
        parts: list[bytes] = []  # of a line that is not whole yet
        number = held = 0
        for piece in self.pieces(member):
            first, *lines = piece.split(b"\n")
            parts.append(first)
            held += len(first)
            for following in lines:
                number += 1
                yield number, self._row(member, number, b"".join(parts))
                parts, held = [following], len(following)
            if held > LINE:
                break
        if held:
            raise self.refuse(BAD_ROW, member=member, number=number + 1)

    def _row(self, member: str, number: int, text: bytes) -> dict[str, Any]:
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise self.refuse(BAD_ROW, member=member, number=number)
        return row

    def _look_at_catalog(self, file: IO[bytes]) -> None:
        """The zip's list of members, before a library holds it in memory: how long is it?"""
        end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
        if not end:
            raise zipfile.BadZipFile
        size, start = end[zipfile._ECD_SIZE], end[zipfile._ECD_LOCATION]  # type: ignore[attr-defined]
        if size > CATALOG:
            raise refused(self.path, TOO_MANY.format(most=MEMBERS))
        file.seek(max(0, start - size - 76))  # a zip64 end record may stand between
        if file.read(size + 76).count(b"PK\x01\x02") > MEMBERS:
            raise refused(self.path, TOO_MANY.format(most=MEMBERS))
        file.seek(0)

    def _names(self) -> dict[str, zipfile.ZipInfo]:
        found: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            name = info.orig_filename
            ours = name in (EVENTS, DRAFTS, MANIFEST) or (name.split("/")[0] in FOLDERS and "/" in name)
            if not (ours and archive.clean(name)) or not (name.isascii() or info.flag_bits & 0x800):
                raise self.refuse(BAD_NAME, member=name)
            if name in found:
                raise self.refuse(TWICE, member=name)
            if info.flag_bits & 0x1:
                raise self.refuse(LOCKED, member=name)
            if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
                raise self.refuse(NO_FILE, member=name)
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise refused(self.path, NO_ZIP)
            found[name] = info
        for name in found:  # a name that is a file and a folder at once
            parts = name.split("/")
            for n in range(1, len(parts)):
                if "/".join(parts[:n]) in found:
                    raise self.refuse(TWICE, member=name)
        size, packed = sum(info.file_size for info in found.values()), self.path.stat().st_size
        if size > RATIO * packed + FREE:
            raise self.refuse(TOO_LARGE, size=size >> 20)
        return found

    def _manifest(self, known: tuple[str, ...]) -> dict[str, Any]:
        if not {EVENTS, DRAFTS, MANIFEST} <= set(self.members) or self.members[MANIFEST].file_size > CATALOG:
            raise refused(self.path, NO_ZIP)
        try:
            said = json.loads(b"".join(self.pieces(MANIFEST)))
        except (ValueError, RecursionError) as error:
            raise refused(self.path, NO_ZIP) from error
        if not isinstance(said, dict) or said.get("format") != FORMAT or type(said.get("version")) is not int:
            raise refused(self.path, NO_ZIP)
        if said["version"] > VERSION:
            raise self.refuse(NEWER, found=said["version"], known=VERSION)
        schema = said.get("schema")
        if isinstance(schema, str) and schema.isdigit() and schema > known[-1]:
            raise self.refuse(NEWER, found=schema, known=known[-1])
        rows = said.get("members")
        sound = schema in known and all(type(said.get(key)) is int for key in ("events", "drafts"))
        if not sound or not isinstance(rows, dict) or set(rows) != set(self.members) - {MANIFEST}:
            raise self.refuse(CHANGED, member=MANIFEST)
        for name, row in rows.items():
            if not isinstance(row, dict) or row.get("size") != self.members[name].file_size or "sha256" not in row:
                raise self.refuse(CHANGED, member=name)
        return said


def plain(subject: object) -> bool:
    """A subject that both databases can hold."""
    if not isinstance(subject, str) or not subject or len(subject) > 1000:
        return False
    return "\x00" not in subject and not any("\ud800" <= letter <= "\udfff" for letter in subject)
