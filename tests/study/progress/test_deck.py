"""The learner's cards from events alone: what is asked, undone, counted once, and what a wrong clock may not do."""

import random
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.study.cli.school import course
from wenjin.kit.text import Text
from wenjin.study.course.graph import Card, Course, Wording
from wenjin.study.memory import schedule
from wenjin.study.memory.schedule import Review
from wenjin.study.progress.deck import NEW_A_DAY, REVIEWS_A_DAY, Deck, deck, dice
from wenjin.study.store.log import Event, happened

CHINA = timezone(timedelta(hours=8))
START = datetime(2026, 3, 1, 9, tzinfo=CHINA)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TEXT = Text("卡", "card")


def school(cards: int) -> Course:
    """The sample course with so many cards."""
    made = course()
    topic = replace(
        made.topics["kinds"], cards=tuple(Card(f"c{n}", "recall", f"s{n}", TEXT, TEXT) for n in range(cards))
    )
    return replace(made, topics={"kinds": topic})


COURSE = school(30)
TAKE = happened("cards", "kinds", {"topic": "kinds"}, START - HOUR)


def answer(card: int, at: datetime, rating: int = 3) -> Event:
    return happened("review", f"kinds/c{card}", {"rating": rating, "ms": 1000}, at)


def undo(event: Event, at: datetime) -> Event:
    return happened("undo", event.subject, {"event": event.id}, at)


def test_cards_are_asked_once_a_topic_is_tried_or_taken() -> None:
    assert deck([], COURSE, START).entries == {}
    tried = happened("attempt", "kinds/pick", {"verdict": "wrong"}, START)
    for event in (tried, TAKE):
        found = deck([event], COURSE, START + MINUTE)
        assert list(found.entries) == [f"kinds/c{n}" for n in range(30)]
        assert found.queue == tuple(f"kinds/c{n}" for n in range(NEW_A_DAY))
        assert (found.waiting, found.left("new"), found.following) == (10, NEW_A_DAY, None)
    assert len(deck([TAKE], COURSE, START, NEW_A_DAY + 7).queue) == NEW_A_DAY + 7
    gone = [happened("cards", "gone", {}, START), happened("review", "gone/card", {"rating": 3}, START)]
    assert deck(gone, COURSE, START).entries == {}


def test_the_order_is_steps_then_due_then_new_then_steps_a_little_early() -> None:
    past = [TAKE, answer(5, START - 30 * DAY, 4), answer(6, START - 29 * DAY, 4)]
    past += [answer(7, START - 5 * MINUTE, 1), answer(8, START - MINUTE, 3)]
    found = deck(past, COURSE, START)
    assert found.queue[:3] == ("kinds/c7", "kinds/c5", "kinds/c6")
    assert found.queue[3] == "kinds/c0"
    assert found.queue[-1] == "kinds/c8", "its ten minutes are not over, yet nothing else is left"
    assert (found.left("new"), found.left("review"), found.left("learning")) == (NEW_A_DAY - 2, 2, 2)
    assert found.asked() == found.entries["kinds/c7"]
    assert found.asked("kinds/c6") == found.entries["kinds/c6"]
    assert found.asked("kinds/c29") == found.entries["kinds/c7"]


def test_a_day_has_its_limits_and_ends_at_four_in_the_morning() -> None:
    wide = school(REVIEWS_A_DAY + 60)
    past = [TAKE, *(answer(n, START - 90 * DAY, 4) for n in range(REVIEWS_A_DAY + 50))]
    assert deck(past, wide, START).left("review") == REVIEWS_A_DAY
    past += [answer(n, START, 3) for n in range(20)]
    assert deck(past, wide, START + HOUR).left("review") == REVIEWS_A_DAY - 20
    late = [TAKE, *(answer(n, START.replace(hour=23), 4) for n in range(5))]
    assert deck(late, COURSE, START + DAY - timedelta(hours=6)).left("new") == NEW_A_DAY - 5, "three in the night"
    begun = deck([TAKE, *(answer(n, START, 4) for n in range(25))], COURSE, START + HOUR)
    assert (begun.left("new"), begun.waiting, begun.begun, begun.all_new) == (0, 5, 25, 30)
    assert deck(late, COURSE, START + DAY - timedelta(hours=4)).left("new") == NEW_A_DAY, "five in the morning"


def test_the_same_review_twice_counts_once() -> None:
    once = answer(0, START)
    assert deck([TAKE, once, once], COURSE, START + HOUR) == deck([TAKE, once], COURSE, START + HOUR)


ANSWERS = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(schedule.RATINGS), st.integers(0, 5 * 86400)), max_size=12
)


@given(ANSWERS, st.integers(1, 4))
def test_an_undo_restores_exactly(answers: list[tuple[int, int, int]], rating: int) -> None:
    at, past = START, [TAKE]
    for card, given_rating, seconds in answers:
        at += timedelta(seconds=seconds)
        past.append(answer(card, at, given_rating))
    before = deck(past, COURSE, at + MINUTE)
    asked = before.asked()
    assert asked is not None
    review = happened("review", asked.id, {"rating": rating}, at)
    with_it = deck([*past, review], COURSE, at + MINUTE)
    assert with_it.entries[asked.id].standing.reviews == asked.standing.reviews + 1
    assert with_it.last is not None
    assert with_it.last.event == review.id
    taken_back = undo(review, at)
    assert deck([*past, review, taken_back, taken_back], COURSE, at + MINUTE) == before


def test_what_was_answered_before_the_day_began_is_taken_back_for_an_hour() -> None:
    night = START.replace(hour=3, minute=59)
    past = [replace(TAKE, at=night - HOUR), answer(0, night)]
    found = deck(past, COURSE, night + 2 * MINUTE)
    assert (found.today, found.begun) == ((), 0), "a day begins at four"
    assert found.last is not None
    assert found.last.event == past[-1].id
    assert deck(past, COURSE, night + HOUR).last is None


@given(ANSWERS)
def test_a_right_clock_gives_the_plain_schedule(answers: list[tuple[int, int, int]]) -> None:
    at, past, plain = START, [TAKE], dict[int, list[Review]]()
    for card, rating, seconds in answers:
        at += timedelta(seconds=seconds)
        past.append(answer(card, at, rating))
        plain.setdefault(card, []).append(Review(at, rating))
    found = deck(past, COURSE, at)
    for card, reviews in plain.items():
        assert found.entries[f"kinds/c{card}"].standing == schedule.schedule(reviews, dice(f"kinds/c{card}"))


JUMPS = [-HOUR, -DAY, -365 * DAY, -20000 * DAY, 3650 * DAY]
SITTINGS = 12


@pytest.mark.parametrize("jump", JUMPS, ids=lambda jump: f"{jump / HOUR:.0f} hours")
@pytest.mark.parametrize("wrong", [{8}, {7, 8, 9}, {0}, set(range(8, SITTINGS))], ids=str)
def test_a_wrong_clock_loses_no_review_and_puts_no_card_off(wrong: set[int], jump: timedelta) -> None:
    """Weeks of sittings, some with a wrong clock: no card comes later than its button said, and a day."""
    draw = random.Random(7)
    past: list[Event] = [TAKE]
    promised: dict[str, datetime] = {}  # by the true time
    for sitting in range(SITTINGS):
        off = jump if sitting in wrong else timedelta(0)
        true = START + sitting * timedelta(days=1, hours=5)
        for _ in range(4):
            true += timedelta(seconds=draw.randrange(20, 90))
            found = deck(past, COURSE, true + off)
            asked, rating = found.asked() or found.entries["kinds/c0"], draw.choice(schedule.RATINGS)
            told = found.intervals(asked)
            assert min(told) > timedelta(0)
            promised[asked.id] = true + told[rating - 1]
            past.append(happened("review", asked.id, {"rating": rating}, true + off))
        kept(deck(past, COURSE, true + off), promised, true, len(past) - 1)
    for _ in range(5):
        true += 6 * DAY
        kept(deck(past, COURSE, true + off), promised, true, len(past) - 1)


def kept(found: Deck, promised: dict[str, datetime], true: datetime, reviews: int) -> None:
    assert sum(entry.standing.reviews for entry in found.entries.values()) == reviews, "none is lost"
    for id, entry in found.entries.items():
        if id in promised:
            assert entry.standing.due is not None
            wait = entry.standing.due - found.now
            assert wait <= max(promised[id] - true, timedelta(0)) + DAY, id


def test_a_clock_set_back_by_a_year_asks_at_once_what_it_cannot_date() -> None:
    past = [TAKE, *(answer(n, START, 4) for n in range(5))]
    found = deck(past, COURSE, START - 365 * DAY)
    assert found.left("review") == 5
    assert all(entry.standing.due == found.now for entry in found.entries.values() if entry.standing.due)
    assert deck(past, COURSE, START + HOUR).left("review") == 0


def test_ten_times_the_cards_take_ten_times_as_long() -> None:
    fewer, more = seconds(100), seconds(1000)
    assert more < 2.5 * 10 * fewer


def seconds(cards: int) -> float:
    """Of this thread, to read ten reviews of each card; other programs may run beside it."""
    wide, at, draw = school(cards), START, random.Random(1)
    past: list[Any] = [TAKE]
    for round_ in range(10):
        for card in range(cards):
            at = START + round_ * 9 * DAY + timedelta(seconds=card)
            past.append(answer(card, at, draw.choice(schedule.RATINGS)))
    now = (at + DAY).astimezone(UTC)
    took = []
    for _ in range(5):
        began = time.thread_time()
        assert len(deck(past, wide, now).entries) == cards
        took.append(time.thread_time() - began)
    return min(took)


@given(st.integers(0, 3), st.lists(st.integers(1, 4), min_size=1, max_size=12))
def test_a_card_with_other_wordings_is_never_asked_in_the_same_one_twice_in_a_row(
    more: int, ratings: list[int]
) -> None:
    """Each answer moves on to the next wording, an undo back to it; the rest of the schedule knows nothing of them."""
    other = tuple(Wording(Text(f"问法 {n}", f"wording {n}"), Text("答", "answer") if n else None) for n in range(more))
    topic = COURSE.topics["kinds"]
    card = replace(topic.cards[0], other=other)
    worded = replace(COURSE, topics={"kinds": replace(topic, cards=(card, *topic.cards[1:]))})
    events, at, seen = [TAKE], START, list[Text]()
    for rating in ratings:
        entry = deck(events, worded, at).entries["kinds/c0"]
        assert entry.sides is not None
        front, back = entry.sides
        assert back == (Text("答", "answer") if front in {one.front for one in other[1:]} else TEXT)
        seen.append(front)
        events.append(answer(0, at, rating))
        told, plain = deck(events, worded, at).entries["kinds/c0"], deck(events, COURSE, at).entries["kinds/c0"]
        assert told.standing == plain.standing
        back_again = deck([*events, undo(events[-1], at)], worded, at).entries["kinds/c0"]
        assert back_again.sides == entry.sides
        at = told.standing.due or at
    assert not more or all(one != two for one, two in pairwise(seen))
    assert set(seen) == {card.front, *(one.front for one in other)} or len(seen) <= more
