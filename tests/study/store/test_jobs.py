"""The queue of lab runs: order, one holder, and no change without its event. On both databases."""

import threading
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from wenjin.study.store.jobs import Job
from wenjin.study.store.log import Event, happened
from wenjin.study.store.owner import SharedLog, open_log
from wenjin.study.store.places import Places


def job(id: str) -> Job:
    return Job(id, "topic/lab", {"arguments": {"width": 3, "text": "\x00\ud800"}, "prediction": {}}, "me")


def told(what: str, id: str) -> Event:
    return happened("run", "topic/lab", {"run": id, "what": what})


def what(log: SharedLog) -> list[str]:
    return [f"{event.data['run']} {event.data['what']}" for event in log.events("run")]


def take(log: SharedLog, id: str, mine: str, *, instead_of: str = "", dead: tuple[str, ...] = ()) -> bool:
    return log.jobs.take(id, mine, instead_of=instead_of, dead=dead, now=time.time(), event=told("started", id))


@pytest.fixture
def asked(here: Places) -> Callable[[], SharedLog]:
    """Both ways to the queue: the owner itself, and a client of its socket."""
    return lambda: open_log(here, role="command")


def test_runs_wait_in_the_order_in_which_they_came_and_survive_a_new_owner(asked: Callable[[], SharedLog]) -> None:
    with closing(asked()) as owner:
        for id in ("b", "a", "c"):
            owner.jobs.submit(job(id), told("queued", id))
            owner.jobs.submit(job(id), told("queued", "again"))  # another event's id, the same run: it stands once
        assert [j.id for j in owner.jobs.all()] == ["b", "a", "c"]
        assert owner.jobs.all()[0] == job("b")
    with closing(asked()) as owner:
        assert [j.id for j in owner.jobs.all()] == ["b", "a", "c"]


def test_a_change_comes_with_its_event_or_not_at_all(asked: Callable[[], SharedLog]) -> None:
    with closing(asked()) as owner, closing(asked()) as client:
        assert not client.owns
        once = told("queued", "a")
        for log in (client, owner):
            log.jobs.submit(job("a"), once)
        assert take(client, "a", "first")
        assert not take(owner, "a", "second")
        assert not owner.jobs.end("a", "second", told("finished", "a"))
        assert not owner.jobs.release("a", "second")
        assert not owner.jobs.beat("a", "second", 5.0)
        assert client.jobs.beat("a", "first", 5.0)
        assert [(j.holder, j.beat, j.starts, j.wish) for j in owner.jobs.all()] == [("first", 5.0, 1, "")]
        assert client.jobs.beat("a", "first", 6.0, well=True)
        assert owner.jobs.all()[0].starts == 0
        assert owner.jobs.ask_to_stop("a")
        assert not owner.jobs.ask_to_stop("b")
        assert client.jobs.all()[0].wish == "stop"
        assert client.jobs.end("a", "first", told("stopped", "a"))
        assert not client.jobs.end("a", "first", told("stopped", "a"))
        assert owner.jobs.all() == []
        assert what(owner) == ["a queued", "a started", "a stopped"]


def test_one_run_at_a_time_and_a_dead_holders_run_is_taken_over(asked: Callable[[], SharedLog]) -> None:
    with closing(asked()) as owner:
        for id in ("a", "b"):
            owner.jobs.submit(job(id), told("queued", id))
        assert take(owner, "a", "first")
        assert take(owner, "a", "first")  # repeated by a client that did not hear the answer
        assert not take(owner, "b", "second")
        assert take(owner, "a", "second", instead_of="first", dead=("first",))
        assert [j.starts for j in owner.jobs.all()] == [2, 0]
        assert owner.jobs.release("a", "second")
        assert take(owner, "b", "third")
        assert what(owner) == ["a queued", "b queued", "a started", "a started", "b started"]


def rush(log: SharedLog, id: str, mine: str, barrier: threading.Barrier, taken: list[tuple[str, str]]) -> None:
    barrier.wait()
    if take(log, id, mine):
        taken.append((id, mine))


def test_of_many_who_take_runs_at_once_one_succeeds(
    asked: Callable[[], SharedLog], count: Callable[[int], int]
) -> None:
    with closing(asked()) as owner, closing(asked()) as client:
        for turn in range(count(60)):
            ids = [f"{turn}-{n}" for n in range(2)]
            for id in ids:
                owner.jobs.submit(job(id), told("queued", id))
            taken: list[tuple[str, str]] = []
            barrier = threading.Barrier(6)
            threads = [
                threading.Thread(target=rush, args=((owner, client)[n % 2], ids[n // 3], f"taker-{n}", barrier, taken))
                for n in range(6)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(taken) == 1
            held = {j.id: j.holder for j in owner.jobs.all()}
            assert held == dict.fromkeys(ids, "") | dict(taken)
            for id in ids:
                assert owner.jobs.end(id, held[id], told("finished", id))
        assert sum(entry.endswith("started") for entry in what(owner)) == count(60)
