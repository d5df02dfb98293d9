"""A mistake comes back with fresh numbers: begun by an attempt, reviewed by the next sitting, gone when it is held."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from tests.study.progress.test_deck import COURSE, DAY, HOUR, MINUTE, START
from tests.study.progress.test_recall import PICK, attempt, by_hand, plain
from wenjin.study.memory.dice import dice
from wenjin.study.memory.schedule import NEW, Review, Standing, after
from wenjin.study.progress.deck import deck
from wenjin.study.progress.mistakes import named
from wenjin.study.store.log import Event

SLIP, SWAP = named(PICK, "slip"), named(PICK, "swap")
FIRST = attempt(START, "wrong", "slip")


def standing(events: Sequence[Event], card: str = SLIP, days: float = 400) -> Standing:
    found = deck(events, COURSE, START + timedelta(days=days))
    assert found == plain(events, START + timedelta(days=days))
    return found.entries[card].standing


def ratings(card: str, *given: tuple[timedelta, int]) -> Standing:
    """The rule of the scheduler, without short steps."""
    made = NEW
    for wait, rating in given:
        made = after(made, Review(START + wait, rating), dice(card), steps=False)
    return made


def test_a_named_mistake_comes_back_the_next_day_with_other_numbers() -> None:
    assert SLIP not in deck([attempt(START, "wrong"), attempt(START, "error", "slip")], COURSE, START + DAY).entries
    today, tomorrow = (deck([FIRST], COURSE, START + wait) for wait in (HOUR, DAY))
    assert SLIP not in today.queue
    assert tomorrow.queue[0] == SLIP
    entry = tomorrow.entries[SLIP]
    assert (entry.exercise, entry.card, entry.mistake) == (COURSE.exercises[PICK], None, "slip")
    assert (tomorrow.mistakes, tomorrow.left("review"), tomorrow.begun) == (1, 0, 0)
    again = deck([FIRST, attempt(START + DAY, "wrong", "slip")], COURSE, START + 3 * DAY)
    assert again.entries[SLIP].numbers != entry.numbers


def test_the_sitting_that_made_it_does_not_count() -> None:
    more = [attempt(START + n * MINUTE, "wrong", "slip") for n in range(1, 5)] + [attempt(START + HOUR, "pass")]
    assert standing([FIRST, *more]) == ratings(SLIP, (0 * DAY, 1))


def test_a_pass_at_first_is_good_later_is_hard_the_same_again_and_another_is_a_card_of_its_own() -> None:
    good = [FIRST, attempt(START + DAY, "pass")]
    assert standing(good) == ratings(SLIP, (0 * DAY, 1), (DAY, 3))
    late = [FIRST, attempt(START + DAY, "wrong"), attempt(START + DAY + MINUTE, "pass")]
    assert standing(late) == ratings(SLIP, (0 * DAY, 1), (DAY + MINUTE, 2))
    same = [FIRST, attempt(START + DAY, "wrong", "slip"), attempt(START + DAY + MINUTE, "pass")]
    assert standing(same) == ratings(SLIP, (0 * DAY, 1), (DAY, 1))
    assert standing(same).lapses == 1
    other = [FIRST, attempt(START + DAY, "wrong", "swap"), attempt(START + DAY + HOUR, "pass")]
    assert standing(other) == ratings(SLIP, (0 * DAY, 1), (DAY + HOUR, 2))
    assert standing(other, SWAP) == ratings(SWAP, (DAY, 1))


def test_before_it_is_due_a_pass_counts_for_nothing_and_the_mistake_counts() -> None:
    held = [FIRST, *(attempt(START + n * DAY, "pass") for n in (1, 4, 12))]
    due = standing(held).due
    assert due is not None
    assert due > START + 20 * DAY
    assert standing([*held, attempt(START + 14 * DAY, "pass")]) == standing(held)
    assert standing([*held, attempt(START + 14 * DAY, "wrong", "slip")]).lapses == 1


def asked_until_gone(events: list[Event]) -> tuple[list[Event], int]:
    """Passed whenever it is asked, until it is not there any more; how often that was."""
    passes, events = 0, list(events)
    while SLIP in (found := deck(events, COURSE, START + 3000 * DAY)).entries:
        due = found.entries[SLIP].standing.due
        assert due is not None
        events.append(attempt(due + HOUR, "pass"))
        passes += 1
        assert passes < 12
    return events, passes


def test_it_is_gone_after_two_passes_over_three_weeks_each_and_begins_anew() -> None:
    events, passes = asked_until_gone([FIRST])
    gaps = [later.at - earlier.at for earlier, later in pairwise(events)]
    assert passes >= 3
    assert [gap >= 21 * DAY for gap in gaps][-2:] == [True, True]
    assert sum(gap >= 21 * DAY for gap in gaps) == 2
    last = events[-1].at
    anew = attempt(last + 30 * DAY, "wrong", "slip")
    found = deck([*events, anew], COURSE, last + 31 * DAY)
    assert (found.entries[SLIP].standing.reviews, SLIP in found.queue) == (1, True)
    broken = [*events[:-1], attempt(last, "wrong", "slip")]
    assert len(asked_until_gone(broken)[0]) > len(broken) + 2, "the mistake in between takes both passes away"


def test_two_mistakes_of_one_exercise_are_asked_one_a_day() -> None:
    both = [FIRST, attempt(START + MINUTE, "wrong", "swap")]
    found = deck(both, COURSE, START + 2 * DAY)
    assert (found.mistakes, found.buried) == (1, 1)
    passed = [*both, attempt(START + 2 * DAY, "pass")]
    assert standing(passed) == ratings(SLIP, (0 * DAY, 1), (2 * DAY, 3)), "one pass answers both"
    assert standing(passed, SWAP) == ratings(SWAP, (MINUTE, 1), (2 * DAY, 3))


def test_it_can_be_set_aside_and_has_no_rating_to_undo() -> None:
    now = START + 2 * DAY
    assert SLIP in deck([FIRST], COURSE, now).queue
    away = by_hand("suspend", SLIP, START + DAY)
    assert [entry.id for entry in deck([FIRST, away], COURSE, now).aside] == [SLIP]
    assert deck([FIRST, attempt(now, "pass")], COURSE, now + MINUTE).last is None
