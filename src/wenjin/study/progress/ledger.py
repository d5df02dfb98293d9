"""What most pages need of the log, in one fold: what is done, what shows mastery, how each card stands, which days; the
learner's questions, papers and passes.

A page then costs the newest events, not years of them; and what a ledger holds is plain JSON, so a start can go on from
a kept one. What a fold is, its own module says; here they only go side by side. Pure.

    ledger.take(event)        one more event, in the order of the log
    ledger.learner(now)       what plan, pace and Today are views of

Omits   what is known of single weeks: diary.py
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from wenjin.study.course.graph import Course
from wenjin.study.progress.days import Days
from wenjin.study.progress.evidence import Evidences
from wenjin.study.progress.mastery import view
from wenjin.study.progress.paper import Sittings
from wenjin.study.progress.passes import Passes
from wenjin.study.progress.questions import Questions
from wenjin.study.progress.recall import Happening, Recall, Replay
from wenjin.study.progress.state import States
from wenjin.study.progress.work import Learner, Work


@dataclass(slots=True)
class Ledger:
    """`recall` is None once something happened to the cards that only the whole log tells (`recall.Replay`): whoever
    has the log puts a new one there."""

    course: Course
    states: States
    work: Work
    evidences: Evidences
    days: Days
    recall: Recall | None
    questions: Questions
    sittings: Sittings
    passes: Passes

    def take(self, event: Happening) -> None:
        self.states.take(event)
        self.work.take(event)
        self.evidences.take(event)
        self.days.take(event)
        if self.recall is not None:
            try:
                self.recall.take(event)
            except Replay:
                self.recall = None
        match event.kind:
            case "question":
                self.questions.take(event)
            case "paper":
                self.sittings.take(event)
            case "pass" | "explain":
                self.passes.take(event)

    def learner(self, now: datetime) -> Learner:
        """The learner as of now; what comes later changes nothing of it."""
        return Learner(self.course, self.work.copy(), view(self.evidences, now), now)

    def as_dict(self) -> dict[str, Any]:
        return {
            "states": self.states.as_dict(),
            "work": self.work.as_dict(),
            "evidences": self.evidences.as_dict(),
            "days": self.days.as_dict(),
            "recall": self.recall.as_dict() if self.recall is not None else None,
            "questions": self.questions.as_dict(),
            "sittings": self.sittings.as_dict(),
            "passes": self.passes.as_dict(),
        }

    @staticmethod
    def from_dict(row: Mapping[str, Any], course: Course, zone: tzinfo | None) -> "Ledger":
        return Ledger(
            course,
            States.from_dict(row["states"]),
            Work.from_dict(row["work"], zone),
            Evidences.from_dict(row["evidences"], course),
            Days.from_dict(row["days"], zone),
            Recall.from_dict(row["recall"], zone) if row["recall"] is not None else None,
            Questions.from_dict(row["questions"]),
            Sittings.from_dict(row["sittings"]),
            Passes.from_dict(row["passes"]),
        )


def empty(course: Course, zone: tzinfo | None) -> Ledger:
    """The ledger of a log without events. `zone`: where the learner lives."""
    begun = (States(), Work(zone), Evidences(course), Days(zone), Recall(zone))
    return Ledger(course, *begun, Questions(), Sittings(), Passes())


def ledger(events: Iterable[Happening], course: Course, now: datetime) -> Ledger:
    """What these events, in their order, come to."""
    found = empty(course, now.tzinfo)
    for event in events:
        found.take(event)
    return found
