"""Copies of the records: checked, thinned by age, put back; the drill in which everything is destroyed first."""

import hashlib
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenjin.study.store import archive, backups
from wenjin.study.store.database import SCHEMA
from wenjin.study.store.log import StoreError, happened
from wenjin.study.store.owner import SharedLog, open_log
from wenjin.study.store.places import Places

NOON = datetime(2026, 3, 1, 12)


@pytest.fixture
def mine(here: Places) -> Places:
    return replace(here, workspace=here.data / "workspace")


def filled(here: Places, count: int = 30) -> SharedLog:
    log = open_log(here, role="command")
    log.extend([happened("attempt", "a/b", {"n": n, "字": "量" * 40}) for n in range(count)])
    log.save_draft("a/b", "def 注意力(): ...", 0)
    here.workspace.mkdir(exist_ok=True)
    (here.workspace / "answer.py").write_bytes(b"first")
    return log


def state(here: Places, log: SharedLog) -> str:
    """The digest of all that is the learner's."""
    archive.write(here.data / "state.zip", log, here, schema=SCHEMA)
    return hashlib.sha256((here.data / "state.zip").read_bytes()).hexdigest()


def test_the_drill_everything_is_destroyed_and_comes_back(mine: Places) -> None:
    log = filled(mine)
    before = state(mine, log)
    made = backups.make(log, mine, "daily", NOON)
    log.close()
    shutil.rmtree(mine.workspace)
    destroy(mine)
    done = backups.restore(made, mine, NOON)
    assert done == backups.Restored(None, None)
    log = open_log(mine, role="command")
    assert state(mine, log) == before
    log.close()


def destroy(here: Places) -> None:
    if here.database_url.startswith("sqlite"):
        here.database.unlink()
        return
    with psycopg.connect(here.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


def test_to_restore_keeps_the_present_aside_so_that_it_can_be_undone(mine: Places) -> None:
    log = filled(mine)
    first = state(mine, log)
    made = backups.make(log, mine, "asked", NOON)
    log.append(happened("attempt", "a/c", {}))
    log.save_draft("a/b", "second", 1)
    (mine.workspace / "answer.py").write_bytes(b"second")
    second = state(mine, log)
    log.close()
    done = backups.restore(made, mine, NOON + timedelta(hours=1))
    assert done.aside.why == "restore"
    log = open_log(mine, role="command")
    assert state(mine, log) == first
    log.close()
    backups.restore(backups.find(done.aside.name, mine), mine, NOON + timedelta(hours=2))
    log = open_log(mine, role="command")
    assert state(mine, log) == second
    log.close()


@pytest.mark.parametrize("cut", [0, 30, 9000])
def test_a_damaged_database_is_moved_away_and_the_newest_copy_put_back(tmp_path: Path, cut: int) -> None:
    """SQLite alone: the files of a PostgreSQL are its keeper's."""
    from wenjin.study.store.places import places

    mine = places(tmp_path / "data", tmp_path / "data" / "workspace", {})
    log = filled(mine)
    before = state(mine, log)
    backups.make(log, mine, "daily", NOON)
    log.close()
    whole = mine.database.read_bytes()
    mine.database.write_bytes(whole[:cut] + b"\xaa" * (len(whole) - cut))
    done = backups.restore(backups.find("latest", mine), mine, NOON)
    assert (done.damaged / "wenjin.db").read_bytes()[cut:] == b"\xaa" * (len(whole) - cut)
    log = open_log(mine, role="command")
    assert state(mine, log) == before
    log.close()


def test_a_copy_that_reads_back_otherwise_is_no_copy(mine: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk spoils one byte of what was written."""
    log = filled(mine)
    write = archive.write

    def spoiled(target: Path, *rest: object, **more: object) -> archive.Written:
        written = write(target, *rest, **more)
        whole = bytearray(target.read_bytes())
        whole[200] ^= 1
        target.write_bytes(whole)
        return written

    monkeypatch.setattr(archive, "write", spoiled)
    with pytest.raises(StoreError):
        backups.make(log, mine, "daily", NOON)
    log.close()
    assert list(mine.backups.iterdir()) == []


def test_of_a_damaged_database_no_copy_is_made_and_the_old_ones_stay(mine: Places) -> None:
    log = filled(mine)
    for day in range(40):
        log.append(happened("attempt", "a/b", {"day": day}))
        backups.make(log, mine, "daily", NOON + timedelta(days=day))
    kept = backups.backups(mine)
    log.check = lambda: "page 7 is never used"
    with pytest.raises(StoreError, match="page 7 is never used"):
        backups.make(log, mine, "daily", NOON + timedelta(days=900))
    log.close()
    assert backups.backups(mine) == kept


def test_a_spoiled_index_is_seen_by_the_check(tmp_path: Path) -> None:
    from wenjin.study.store.places import places

    mine = places(tmp_path / "data", tmp_path / "data" / "workspace", {})
    filled(mine).close()
    with closing(sqlite3.connect(mine.database, isolation_level=None)) as database:
        database.execute("PRAGMA writable_schema=ON")
        database.execute(
            "UPDATE sqlite_master SET sql = replace(sql, '(subject)', '(kind)') WHERE name = 'event_subject'"
        )
    log = open_log(mine, role="command")
    assert "event_subject" in log.check()
    log.close()


def test_the_same_state_is_not_kept_twice(mine: Places) -> None:
    log = filled(mine)
    assert backups.due(mine, NOON)
    assert backups.make(log, mine, "daily", NOON)
    assert not backups.due(mine, NOON + timedelta(hours=19))
    assert backups.due(mine, NOON + timedelta(hours=20))
    assert backups.due(mine, NOON - timedelta(days=1))  # a clock that was set back
    assert backups.make(log, mine, "daily", NOON + timedelta(days=1)) is None
    log.append(happened("attempt", "a/b", {}))
    assert backups.make(log, mine, "daily", NOON + timedelta(days=2))
    assert backups.make(log, mine, "asked", NOON + timedelta(days=2))
    assert backups.make(log, mine, "asked", NOON + timedelta(days=2)).name.endswith("-2-asked")
    assert len(backups.backups(mine)) == 4
    log.close()


def test_only_who_holds_the_data_folder_alone_restores(mine: Places) -> None:
    log = filled(mine)
    made = backups.make(log, mine, "asked", NOON)
    before = log.events()
    with pytest.raises(StoreError, match="stop the course first"):
        backups.restore(made, mine, NOON)
    assert log.events() == before
    log.close()
    with pytest.raises(StoreError, match="no backup called nothing"):
        backups.find("nothing", mine)


def test_a_copy_made_before_an_upgrade_is_put_back_too(tmp_path: Path) -> None:
    from wenjin.study.store.places import places

    mine = places(tmp_path / "data", tmp_path / "data" / "workspace", {})
    log = filled(mine)
    events = log.events()
    log.close()
    mine.backups.mkdir()
    copy = mine.backups / "wenjin-0002-20260301T120000.db"
    shutil.copyfile(mine.database, copy)
    with closing(sqlite3.connect(copy, isolation_level=None)) as database:
        database.execute("DROP INDEX event_subject")
        database.execute("UPDATE alembic_version SET version_num = '0002'")
    whole = copy.read_bytes()
    log = open_log(mine, role="command")
    log.append(happened("attempt", "a/b", {}))
    log.close()
    (found,) = backups.backups(mine)
    assert (found.why, found.at) == ("upgrade", NOON)
    backups.restore(found, mine, NOON + timedelta(days=1))
    log = open_log(mine, role="command")
    assert log.events() == events
    log.close()
    assert copy.read_bytes() == whole


def daily(days: int) -> list[tuple[str, datetime]]:
    """Two copies a day."""
    return [(f"{n:04}", NOON - timedelta(days=days) + timedelta(hours=12 * n)) for n in range(2 * days + 1)]


def test_old_copies_grow_thinner_with_age() -> None:
    found = daily(500)
    gone = set(backups.thin(found, NOON))
    ages = [NOON - at for name, at in found if name not in gone]
    within = lambda low, high: sum(timedelta(days=low) < age <= timedelta(days=high) for age in ages)  # noqa: E731
    assert sum(age <= timedelta(days=2) for age in ages) == 5
    assert within(2, 14) in (12, 13)
    assert within(14, 84) in (10, 11)
    assert within(84, 400) in (9, 10)
    assert within(400, 600) == 0


@given(st.integers(1, 120), st.integers(-4000, 4000))
def test_whatever_a_clock_says_the_newest_copies_stay(days: int, wrong: int) -> None:
    found = daily(days)
    gone = set(backups.thin(found, NOON + timedelta(days=wrong)))
    assert not gone & {name for name, _ in found[-5:]}


@given(st.integers(3, 400))
def test_thinned_day_by_day_there_is_always_a_copy_of_each_age(days: int) -> None:
    """What is thinned every day keeps as much as what is thinned once."""
    kept: list[tuple[str, datetime]] = []
    for n in range(days):
        now = NOON + timedelta(days=n)
        kept.append((str(n), now))
        gone = set(backups.thin(kept, now))
        kept = [row for row in kept if row[0] not in gone]
    ages = sorted((now - at).days for _, at in kept)
    assert ages[0] == 0
    assert len(kept) <= 3 + 13 + 11 + 13
    for least, most in ((0, 2), (2, 14), (14, 28), (84, 130)):
        assert days <= most or any(least <= age <= most for age in ages)
