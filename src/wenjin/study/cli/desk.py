"""What the exercise commands share: the course, the learner's log and files, and the judge, each opened when needed."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from wenjin.kit.text import Language, Text
from wenjin.study.cli.records import kept
from wenjin.study.cli.sheet import sheet
from wenjin.study.cli.views import title
from wenjin.study.course.graph import Course, Exercise
from wenjin.study.course.load import load
from wenjin.study.judge.attempt import attempt
from wenjin.study.judge.client import Judge, local_judge
from wenjin.study.progress.state import Progress, Standing, standing
from wenjin.study.store.log import happened
from wenjin.study.store.owner import SharedLog, open_log
from wenjin.study.store.places import Places
from wenjin.study.store.workspace import Starter, Workspace

if TYPE_CHECKING:
    from wenjin.study.web.record import Record

UNKNOWN = Text(
    "没有名为 {name} 的练习；用 wenjin list 看全部练习。",
    "There is no exercise called {name}; wenjin list shows them all.",
)
NEAR = Text(
    "没有名为 {name} 的练习；是不是 {names}？用 wenjin list 看全部练习。",
    "There is no exercise called {name}; did you mean {names}? wenjin list shows them all.",
)


class NoSuchExercise(LookupError):
    """No exercise, or more than one, has this name."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class Desk:
    """One learner's place of work. A context manager: leaving it ends the judge and closes the log."""

    def __init__(
        self,
        places: Places,
        language: Language,
        *,
        course: Callable[[], Course] = load,
        judge: Callable[[], Judge] = local_judge,
    ) -> None:
        self.places, self.language = places, language
        self._load, self._start = course, judge
        self._open = ExitStack()
        self.files = Workspace(places.workspace)

    def __enter__(self) -> "Desk":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @cached_property
    def course(self) -> Course:
        return self._load()

    @cached_property
    def log(self) -> SharedLog:
        log = open_log(self.places, role="command")
        self._open.callback(log.close)
        return log

    @cached_property
    def record(self) -> "Record":
        """What the log comes to."""
        log = self.log  # opened first, since it is closed last
        return self._open.enter_context(kept(log, self.course, self.places))

    @cached_property
    def judge(self) -> Judge:
        judge = self._start()
        self._open.callback(judge.close)
        judge.warm()
        return judge

    def find(self, name: str) -> Exercise:
        """`topic/exercise`, or `exercise` where only one has that name; NoSuchExercise with the nearest names."""
        asked = name.strip().removesuffix(".py").removesuffix(".toml").replace("_", "-")
        found = self.course.exercise(asked)
        if found is not None:
            return found
        written = [exercise for exercise in self.course.exercises.values() if exercise.written]
        near = [exercise.id for exercise in written if exercise.name == asked]
        near = near or get_close_matches(asked, [e.id for e in written] + [e.name for e in written], 3, 0.5)
        raise NoSuchExercise(NEAR.format(name=name, names=", ".join(near)) if near else UNKNOWN.format(name=name))

    def starter(self, exercise: Exercise, variant: int = 0) -> Starter:
        if exercise.code:
            return Starter(exercise.id, ".py", exercise.starter)
        problem = self.judge.problem(exercise.id, variant)
        return Starter(exercise.id, ".toml", sheet(title(exercise, self.language), problem, self.language))

    def attempt(self, exercise: Exercise, answer: bytes, source: str, confirmed: bool = False) -> dict[str, Any]:
        """The verdict on an answer, recorded."""
        return attempt(self.judge, self.log, exercise.id, answer, source=source, confirmed=confirmed)

    def standing(self, exercise: Exercise) -> Standing:
        return standing(exercise, self.log.events(subject=exercise.id))

    def progress(self) -> Progress:
        return self.record.progress()

    def open_hint(self, exercise: Exercise) -> int:
        """Open the next hint; returns how many are open now, of `len(exercise.hints)`."""
        opened = self.standing(exercise).hints
        if opened < len(exercise.hints):
            opened += 1
            self.log.append(happened("hint", exercise.id, {"exercise": exercise.id, "number": opened}))
        return opened

    def reset(self, exercise: Exercise, now: datetime) -> tuple[Path, Path | None]:
        """Lay the starter again, with fresh numbers where it has some: its file, and where the old text is kept."""
        starter = self.starter(exercise, len(self.log.events("reset", exercise.id)) + 1)
        kept = self.files.reset(starter, now)
        self.log.append(happened("reset", exercise.id, {"exercise": exercise.id}))
        return self.files.file(starter), kept

    def solution(self, exercise: Exercise) -> str | None:
        """The reference answer once it is open; None before."""
        if not self.standing(exercise).solution_open:
            return None
        text = self.judge.solution(exercise.id)
        self.log.append(happened("solution", exercise.id, {"exercise": exercise.id}))
        return text
