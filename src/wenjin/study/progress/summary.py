"""What was done in a week, or with a unit: topics, scores, runs, notes, questions and papers, exactly. Pure.

A week is an ISO week of the learner's time zone whose days end at four in the morning, as `2026-W47`. Reflection is
not made here: it is the learner's to write, as the note `2026-W47#reflection`, or at the end of a lesson. What is taken
back, a review that was undone or a note that was emptied, is not told.

Omits   the weekly check, which is about the week and no work of it; single answers of a paper: its report has them
"""

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from wenjin.study.course.graph import Course
from wenjin.study.progress.questions import Question
from wenjin.study.progress.recall import RECENT, Happening, day_of

WEEK = re.compile(r"[0-9]{4}-W(?:0[1-9]|[1-4][0-9]|5[0-3])")
REFLECTION = "reflection"  # the anchor of a week's note
ENDS = ("stopped", "finished", "failed")
FORGOT = 1  # the rating of a card that was not recalled


@dataclass(slots=True)
class Score:
    """How an exercise went: `passed` in this week, `last` the newest verdict, how often each mistake was named."""

    attempts: int = 0
    passed: bool = False
    last: str = ""
    mistakes: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Week:
    """
    scores     exercise -> how it went
    reviews    topic -> [cards answered, of them recalled]
    runs       run -> [lab, the last that happened to it]
    notes      topic#anchor -> revisions
    papers     sitting -> [TRACK/UNIT or TRACK/TEST, the last that happened to it, right, of how many]
    """

    scores: dict[str, Score] = field(default_factory=dict)
    reviews: dict[str, list[int]] = field(default_factory=dict)
    runs: dict[str, list[str]] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    papers: dict[str, list[Any]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class Weeks:
    """The fold. `recent`: the reviews of the newest days, of which one may be taken back."""

    zone: tzinfo | None
    weeks: dict[str, Week] = field(default_factory=dict)
    recent: dict[str, list[Any]] = field(default_factory=dict)

    def take(self, event: Happening) -> None:
        kind, subject, data = event.kind, event.subject, event.data
        key = week_of(event.at, self.zone)
        if kind == "attempt":
            score = self._week(key).scores.setdefault(subject, Score())
            score.attempts += 1
            score.last = str(data.get("verdict", ""))
            score.passed = score.passed or score.last == "pass"
            if score.last == "wrong" and data.get("name"):
                score.mistakes[data["name"]] = score.mistakes.get(data["name"], 0) + 1
        elif kind == "review":
            self._review(event, key)
        elif kind == "undo" and data.get("event") in self.recent:
            week, topic, recalled, _ = self.recent.pop(data["event"])
            told = self.weeks[week].reviews[topic]
            told[:] = [told[0] - 1, told[1] - recalled]
            if not told[0]:
                del self.weeks[week].reviews[topic]
        elif kind == "run" and data.get("what") in ("queued", *ENDS):
            self._week(key).runs[data["run"]] = [subject, data["what"]]
        elif kind == "note" and not str(data.get("text", "")).strip():
            for week in self.weeks.values():
                week.notes.pop(subject, None)
        elif kind == "note":
            notes = self._week(key).notes
            notes[subject] = notes.get(subject, 0) + 1
        elif kind == "paper" and data.get("what") == "began":
            self._week(key).papers[subject] = [str(data["of"]), "began", 0, len(data["items"])]
        elif kind == "paper" and data.get("what") == "ended":
            self._week(key).papers[subject] = [str(data["of"]), "ended", int(data["right"]), int(data["all"])]
        elif kind == "paper" and data.get("what") in ("given-up", "taken-up"):
            known = next((w.papers[subject] for w in reversed(self.weeks.values()) if subject in w.papers), None)
            if known is not None and known[1] != "ended":
                what = "given-up" if data["what"] == "given-up" else "began"
                self._week(key).papers[subject] = [known[0], what, 0, known[3]]

    def _week(self, key: str) -> Week:
        return self.weeks.setdefault(key, Week())

    def _review(self, event: Happening, key: str) -> None:
        at = event.at.astimezone(self.zone)
        day = day_of(at, at).isoformat()
        topic = event.subject.removeprefix("mistake:").partition("/")[0]
        recalled = int(event.data.get("rating", 0) > FORGOT)
        since = (date.fromisoformat(day) - RECENT).isoformat()
        self.recent = {id: told for id, told in self.recent.items() if told[3] >= since}
        if event.id not in self.recent:
            self.recent[event.id] = [key, topic, recalled, day]
            told = self._week(key).reviews.setdefault(topic, [0, 0])
            told[:] = [told[0] + 1, told[1] + recalled]

    def as_dict(self) -> dict[str, Any]:
        return {"weeks": {key: week.as_dict() for key, week in self.weeks.items()}, "recent": dict(self.recent)}

    @staticmethod
    def from_dict(row: Mapping[str, Any], zone: tzinfo | None) -> "Weeks":
        weeks = {
            key: Week(**week | {"scores": {id: Score(**score) for id, score in week["scores"].items()}})
            for key, week in row["weeks"].items()
        }
        return Weeks(zone, weeks, dict(row["recent"]))


@dataclass(frozen=True, slots=True)
class Sat:
    """A paper of a checkpoint or stage test. `what`: began, given-up, or ended (handed in, or its time was up), with so
    many right."""

    paper: str
    of: str
    what: str
    right: int
    all: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Told:
    """What was done with one topic. `runs` as (run, lab, what happened last)."""

    topic: str
    scores: Mapping[str, Score]
    reviews: tuple[int, int]
    runs: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]
    open: tuple[Question, ...]
    answered: tuple[Question, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "topic": self.topic,
            "scores": {id: asdict(score) for id, score in self.scores.items()},
            "reviews": {"answered": self.reviews[0], "recalled": self.reviews[1]},
            "runs": [{"run": run, "lab": lab, "what": what} for run, lab, what in self.runs],
            "notes": list(self.notes),
            "open": [question.as_dict() for question in self.open],
            "answered": [question.as_dict() for question in self.answered],
        }


def summary(
    weeks: Iterable[Week],
    asked: Iterable[Question],
    course: Course,
    *,
    answered: Iterable[Question] = (),
    only: Set[str] | None = None,
) -> tuple[Told, ...]:
    """What these weeks and questions say of each topic, in the order of the course; with `only` of those alone.

    asked     the questions of that time: those still open are told as open
    answered  the questions answered in that time
    """  # fmt: skip
    all = list(weeks)
    scores, reviews, runs, notes = dict[str, Score](), dict[str, list[int]](), dict[str, list[str]](), dict[str, None]()
    for week in all:
        for id, score in week.scores.items():
            scores[id] = added(scores[id], score) if id in scores else score
        for topic, (count, recalled) in week.reviews.items():
            before = reviews.get(topic, [0, 0])
            reviews[topic] = [before[0] + count, before[1] + recalled]
        runs |= week.runs
        notes |= dict.fromkeys(week.notes)
    still = [question for question in asked if question.state == "open"]
    closed = [question for question in answered if question.state == "answered"]
    homes = [*scores, *(lab for lab, _ in runs.values())]
    met = {id.partition("/")[0] for id in homes} | {*reviews} | {note.partition("#")[0] for note in notes}
    met |= {question.topic for question in (*still, *closed)}
    met = {topic for topic in met if not WEEK.fullmatch(topic) and (only is None or topic in only)}
    order = [*(topic for topic in course.topics if topic in met), *sorted(met - set(course.topics))]
    return tuple(
        Told(
            topic,
            {id: score for id, score in scores.items() if id.partition("/")[0] == topic},
            (reviews.get(topic, [0, 0])[0], reviews.get(topic, [0, 0])[1]),
            tuple((run, lab, what) for run, (lab, what) in runs.items() if lab.partition("/")[0] == topic),
            tuple(note for note in notes if note.partition("#")[0] == topic),
            tuple(question for question in still if question.topic == topic),
            tuple(question for question in closed if question.topic == topic),
        )
        for topic in order
    )


def added(one: Score, other: Score) -> Score:
    """Two scores of an exercise, the later one last."""
    names = [*one.mistakes, *(name for name in other.mistakes if name not in one.mistakes)]
    mistakes = {name: one.mistakes.get(name, 0) + other.mistakes.get(name, 0) for name in names}
    return Score(one.attempts + other.attempts, one.passed or other.passed, other.last or one.last, mistakes)


def of_week(weeks: Weeks, questions: Mapping[str, Question], course: Course, key: str) -> tuple[Told, ...]:
    """What one week says of each topic."""
    asked = [q for q in questions.values() if week_of(q.at, weeks.zone) == key]
    answered = [q for q in questions.values() if q.answered and week_of(q.answered, weeks.zone) == key]
    return summary([weeks.weeks.get(key, Week())], asked, course, answered=answered)


def of_unit(weeks: Weeks, questions: Mapping[str, Question], course: Course, topics: Set[str]) -> tuple[Told, ...]:
    """What all weeks say of the topics of a unit."""
    every = list(questions.values())
    return summary([weeks.weeks[key] for key in sorted(weeks.weeks)], every, course, answered=every, only=topics)


def papers(weeks: Weeks, key: str = "", of: str = "") -> tuple[Sat, ...]:
    """The papers of a week, or all those of a unit TRACK/UNIT, as they stood when that time was over."""
    told: dict[str, list[Any]] = {}
    for name in [key] if key else sorted(weeks.weeks):
        told |= weeks.weeks.get(name, Week()).papers
    found = (Sat(id, *row) for id, row in told.items())
    return tuple(sat for sat in found if of in ("", sat.of))


def week_of(at: datetime, zone: tzinfo | None) -> str:
    """2026-W47"""
    local = at.astimezone(zone)
    year, week, _ = day_of(local, local).isocalendar()
    return f"{year}-W{week:02}"


def days_of(key: str) -> tuple[date, date]:
    """The Monday and the Sunday of a week. Raises ValueError where the year has no such week."""
    monday = date.fromisocalendar(int(key[:4]), int(key[6:]), 1)
    return monday, monday + timedelta(days=6)


def weeks(events: Iterable[Happening], now: datetime) -> Weeks:
    """All weeks of these events."""
    fold = Weeks(now.tzinfo)
    for event in events:
        fold.take(event)
    return fold
