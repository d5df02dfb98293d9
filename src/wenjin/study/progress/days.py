"""What was done on which day, and how long it took: for the calendar and the hours. Pure, from events.

A day ends at four in the morning of the learner's time zone. Time is what lies between two events that follow each
other within a quarter of an hour, and two minutes for an event that none follows: an estimate that counts nobody's
lunch. A run that ends or reports by itself is not the learner's doing and counts for nothing here, nor does a review
that was taken back; the time that it took was spent.

Omits   reading without a note, a card or an exercise: it leaves no event
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from wenjin.study.progress.recall import RECENT, Happening, day_of

TOGETHER, ALONE = 900.0, 120.0  # seconds
COUNTED = {
    "attempt": "attempts",
    "review": "reviews",
    "run": "runs",
    "note": "notes",
    "question": "notes",
    "summary": "notes",
    "paper": "tests",
    "place": "tests",
    "gate": "tests",
    "week": "tests",
}
ASKED = ("queued", "resumed")  # what a learner does to a run


@dataclass(slots=True)
class Day:
    """`passes`: attempts that passed; `seconds`: the estimate of the time spent."""

    attempts: int = 0
    passes: int = 0
    reviews: int = 0
    runs: int = 0
    notes: int = 0
    tests: int = 0
    seconds: float = 0.0

    @property
    def deeds(self) -> int:
        return self.attempts + self.reviews + self.runs + self.notes + self.tests

    def row(self) -> tuple[int, int, int, int, int, int, float]:
        """Its numbers, in their order."""
        return self.attempts, self.passes, self.reviews, self.runs, self.notes, self.tests, self.seconds


@dataclass(slots=True)
class Days:
    """The fold. `zone` is where the learner lives; `last` the newest event that counted; `recent`: the reviews of the
    newest days, of which one may be taken back, each with its day."""

    zone: tzinfo | None
    days: dict[date, Day] = field(default_factory=dict)
    last: datetime | None = None
    recent: dict[str, date] = field(default_factory=dict)

    def take(self, event: Happening) -> None:
        if event.kind == "undo" and (of := self.recent.pop(str(event.data.get("event")), None)) is not None:
            self.days[of].reviews -= 1
        name = COUNTED.get(event.kind)
        if name is None or (name == "runs" and event.data.get("what") not in ASKED):
            return
        at = event.at.astimezone(self.zone)
        today = day_of(at, at)
        day = self.days.setdefault(today, Day())
        setattr(day, name, getattr(day, name) + 1)
        if name == "reviews":
            if next(reversed(self.recent.values()), today) != today:
                self.recent = {id: of for id, of in self.recent.items() if today - of <= RECENT}
            self.recent[event.id] = today
        if name == "attempts":
            day.passes += event.data.get("verdict") == "pass"
        gap = (event.at - self.last).total_seconds() if self.last is not None else TOGETHER
        day.seconds += gap if 0.0 <= gap < TOGETHER else ALONE
        self.last = event.at

    def copy(self) -> dict[date, Day]:
        """The days, which later events leave alone."""
        return {day: Day(*told.row()) for day, told in self.days.items()}

    def as_dict(self) -> dict[str, Any]:
        days = {day.isoformat(): told.row() for day, told in self.days.items()}
        recent = {id: of.isoformat() for id, of in self.recent.items()}
        return {"days": days, "last": self.last and self.last.isoformat(), "recent": recent}

    @staticmethod
    def from_dict(row: Mapping[str, Any], zone: tzinfo | None) -> "Days":
        days = {date.fromisoformat(day): Day(*told) for day, told in row["days"].items()}
        recent = {id: date.fromisoformat(of) for id, of in row["recent"].items()}
        return Days(zone, days, datetime.fromisoformat(row["last"]) if row["last"] else None, recent)


@dataclass(frozen=True, slots=True)
class Habit:
    """
    studied  days on which something was done, of the `seen` last four weeks and of all
    longest  the most days in a row, whenever that was; a pause takes nothing away
    last     the newest day on which something was done
    hours    this week (from Monday), the four weeks, all
    """

    studied: int
    all: int
    longest: int
    last: date | None
    hours: tuple[float, float, float]


WINDOW = 28


def habit(days: Mapping[date, Day], today: date) -> Habit:
    """How regularly the learner comes by. Days after `today` (a clock was wrong) are left out."""
    known = sorted(day for day, told in days.items() if day <= today and told.deeds)
    longest = run = 0
    before: date | None = None
    for day in known:
        run = run + 1 if before is not None and day - before == timedelta(days=1) else 1
        longest, before = max(longest, run), day
    window, monday = today - timedelta(days=WINDOW - 1), today - timedelta(days=today.weekday())

    def hours(since: date) -> float:
        return sum(days[day].seconds for day in known if day >= since) / 3600

    return Habit(
        studied=sum(day >= window for day in known),
        all=len(known),
        longest=longest,
        last=before,
        hours=(hours(monday), hours(window), hours(date.min)),
    )


LEVELS = (1, 5, 15, 30)  # deeds from which a day is drawn darker


def level(deeds: int) -> int:
    """How dark a day is drawn, 0 to 4."""
    return sum(deeds >= least for least in LEVELS)


def calendar(days: Mapping[date, Day], today: date, weeks: int = 53) -> list[list[tuple[date, Day | None]]]:
    """The last weeks, Monday first, each with its seven days; days to come hold None."""
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(weeks=weeks - 1)
    return [
        [
            (day := first + timedelta(weeks=week, days=n), days.get(day, Day()) if day <= today else None)
            for n in range(7)
        ]
        for week in range(weeks)
    ]


def days(events: Iterable[Happening], now: datetime) -> Mapping[date, Day]:
    """What these events, in their order, say of each day."""
    fold = Days(now.tzinfo)
    for event in events:
        fold.take(event)
    return fold.days
