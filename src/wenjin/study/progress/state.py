"""Where a learner stands: derived from the events and the course, and from nothing else.

Pure: the same events give the same state, whatever the clock says. Events of exercises that the course does not have
(any more) are left alone; they stay in the log.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from wenjin.study.course.graph import Course, Exercise

Status = Literal["new", "tried", "passed"]


class Happening(Protocol):
    """What is read of an event."""

    @property
    def kind(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def data(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """
    status         new, tried (at least one attempt), passed (at least one passed; a later failure does not undo it)
    attempts       how many answers were judged
    mistakes       how often each named mistake was made
    hints          how many hints were opened
    solution_open  whether the reference answer may be read: after a pass, or after the last hint
    last           the verdict of the newest attempt
    """

    status: Status = "new"
    attempts: int = 0
    mistakes: Mapping[str, int] = field(default_factory=dict)
    hints: int = 0
    solution_open: bool = False
    last: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """exercises: one standing for each written exercise, in the order of the course; settings: the newest values."""

    exercises: Mapping[str, Standing]
    settings: Mapping[str, Any]

    @property
    def passed(self) -> int:
        return sum(standing.status == "passed" for standing in self.exercises.values())

    def following(self, after: str | None = None) -> str | None:
        """The first exercise that is not passed, looked for behind `after` and then from the start."""
        names = list(self.exercises)
        turn = names.index(after) + 1 if after in names else 0
        order = names[turn:] + names[:turn]
        return next((name for name in order if self.exercises[name].status != "passed"), None)


def state(events: Iterable[Happening], course: Course) -> Progress:
    """The state that these events, in their order, have led to."""
    written = {name: exercise for name, exercise in course.exercises.items() if exercise.written}
    seen: dict[str, list[Happening]] = {name: [] for name in written}
    settings: dict[str, Any] = {}
    for event in events:
        if event.kind == "setting":
            settings[event.subject] = event.data.get("value")
        elif event.subject in seen:
            seen[event.subject].append(event)
    return Progress({name: standing(written[name], events) for name, events in seen.items()}, settings)


def standing(exercise: Exercise, events: Iterable[Happening]) -> Standing:
    """Where one exercise stands after its own events."""
    attempts = [event.data for event in events if event.kind == "attempt"]
    mistakes: dict[str, int] = {}
    for attempt in attempts:
        if attempt.get("verdict") == "wrong" and attempt.get("name"):
            mistakes[attempt["name"]] = mistakes.get(attempt["name"], 0) + 1
    passed = any(attempt.get("verdict") == "pass" for attempt in attempts)
    hints = max((int(event.data.get("number", 0)) for event in events if event.kind == "hint"), default=0)
    return Standing(
        status="passed" if passed else "tried" if attempts else "new",
        attempts=len(attempts),
        mistakes=mistakes,
        hints=min(hints, len(exercise.hints)),
        solution_open=passed or 0 < len(exercise.hints) <= hints,
        last=attempts[-1].get("verdict") if attempts else None,
    )
