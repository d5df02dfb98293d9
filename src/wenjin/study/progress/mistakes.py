"""Named mistakes as cards: the exercise that exposed one comes back with fresh numbers. Pure.

    mistake:topic/exercise/mistake   such a card; an attempt that makes the mistake begins it, rated 1 (again)

It is scheduled as any card, without the short steps: it first comes back the day after. Attempts within twelve hours of
its last answer belong to the same sitting and count for nothing. After that:

    the same mistake, whenever           again (1)
    a pass once it is due (or in less    good (3) when it was the first attempt since then,
    than twelve hours)                   hard (2) when another preceded it
    any other failure once it is due     keeps the question open: a pass is now worth hard
    a pass before that                   counts for nothing: it was not asked

A mistake is gone once its exercise was passed twice, each time 21 days or more after its last answer, with no `again`
between. Making it anew begins it anew."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from wenjin.study.memory.schedule import Dice, Standing

MARK = "mistake:"
SITTING = timedelta(hours=12)
LONG = timedelta(days=21)
PASSES = 2  # over such an interval, after which it is gone
AGAIN, HARD, GOOD = 1, 2, 3
NUMBERS = 1_000_000


def named(exercise: str, mistake: str) -> str:
    """The id of the card."""
    return f"{MARK}{exercise}/{mistake}"


def is_mistake(card: str) -> bool:
    return card.startswith(MARK)


def parts(card: str) -> tuple[str, str]:
    """The exercise and the mistake of a card."""
    exercise, _, mistake = card.removeprefix(MARK).rpartition("/")
    return exercise, mistake


def made(data: Mapping[str, Any]) -> str | None:
    """The mistake that an attempt made, if it has a name."""
    name = data.get("name")
    return name if data.get("verdict") == "wrong" and isinstance(name, str) and name and "/" not in name else None


def said(
    exercise: str, data: Mapping[str, Any], at: datetime, mine: Mapping[str, tuple[Standing, bool]]
) -> Iterator[tuple[str, int]]:
    """What an attempt says of the mistakes of its exercise: (card, rating), 0 where it only keeps the question open.
    `mine`: those begun and not gone, each with its standing and whether the question is already open."""
    new = made(data)
    if new is not None and named(exercise, new) not in mine:
        yield named(exercise, new), AGAIN
    for card, (standing, tried) in mine.items():
        assert standing.last is not None
        assert standing.due is not None
        asked = at >= standing.due - SITTING
        if at - standing.last < SITTING:
            continue
        if card == (new and named(exercise, new)):
            yield card, AGAIN
        elif asked and data.get("verdict") == "pass":
            yield card, HARD if tried else GOOD
        elif asked and not tried:
            yield card, 0


def long_passes(before: int, standing: Standing, at: datetime, rating: int) -> int:
    """How many passes over a long interval there are now, none of them followed by the mistake."""
    if rating == AGAIN:
        return 0
    return before + (standing.last is not None and at - standing.last >= LONG)


def numbers(reviews: int, roll: Dice) -> int:
    """Which numbers the exercise shows this time: others each time it is asked, the same until it is answered."""
    return 1 + int(roll(reviews) * NUMBERS)
