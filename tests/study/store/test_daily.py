"""The daily backup of a running course: made once a day, in the background, and given up when the course closes."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from wenjin.study.store import archive, backups
from wenjin.study.store.daily import Daily
from wenjin.study.store.log import happened
from wenjin.study.store.owner import SharedLog, open_log
from wenjin.study.store.places import Places

NOON = datetime(2026, 3, 1, 12)


@pytest.fixture
def mine(here: Places) -> Places:
    return replace(here, workspace=here.data / "workspace")


@pytest.fixture
def log(mine: Places) -> Iterator[SharedLog]:
    opened = open_log(mine, role="server", url="http://127.0.0.1:1/")
    yield opened
    opened.close()


def test_one_a_day_is_made_once_there_is_something(mine: Places, log: SharedLog) -> None:
    hours = 0
    daily = Daily(log, mine, now=lambda: NOON + timedelta(hours=hours))
    daily.look()
    assert backups.backups(mine) == []
    for hours in range(0, 73, 2):
        log.append(happened("attempt", "a/b", {"hours": hours}))
        daily.look()
    assert [backup.at for backup in backups.backups(mine)] == [NOON + timedelta(hours=h) for h in (60, 40, 20, 0)]


def test_a_failure_is_told_and_tried_again(mine: Places, log: SharedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    log.append(happened("attempt", "a/b", {}))
    daily = Daily(log, mine, now=lambda: NOON)
    mine.backups.write_text("a file where the folder should be", encoding="utf-8")
    daily.look()
    assert "cannot be the data folder" in daily.fault.en
    mine.backups.unlink()
    daily.look()
    assert daily.fault is None
    assert len(backups.backups(mine)) == 1


def test_closing_gives_up_what_is_being_made(mine: Places, log: SharedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "BATCH", 1)
    log.extend([happened("attempt", "a/b", {"n": n}) for n in range(3000)])
    daily = Daily(log, mine, now=lambda: NOON, at_first=0.0)
    daily.start()
    until = time.monotonic() + 20
    while not mine.backups.exists() or not list(mine.backups.iterdir()):
        assert time.monotonic() < until
        time.sleep(0.01)
    daily.close()
    daily._thread.join(10)
    assert not daily._thread.is_alive()
    assert list(mine.backups.iterdir()) == []
