"""What is kept of the cards event by event agrees with the plain reading of the whole log; undo, leeches, by hand."""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conftest import FULL
from tests.study.progress.test_deck import COURSE, DAY, HOUR, MINUTE, START, TAKE, answer, undo
from wenjin.study.progress.deck import Deck, lay, statistics
from wenjin.study.progress.recall import LEECH, Recall, Replay, recall, replayed
from wenjin.study.store.log import Event, happened

PICK = "kinds/pick"


def plain(events: Sequence[Event], now: datetime) -> Deck:
    return lay(replayed(events, now.tzinfo, now), COURSE, now)


def by_hand(what: str, card: str, at: datetime) -> Event:
    return happened(what, card, {"card": card}, at)


def attempt(at: datetime, verdict: str, name: str | None = None, exercise: str = PICK) -> Event:
    return happened("attempt", exercise, {"verdict": verdict, "name": name}, at)


class Kept:
    """The fold as a program keeps it: event by event, written down and read at each, the whole log where it must be."""

    def __init__(self) -> None:
        self.recall, self.told, self.replays = Recall(START.tzinfo), list[Event](), 0

    def take(self, event: Event) -> None:
        self.told.append(event)
        try:
            self.recall.take(event)
        except Replay:
            self.replays += 1
            self.recall = replayed(self.told, START.tzinfo)
        self.recall = Recall.from_dict(json.loads(json.dumps(self.recall.as_dict())), START.tzinfo)

    def deck(self, now: datetime) -> Deck:
        try:
            return lay(self.recall, COURSE, now)
        except Replay:
            return plain(self.told, now)


STEP = st.sampled_from([20, 600, 5 * 3600, 86400, 4 * 86400, 40 * 86400])
BACK = st.sampled_from([0, 0, 0, 0, 0, 0, -3600, -86400, -90000, -30 * 86400, -400 * 86400])
DO = st.tuples(
    st.sampled_from(["review"] * 6 + ["undo"] * 2 + ["again", "early", "bury", "suspend", "unsuspend", "attempt"]),
    st.integers(0, 3),
    st.sampled_from([1, 1, 2, 3, 4]),
    STEP,
    BACK,
)


def acted(kind: str, card: int, rating: int, at: datetime, told: list[Event]) -> Event | None:
    """What a line of a random log says; undo and repetition go to what was done of late."""
    late = [event for event in told if event.kind in ("review", "bury", "suspend", "unsuspend")]
    match kind:
        case "review":
            return answer(card, at, rating)
        case "attempt":
            name = (None, "slip", "swap", "")[card]
            return attempt(at, ("pass", "wrong", "wrong", "error")[card], name)
        case "early":  # taken back before it arrives
            return happened("undo", f"kinds/c{card}", {"event": f"{len(told):032x}"}, at)
        case "undo" if late:
            return undo(late[-1 - card % len(late)], at)
        case "again" if told:
            return told[-1 - card % len(told)]
        case "bury" | "suspend" | "unsuspend":
            return by_hand(kind, f"kinds/c{card}", at)
    return None


@settings(max_examples=1500 if FULL else 60, deadline=None)
@given(st.lists(DO, max_size=25), BACK)
@example([("review", 0, 4, 20, 0)] * 4 + [("review", 1, 4, 20, -30 * 86400), ("review", 0, 1, 40 * 86400, 0)], 0)
@example([("review", 0, 4, 20, 0), ("undo", 0, 4, 20, 0), ("again", 1, 4, 0, 0)], 0)
def test_event_by_event_agrees_with_the_whole_log_at_once(
    acts: list[tuple[str, int, int, int, int]], back: int
) -> None:
    kept = Kept()
    kept.take(TAKE)
    shown = START
    for kind, card, rating, seconds, jump in acts:
        shown += timedelta(seconds=seconds + jump)
        event = acted(kind, card, rating, shown, kept.told)
        if event is None:
            continue
        kept.take(event)
        now = shown + timedelta(seconds=back)
        found, whole = kept.deck(now), plain(kept.told, now)
        assert found == whole
        with suppress(Replay):
            kept.recall.present(now)
            other = replayed(kept.told, START.tzinfo, now)
            assert statistics(kept.recall, found, now) == statistics(other, whole, now)


@given(st.lists(DO, max_size=40))
@settings(max_examples=300 if FULL else 30, deadline=None)
def test_with_a_clock_that_is_right_the_log_is_read_again_only_for_an_old_undo(
    acts: list[tuple[str, int, int, int, int]],
) -> None:
    kept, at = Kept(), START
    for kind, card, rating, seconds, _ in acts:
        at += timedelta(seconds=seconds)
        event = acted("review" if kind in ("undo", "again") else kind, card, rating, at, kept.told)
        if event is not None and event.kind != "undo":
            kept.take(event)
    assert kept.replays == 0
    late = [event for event in kept.told if event.kind == "review" and at - event.at < 2 * DAY]
    if late:
        kept.take(undo(late[0], at))
        assert kept.replays == 0, "of the last two days all can be undone"
        assert kept.deck(at) == plain(kept.told, at)


def test_what_is_kept_does_not_grow_with_the_answers() -> None:
    def size(rounds: int) -> int:
        found = Recall(UTC)
        for n in range(rounds):
            found.take(answer(n % 30, START + n * HOUR, 3))
        row = found.as_dict()
        return len(json.dumps({name: row[name] for name in row if name != "days"}))

    assert size(3000) < 1.1 * size(300), "ten times the answers"


def test_an_undo_of_something_old_is_found_in_the_whole_log() -> None:
    first, later = answer(0, START, 4), [answer(n, START + n * DAY, 3) for n in range(1, 9)]
    found = Recall(UTC)
    for event in (TAKE, first, *later):
        found.take(event)
    back = undo(first, START + 9 * DAY)
    with pytest.raises(Replay):
        found.take(back)
    now = START + 9 * DAY + HOUR
    assert "kinds/c0" not in recall([TAKE, first, *later, back], now).current


def test_a_card_is_buried_for_a_day_suspended_for_good_and_both_are_undone() -> None:
    first = "kinds/c0"
    away = by_hand("bury", first, START)
    for now, there in ((START + MINUTE, False), (START + DAY, True)):
        found = plain([TAKE, away], now)
        assert (first in found.queue, found.buried) == (there, int(not there))
    aside = by_hand("suspend", first, START)
    for now in (START + MINUTE, START + 100 * DAY):
        found = plain([TAKE, aside], now)
        assert first not in found.queue
        assert [entry.id for entry in found.aside] == [first]
    back = by_hand("unsuspend", first, START + 3 * DAY)
    assert first in plain([TAKE, aside, back], START + 4 * DAY).queue
    for event in (away, aside):
        done = plain([TAKE, event], START + MINUTE)
        assert done.last is not None
        assert done.last.event == event.id
        assert plain([TAKE, event, undo(event, START)], START + MINUTE) == plain([TAKE], START + MINUTE)


def forgetting(times: int) -> list[Event]:
    """A card that was learned, and forgotten so often."""
    past, at = [TAKE, answer(0, START, 4)], START
    for _ in range(times):
        at += 40 * DAY
        past += [answer(0, at, 1), answer(0, at + HOUR, 3)]
    return past


def test_a_leech_is_suspended_and_comes_back_when_it_is_wanted() -> None:
    now = START + 2000 * DAY
    seven, eight = (plain(forgetting(n), now) for n in (LEECH - 1, LEECH))
    assert not seven.entries["kinds/c0"].leech
    assert "kinds/c0" in seven.queue
    assert eight.entries["kinds/c0"].leech
    assert [entry.id for entry in eight.aside] == ["kinds/c0"]
    back = [*forgetting(LEECH), by_hand("unsuspend", "kinds/c0", START + 1000 * DAY)]
    assert "kinds/c0" in plain(back, now).queue
    days = [(START + (1000 + 50 * n) * DAY) for n in range(1, 5)]
    more = [answer(0, at + wait, rating) for at in days for wait, rating in ((0 * HOUR, 1), (HOUR, 3))]
    assert plain([*back, *more[:-2]], now).aside == ()
    assert len(plain([*back, *more], now).aside) == 1, "and again after four times more"
    assert plain([*forgetting(LEECH), undo(forgetting(1)[1], START)], now).aside, "an undo of something else"


def test_the_limits_of_a_day_are_settings() -> None:
    def limit(name: str, value: Any) -> Event:
        return happened("setting", name, {"key": name, "value": value}, START)

    past = [TAKE, *(answer(n, START - 90 * DAY, 4) for n in range(10))]
    few = plain([*past, limit("new-a-day", 3), limit("reviews-a-day", 4)], START)
    assert (few.left("new"), few.left("review"), few.put_off, few.waiting) == (3, 4, 6, 17)
    assert few.following is not None
    assert few.following == datetime(2026, 3, 2, 4, tzinfo=START.tzinfo), "what is put off comes with the next day"
    assert plain([*past, limit("new-a-day", "many"), limit("reviews-a-day", -1)], START).left("new") == 20
