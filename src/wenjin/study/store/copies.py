"""The copy that is made before a schema changes: reopened, checked and counted before it gets its name."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from wenjin.kit.text import Text
from wenjin.study.store import archive, faults, opening
from wenjin.study.store.archive import Source
from wenjin.study.store.log import StoreError
from wenjin.study.store.places import Places

BACKUP_BAD = Text(
    "升级前的备份 {where} 没有通过检查，所以没有升级；数据没有被改动，请检查磁盘后再试。",
    "The backup {where} made before the upgrade failed its check, so nothing was upgraded or changed; check the disk "
    "and try again.",
)


def of_records(source: Source, target: Path, schema: str) -> None:
    """The events and drafts of a PostgreSQL, whose own files are not ours, as an archive."""
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise faults.of_system(error, target.parent) from error
    none = target.parent
    archive.write(target, source, Places(none, none, none, "", none, none, none), schema=schema, folders=())
    with opening.Opened(target, (schema,)) as opened:
        opened.check()


def of_sqlite(source: sqlite3.Connection, target: Path) -> None:
    """A copy of an open SQLite database, reopened, checked and counted before it gets its name."""
    part = target.with_suffix(".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.unlink(missing_ok=True)
        with closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
        with closing(sqlite3.connect(part)) as copy:
            sound = copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            same = _counts(copy) == _counts(source)
        if not (sound and same):
            raise StoreError(BACKUP_BAD.format(where=part))
        os.chmod(part, 0o600)
        for path in (part, part.parent):
            _sync(path)
        os.replace(part, target)
        _sync(target.parent)
    except OSError as error:
        raise faults.of_system(error, target) from error
    except sqlite3.Error as error:
        raise faults.of_database(DBAPIError("backup", None, error), URL.create("sqlite", database=str(part))) from error


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
