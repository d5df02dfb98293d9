"""A checked archive is taken in: its records join those that are there, its files find their place.

Events join by their id, in the archive's order, after those that are there; drafts and files where there are none yet.
A file that is there and differs stays, and the archive's is laid below `.imported` of the workspace: nothing of the
learner's is ever written over. A kill anywhere in between is mended by importing again. What would change is told
before anything does (`preview`), and what was laid can be taken away again (`remove`).
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from wenjin.kit.text import Text
from wenjin.study.store import faults
from wenjin.study.store.archive import BATCH, Told
from wenjin.study.store.log import Log, StoreError
from wenjin.study.store.opening import Opened
from wenjin.study.store.owner import SharedLog
from wenjin.study.store.places import Places

T = TypeVar("T")
NO_SPACE = Text(
    "{where} 所在的磁盘只剩 {left} MiB，导入需要 {need} MiB；请腾出空间后再试，什么也没有改动。",
    "The disk of {where} has {left} MiB left and the import needs {need} MiB; free some space and try again: nothing "
    "was changed.",
)
BATCH_BYTES = 8 << 20


@dataclass
class Taken:
    """How much was new; `beside`: files that stood there otherwise, and where the archive's were laid instead.

    `laid`: every file that was written, with its SHA-256."""

    events: int = 0
    known: int = 0
    drafts: int = 0
    files: int = 0
    beside: list[tuple[Path, Path]] = field(default_factory=list)
    laid: list[tuple[Path, str]] = field(default_factory=list)


@dataclass
class Preview:
    """What an archive holds, and how much of it is not here yet. `kinds`: events by kind; `first`, `last`: when;
    `other`: files of the archive that stand here otherwise."""

    events: int = 0
    new_events: int = 0
    drafts: int = 0
    new_drafts: int = 0
    files: int = 0
    new_files: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None
    other: list[Path] = field(default_factory=list)


def preview(opened: Opened, log: SharedLog, places: Places, told: Told = lambda part: None) -> Preview:
    """`opened` must have been checked. Nothing is written."""
    seen, total = Preview(), opened.manifest["events"] + len(opened.files) + 1
    for batch in batches(opened.events(), lambda event: 200):
        seen.events += len(batch)
        seen.new_events += len(batch) - len(log.known([event.id for event in batch]))
        for event in batch:
            seen.kinds[event.kind] = seen.kinds.get(event.kind, 0) + 1
            seen.first = min(seen.first or event.at, event.at)
            seen.last = max(seen.last or event.at, event.at)
        told(seen.events / total)
    for draft in opened.drafts():
        seen.drafts += 1
        seen.new_drafts += log.draft(draft.subject) is None
    for name in opened.files:
        target = place(name, places)
        seen.files += 1
        if not os.path.lexists(target):
            seen.new_files += 1
        elif target.is_symlink() or not same(opened, name, target):
            seen.other.append(target)
        told((seen.events + seen.files) / total)
    return seen


def take_in(opened: Opened, log: Log, places: Places, told: Told = lambda part: None) -> Taken:
    """Raises StoreError; `opened` must have been checked."""
    need = sum(info.file_size for info in opened.members.values())
    for folder in (places.data, places.workspace):
        _room(folder, need)
    taken, total = Taken(), opened.manifest["events"] + len(opened.files) + 1
    done = 0
    for name in opened.files:
        _lay(opened, name, places, taken)
        done += 1
        told(done / total)
    for batch in batches(opened.events(), lambda event: 200 + sum(len(str(value)) for value in event.data.values())):
        new = log.extend(batch)
        taken.events += new
        taken.known += len(batch) - new
        done += len(batch)
        told(done / total)
    for drafts in batches(opened.drafts(), lambda draft: len(draft.text)):
        taken.drafts += log.adopt(drafts)
    told(1.0)
    return taken


def place(name: str, places: Places) -> Path:
    """Where a member of an archive lies."""
    folder, _, rest = name.partition("/")
    return (places.workspace if folder == "workspace" else places.data / folder) / rest


def unpack(opened: Opened, name: str, target: Path) -> None:
    """A member as a file: all of it or what stood there before. Links on the way are refused."""
    new = target.with_name(f".{target.name[:80]}.{os.getpid()}.new")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "wb") as file:
            for piece in opened.pieces(name):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, target)
    except BaseException as error:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise faults.of_system(error, target) from error
        raise


def same(opened: Opened, name: str, file: Path) -> bool:
    """Does the file hold what the archive does?"""
    with suppress(OSError):
        return bool(_digest(file) == opened.manifest["members"][name]["sha256"])
    return False


def batches(rows: Iterable[T], weight: Callable[[T], int]) -> Iterator[list[T]]:
    """As many at a time as a message and the memory take."""
    batch: list[T] = []
    heavy = 0
    for row in rows:
        batch.append(row)
        heavy += weight(row)
        if len(batch) >= BATCH or heavy >= BATCH_BYTES:
            yield batch
            batch, heavy = [], 0
    if batch:
        yield batch


def _lay(opened: Opened, name: str, places: Places, taken: Taken) -> None:
    target = place(name, places)
    if os.path.lexists(target):
        if not target.is_symlink() and same(opened, name, target):
            return
        beside = places.workspace / ".imported" / opened.path.stem / name
        if not same(opened, name, beside):
            unpack(opened, name, beside)
            taken.laid.append((beside, opened.manifest["members"][name]["sha256"]))
        taken.beside.append((target, beside))
    else:
        unpack(opened, name, target)
        taken.laid.append((target, opened.manifest["members"][name]["sha256"]))
        taken.files += 1


def remove(laid: Iterable[tuple[Path, str]]) -> int:
    """Take away what an import laid and nobody has changed since; of how many files that was so."""
    gone = 0
    for file, digest in laid:
        with suppress(OSError):
            if not file.is_symlink() and _digest(file) == digest:
                file.unlink()
                gone += 1
    return gone


def _digest(file: Path) -> str:
    with file.open("rb") as there:
        return hashlib.file_digest(there, "sha256").hexdigest()


def _room(folder: Path, need: int) -> None:
    while not folder.exists():
        folder = folder.parent
    status = os.statvfs(folder)
    left = status.f_bavail * status.f_frsize
    if need > left:
        raise StoreError(NO_SPACE.format(where=folder, left=left >> 20, need=(need >> 20) + 1))
