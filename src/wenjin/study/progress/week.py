"""The weekly check: four questions of the plan, each judged by the learner beside what the log shows. Pure.

    week  subject 2026-W47   {"theory", "practice", "code", "notes": 1 … 10, "remark", "evidence": {…}}

The newest check of a week counts. `evidence` is what was shown beside the questions when they were answered, so that
weeks can be compared later, whatever has been learned since. A week begins on Monday at four in the morning.

    theory    how well is what was learned understood?   mastery of the topics met, exercises passed
    practice  is what was planned also done?             exercises tried and passed, labs run to their end
    code      how good is the code?                      passed at the first try, the review of the learner's files
    notes     are the notes in order?                    notes written, topics worked on that have some
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Literal

from wenjin.study.progress.deck import Happening, day_of

QUESTIONS = ("theory", "practice", "code", "notes")
LEAST, MOST = 1, 10
LONGEST = timedelta(weeks=1040)  # twenty years: an event from 1970 is a clock without a battery


@dataclass(slots=True)
class Work:
    """What the log shows of one week. `tried` and `passed` count exercises that were so for the first time; `first`
    of the tried ones passed at once. `met` and `noted` are topics; `notes` places in them."""

    attempts: int = 0
    tried: int = 0
    first: int = 0
    passed: int = 0
    labs: int = 0
    reviews: int = 0
    recalled: int = 0
    met: set[str] = field(default_factory=set)
    noted: set[str] = field(default_factory=set)
    notes: set[str] = field(default_factory=set)

    def as_dict(self) -> dict[str, Any]:
        return {name: sorted(v) if isinstance(v := getattr(self, name), set) else v for name in self.__slots__}

    @staticmethod
    def from_dict(row: Mapping[str, Any]) -> "Work":
        told: dict[str, Any] = {key: set(value) if isinstance(value, list) else value for key, value in row.items()}
        return Work(**told)


@dataclass(frozen=True, slots=True)
class Check:
    """A week as the learner judged it; `evidence` as it was shown."""

    at: datetime
    scores: Mapping[str, int]
    remark: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Week:
    """`standing`: kept, skipped (it is over and nobody judged it), or open (this one, not judged yet)."""

    id: str
    monday: date
    work: Work
    check: Check | None
    standing: Literal["kept", "skipped", "open"]


@dataclass(slots=True)
class Weeks:
    """The fold. `zone` is where the learner lives; `tried` and `passed` are exercises."""

    zone: tzinfo | None
    work: dict[str, Work] = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)

    def take(self, event: Happening) -> None:
        if event.kind == "week":
            if (check := read(event)) is not None:
                self.checks[event.subject] = check
            return
        if event.kind not in ("attempt", "run", "note", "review"):
            return
        at = event.at.astimezone(self.zone)
        work = self.work.setdefault(name(day_of(at, at)), Work())
        topic, data = event.subject.partition("/")[0], event.data
        match event.kind:
            case "attempt":
                right = data.get("verdict") == "pass"
                work.attempts += 1
                work.met.add(topic)
                if event.subject not in self.tried:
                    self.tried.add(event.subject)
                    work.tried += 1
                    work.first += right
                if right and event.subject not in self.passed:
                    self.passed.add(event.subject)
                    work.passed += 1
            case "run" if data.get("what") == "finished":
                work.labs += 1
                work.met.add(topic)
            case "review":
                work.reviews += 1
                work.recalled += data.get("rating", 0) > 1
            case "note" if str(data.get("text", "")).strip():
                work.notes.add(event.subject)
                work.noted.add(topic.partition("#")[0])

    def as_dict(self) -> dict[str, Any]:
        return {
            "work": {week: work.as_dict() for week, work in self.work.items()},
            "checks": {
                week: {"at": c.at.isoformat(), **c.scores, "remark": c.remark, "evidence": dict(c.evidence)}
                for week, c in self.checks.items()
            },
            "tried": sorted(self.tried),
            "passed": sorted(self.passed),
        }

    @staticmethod
    def from_dict(row: Mapping[str, Any], zone: tzinfo | None) -> "Weeks":
        checks = {
            week: Check(datetime.fromisoformat(c["at"]), {q: c[q] for q in QUESTIONS}, c["remark"], c["evidence"])
            for week, c in row["checks"].items()
        }
        work = {week: Work.from_dict(told) for week, told in row["work"].items()}
        return Weeks(zone, work, checks, set(row["tried"]), set(row["passed"]))

    def view(self, now: datetime) -> tuple[Week, ...]:
        """Every week from the first in which something was done to the one of `now`. Later ones (a clock was wrong)
        are left out."""
        today = now.astimezone(self.zone)
        this = monday(day_of(today, today))
        known = [first(week) for week in (*self.work, *self.checks)]
        day = max(min([this, *known]), this - LONGEST)
        found = []
        while day <= this:
            week = name(day)
            check = self.checks.get(week)
            standing: Literal["kept", "skipped", "open"] = "kept" if check else "open" if day == this else "skipped"
            found.append(Week(week, day, self.work.get(week, Work()), check, standing))
            day += timedelta(weeks=1)
        return tuple(found)


def weeks(events: Iterable[Happening], now: datetime) -> tuple[Week, ...]:
    """The weeks that these events, in their order, tell of."""
    fold = Weeks(now.tzinfo)
    for event in events:
        fold.take(event)
    return fold.view(now)


def read(event: Happening) -> Check | None:
    """The check that an event holds; None where it is not one."""
    scores = {question: event.data.get(question) for question in QUESTIONS}
    whole = {q: n for q, n in scores.items() if isinstance(n, int) and not isinstance(n, bool) and LEAST <= n <= MOST}
    if len(whole) < len(QUESTIONS) or valid(event.subject) is None:
        return None
    return Check(event.at, whole, str(event.data.get("remark", "")), event.data.get("evidence") or {})


def evidence(work: Work, mastered: float | None, met: int, craft: Mapping[str, Any] | None) -> dict[str, Any]:
    """What stands beside the questions. `mastered`: the mean mastery of the `met` topics, 0 to 1; `craft`: the review
    of the learner's files ({"score", "remarks", "lines"}), None without any."""
    return {
        "mastery": None if mastered is None else round(mastered, 3),
        "met": met,
        **{key: getattr(work, key) for key in ("attempts", "tried", "first", "passed", "labs", "reviews", "recalled")},
        "notes": len(work.notes),
        "noted": len(work.noted & work.met),
        "worked": len(work.met),
        "craft": dict(craft) if craft else None,
    }


def suggested(shown: Mapping[str, Any]) -> dict[str, int | None]:
    """What the evidence would say, 1 to 10; None where it says nothing. The learner decides."""
    mastery, craft = shown["mastery"], shown["craft"]
    return {
        "theory": None if mastery is None else score(mastery),
        "practice": score(shown["passed"] / shown["tried"]) if shown["tried"] else None,
        "code": score(craft["score"] / 100)
        if craft
        else score(shown["first"] / shown["tried"])
        if shown["tried"]
        else None,
        "notes": score(min(1.0, shown["noted"] / shown["worked"])) if shown["worked"] else None,
    }


def score(share: float) -> int:
    """A share from 0 to 1 as a number from 1 to 10."""
    return max(LEAST, min(MOST, round(MOST * share)))


def name(day: date) -> str:
    """2026-W47."""
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"


def first(week: str) -> date:
    """The Monday of a week by its name."""
    return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)


def valid(week: str) -> str | None:
    """The name of a week that there is; None for anything else."""
    try:
        return week if name(first(week)) == week else None
    except (ValueError, IndexError):
        return None


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
