"""When a card comes back: the FSRS scheduler, as a pure function of a card's reviews.

    rating 1 again, 2 hard, 3 good, 4 easy  ->  phase, stability (days until recall falls to 90 %), difficulty, due

A card has short steps of minutes while it is learned; what takes longer to do than to remember (an exercise) has none:
it comes back after days from the first time on.

The numbers are those of the library `fsrs` (FSRS-6, default parameters), which a test compares step by step. What it
takes from its surroundings is an argument here: the time of a review, and the roll that spreads long intervals a
little, so that cards learned together do not stay together. Nothing here reads a clock or a disk.

Source  J. Ye, J. Su, Y. Cao: A Stochastic Shortest Path Algorithm for Optimizing Spaced Repetition Scheduling (2022)
Omits   fitting the parameters to a learner
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from fsrs import Card, Rating, Scheduler, State
from fsrs.scheduler import FUZZ_RANGES

Phase = Literal["new", "learning", "review", "relearning"]
Dice = Callable[[int], float]  # the roll, in [0, 1), of a card's n-th review (from 0): the same whenever it is asked

RATINGS = (1, 2, 3, 4)
LONGEST = 36500  # days
SCHEDULER = Scheduler(maximum_interval=LONGEST, enable_fuzzing=False)  # its own fuzz rolls where nobody sees it
STEPLESS = Scheduler(learning_steps=(), relearning_steps=(), maximum_interval=LONGEST, enable_fuzzing=False)
AIM = SCHEDULER.desired_retention  # the share of due cards that are to be recalled
STATES: dict[Phase, State] = {
    "learning": State.Learning,
    "review": State.Review,
    "relearning": State.Relearning,
}
PHASES = {state: phase for phase, state in STATES.items()}


@dataclass(frozen=True, slots=True)
class Review:
    """One answer: when it was given (any time zone), and how well it was recalled."""

    at: datetime
    rating: int


@dataclass(frozen=True, slots=True)
class Standing:
    """
    phase       new (never seen), learning (short steps of minutes), review (intervals of days), relearning (forgotten)
    due         when it should be asked again; None while it is new
    stability   days until the chance of recalling it has fallen to 90 %
    difficulty  1 (easy) to 10
    step        which of the short steps comes next, while there are any
    last        when it was answered last
    reviews     how many answers there were; lapses: how often it was forgotten after it had been learned
    """

    phase: Phase = "new"
    due: datetime | None = None
    stability: float | None = None
    difficulty: float | None = None
    step: int | None = 0
    last: datetime | None = None
    reviews: int = 0
    lapses: int = 0


NEW = Standing()


def schedule(reviews: Iterable[Review], dice: Dice) -> Standing:
    """Where a card stands after these reviews, oldest first; their times must not go back (`clock` sees to that)."""
    standing = NEW
    for review in reviews:
        standing = after(standing, review, dice)
    return standing


def after(standing: Standing, review: Review, dice: Dice, steps: bool = True) -> Standing:
    """Where it stands after one more review; without `steps` after days from the first time on."""
    at = review.at.astimezone(UTC)
    card = Card(
        card_id=0,  # without a number the library waits a millisecond to draw one
        state=STATES.get(standing.phase, State.Learning),
        step=standing.step,
        stability=standing.stability,
        difficulty=standing.difficulty,
        due=standing.due or at,
        last_review=standing.last,
    )
    card, _ = (SCHEDULER if steps else STEPLESS).review_card(card, Rating(review.rating), at)
    phase = PHASES[card.state]
    interval = card.due - at
    if phase == "review":
        interval = timedelta(days=spread(interval.days, dice(standing.reviews)))
    return Standing(
        phase=phase,
        due=at + interval,
        stability=card.stability,
        difficulty=card.difficulty,
        step=card.step,
        last=at,
        reviews=standing.reviews + 1,
        lapses=standing.lapses + (standing.phase == "review" and review.rating == 1),
    )


def intervals(standing: Standing, now: datetime, dice: Dice, steps: bool = True) -> tuple[timedelta, ...]:
    """How long until the card comes back, for each of the four ratings given now. Exactly what `after` will do."""
    due = [after(standing, Review(now, rating), dice, steps).due for rating in RATINGS]
    return tuple(each - now for each in due if each is not None)


def spread(days: int, roll: float) -> int:
    """An interval spread around its value: by a day at three days, by about 6 % at a hundred. As the library does."""
    if days < 2.5:
        return days
    delta = 1.0
    for part in FUZZ_RANGES:
        delta += part["factor"] * max(min(float(days), part["end"]) - part["start"], 0.0)
    low, high = max(2, round(days - delta)), min(round(days + delta), LONGEST)
    low = min(low, high)
    return min(round(roll * (high - low + 1) + low), LONGEST)
