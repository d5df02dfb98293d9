"""One file that holds all that is the learner's: written here, opened and checked in `opening`, taken in by `intake`.

    events.jsonl      one event a line, in the order of the log
    drafts.jsonl      one draft a line, by subject
    workspace/…       answers and notes as files; runs/…, chats/…: what those left on the disk
    manifest.json     last: format, version, schema, how many events and drafts, size and SHA-256 of every member

A zip with members in a fixed order and at a fixed time, so that the same state is the same bytes. Left out: the queue
of runs, the secret of the cookies, all that is derived; links, caches and files over `LARGEST`, which are told. Neither
times nor permissions of files are kept.
"""

import hashlib
import json
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

from wenjin.study.store import faults
from wenjin.study.store.log import Draft, Event
from wenjin.study.store.places import Places

FORMAT, VERSION = "wenjin archive", 1
EVENTS, DRAFTS, MANIFEST = "events.jsonl", "drafts.jsonl", "manifest.json"
FOLDERS = ("workspace", "runs", "chats")
PASSED_OVER = {".git", ".venv", "__pycache__", "node_modules", ".ipynb_checkpoints"}
LARGEST = 1 << 30  # bytes of one file
BATCH = 2000  # events that are in memory at a time
PIECE = 1 << 20
Told = Callable[[float], None]  # hears the part of the work that is done, 0 to 1


class Source(Protocol):
    """Where records come from: a log, or a database that is opened for this alone."""

    def since(self, seq: int, kind: str | None = None, most: int | None = None) -> tuple[list[Event], int]: ...

    def drafts(self, after: str = "", most: int | None = None) -> list[Draft]: ...


@dataclass
class Written:
    """How many of each, and the files that were left out, with the folder of the archive in front."""

    events: int = 0
    drafts: int = 0
    files: int = 0
    bytes: int = 0
    left_out: list[str] = field(default_factory=list)


def write(
    target: Path,
    source: Source,
    places: Places,
    *,
    schema: str,
    folders: tuple[str, ...] = FOLDERS,
    largest: int = LARGEST,
    told: Told = lambda part: None,
) -> Written:
    """Write the archive, all of it or nothing. Raises StoreError when the disk refuses."""
    made = Written()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        files = list(found(places, folders, largest, made.left_out))
        with part.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            with zipfile.ZipFile(file, "w") as archive:
                _write(archive, source, files, made, schema, told)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
        folder = os.open(target.absolute().parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        made.bytes = target.stat().st_size
        return made
    except BaseException as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise faults.of_system(error, target) from error
        raise


def _write(
    archive: zipfile.ZipFile,
    source: Source,
    files: list[tuple[str, Path]],
    made: Written,
    schema: str,
    told: Told,
) -> None:
    members: dict[str, dict[str, Any]] = {}
    # An event counts as its usual bytes, so that the bar runs evenly; how many there are is what the log says first.
    after, last = 0, source.since(1 << 62)[1]
    sizes = [size for _, path in files if (size := _size(path))]
    whole = last * 300 + sum(sizes) + 1
    with _Member(archive, EVENTS, members) as member:
        while after < last:
            events, after = source.since(after, most=BATCH)
            for event in events:
                member.write(line(event.as_dict()))
            made.events += len(events)
            told(made.events * 300 / whole)
    with _Member(archive, DRAFTS, members) as member:
        subject = ""
        while drafts := source.drafts(subject, BATCH):
            for draft in drafts:
                member.write(line({"subject": draft.subject, "text": draft.text, "revision": draft.revision}))
            made.drafts += len(drafts)
            subject = drafts[-1].subject
    done = made.events * 300
    for name, path in files:
        try:
            with path.open("rb") as file, _Member(archive, name, members) as member:
                left = os.fstat(file.fileno()).st_size  # what is added while we read comes with the next archive
                while left > 0 and (piece := file.read(min(PIECE, left))):
                    member.write(piece)
                    left -= len(piece)
                    done += len(piece)
                    told(min(1.0, done / whole))
            made.files += 1
        except (FileNotFoundError, PermissionError):  # deleted a moment ago, or not ours to read
            made.left_out.append(name)
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "schema": schema,
        "events": made.events,
        "drafts": made.drafts,
        "members": members,
    }
    with archive.open(_info(MANIFEST), "w") as member_file:
        member_file.write(json.dumps(manifest, indent=1).encode() + b"\n")
    told(1.0)


class _Member:
    """A member that is being written, and its row of the manifest."""

    def __init__(self, archive: zipfile.ZipFile, name: str, members: dict[str, dict[str, Any]]) -> None:
        self._archive, self._name, self._members = archive, name, members
        self._digest, self._size = hashlib.sha256(), 0

    def __enter__(self) -> "_Member":
        self._file: IO[bytes] = self._archive.open(_info(self._name), "w", force_zip64=True)
        return self

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._size += len(data)

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._members[self._name] = {"size": self._size, "sha256": self._digest.hexdigest()}


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o600) << 16
    return info


def line(row: dict[str, Any]) -> bytes:
    """A record as its line: JSON in ASCII, the same bytes for the same record."""
    return json.dumps(row, separators=(",", ":")).encode() + b"\n"


def found(places: Places, folders: tuple[str, ...], largest: int, left_out: list[str]) -> Iterator[tuple[str, Path]]:
    """The files of an archive as (member, path), in order; what is passed over is added to `left_out`."""
    roots = {"workspace": places.workspace, "runs": places.data / "runs", "chats": places.data / "chats"}
    for folder in FOLDERS:
        if folder in folders:
            yield from sorted(_walk(roots[folder], folder, places, largest, left_out), key=lambda row: row[0].encode())


def _walk(root: Path, name: str, places: Places, largest: int, left_out: list[str]) -> Iterator[tuple[str, Path]]:
    try:
        entries = sorted(os.scandir(root), key=lambda entry: entry.name)
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return
    for entry in entries:
        member = f"{name}/{entry.name}"
        if entry.name in PASSED_OVER or (entry.name.startswith(".") and entry.name.endswith((".new", ".part"))):
            continue
        if not clean(member) or entry.is_symlink():
            left_out.append(member.encode("utf-8", "replace").decode())
        elif entry.is_dir():
            if Path(entry.path) != places.data:  # a workspace around the data folder
                yield from _walk(Path(entry.path), member, places, largest, left_out)
        elif not entry.is_file() or entry.stat().st_size > largest:
            left_out.append(member)
        else:
            yield member, Path(entry.path)


def clean(member: str) -> bool:
    """Is it a name that can be laid on any disk, below the folder that it names?"""
    if not member.isprintable() or "\\" in member or len(member.encode("utf-8", "surrogatepass")) > 1000:
        return False
    parts = member.split("/")
    plain = all(part not in ("", ".", "..") and len(part.encode()) <= 240 for part in parts)
    return plain and ":" not in parts[0] and not any("\ud800" <= letter <= "\udfff" for letter in member)


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0
