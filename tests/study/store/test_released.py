"""Data of every schema that was ever released come to today's with nothing changed; a kill on the way leaves one or
the other. `released/` holds a database of each as SQL; the same rows are laid into PostgreSQL at that schema."""

import hashlib
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from wenjin.study.store import archive, database
from wenjin.study.store.database import Database
from wenjin.study.store.log import Draft, StoreError
from wenjin.study.store.opening import Opened
from wenjin.study.store.places import Places

RELEASED = sorted(Path(__file__).with_name("released").glob("*.sql"))
OLDER = [file for file in RELEASED if file.stem != database.SCHEMA]


def content(data: Database) -> str:
    """The digest of all records."""
    lines = [archive.line(event.as_dict()) for event in data.events()]
    lines += [archive.line({"subject": d.subject, "text": d.text, "revision": d.revision}) for d in data.drafts()]
    return hashlib.sha256(b"".join(lines)).hexdigest()


def rows(file: Path) -> tuple[list[tuple[str, ...]], list[tuple[str, str, int]]]:
    """The events and drafts of a released database, read without the program."""
    with closing(sqlite3.connect(":memory:")) as made:
        made.executescript(file.read_text(encoding="utf-8"))
        events = made.execute("SELECT id, at, kind, subject, data FROM event ORDER BY seq").fetchall()
        return events, made.execute("SELECT subject, text, revision FROM draft ORDER BY subject").fetchall()


def expected(file: Path) -> str:
    events, drafts = rows(file)
    names = ("id", "at", "kind", "subject", "data")
    lines = [archive.line(dict(zip(names, (*row[:4], json.loads(row[4])), strict=True))) for row in events]
    lines += [archive.line({"subject": s, "text": json.loads(t), "revision": r}) for s, t, r in drafts]
    return hashlib.sha256(b"".join(lines)).hexdigest()


def lay(file: Path, here: Places) -> None:
    """The database as a program of that time left it."""
    here.data.mkdir()
    if here.database_url.startswith("sqlite"):
        with closing(sqlite3.connect(here.database)) as made:
            made.executescript(file.read_text(encoding="utf-8"))
        return
    from alembic import command
    from alembic.config import Config

    events, drafts = rows(file)
    engine = create_engine(here.database_url)
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(database.MIGRATIONS))
        command.upgrade(config, file.stem)
        for row in events:
            values = dict(zip(("id", "at", "kind", "subject", "data"), row, strict=True))
            query = "INSERT INTO event (id, at, kind, subject, data) VALUES (:id, :at, :kind, :subject, :data)"
            connection.execute(text(query), values)
        for subject, said, revision in drafts:
            query = "INSERT INTO draft VALUES (:subject, :text, :revision)"
            connection.execute(text(query), {"subject": subject, "text": said, "revision": revision})
    engine.dispose()


def test_every_migration_has_its_released_database() -> None:
    versions = sorted(path.name[:4] for path in (database.MIGRATIONS / "versions").glob("*.py"))
    assert [file.stem for file in RELEASED] == versions


@pytest.mark.parametrize("file", RELEASED, ids=lambda file: file.stem)
def test_its_content_is_the_same_afterwards(file: Path, here: Places) -> None:
    lay(file, here)
    data = Database(here.database_url, here.backups)
    assert content(data) == expected(file)
    assert len(data.events()) == 40
    data.save_draft("new", "text", 0)
    assert data.draft("new") == Draft("new", "text", 1)
    data.close()


@pytest.mark.parametrize("file", OLDER, ids=lambda file: file.stem)
def test_before_it_a_copy_is_made_that_holds_all(file: Path, here: Places) -> None:
    lay(file, here)
    Database(here.database_url, here.backups).close()
    (copy,) = here.backups.iterdir()
    if copy.suffix == ".db":
        with closing(sqlite3.connect(copy)) as kept:
            assert kept.execute("SELECT version_num FROM alembic_version").fetchone() == (file.stem,)
        back = Database(f"sqlite:///{copy}", here.data / "unused")
        assert content(back) == expected(file)
        back.close()
        return
    with Opened(copy, (file.stem,)) as kept:
        kept.check()
        lines = b"".join(kept.pieces(archive.EVENTS)) + b"".join(kept.pieces(archive.DRAFTS))
    assert hashlib.sha256(lines).hexdigest() == expected(file)


@pytest.mark.parametrize("file", OLDER, ids=lambda file: file.stem)
def test_a_kill_inside_leaves_the_old_or_the_new(file: Path, here: Places, count: Callable[[int], int]) -> None:
    lay(file, here)
    program = (
        "import sys; from pathlib import Path; from wenjin.study.store.database import Database\n"
        "import alembic.command, sqlalchemy.dialects; print('begin', flush=True)\n"
        "Database(sys.argv[1], Path(sys.argv[2]))"
    )
    dice = random.Random(file.stem)
    command = [sys.executable, "-c", program, here.database_url, str(here.backups)]
    for _ in range(count(20)):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            process.stdout.readline()
            time.sleep(dice.uniform(0, 0.4))
            process.send_signal(signal.SIGKILL)
        deadline = time.monotonic() + 10
        while True:  # PostgreSQL takes a moment to see that its client is gone
            try:
                engine = create_engine(here.database_url)
                with engine.begin() as connection:
                    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
                    events = connection.execute(text("SELECT count(*) FROM event")).scalar()
                break
            except Exception:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            finally:
                engine.dispose()
        assert (found in (file.stem, database.SCHEMA), events) == (True, 40)
    data = Database(here.database_url, here.backups)
    assert content(data) == expected(file)
    data.close()


@pytest.mark.parametrize("file", OLDER, ids=lambda file: file.stem)
def test_an_older_program_refuses_newer_data(file: Path, here: Places, tmp_path: Path) -> None:
    """The program of that time knew its own migrations and no later ones."""
    lay(RELEASED[-1], here)
    then = tmp_path / "then"
    shutil.copytree(database.MIGRATIONS, then)
    for later in (then / "versions").glob("*.py"):
        if later.name[:4] > file.stem:
            later.unlink()
    with pytest.raises(
        StoreError, match=f"written by a newer version .{database.SCHEMA}; this program knows {file.stem}"
    ):
        Database(here.database_url, here.backups, migrations=then, schema=file.stem)
    data = Database(here.database_url, here.backups)
    assert content(data) == expected(RELEASED[-1])
    data.close()
