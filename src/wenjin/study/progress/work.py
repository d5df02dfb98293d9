"""What of the course's work is done, on which day, and what the learner has set: what plan, pace and Today start from.

    attempt  an exercise's id        {"verdict": …}                    the first pass counts, with its day
    run      a lab's id              {"run": …, "what": …}             a lab is done once a run of it finished
    project  a project's id          {"what": "done" | "open"}         what the learner says of it
    setting  tracks track path hours shares begun promised seen        the newest value of each
    place    a placement test's id   {"what": "began" | "ended" | …}   whether one is open, whether there was any
    week     a week                  a weekly check                    which weeks were judged

`Work` is the fold: it holds one entry for each exercise, lab and project, and the runs that are open. `Learner` is what
all else here is a view of: the work, the mastery of every topic, and the present. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from functools import cached_property
from typing import Any, Literal

from wenjin.study.course.graph import Course, Topic
from wenjin.study.progress import week
from wenjin.study.progress.mastery import Mastery, mastery
from wenjin.study.progress.recall import Happening, day_of

KEYS = ("tracks", "track", "path", "hours", "shares", "begun", "promised", "seen", "met")
BEGINNING = ("attempt", "review", "run", "note", "cards", "place", "paper")
GOING = ("queued", "started", "resumed")
OPEN = 50  # of runs that were begun and never ended, so many of the newest are kept in mind

Status = Literal["new", "tried", "passed"]


@dataclass(slots=True)
class Run:
    """A run of a lab that has neither finished nor failed: still going, or stopped and kept."""

    lab: str
    going: bool
    since: str


@dataclass(slots=True)
class Work:
    """The fold. Days are the learner's, which end at four in the morning; `tried` ends with what was tried last.
    `placing`: the placement test that is open; `placed`: one was begun; `judged`: weeks with a check."""

    zone: tzinfo | None
    began: bool = False
    passed: dict[str, str] = field(default_factory=dict)
    tried: dict[str, None] = field(default_factory=dict)
    finished: dict[str, str] = field(default_factory=dict)
    projects: dict[str, str] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    placing: str = ""
    placed: bool = False
    judged: set[str] = field(default_factory=set)

    def take(self, event: Happening) -> None:
        self.began = self.began or event.kind in BEGINNING
        match event.kind:
            case "attempt":
                self.tried.pop(event.subject, None)
                self.tried[event.subject] = None
                if event.data.get("verdict") == "pass":
                    self.passed.setdefault(event.subject, self._day(event))
            case "run":
                self._run(event)
            case "project":
                if event.data.get("what") == "done":
                    self.projects.setdefault(event.subject, self._day(event))
                else:
                    self.projects.pop(event.subject, None)
            case "place" if event.data.get("what") == "began":
                self.placing, self.placed = event.subject, True
            case "place" if event.data.get("what") == "ended" and event.subject == self.placing:
                self.placing = ""
            case "week" if week.read(event) is not None:
                self.judged.add(event.subject)
            case "setting" if event.subject in KEYS:
                self.settings[event.subject] = event.data.get("value")

    def _run(self, event: Happening) -> None:
        run, what = str(event.data.get("run")), event.data.get("what")
        if what == "finished":
            self.finished.setdefault(event.subject, self._day(event))
        if what in ("finished", "failed"):
            self.runs.pop(run, None)
        elif what in GOING or what == "stopped":
            known = self.runs.get(run)
            self.runs[run] = Run(event.subject, what in GOING, known.since if known else event.at.isoformat())
            if len(self.runs) > OPEN:
                del self.runs[next(iter(self.runs))]

    def _day(self, event: Happening) -> str:
        at = event.at.astimezone(self.zone)
        return day_of(at, at).isoformat()

    def copy(self) -> "Work":
        """The same, which later events leave alone."""
        done = dict(self.passed), dict(self.tried), dict(self.finished), dict(self.projects)
        kept = self.placing, self.placed, set(self.judged)
        return Work(self.zone, self.began, *done, dict(self.runs), dict(self.settings), *kept)

    def as_dict(self) -> dict[str, Any]:
        runs = {id: [run.lab, run.going, run.since] for id, run in self.runs.items()}
        held = {name: dict(getattr(self, name)) for name in ("passed", "finished", "projects", "settings")}
        told = {"placing": self.placing, "placed": self.placed, "judged": sorted(self.judged)}
        return {"began": self.began, "tried": list(self.tried), "runs": runs, **held, **told}

    @staticmethod
    def from_dict(row: Mapping[str, Any], zone: tzinfo | None) -> "Work":
        runs = {id: Run(*told) for id, told in row["runs"].items()}
        held: dict[str, Any] = {name: dict(row[name]) for name in ("passed", "finished", "projects", "settings")}
        work = Work(zone, row["began"], tried=dict.fromkeys(row["tried"]), runs=runs, **held)
        work.placing, work.placed, work.judged = row["placing"], row["placed"], set(row["judged"])
        return work


@dataclass(frozen=True)
class Learner:
    """One learner at a moment. `now` has the learner's time zone."""

    course: Course
    work: Work
    mastery: Mapping[str, Mastery]
    now: datetime

    @property
    def today(self) -> date:
        return day_of(self.now, self.now)

    @cached_property
    def done(self) -> frozenset[str]:
        """The topics that need no more study: known by whatever showed it, or with all their exercises passed."""
        return frozenset(topic.id for topic in self.course.topics.values() if self._done(topic))

    def _done(self, topic: Topic) -> bool:
        """A topic that fades is one for the reviews, not one to be learned again."""
        known = self.mastery.get(topic.id)
        if known is not None and known.standing in ("known", "fading"):
            return True
        own = [exercise.id for exercise in topic.exercises if exercise.written]
        return bool(own) and all(id in self.work.passed for id in own)

    def value(self, topic: str) -> float:
        """How well a topic is held, 0 to 1; 0 where nothing was shown yet."""
        held = self.mastery.get(topic)
        return held.value if held is not None and held.evidence else 0.0

    def status(self, exercise: str) -> Status:
        return "passed" if exercise in self.work.passed else "tried" if exercise in self.work.tried else "new"

    def share(self, topic: Topic) -> float:
        """What part of a topic is done: of its written exercises and labs, those passed and finished."""
        if topic.id in self.done:
            return 1.0
        pieces = written(topic)
        return sum(id in self.work.passed or id in self.work.finished for id in pieces) / len(pieces) if pieces else 0.0

    def left(self, topic: Topic) -> int:
        """Minutes of a topic that are still to be studied."""
        return round(topic.minutes * (1 - self.share(topic)))


def written(topic: Topic) -> list[str]:
    """The exercises and labs of a topic that can be done."""
    labs = [lab.id for lab in topic.labs if lab.written]
    return [exercise.id for exercise in topic.exercises if exercise.written] + labs


def learner(events: Iterable[Happening], course: Course, now: datetime) -> Learner:
    """The learner that these events, in their order, have made."""
    told = list(events)
    work = Work(now.tzinfo)
    for event in told:
        work.take(event)
    return Learner(course, work, mastery(told, course, now), now)
