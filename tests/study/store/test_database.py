"""The databases behind the log: how they are opened, moved to a newer schema, copied, and refused."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory

from wenjin.study.store import database
from wenjin.study.store.database import Database
from wenjin.study.store.log import Event, StoreError, happened
from wenjin.study.store.places import Places

NEXT = '''
"""A later schema: each event gets a note. Slow on purpose, so that a kill can fall into its middle."""

import time

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{before}"


def upgrade() -> None:
    op.add_column("event", sa.Column("note", sa.Text()))
    time.sleep({pause})
    op.execute("UPDATE event SET note = 'noted'")
    op.create_table("remark", sa.Column("id", sa.Integer(), primary_key=True))
'''


@pytest.fixture
def later(tmp_path: Path) -> Callable[[float], Path]:
    """The folder of migrations as a later version of the program will have it."""

    def make(pause: float = 0.0) -> Path:
        folder = tmp_path / "later"
        shutil.copytree(database.MIGRATIONS, folder, dirs_exist_ok=True)
        (folder / "versions" / "9999_notes.py").write_text(
            NEXT.replace("{pause}", str(pause)).replace("{before}", database.SCHEMA)
        )
        return folder

    return make


def opened(here: Places, migrations: Path = database.MIGRATIONS, schema: str = database.SCHEMA) -> Database:
    here.data.mkdir(exist_ok=True)
    noon = datetime(2026, 3, 1, 12)
    return Database(here.database_url, here.backups, now=lambda: noon, migrations=migrations, schema=schema)


def filled(here: Places) -> list[Event]:
    events = [happened("attempt", "a/b", {"n": n, "字": "量" * 40}) for n in range(50)]
    data = opened(here)
    for event in events:
        data.append(event)
    data.close()
    return events


def test_the_schema_that_the_program_names_is_its_newest_migration() -> None:
    assert ScriptDirectory(str(database.MIGRATIONS)).get_heads() == [database.SCHEMA]


def test_a_new_database_is_what_all_migrations_make(tmp_path: Path) -> None:
    """WENJIN_SNAPSHOTS=write writes `new.sql` anew, after a migration was added."""

    def schema(name: str, migrations: Path) -> list[tuple[str, ...]]:
        file = tmp_path / name
        Database(f"sqlite:///{file}", tmp_path, migrations=migrations).close()
        with closing(sqlite3.connect(file)) as made:
            tables = made.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY rowid").fetchall()
            return tables + made.execute("SELECT version_num FROM alembic_version").fetchall()

    shutil.copytree(database.MIGRATIONS, tmp_path / "all")  # another folder: its migrations are taken one by one
    migrated = schema("migrated.db", tmp_path / "all")
    if os.environ.get("WENJIN_SNAPSHOTS") == "write":
        made = [str(row[3]) for row in migrated[:-1] if row[3]]
        version = f"INSERT INTO alembic_version (version_num) VALUES ('{database.SCHEMA}')"
        database.NEW.write_text(";\n".join([*made, version]) + "\n", encoding="utf-8")
    assert schema("new.db", database.MIGRATIONS) == migrated


def test_sqlite_is_opened_so_that_a_commit_survives_a_power_cut_and_nobody_else_writes(tmp_path: Path) -> None:
    here = Places(tmp_path, tmp_path, tmp_path, f"sqlite:///{tmp_path / 'wenjin.db'}", tmp_path, tmp_path, tmp_path)
    data = opened(here)
    for pragma, value in {"journal_mode": "wal", "synchronous": 2, "locking_mode": "exclusive", "mmap_size": 0}.items():
        assert data._do(lambda c, p=pragma: c.exec_driver_sql(f"PRAGMA {p}").scalar()) == value
    with (
        closing(sqlite3.connect(here.database, timeout=0)) as other,
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("SELECT * FROM event")
    with pytest.raises(StoreError, match="Another program is using"):
        opened(here)
    data.close()


def test_a_newer_schema_keeps_every_event(here: Places, later: Callable[[], Path]) -> None:
    events = filled(here)
    data = opened(here, later(), "9999")
    assert data.events() == events
    assert data._do(lambda c: c.exec_driver_sql("SELECT count(*) FROM event WHERE note = 'noted'").scalar()) == 50
    data.close()


def test_before_a_migration_a_checked_copy_is_made(tmp_path: Path, later: Callable[[], Path]) -> None:
    here = Places(tmp_path, tmp_path, tmp_path, f"sqlite:///{tmp_path / 'wenjin.db'}", tmp_path, tmp_path, tmp_path)
    events = filled(here)
    assert not here.backups.exists()
    opened(here, later(), "9999").close()
    copies = list(here.backups.iterdir())
    assert [copy.name for copy in copies] == [f"wenjin-{database.SCHEMA}-20260301T120000.db"]
    assert copies[0].stat().st_mode & 0o777 == 0o600
    back = Database(f"sqlite:///{copies[0]}", tmp_path / "unused")
    assert back.events() == events
    back.close()


def test_newer_data_are_refused_and_not_touched(here: Places, later: Callable[[], Path]) -> None:
    events = filled(here)
    opened(here, later(), "9999").close()
    before = here.database.read_bytes() if here.database.exists() else b""
    with pytest.raises(
        StoreError, match=rf"written by a newer version .9999; this program knows {database.SCHEMA}.*git pull"
    ):
        opened(here)
    assert (here.database.read_bytes() if here.database.exists() else b"") == before
    data = opened(here, later(), "9999")
    assert data.events() == events
    data.close()


def test_a_kill_in_a_migration_leaves_the_old_schema_or_the_new(
    here: Places, later: Callable[[float], Path], count: Callable[[int], int]
) -> None:
    events = filled(here)
    program = (
        "import sys; from pathlib import Path; from wenjin.study.store.database import Database\n"
        "import alembic.command, sqlalchemy.dialects; print('begin', flush=True)\n"
        "Database(sys.argv[1], Path(sys.argv[2]), migrations=Path(sys.argv[3]), schema='9999')"
    )
    command = [sys.executable, "-c", program, here.database_url, str(here.backups), str(later(0.2))]
    dice = random.Random(3)
    for _ in range(count(20)):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            process.stdout.readline()
            time.sleep(dice.uniform(0, 0.5))
            process.send_signal(signal.SIGKILL)
        try:
            data = opened(here)
        except StoreError:  # it was done
            break
        assert data.events() == events
        data.close()
    data = opened(here, later(0), "9999")
    assert data.events() == events
    data.close()


@pytest.mark.parametrize("cut", [0, 30, 5000])
def test_a_damaged_database_gets_a_sentence(tmp_path: Path, cut: int) -> None:
    here = Places(tmp_path, tmp_path, tmp_path, f"sqlite:///{tmp_path / 'wenjin.db'}", tmp_path, tmp_path, tmp_path)
    filled(here)
    whole = here.database.read_bytes()
    here.database.write_bytes(whole[:cut] + os.urandom(len(whole) - cut))
    with pytest.raises(StoreError, match="is damaged or is not this program's database") as told:
        opened(here).events()
    assert str(here.database) in told.value.text.zh


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://me:secret@127.0.0.1:1/course", "cannot be reached.*check WENJIN_DATABASE_URL"),
        ("mysql://me:secret@localhost/course", "cannot be used.*unset WENJIN_DATABASE_URL"),
        ("me:secret@nothing", "cannot be used.*unset WENJIN_DATABASE_URL"),
    ],
)
def test_a_wrong_address_gets_a_sentence_without_its_password(tmp_path: Path, address: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as told:
        Database(address, tmp_path)
    assert "secret" not in told.value.text.en + told.value.text.zh


def test_a_restart_of_postgres_under_load_loses_nothing(postgres: Any, tmp_path: Path) -> None:
    data = Database(postgres.fresh(), tmp_path)
    events = [[happened("attempt", f"t/{thread}", {"n": n}) for n in range(60)] for thread in range(3)]

    def write(mine: list[Event]) -> None:
        for event in mine:
            data.append(event)
            time.sleep(0.005)

    threads = [threading.Thread(target=write, args=(mine,)) for mine in events]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    postgres.stop()
    postgres.start()
    for thread in threads:
        thread.join()
    for number, mine in enumerate(events):
        assert data.events(subject=f"t/{number}") == mine
    data.close()


def test_the_doctor_hears_the_version_and_whether_it_has_the_known_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    assert database.sqlite_version()[0] == sqlite3.sqlite_version
    for version, sound in {
        (3, 40, 1): False,
        (3, 51, 2): False,
        (3, 51, 3): True,
        (3, 50, 7): True,
        (3, 44, 6): True,
    }.items():
        monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
        assert database.sqlite_version()[1] is sound


def test_numbers_become_visible_in_their_order(postgres: Any, tmp_path: Path) -> None:
    """A slow writer that took its number first is waited for: whoever reads on in the meantime would never see it."""
    data = Database(postgres.fresh(), tmp_path)
    first, second = happened("attempt", "a/b", {"n": 1}), happened("attempt", "a/b", {"n": 2})
    with data._engine.begin() as slow:
        data._append(slow, first)
        fast = threading.Thread(target=data.append, args=(second,))
        fast.start()
        fast.join(0.5)
        assert data.since(0) == ([], 0)
    fast.join()
    assert data.since(0) == ([first, second], 2)
    data.close()
