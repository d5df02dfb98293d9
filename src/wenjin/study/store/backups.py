"""Copies of the learner's records that make themselves, are checked, grow thinner with age, and can be put back.

    <data>/backups/wenjin-20261122T201500-daily.zip     an archive of records and workspace (not what runs left behind)
    <data>/backups/wenjin-0002-20261122T201500.db       SQLite as it was before its schema was changed

A copy counts only after it was reopened and read to its end, and only of a database that is sound itself. One that
equals the newest is not kept twice. Copies that the learner asked for are theirs to delete. To restore is to make a
copy of the present first, so that it can be undone.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Literal

from wenjin.kit.text import Text
from wenjin.study.store import archive, faults
from wenjin.study.store.archive import Source, Told
from wenjin.study.store.database import SCHEMA, Database
from wenjin.study.store.intake import place, same, unpack
from wenjin.study.store.log import Damaged, Draft, Event, StoreError
from wenjin.study.store.opening import Opened
from wenjin.study.store.owner import SharedLog, open_log
from wenjin.study.store.places import Places
from wenjin.study.store.snapshots import Snapshots

Why = Literal["daily", "asked", "import", "restore"]
KNOWN = tuple(f"{n:04}" for n in range(1, int(SCHEMA) + 1))
NAME = re.compile(
    r"wenjin-(?:(\d{8}T\d{6})(?:-\d+)?-(daily|asked|import|restore|upgrade)\.zip|\d{4}-(\d{8}T\d{6})\.db)"
)
LARGEST = 4 << 20  # bytes of a file of the workspace that a backup takes along
ALL, DAILY, WEEKLY, MONTHLY = timedelta(days=2), 12, 10, 9
ALWAYS = 5  # newest copies that stay whatever a clock says

DAMAGED = Text(
    "数据库本身已损坏（{detail}），所以没有备份，旧的备份都还在；请用 wenjin restore 恢复最近的一份。",
    "The database itself is damaged ({detail}), so no backup was made and the older ones are all kept; wenjin restore "
    "brings back the newest.",
)
NOT_EQUAL = Text(
    "备份 {where} 写完后重新读，与记录对不上，已删除；请检查磁盘后再试。",
    "The backup {where} did not read back as the records are and was deleted; check the disk and try again.",
)
UNKNOWN = Text(
    "没有名为 {name} 的备份；wenjin backup list 列出全部。",
    "There is no backup called {name}; wenjin backup list shows all.",
)
IN_USE = Text(
    "数据目录正由另一个进程使用；请先停止课程（在它的终端按 Ctrl-C），再恢复。",
    "Another process is using the data folder; stop the course first (Ctrl-C in its terminal), then restore.",
)


@dataclass(frozen=True, slots=True)
class Backup:
    """`at`: when it was made, by the clock of this machine; `why`: daily, asked, import, restore, or upgrade."""

    path: Path
    at: datetime
    why: str

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def size(self) -> int:
        with suppress(OSError):
            return self.path.stat().st_size
        return 0


def backups(places: Places) -> list[Backup]:
    """The newest first."""
    found = []
    with suppress(OSError):
        for path in places.backups.iterdir():
            if match := NAME.fullmatch(path.name):
                with suppress(ValueError):
                    at = datetime.strptime(match[1] or match[3], "%Y%m%dT%H%M%S")
                    found.append(Backup(path, at, match[2] or "upgrade"))
    return sorted(found, key=lambda backup: (backup.at, backup.path.name), reverse=True)


def thin(found: Iterable[tuple[str, datetime]], now: datetime) -> list[str]:
    """Which copies to delete: all of two days stay, then the newest of each of 12 days, 10 weeks, 9 months. Pure.

    The few newest stay whatever the clock says, and so do those of a time yet to come.
    """
    order = sorted(found, key=lambda row: (row[1], row[0]), reverse=True)
    taken: set[tuple[str, int, int]] = set()
    gone = []
    for n, (name, at) in enumerate(order):
        age = now - at
        months = (now.year - at.year) * 12 + now.month - at.month
        week = at.isocalendar()
        if n < ALWAYS or age <= ALL:
            continue
        if age <= ALL + timedelta(days=DAILY):
            kind = ("day", at.year, at.timetuple().tm_yday)
        elif age <= ALL + timedelta(days=DAILY, weeks=WEEKLY):
            kind = ("week", week.year, week.week)
        elif months <= MONTHLY + 3:  # the weeks before it are nearly three months
            kind = ("month", at.year, at.month)
        else:
            gone.append(name)
            continue
        if kind in taken:
            gone.append(name)
        taken.add(kind)
    return gone


def make(log: SharedLog, places: Places, why: Why, now: datetime, told: Told = lambda part: None) -> Backup | None:
    """A copy of the present, checked; None where the newest copy holds the same. Older ones are then thinned."""
    if damage := log.check():
        raise StoreError(DAMAGED.format(detail=damage))
    try:
        places.backups.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise faults.of_system(error, places.backups) from error
    newest = next((backup for backup in backups(places) if backup.path.suffix == ".zip"), None)
    path = _free(places, why, now)
    new = path.with_suffix(".new")
    try:
        written = archive.write(
            new, log, places, schema=SCHEMA, folders=("workspace",), largest=LARGEST, told=lambda part: told(part / 2)
        )
        with Opened(new, KNOWN) as opened:
            opened.check(lambda part: told(0.5 + part / 2))
            if (opened.manifest["events"], opened.manifest["drafts"]) != (written.events, written.drafts):
                raise StoreError(NOT_EQUAL.format(where=path))
        if newest and why == "daily" and _equal(new, newest.path):
            return None
        os.replace(new, path)
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
    ours = [(backup.path.name, backup.at) for backup in backups(places) if backup.why != "asked"]
    for name in thin(ours, now):
        with suppress(OSError):
            (places.backups / name).unlink()
    return Backup(path, now.replace(microsecond=0), why)


def due(places: Places, now: datetime) -> bool:
    """Is it time for the daily copy?"""
    times = [backup.at for backup in backups(places) if backup.why == "daily"]
    return not any(timedelta(0) <= now - at < timedelta(hours=20) for at in times)


def find(name: str, places: Places) -> Backup:
    """By its name, or the newest by "latest". Raises StoreError."""
    found = backups(places)
    for backup in found:
        if name in (backup.name, backup.path.name) or name == "latest":
            return backup
    raise StoreError(UNKNOWN.format(name=name[:80]))


@dataclass(frozen=True, slots=True)
class Restored:
    """`aside`: the copy of the present that was made first; `damaged`: where a database that could not be read lies."""

    aside: Backup | None
    damaged: Path | None


def restore(
    backup: Backup, places: Places, now: datetime, told: Told = lambda part: None, log: SharedLog | None = None
) -> Restored:
    """Put a copy back, in one step. Raises StoreError.

    log  of the owner of the data folder, which is this process; without it nobody else may use that folder
    """
    with source(backup, places) as (events, drafts, opened):
        ours, damaged = (log, None) if log is not None else _opened(places, now)
        try:
            if not ours.owns:
                raise StoreError(IN_USE)
            aside = None
            if ours.since(0, most=1)[0] or ours.drafts(most=1):
                aside = make(ours, places, "restore", now, lambda part: told(part / 2))
            ours.replace(events, drafts)
            Snapshots(ours, places).forget()
        finally:
            if log is None:
                ours.close()
        files = opened.files if opened else []
        for n, name in enumerate(files):
            target = place(name, places)
            # What is larger is not in the copy of the present: it stays.
            if opened and not same(opened, name, target) and not (target.exists() and target.stat().st_size > LARGEST):
                unpack(opened, name, target)
            told(0.5 + (n + 1) / 2 / len(files))
    told(1.0)
    return Restored(aside, damaged)


def _opened(places: Places, now: datetime) -> tuple[SharedLog, Path | None]:
    """The log, with an empty database in place of one that cannot be read."""
    with suppress(Damaged):
        log = open_log(places, role="command")
        damaged = True
        try:
            damaged = log.owns and bool(log.check())
            if not damaged:
                return log, None
        finally:
            if damaged:
                log.close()
    folder = places.data / f"damaged-{now:%Y%m%dT%H%M%S}"
    try:
        folder.mkdir(mode=0o700)
        for file in (places.database, *(Path(f"{places.database}{end}") for end in ("-wal", "-shm"))):
            if file.exists():
                os.replace(file, folder / file.name)
    except OSError as error:
        raise faults.of_system(error, folder) from error
    return open_log(places, role="command"), folder


@contextmanager
def source(backup: Backup, places: Places) -> Iterator[tuple[Iterator[Event], Iterator[Draft], Opened | None]]:
    """What a copy holds, after it was checked."""
    if backup.path.suffix == ".zip":
        with Opened(backup.path, KNOWN) as opened:
            opened.check()
            yield opened.events(), opened.drafts(), opened
        return
    with tempfile.TemporaryDirectory(dir=places.data, prefix=".restoring-") as folder:
        copy = Path(folder, "copy.db")
        shutil.copyfile(backup.path, copy)  # it is brought to today's schema, and the copy stays as it was
        database = Database(f"sqlite:///{copy}", Path(folder))
        try:
            if damage := database.check():
                raise StoreError(DAMAGED.format(detail=damage))
            yield records(database), iter(database.drafts()), None
        finally:
            database.close()


def held(backup: Backup) -> tuple[int, int, int] | None:
    """How many events, drafts and files a copy holds, as it says itself; None for a database or what is damaged."""
    if backup.path.suffix != ".zip":
        return None
    with suppress(StoreError), Opened(backup.path, KNOWN) as opened:
        return opened.manifest["events"], opened.manifest["drafts"], len(opened.files)
    return None


def records(source: Source) -> Iterator[Event]:
    """All events, a batch at a time."""
    after = 0
    while (batch := source.since(after, most=archive.BATCH))[0]:
        yield from batch[0]
        after = batch[1]


def _free(places: Places, why: Why, now: datetime) -> Path:
    """A name that no copy has: two may be made in one second."""
    for n in count(1):
        path = places.backups / f"wenjin-{now:%Y%m%dT%H%M%S}{f'-{n}' if n > 1 else ''}-{why}.zip"
        if not path.exists():
            return path
    raise AssertionError


def _equal(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        while piece := first.read(1 << 20):
            if piece != second.read(1 << 20):
                return False
    return True
