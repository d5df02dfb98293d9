"""Eight threads, a second process and forced checkpoints for a long time: nothing lost or doubled, the file sound.

SQLite before 3.51.3 can spoil a database that two connections write or check-point at once. Here one connection does
both, whatever the version; whoever else opens the file is turned away. `wenjin doctor` tells the version and the rule.
"""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import FULL
from wenjin.study.cli.doctor import record
from wenjin.study.store.database import Database, sqlite_version
from wenjin.study.store.log import Event, happened
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

WRITER = Path(__file__).with_name("writer.py")
THREADS, EACH = 8, 6
LONG = 600.0 if FULL else 0.0  # seconds that the full depth lasts at least
BLOCK = "量" * 100


def checkpoint(data: Database) -> tuple[int, int, int]:
    """Bring the whole write-ahead log into the file and cut it off. (busy, pages, pages done), as SQLite says it."""
    with data._turn:
        raw = data._engine.raw_connection()
        try:
            done: tuple[int, int, int] = raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return done
        finally:
            raw.close()


def intrude(file: Path) -> None:
    """Another program opens the file and would check-point it."""
    with closing(sqlite3.connect(file, timeout=0)) as other:
        for asked in ("PRAGMA wal_checkpoint(TRUNCATE)", "SELECT count(*) FROM event"):
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute(asked)


def test_eight_threads_a_second_process_and_forced_checkpoints_leave_it_sound(
    tmp_path: Path, count: Callable[[int], int]
) -> None:
    here = places(tmp_path / "data", tmp_path / "workspace", environ={})
    log = open_log(here, role="server", url="http://127.0.0.1:9/")
    environ = os.environ | {"WENJIN_DATA": str(here.data)}
    second = subprocess.Popen(
        [sys.executable, str(WRITER), "command", "second"], env=environ, stdout=subprocess.PIPE, text=True
    )
    assert log._owned is not None
    assert second.stdout is not None
    told: list[str] = []
    listener = threading.Thread(target=lambda: told.extend(second.stdout or ()))
    listener.start()
    written: list[list[Event]] = [[] for _ in range(THREADS)]
    failed: list[BaseException] = []

    def write(thread: int, stop: int) -> None:
        try:
            for n in range(len(written[thread]), stop):
                event = happened("attempt", f"t/{thread}", {"n": n, "字": BLOCK})
                log.append(event)
                written[thread].append(event)
                saved = log.save_draft(f"t/{thread}", f"draft {n}", n)
                assert saved.revision == n + 1
                assert log.draft(f"t/{thread}") == saved
                log.since(max(0, n - 3), most=5)
        except BaseException as error:
            failed.append(error)

    rounds, began = 0, time.monotonic()
    try:
        while not failed and (rounds < count(200) or time.monotonic() - began < LONG):
            rounds += 1
            threads = [threading.Thread(target=write, args=(n, rounds * EACH)) for n in range(THREADS)]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                assert checkpoint(log._owned.database)[0] == 0
                intrude(here.database)
                time.sleep(0.02)
            if rounds % 10 == 0:
                assert log.check() == ""
        assert failed == []
    finally:
        second.kill()
        listener.join()
        second.wait()
        second.stdout.close()
    mine = [event for thread in written for event in thread]
    theirs = [line.strip() for line in told if line.startswith("second-") and line.endswith("\n")]
    assert len(theirs) > rounds, "the second process was at work"
    found = [event.id for event in log.events()]
    assert len(found) == len(set(found))
    assert {event.id for event in mine} | set(theirs) <= set(found)
    assert len(found) <= len(mine) + len(theirs) + 1  # one that was kept while its writer died
    for thread, events in enumerate(written):
        assert log.events(subject=f"t/{thread}") == events
        assert log.draft(f"t/{thread}").text == f"draft {len(events) - 1}"  # type: ignore[union-attr]
    log.close()
    with closing(sqlite3.connect(here.database)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("SELECT count(*) FROM event").fetchone() == (len(found),)
    print(f"{rounds} rounds, {len(found)} events, {time.monotonic() - began:.0f} s")


def test_the_doctor_tells_the_version_and_what_keeps_the_fault_out(tmp_path: Path) -> None:
    number, sound = sqlite_version()
    said = next(iter(record(places(tmp_path, environ={})))).found.en
    assert said == number if sound else said.startswith(f"{number}, with the WAL-reset bug; the course uses one")
