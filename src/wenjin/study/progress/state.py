"""Where a learner stands: derived from the events and the course, and from nothing else.

Pure: the same events give the same state, whatever the clock says. Events of exercises that the course does not have
(any more) are left alone; they stay in the log.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
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


@dataclass(slots=True)
class Tries:
    """What the events of one exercise have come to."""

    attempts: int = 0
    passed: bool = False
    mistakes: dict[str, int] = field(default_factory=dict)
    hints: int = 0
    last: str | None = None

    def take(self, event: Happening) -> None:
        if event.kind == "attempt":
            verdict, name = event.data.get("verdict"), event.data.get("name")
            self.attempts += 1
            self.last = verdict
            self.passed = self.passed or verdict == "pass"
            if verdict == "wrong" and name:
                self.mistakes[name] = self.mistakes.get(name, 0) + 1
        elif event.kind == "hint":
            self.hints = max(self.hints, int(event.data.get("number", 0)))

    def standing(self, exercise: Exercise) -> Standing:
        return Standing(
            status="passed" if self.passed else "tried" if self.attempts else "new",
            attempts=self.attempts,
            mistakes=dict(self.mistakes),
            hints=min(self.hints, len(exercise.hints)),
            solution_open=self.passed or 0 < len(exercise.hints) <= self.hints,
            last=self.last,
        )


@dataclass(slots=True)
class States:
    """The fold: tries by exercise, and the newest settings."""

    tries: dict[str, Tries] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def take(self, event: Happening) -> None:
        if event.kind == "setting":
            self.settings[event.subject] = event.data.get("value")
        elif event.kind in ("attempt", "hint"):
            self.tries.setdefault(event.subject, Tries()).take(event)

    def progress(self, course: Course) -> Progress:
        written = {name: exercise for name, exercise in course.exercises.items() if exercise.written}
        standings = {name: self.tries.get(name, Tries()).standing(exercise) for name, exercise in written.items()}
        return Progress(standings, dict(self.settings))

    def as_dict(self) -> dict[str, Any]:
        return {"tries": {name: asdict(tries) for name, tries in self.tries.items()}, "settings": dict(self.settings)}

    @staticmethod
    def from_dict(row: Mapping[str, Any]) -> "States":
        return States({name: Tries(**told) for name, told in row["tries"].items()}, dict(row["settings"]))


def state(events: Iterable[Happening], course: Course) -> Progress:
    """The state that these events, in their order, have led to."""
    fold = States()
    for event in events:
        fold.take(event)
    return fold.progress(course)


def standing(exercise: Exercise, events: Iterable[Happening]) -> Standing:
    """Where one exercise stands after its own events."""
    tries = Tries()
    for event in events:
        tries.take(event)
    return tries.standing(exercise)
