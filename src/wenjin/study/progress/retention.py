"""How well the reviews work: true retention, the load to come, a year of days. Pure, from tallies and standings.

    retention   of the cards asked again after days (no short steps, none asked for the first time), the share that was
                recalled: young below an interval of 21 days, mature from there on. The scheduler aims at 90 %
    forecast    how many cards fall due on each of the next days, none of them answered before; what is due already
                counts for today

A mistake counts as a deed of its day, not in the retention: an exercise is solved, a card recalled.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from wenjin.study.memory.schedule import AIM, Standing

MATURE = timedelta(days=21)
LATELY = 30  # days
AHEAD = 30
DEEDS, YOUNG, YOUNG_RIGHT, OLD, OLD_RIGHT = range(5)
Tally = list[int]  # of a day: answers, young cards asked and recalled, mature ones asked and recalled
Days = dict[date, Tally]


def count(days: Days, day: date, standing: Standing | None, rating: int) -> None:
    """An answer more on that day; `standing`: where the card stood before, None where it is no card."""
    tally = days.setdefault(day, [0] * 5)
    tally[DEEDS] += 1
    if standing is None or standing.phase != "review" or standing.due is None or standing.last is None:
        return
    part = OLD if standing.due - standing.last >= MATURE else YOUNG
    tally[part] += 1
    tally[part + 1] += rating > 1


@dataclass(frozen=True, slots=True)
class Share:
    """So many recalled of so many asked."""

    right: int
    asked: int

    @property
    def part(self) -> float | None:
        return self.right / self.asked if self.asked else None


@dataclass(frozen=True, slots=True)
class Retention:
    young: Share
    mature: Share

    @property
    def both(self) -> Share:
        return Share(self.young.right + self.mature.right, self.young.asked + self.mature.asked)


@dataclass(frozen=True, slots=True)
class Statistics:
    """
    aim       the share of recalled cards that the scheduler aims at
    lately    the retention of the last thirty days; ever: of all
    forecast  the cards that fall due today and on each of the next days
    days      the answers of each day
    phases    how many cards stand where: new, learning, young, mature, suspended; and mistakes that are open
    """

    aim: float
    lately: Retention
    ever: Retention
    forecast: tuple[tuple[date, int], ...]
    days: Mapping[date, int]
    phases: Mapping[str, int]


def retention(tallies: Iterable[Tally]) -> Retention:
    told = list(tallies)

    def total(part: int) -> int:
        return sum(tally[part] for tally in told)

    return Retention(Share(total(YOUNG_RIGHT), total(YOUNG)), Share(total(OLD_RIGHT), total(OLD)))


def forecast(due: Iterable[date], today: date, days: int = AHEAD) -> tuple[tuple[date, int], ...]:
    """By day, today first. `due`: the day of each card that has one."""
    fallen = [0] * days
    for day in due:
        place = max(0, (day - today).days)
        if place < days:
            fallen[place] += 1
    return tuple((today + timedelta(days=n), cards) for n, cards in enumerate(fallen))


def phase(standing: Standing) -> str:
    """new, learning, young or mature."""
    if standing.phase == "new":
        return "new"
    if standing.phase != "review" or standing.due is None or standing.last is None:
        return "learning"
    return "mature" if standing.due - standing.last >= MATURE else "young"


def statistics(days: Days, due: Iterable[date], phases: Mapping[str, int], today: date) -> Statistics:
    """`due`: the days on which the cards that are not suspended fall due; `phases`: how many stand where."""
    lately = [tally for day, tally in days.items() if today - timedelta(days=LATELY) < day <= today]
    told = {day: tally[DEEDS] for day, tally in sorted(days.items())}
    return Statistics(AIM, retention(lately), retention(days.values()), forecast(due, today), told, phases)
