"""All that the pages need of the log, in one fold: what is done, what shows mastery, how each card stands, which days.

A page then costs the newest events, not years of them; and what a ledger holds is plain JSON, so a start can go on from
a kept one. What a fold is, its own module says; here they only go side by side. Pure.

    ledger.take(event)        one more event, in the order of the log
    ledger.learner(now)       what plan, pace and Today are views of
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from wenjin.study.course.graph import Course
from wenjin.study.progress.days import Days
from wenjin.study.progress.evidence import Evidences
from wenjin.study.progress.mastery import view
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

    def learner(self, now: datetime) -> Learner:
        return Learner(self.course, self.work, view(self.evidences, now), now)

    def as_dict(self) -> dict[str, Any]:
        return {
            "states": self.states.as_dict(),
            "work": self.work.as_dict(),
            "evidences": self.evidences.as_dict(),
            "days": self.days.as_dict(),
            "recall": self.recall.as_dict() if self.recall is not None else None,
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
        )


def empty(course: Course, zone: tzinfo | None) -> Ledger:
    """The ledger of a log without events. `zone`: where the learner lives."""
    return Ledger(course, States(), Work(zone), Evidences(course), Days(zone), Recall(zone))


def ledger(events: Iterable[Happening], course: Course, now: datetime) -> Ledger:
    """What these events, in their order, come to."""
    found = empty(course, now.tzinfo)
    for event in events:
        found.take(event)
    return found
