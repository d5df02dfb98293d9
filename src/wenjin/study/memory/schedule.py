"""When a card comes back: the FSRS scheduler, as a pure function of a card's reviews.

    rating 1 again, 2 hard, 3 good, 4 easy  ->  phase, stability (days until recall falls to 90 %), difficulty, due

A card has short steps of minutes while it is learned; what takes longer to do than to remember (an exercise) has none:
it comes back after days from the first time on.

The numbers are those of the library `fsrs` (FSRS-6, default parameters), which a test compares step by step; they are
reckoned in model.py. What the library takes from its surroundings is an argument here: the time of a review, and the
roll that spreads long intervals a little, so that cards learned together do not stay together. Nothing here reads a
clock or a disk.

Source  J. Ye, J. Su, Y. Cao: A Stochastic Shortest Path Algorithm for Optimizing Spaced Repetition Scheduling (2022)
Omits   fitting the parameters to a learner
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from wenjin.study.memory import model
from wenjin.study.memory.model import AIM as AIM
from wenjin.study.memory.model import LONGEST as LONGEST
from wenjin.study.memory.model import spread as spread

Phase = Literal["new", "learning", "review", "relearning"]
Dice = Callable[[int], float]  # the roll, in [0, 1), of a card's n-th review (from 0): the same whenever it is asked

RATINGS = (1, 2, 3, 4)
LEARNING = (timedelta(minutes=1), timedelta(minutes=10))
RELEARNING = (timedelta(minutes=10),)


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
    at, rating, last = review.at.astimezone(UTC), review.rating, standing.last
    if rating not in RATINGS:
        raise ValueError(f"no rating: {rating}")
    if standing.stability is None or standing.difficulty is None:
        stability, difficulty = model.begun(rating)
    else:
        elapsed = (at - last).days if last is not None else 0
        stability, difficulty = model.after(standing.stability, standing.difficulty, elapsed, rating)
    phase, step, interval = stepped(standing.phase, standing.step or 0, rating) if steps else DAYS
    if interval is None:
        interval = timedelta(days=model.spread(model.days(stability), dice(standing.reviews)))
    lapses = standing.lapses + (standing.phase == "review" and rating == 1)
    return Standing(phase, at + interval, stability, difficulty, step, at, standing.reviews + 1, lapses)


DAYS: tuple[Phase, int | None, timedelta | None] = ("review", None, None)  # comes back after days


def stepped(phase: Phase, step: int, rating: int) -> tuple[Phase, int | None, timedelta | None]:
    """Phase, step and how long it takes after an answer, where cards have short steps."""
    if phase == "review":
        return ("relearning", 0, RELEARNING[0]) if rating == 1 else DAYS
    phase, all = ("relearning", RELEARNING) if phase == "relearning" else ("learning", LEARNING)
    if rating == 1:
        return phase, 0, all[0]
    if rating == 4 or step >= len(all) or (rating == 3 and step + 1 == len(all)):
        return DAYS
    if rating == 3:
        return phase, step + 1, all[step + 1]
    hard = all[step] if step else all[0] * 1.5 if len(all) == 1 else (all[0] + all[1]) / 2.0
    return phase, step, hard


def intervals(standing: Standing, now: datetime, dice: Dice, steps: bool = True) -> tuple[timedelta, ...]:
    """How long until the card comes back, for each of the four ratings given now. Exactly what `after` will do."""
    due = [after(standing, Review(now, rating), dice, steps).due for rating in RATINGS]
    return tuple(each - now for each in due if each is not None)
