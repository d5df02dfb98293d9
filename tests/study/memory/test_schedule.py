"""The scheduler: the numbers of the library driven directly, whatever is answered and whenever."""

import random
from datetime import UTC, datetime, timedelta

from fsrs import Card, Rating, Scheduler
from hypothesis import given
from hypothesis import strategies as st

from wenjin.study.memory.model import retrievability
from wenjin.study.memory.schedule import NEW, RATINGS, Review, after, intervals, schedule, spread

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
NEVER = timedelta(0)
SECONDS = st.one_of(st.integers(0, 3600), st.integers(0, 400 * 86400))
ANSWERS = st.lists(st.tuples(SECONDS, st.sampled_from(RATINGS)), max_size=25)


def reviews(answers: list[tuple[int, int]]) -> list[Review]:
    at, made = START, []
    for seconds, rating in answers:
        at += timedelta(seconds=seconds)
        made.append(Review(at, rating))
    return made


@given(ANSWERS, st.integers(0, 2**32), st.booleans())
def test_it_is_the_librarys_schedule_fuzz_included(answers: list[tuple[int, int]], seed: int, steps: bool) -> None:
    library, theirs = (Scheduler() if steps else Scheduler(learning_steps=(), relearning_steps=())), Card(1, due=START)
    ours, rolls = NEW, random.Random(seed)
    for review in reviews(answers):
        random.seed(seed)  # the library rolls the module's dice, once where it spreads an interval
        roll = random.random()
        random.seed(seed)
        theirs, _ = library.review_card(theirs, Rating(review.rating), review.at)
        ours = after(ours, review, lambda n, roll=roll: roll, steps)
        assert (ours.due, ours.stability, ours.difficulty) == (theirs.due, theirs.stability, theirs.difficulty)
        assert (ours.phase, ours.step, ours.last) == (theirs.state.name.lower(), theirs.step, theirs.last_review)
        seed = rolls.getrandbits(32)


@given(ANSWERS, st.floats(0, 1, exclude_max=True))
def test_the_buttons_say_what_happens_and_a_better_answer_never_comes_back_sooner(
    answers: list[tuple[int, int]], roll: float
) -> None:
    def dice(n: int) -> float:
        return roll

    past = reviews(answers)
    now = (past[-1].at if past else START) + timedelta(hours=5)
    standing = schedule(past, dice)
    told = intervals(standing, now, dice)
    assert list(told) == sorted(told)
    assert min(told) > NEVER
    for rating, interval in zip(RATINGS, told, strict=True):
        assert schedule([*past, Review(now, rating)], dice).due == now + interval


@given(st.floats(0.001, 50_000), st.integers(-2, 40_000))
def test_the_chance_of_recalling_is_the_librarys(stability: float, days: int) -> None:
    card = Card(1, stability=stability, last_review=START)
    assert retrievability(stability, days) == Scheduler().get_card_retrievability(card, START + timedelta(days=days))


@given(st.integers(1, 36500), st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_an_interval_is_spread_a_little_and_in_order(days: int, one: float, other: float) -> None:
    assert abs(spread(days, one) - days) <= 2.5 + 0.1 * days
    if one <= other:
        assert spread(days, one) <= spread(days, other)


def test_a_time_zone_changes_nothing() -> None:
    past = reviews([(0, 3), (600, 3), (3 * 86400, 1)])
    shanghai = [
        Review(r.at.astimezone(datetime.fromisoformat("2026-01-01T00:00+08:00").tzinfo), r.rating) for r in past
    ]
    assert schedule(past, lambda n: 0.5) == schedule(shanghai, lambda n: 0.5)


def test_what_was_forgotten_is_counted() -> None:
    standing = schedule(reviews([(0, 1), (60, 4), (20 * 86400, 1), (600, 3)]), lambda n: 0.5)
    assert (standing.phase, standing.reviews, standing.lapses) == ("review", 4, 1)
