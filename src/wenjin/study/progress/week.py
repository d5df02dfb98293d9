"""The weekly check: four questions of the plan, each judged by the learner beside what the log shows. Pure.

    week  subject 2026-W47   {"theory", "practice", "code", "notes": 1 … 10, "remark", "evidence": {…}}

The newest check of a week counts. `evidence` is what was shown beside the questions when they were answered, so that
weeks can be compared later, whatever has been learned since. Mastery and the learner's files are as they are when it
is asked; of a week that is over they say nothing, so they stand there with the day (`as_of`), and suggest nothing. A
week begins on Monday at four in the morning. What is taken back is not counted: a review that was undone, a note that
was emptied, a project that is not done after all.

    theory    how well is what was learned understood?   mastery of the topics met, exercises passed
    practice  is what was planned also done?             exercises tried and passed, labs run to their end, projects
    code      how good is the code?                      passed at the first try, the review of the learner's files
    notes     are the notes in order?                    notes written, topics worked on that have some
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Literal

from wenjin.study.progress.recall import RECENT, Happening, day_of

QUESTIONS = ("theory", "practice", "code", "notes")
LEAST, MOST = 1, 10
REMARK = 2000  # characters of a remark
LONGEST = timedelta(weeks=1040)  # twenty years: an event from 1970 is a clock without a battery
BACK = timedelta(weeks=52)  # so long ago a week may lie that is judged although nothing is on record of it


@dataclass(slots=True)
class Work:
    """What the log shows of one week. `tried` and `passed` count exercises that were so for the first time; `first`
    of the tried ones passed at once. `met` are topics, `notes` places in them."""

    attempts: int = 0
    tried: int = 0
    first: int = 0
    passed: int = 0
    labs: int = 0
    reviews: int = 0
    recalled: int = 0
    met: set[str] = field(default_factory=set)
    notes: set[str] = field(default_factory=set)
    projects: set[str] = field(default_factory=set)

    @property
    def noted(self) -> set[str]:
        """The topics that have a note of this week."""
        return {note.partition("/")[0].partition("#")[0] for note in self.notes}

    def copy(self) -> "Work":
        return replace(self, met=set(self.met), notes=set(self.notes), projects=set(self.projects))

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
    """The fold. `zone` is where the learner lives; `tried` and `passed` are exercises. `recent`: the reviews of the
    newest days, of which one may be taken back, as [week, recalled, day]."""

    zone: tzinfo | None
    work: dict[str, Work] = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)
    recent: dict[str, list[Any]] = field(default_factory=dict)

    def take(self, event: Happening) -> None:
        if event.kind == "week":
            if (check := read(event)) is not None:
                self.checks[event.subject] = check
            return
        if event.kind == "undo":
            self._undo(str(event.data.get("event")))
            return
        if event.kind not in ("attempt", "run", "note", "review", "project"):
            return
        at = event.at.astimezone(self.zone)
        day = day_of(at, at)
        work = self.work.setdefault(name(day), Work())
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
                since = (day - RECENT).isoformat()
                self.recent = {id: told for id, told in self.recent.items() if told[2] >= since}
                if event.id not in self.recent:
                    recalled = int(data.get("rating", 0) > 1)
                    self.recent[event.id] = [name(day), recalled, day.isoformat()]
                    work.reviews += 1
                    work.recalled += recalled
            case "note" if str(data.get("text", "")).strip():
                work.notes.add(event.subject)
            case "note":
                for one in self.work.values():
                    one.notes.discard(event.subject)
            case "project":
                done = any(event.subject in one.projects for one in self.work.values())
                if data.get("what") != "done":
                    for one in self.work.values():
                        one.projects.discard(event.subject)
                elif not done:
                    work.projects.add(event.subject)

    def _undo(self, review: str) -> None:
        if review in self.recent:
            week, recalled, _ = self.recent.pop(review)
            self.work[week].reviews -= 1
            self.work[week].recalled -= recalled

    def copy(self) -> "Weeks":
        """The same, which later events leave alone."""
        work = {week: work.copy() for week, work in self.work.items()}
        return replace(self, work=work, checks=dict(self.checks), recent=dict(self.recent))

    def as_dict(self) -> dict[str, Any]:
        return {
            "work": {week: work.as_dict() for week, work in self.work.items()},
            "checks": {
                week: {"at": c.at.isoformat(), **c.scores, "remark": c.remark, "evidence": dict(c.evidence)}
                for week, c in self.checks.items()
            },
            "tried": sorted(self.tried),
            "passed": sorted(self.passed),
            "recent": {id: list(told) for id, told in self.recent.items()},
        }

    @staticmethod
    def from_dict(row: Mapping[str, Any], zone: tzinfo | None) -> "Weeks":
        checks = {
            week: Check(datetime.fromisoformat(c["at"]), {q: c[q] for q in QUESTIONS}, c["remark"], c["evidence"])
            for week, c in row["checks"].items()
        }
        work = {week: Work.from_dict(told) for week, told in row["work"].items()}
        recent = {id: list(told) for id, told in row["recent"].items()}
        return Weeks(zone, work, checks, set(row["tried"]), set(row["passed"]), recent)

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
    remark = str(event.data.get("remark", "")).encode("utf-8", "replace").decode()  # typed where no UTF-8 was spoken
    return Check(event.at, whole, remark, event.data.get("evidence") or {})


def evidence(
    work: Work, mastered: float | None, met: int, craft: Mapping[str, Any] | None, as_of: date | None = None
) -> dict[str, Any]:
    """What stands beside the questions. `mastered`: the mean mastery of the `met` topics, 0 to 1; `craft`: the review
    of the learner's files ({"score", "remarks", "lines"}), None without any; `as_of`: the day of these, where it is
    not in the week."""
    return {
        "mastery": None if mastered is None else round(mastered, 3),
        "met": met,
        **{key: getattr(work, key) for key in ("attempts", "tried", "first", "passed", "labs", "reviews", "recalled")},
        "projects": len(work.projects),
        "notes": len(work.notes),
        "noted": len(work.noted & work.met),
        "worked": len(work.met),
        "craft": dict(craft) if craft else None,
        "as_of": as_of.isoformat() if as_of else None,
    }


def suggested(shown: Mapping[str, Any]) -> dict[str, int | None]:
    """What the evidence would say, 1 to 10; None where it says nothing of that week. The learner decides."""
    mastery, craft = (None, None) if shown["as_of"] else (shown["mastery"], shown["craft"])
    done, begun = shown["passed"] + shown["projects"], shown["tried"] + shown["projects"]
    return {
        "theory": None if mastery is None else score(mastery),
        "practice": score(done / begun) if begun else None,
        "code": score(craft["score"] / 100)
        if craft
        else score(shown["first"] / shown["tried"])
        if shown["tried"]
        else None,
        "notes": score(min(1.0, shown["noted"] / shown["worked"])) if shown["worked"] else None,
    }


def whole(text: str) -> int | None:
    """A score as it was typed; None where it is no whole number from 1 to 10."""
    return int(text) if text in {str(n) for n in range(LEAST, MOST + 1)} else None


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


def judgeable(found: Sequence[Week], week: str) -> Week | None:
    """The week of this name, if it can be judged: one on record, or one before the first of them that is not long
    ago, of which nothing is. None for any other."""
    known = next((one for one in found if one.id == week), None)
    if known is not None or valid(week) is None:
        return known
    day = first(week)
    return Week(week, day, Work(), None, "skipped") if found[-1].monday - BACK <= day < found[-1].monday else None


def valid(week: str) -> str | None:
    """The name of a week that there is; None for anything else."""
    try:
        return week if name(first(week)) == week else None
    except (ValueError, IndexError):
        return None


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
