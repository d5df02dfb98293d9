"""A snapshot gives back what was kept, or nothing: never something else, never an error."""

import os
from collections.abc import Callable, Iterator

import pytest

from wenjin.study.store.log import Log, happened
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import Places
from wenjin.study.store.snapshots import Snapshots

BODY = '{"字": 1}'.encode() * 100


@pytest.fixture
def log(here: Places) -> Iterator[Log]:
    opened = open_log(here, role="command")
    opened.extend([happened("attempt", "a/b", {"n": n}) for n in range(5)])
    yield opened
    opened.close()


@pytest.fixture
def kept(log: Log, here: Places) -> Snapshots:
    snapshots = Snapshots(log, here)
    assert snapshots.save("ledger", "1", 5, BODY)
    return snapshots


def test_what_was_kept_comes_back_until_another_takes_its_place(kept: Snapshots, log: Log, here: Places) -> None:
    assert Snapshots(log, here).load("ledger", "1") == (5, BODY)
    assert kept.save("ledger", "1", 3, b"\n\n")
    assert kept.load("ledger", "1") == (3, b"\n\n")
    assert kept.load("other", "1") is None
    kept.forget()
    assert kept.load("ledger", "1") is None
    kept.forget()


def test_another_version_or_another_log_is_passed_over(
    kept: Snapshots, here: Places, fresh: Callable[[], Places]
) -> None:
    assert kept.load("ledger", "2") is None
    other = open_log(fresh(), role="command")
    other.extend([happened("attempt", "a/b", {"n": n}) for n in range(9)])
    assert Snapshots(other, here).load("ledger", "1") is None
    assert not Snapshots(other, here).save("ledger", "1", 10, BODY)  # of events that are not there yet
    other.close()


def test_each_flipped_byte_and_each_cut_is_passed_over(kept: Snapshots) -> None:
    file = kept.folder / "ledger"
    whole = file.read_bytes()
    for at in range(0, len(whole), 23):
        flipped = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        for spoiled in (whole[:at], flipped):
            file.write_bytes(spoiled)
            found = kept.load("ledger", "1")
            assert found is None or found[1] == BODY
    file.write_bytes(b"[" * 100_000)
    assert kept.load("ledger", "1") is None


def test_a_disk_that_refuses_costs_the_snapshot_alone(kept: Snapshots) -> None:
    file = kept.folder / "ledger"
    file.unlink()
    file.mkdir()
    assert not kept.save("ledger", "1", 5, BODY)
    assert kept.load("ledger", "1") is None
    assert os.listdir(kept.folder) == ["ledger"]
