"""Events and drafts in SQLite or PostgreSQL: the log itself, for the one process that owns the data folder.

SQLite   write-ahead log, synchronous=FULL (a commit survives a power cut), one connection that holds the file alone.
         Holding it alone also keeps the WAL-reset bug of SQLite 3.7.0-3.51.2 out: that needs two connections.
Postgres a pool; a write that meets a restarting server is repeated for ten seconds (ids make that harmless).
Schema   Alembic's migrations in `migrations/`, in one transaction, after a backup that was reopened and checked; a new
         SQLite database is made whole at once.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import StaticPool
from sqlalchemy.types import BigInteger

from wenjin.kit import text as kit
from wenjin.study.store import copies, faults, jobs
from wenjin.study.store.log import Conflict, Draft, Event, StoreError

T = TypeVar("T")

MIGRATIONS = Path(__file__).with_name("migrations")
NEW = MIGRATIONS / "new.sql"  # a new database as all migrations make it: a learner's first start needs no Alembic
SCHEMA = "0003"  # what this program writes; equal to the newest of `migrations/`, which a test compares
# Exclusive first: then the write-ahead log needs no memory shared between processes.
PRAGMAS = ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "mmap_size=0")
PATIENCE = 10.0  # seconds that an operation waits for a PostgreSQL that went away
# A network that swallows everything tells nobody; the system itself would wait a quarter of an hour.
CUT = {"connect_timeout": 5, "tcp_user_timeout": 5000, "keepalives_idle": 5, "keepalives_interval": 2}

tables = MetaData()
events = Table(
    "event",
    tables,
    Column("seq", BigInteger, primary_key=True),
    Column("id", String),
    Column("at", String),
    Column("kind", String),
    Column("subject", Text),
    Column("data", Text),  # JSON in ASCII: any text that JSON can carry, also what PostgreSQL's text cannot
)
drafts = Table(
    "draft",
    tables,
    Column("subject", Text, primary_key=True),
    Column("text", Text),  # JSON in ASCII, for the same reason
    Column("revision", BigInteger),
)
DECODE = json.JSONDecoder().raw_decode
COLUMNS = (events.c.id, events.c.at, events.c.kind, events.c.subject, events.c.data)

NEWER = kit.Text(
    "数据 {where} 由更新的版本写成（{found}，本程序只认得 {known}）；请更新本程序（git pull），数据没有被改动。",
    "{where} was written by a newer version ({found}; this program knows {known}); update this program (git pull). "
    "The data were not changed.",
)


class Closed(Exception):
    """The database was closed or handed over: ask its new owner."""


def sqlite_version() -> tuple[str, bool]:
    """SQLite's version, and whether it is free of the WAL-reset bug (which the one connection keeps out anyway)."""
    mended = sqlite3.sqlite_version_info >= (3, 51, 3)
    backported = sqlite3.sqlite_version_info[:2] in {(3, 44), (3, 50)} and sqlite3.sqlite_version_info[2] >= 6
    return sqlite3.sqlite_version, mended or backported


class Database:
    """The log in a database. Safe to use from several threads.

    backups     where the copy made before a migration is kept; SQLite only (PostgreSQL's is its keeper's)
    migrations  folder of Alembic's scripts whose newest is `schema`
    """

    def __init__(
        self,
        url: str,
        backups: Path,
        *,
        now: Callable[[], datetime] = datetime.now,
        migrations: Path = MIGRATIONS,
        schema: str = SCHEMA,
    ) -> None:
        self.url = _url(url)
        self._is_sqlite = self.url.get_backend_name() == "sqlite"
        self._closed = False
        # One SQLite connection serves all threads, one at a time.
        self._turn: AbstractContextManager[Any] = threading.Lock() if self._is_sqlite else nullcontext()
        self._insert: Any = sqlite.insert if self._is_sqlite else _postgres_insert()
        self._engine = _sqlite(self.url) if self._is_sqlite else _postgres(self.url)
        try:
            self._migrate(backups, now, migrations, schema)
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise faults.of_database(error, self.url) from error
        except BaseException:
            self._engine.dispose()
            raise

    def append(self, event: Event) -> None:
        self._do(lambda connection: self._append(connection, event))

    def extend(self, added: Sequence[Event]) -> int:
        return self._do(lambda connection: self._extend(connection, added))

    def _extend(self, connection: Connection, added: Sequence[Event]) -> int:
        self._in_order(connection)
        return self._all(connection, events, "id", [row_of(event) for event in added])

    def adopt(self, found: Sequence[Draft]) -> int:
        rows = [_row_of_draft(draft) for draft in found]
        return self._do(lambda connection: self._all(connection, drafts, "subject", rows))

    def _all(self, connection: Connection, table: Table, key: str, rows: Sequence[Mapping[str, Any]]) -> int:
        """Add rows where there are none of their key; of how many that was so."""
        if not rows:
            return 0
        add = self._insert(table).on_conflict_do_nothing(index_elements=[key]).returning(table.c[key])
        return len(connection.execute(add, rows).all())

    def replace(self, kept: Iterable[Event], typed: Iterable[Draft]) -> None:
        """These and no others: all of them, or all that were there before."""

        def replace(connection: Connection) -> None:
            for table in (events, drafts, jobs.table):
                connection.execute(table.delete())
            for batch in batched(kept, 1000):
                self._extend(connection, batch)
            for some in batched(typed, 100):
                self._all(connection, drafts, "subject", [_row_of_draft(draft) for draft in some])

        self._do(replace)

    def check(self) -> str:
        """What SQLite finds wrong with its file; PostgreSQL sees to its own pages."""
        if not self._is_sqlite:
            return ""
        said = self._do(lambda c: c.exec_driver_sql("PRAGMA integrity_check").scalars().all())
        return "" if said == ["ok"] else "; ".join(said)[:300]

    def _in_order(self, connection: Connection) -> None:
        """Numbers become visible in their order, so that who reads on skips none. SQLite has one writer anyway."""
        if not self._is_sqlite:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7223)")

    def _append(self, connection: Connection, event: Event) -> bool:
        """Whether the event is new."""
        self._in_order(connection)
        add = self._insert(events).values(row_of(event)).on_conflict_do_nothing(index_elements=["id"])
        return connection.execute(add.returning(events.c.id)).first() is not None

    def jobs(self, request: Mapping[str, Any]) -> Any:
        """What `jobs.Jobs` asks for."""
        return self._do(lambda connection: jobs.answer(connection, self._insert, self._append, request))

    def events(self, kind: str | None = None, subject: str | None = None) -> list[Event]:
        query = select(*COLUMNS).order_by(events.c.seq)
        if kind is not None:
            query = query.where(events.c.kind == kind)
        if subject is not None:
            query = query.where(events.c.subject == subject)
        return self._do(lambda connection: [_event(row) for row in connection.execute(query)])

    def since(self, seq: int, kind: str | None = None, most: int | None = None) -> tuple[list[Event], int]:
        def read(connection: Connection) -> tuple[list[Event], int]:
            last = connection.execute(select(func.max(events.c.seq))).scalar() or 0
            query = select(*COLUMNS, events.c.seq).where(events.c.seq > seq, events.c.seq <= last)
            if kind is not None:
                # A tail is short: it is read by its numbers, and the log from its beginning by its kind.
                query = query.where((events.c.kind if seq == 0 else events.c.kind.concat("")) == kind)
            rows = connection.execute(query.order_by(events.c.seq).limit(most)).all()
            full = most is not None and len(rows) == most
            return [_event(row) for row in rows], (rows[-1].seq if full and rows else last)

        return self._do(read)

    def mark(self, seq: int) -> str | None:
        return self._do(lambda connection: connection.execute(select(events.c.id).where(events.c.seq == seq)).scalar())

    def count(self, after: int = 0) -> int:
        return self._do(lambda c: c.execute(select(func.count()).where(events.c.seq > after)).scalar()) or 0

    def known(self, ids: Sequence[str]) -> list[str]:
        """Those of the ids that events here have."""
        found = select(events.c.id).where(events.c.id.in_(ids))
        return list(self._do(lambda connection: connection.execute(found).scalars().all()))

    def draft(self, subject: str) -> Draft | None:
        row = self._do(lambda c: c.execute(select(drafts).where(drafts.c.subject == subject)).mappings().first())
        return None if row is None else Draft(subject, json.loads(row["text"]), row["revision"])

    def drafts(self, after: str = "", most: int | None = None) -> list[Draft]:
        # By bytes in both databases, whatever language PostgreSQL was set up for.
        order = drafts.c.subject if self._is_sqlite else drafts.c.subject.collate("C")
        query = select(drafts).where(order > after).order_by(order).limit(most)
        rows = self._do(lambda c: c.execute(query).mappings().all())
        return [Draft(row["subject"], json.loads(row["text"]), row["revision"]) for row in rows]

    def save_draft(self, subject: str, text: str, revision: int) -> Draft:
        saved = Draft(subject, text, revision + 1)
        row = _row_of_draft(saved)
        here = (drafts.c.subject == subject) & (drafts.c.revision == revision)

        def save(connection: Connection) -> bool:
            if connection.execute(drafts.update().where(here).values(row)).rowcount:
                return True
            first = self._insert(drafts).values(row).on_conflict_do_nothing(index_elements=["subject"])
            return connection.execute(first.returning(drafts.c.subject)).first() is not None

        if self._do(save):
            return saved
        current = self.draft(subject)
        if current is None or current.text == text:
            return current or saved
        raise Conflict(current)

    def close(self) -> None:
        """Waits for the operation under way; later ones raise Closed."""
        with self._turn:
            self._closed = True
            self._engine.dispose()

    def _do(self, work: Callable[[Connection], T]) -> T:
        """`work` in one transaction: when this returns, it is on the disk."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with self._turn:
                    if self._closed:
                        raise Closed
                    with self._engine.begin() as connection:
                        return work(connection)
            except SQLAlchemyError as error:
                if self._is_sqlite or not _went_away(error) or time.monotonic() > deadline:
                    raise faults.of_database(error, self.url) from error
                time.sleep(0.2)

    def _migrate(self, backups: Path, now: Callable[[], datetime], migrations: Path, schema: str) -> None:
        with self._engine.connect() as connection:
            found = None
            if inspect(connection).has_table("alembic_version"):
                found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if found == schema:
            return
        if found is None and self._is_sqlite and migrations == MIGRATIONS:
            with self._engine.begin() as connection:
                for statement in NEW.read_text(encoding="utf-8").split(";\n"):
                    connection.exec_driver_sql(statement)
            return
        # Imported here: a quarter of a second that a start with nothing to migrate need not pay.
        from alembic import command
        from alembic.config import Config
        from alembic.script import ScriptDirectory

        known = {script.revision for script in ScriptDirectory(str(migrations)).walk_revisions()}
        if found is not None and found not in known:
            where = self.url.database if self._is_sqlite else self.url.render_as_string(hide_password=True)
            raise StoreError(NEWER.format(where=where, found=found, known=schema))
        with self._engine.connect() as connection:
            if found is not None and not self._is_sqlite:
                copies.of_records(self, backups / f"wenjin-{now():%Y%m%dT%H%M%S}-upgrade.zip", found)
            elif found is not None:
                raw = connection.connection.dbapi_connection
                assert isinstance(raw, sqlite3.Connection)
                copies.of_sqlite(raw, backups / f"wenjin-{found}-{now():%Y%m%dT%H%M%S}.db")
        with self._engine.begin() as connection:
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(migrations).replace("%", "%%"))
            command.upgrade(config, schema)


def _event(row: Sequence[Any]) -> Event:
    """A row of COLUMNS. It is read from its places, and its JSON, which is ours, without a look for spaces around it:
    a million rows take half the time."""
    id, at, kind, subject, data = row[:5]
    return Event(id, datetime.fromisoformat(at), kind, subject, DECODE(data)[0])


def row_of(event: Event) -> dict[str, Any]:
    """An event as the table keeps it."""
    return event.as_dict() | {"data": json.dumps(event.data)}


def _row_of_draft(draft: Draft) -> dict[str, Any]:
    return {"subject": draft.subject, "text": json.dumps(draft.text), "revision": draft.revision}


def batched(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    rows = iter(rows)
    while batch := list(islice(rows, size)):
        yield batch


def _url(url: str) -> URL:
    try:
        made = make_url(url)
        if made.drivername in {"postgres", "postgresql"}:
            made = made.set(drivername="postgresql+psycopg")
        made.get_dialect().import_dbapi()
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise StoreError(faults.NO_DRIVER.format(where=url.split("@")[-1], detail=error)) from error
    return made


def _sqlite(url: URL) -> Any:
    engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False, "timeout": 2.0})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say so, also around changes of the schema
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _postgres(url: URL) -> Any:
    own = {name: value for name, value in CUT.items() if name not in url.query}  # the address may say otherwise
    return create_engine(url, pool_pre_ping=True, pool_size=8, connect_args=own)


def _postgres_insert() -> Any:
    from sqlalchemy.dialects import postgresql  # here, since it costs a start that needs none fifty milliseconds

    return postgresql.insert


def _went_away(error: SQLAlchemyError) -> bool:
    if not isinstance(error, OperationalError):
        return isinstance(error, DBAPIError) and error.connection_invalidated
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state is None or state.startswith(("08", "57P"))
