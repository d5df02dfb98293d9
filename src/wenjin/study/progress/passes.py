"""Which of the eight passes over a topic were begun and done, which one is next, and how it was explained back. Pure.

pass     subject topic  {"pass": "code", "what": "begun" | "done", "text": what the learner found}
explain  subject topic  {"missing": [idea], "errors": [error], "text": the explanation}
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from wenjin.study.course.passes import PASSES
from wenjin.study.progress.state import Happening

Stage = Literal["begun", "done"]
Why = Literal["begun", "missing", "wrong", "order"]


@dataclass(slots=True)
class Read:
    """`passes`: how far each was taken; `explained`: how often, and whether once without a gap; `gaps`: the ideas that
    the last explanation lacked and its errors."""

    passes: dict[str, Stage] = field(default_factory=dict)
    explained: int = 0
    whole: bool = False
    gaps: list[str] = field(default_factory=list)

    @property
    def done(self) -> list[str]:
        return [name for name in PASSES if self.passes.get(name) == "done"]


@dataclass(slots=True)
class Passes:
    """The fold: a row for each topic that was read again."""

    topics: dict[str, Read] = field(default_factory=dict)

    def take(self, event: Happening) -> None:
        if event.kind == "pass" and event.data.get("pass") in PASSES:
            read = self.topics.setdefault(event.subject, Read())
            before = read.passes.get(event.data["pass"])
            read.passes[event.data["pass"]] = "done" if "done" in (before, event.data.get("what")) else "begun"
        elif event.kind == "explain":
            read = self.topics.setdefault(event.subject, Read())
            read.explained += 1
            read.gaps = ideas(event.data, "missing") + ideas(event.data, "errors")
            read.whole = read.whole or not read.gaps

    def copy(self) -> dict[str, Read]:
        """The rows, which later events leave alone."""
        return {topic: Read(dict(read.passes), read.explained, read.whole) for topic, read in self.topics.items()}

    def as_dict(self) -> dict[str, Any]:
        return {topic: asdict(read) for topic, read in self.topics.items()}

    @staticmethod
    def from_dict(row: Mapping[str, Any]) -> "Passes":
        return Passes({topic: Read(**read) for topic, read in row.items()})


@dataclass(frozen=True, slots=True)
class Since:
    """An explanation beside the one before: the ideas it gained and lost, the errors that are gone and that are new."""

    gained: tuple[str, ...]
    lost: tuple[str, ...]
    mended: tuple[str, ...]
    made: tuple[str, ...]


def since(before: Mapping[str, Any], now: Mapping[str, Any]) -> Since:
    """What changed from one explanation to the next: both as their events' data. An idea that the rubric has only since
    counts as lacking before, which is what the learner would be told of it today."""

    def gone(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(id for id in ideas(one, name) if id not in ideas(other, name))

    return Since(
        gone("missing", before, now), gone("missing", now, before), gone("errors", before, now),
        gone("errors", now, before),
    )  # fmt: skip


def ideas(data: Mapping[str, Any], name: str) -> list[str]:
    """The ids that an explanation's event lists; an event of another make lists none."""
    listed = data.get(name)
    return [id for id in listed if isinstance(id, str)] if isinstance(listed, list) else []


def upcoming(read: Read, *, wrong: bool = False) -> tuple[str, Why] | None:
    """The pass to take next, and why; None when all are done. `wrong`: an exercise of the topic was tried and is not
    passed.

    What was begun is finished first. Where the last explanation had a gap, the chain of questions comes next; where an
    exercise does not pass, the code; else the order of the eight.
    """
    left = [name for name in PASSES if read.passes.get(name) != "done"]
    begun = [name for name in left if name in read.passes]
    if begun:
        return begun[0], "begun"
    if read.gaps and "question" in left:
        return "question", "missing"
    if wrong and "code" in left:
        return "code", "wrong"
    return (left[0], "order") if left else None


def passes(events: Iterable[Happening]) -> Mapping[str, Read]:
    """Topic -> how it was read again."""
    fold = Passes()
    for event in events:
        fold.take(event)
    return fold.topics
