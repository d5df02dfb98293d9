"""The log's promises, in the owner and in a client of it, on both databases."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wenjin.study.store.log import Conflict, Event, Log, happened
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import Places

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
# Whatever JSON can carry, among it what databases dislike: NUL, lone surrogates, directions, very large numbers.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=12,
)


@pytest.fixture(params=["owner", "client"])
def log(request: pytest.FixtureRequest, here: Places) -> Iterator[Log]:
    first = open_log(here, role="server", url="http://127.0.0.1:1/")
    second = open_log(here, role="command")
    assert first.owns
    assert not second.owns
    yield first if request.param == "owner" else second
    second.close()
    first.close()


def test_an_event_comes_back_as_it_was(log: Log) -> None:
    numbers = count()

    @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.dictionaries(st.text(st.characters()), JSON, max_size=4), at=st.datetimes())
    def holds(data: dict, at: datetime) -> None:
        event = Event(f"id-{next(numbers)}", at.replace(tzinfo=UTC), "attempt", "topic/exercise", data)
        log.append(event)
        assert log.events()[-1] == event

    holds()


def test_the_same_id_is_one_event(log: Log) -> None:
    event = happened("attempt", "a/b", {"n": 1})
    for _ in range(3):
        log.append(event)
    assert log.events() == [event]


def test_events_stand_in_the_order_in_which_they_came_whatever_the_clock_says(log: Log) -> None:
    clocks = [timedelta(0), timedelta(days=-1), timedelta(days=3650), timedelta(days=-365)]
    written = [happened("attempt", "a/b", {}, NEW_YEAR + shift) for shift in clocks]
    for event in written:
        log.append(event)
    assert log.events() == written


def test_events_are_found_by_kind_and_subject(log: Log) -> None:
    events = [happened(kind, subject, {}) for kind in ("attempt", "hint") for subject in ("a/b", "a/c")]
    for event in events:
        log.append(event)
    assert log.events(kind="hint") == events[2:]
    assert log.events(subject="a/c") == events[1::2]
    assert log.events("attempt", "a/c") == [events[1]]


def test_a_draft_is_saved_over_the_revision_that_its_writer_saw(log: Log) -> None:
    assert log.draft("a/b") is None
    first = log.save_draft("a/b", "def 注意力(): \x00\ud800", 0)
    assert first.revision == 1
    assert log.draft("a/b") == first
    assert log.save_draft("a/b", "二", 1).revision == 2


def test_a_draft_of_another_window_is_never_overwritten_silently(log: Log) -> None:
    log.save_draft("a/b", "mine", 0)
    with pytest.raises(Conflict) as found:
        log.save_draft("a/b", "yours", 0)
    assert (found.value.current.text, found.value.current.revision) == ("mine", 1)
    assert log.draft("a/b").text == "mine"


def test_a_writer_that_did_not_hear_the_answer_may_save_again(log: Log) -> None:
    assert log.save_draft("a/b", "text", 0) == log.save_draft("a/b", "text", 0)


def test_threads_lose_nothing(log: Log) -> None:
    events = [[happened("attempt", f"t/{thread}", {"n": n}) for n in range(12)] for thread in range(6)]

    def write(mine: list[Event]) -> None:
        for event in mine:
            log.append(event)

    threads = [threading.Thread(target=write, args=(mine,)) for mine in events]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, mine in enumerate(events):
        assert log.events(subject=f"t/{number}") == mine


def test_any_sequence_of_comings_and_goings_keeps_every_event(fresh: Callable[[], Places]) -> None:
    """Commands open, write and close in any order, a server takes over in between: the log is what was written."""
    step = st.sampled_from(["open", "serve", "write", "write", "close"])

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(steps=st.lists(st.tuples(step, st.integers(0, 9)), max_size=15))
    def holds(steps: list[tuple[str, int]]) -> None:
        here = fresh()
        logs: list[Log] = []
        server: Log | None = None
        written: list[Event] = []
        try:
            for what, pick in steps:
                if what == "open":
                    logs.append(open_log(here, role="command"))
                elif what == "serve" and server is None:
                    server = open_log(here, role="server", url="http://127.0.0.1:1/")
                    assert server.owns
                    logs.append(server)
                elif what == "write" and logs:
                    written.append(happened("attempt", "a/b", {"n": len(written)}))
                    logs[pick % len(logs)].append(written[-1])
                elif what == "close" and logs:
                    gone = logs.pop(pick % len(logs))
                    gone.close()
                    server = None if gone is server else server
                assert sum(log.owns for log in logs) <= 1
            for log in logs:
                assert log.events() == written
        finally:
            for log in logs:
                log.close()
        last = open_log(here, role="command")
        assert last.events() == written
        last.close()

    holds()


def test_who_reads_on_from_a_number_gets_each_event_once(log: Log) -> None:
    written = [happened(("attempt", "review")[n % 2], "a/b", {"n": n}) for n in range(25)]
    read: list[Event] = []
    reviews: list[Event] = []
    at = of_reviews = 0
    for event in written:
        log.append(event)
        if event.data["n"] % 7 == 0:
            new, at = log.since(at)
            read += new
            new, of_reviews = log.since(of_reviews, "review")
            reviews += new
    while (batch := log.since(at, most=2))[0]:
        read += batch[0]
        at = batch[1]
    assert read == written
    assert reviews + log.since(of_reviews, "review")[0] == written[1::2]
    assert log.since(at) == ([], at)
    assert log.since(0, "review", 3) == (written[1:6:2], 6)
    assert [log.mark(n) for n in (0, 1, 25, 26)] == [None, written[0].id, written[-1].id, None]


def test_many_events_are_appended_at_once_and_each_counts_once(log: Log) -> None:
    written = [happened("attempt", "a/b", {"n": n}) for n in range(9)]
    log.append(written[4])
    assert log.extend(written) == 8
    assert log.extend(written) == 0
    assert log.events() == [written[4], *written[:4], *written[5:]]


def test_all_drafts_are_read_a_page_at_a_time(log: Log) -> None:
    subjects = ["A", "a", "é", "中", "😀"]
    saved = [log.save_draft(subject, f"{subject}\x00", 0) for subject in reversed(subjects)][::-1]
    assert log.drafts() == saved
    assert log.drafts("a", 2) == saved[2:4]
