"""Which of the eight passes over a topic were begun and done, and how often it was explained back. Pure, from events.

pass     subject topic  {"pass": "code", "what": "begun" | "done", "text": what the learner found}
explain  subject topic  {"missing": [idea], "errors": [error], "text": the explanation}
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from wenjin.study.course.passes import PASSES
from wenjin.study.progress.state import Happening

Stage = Literal["begun", "done"]


@dataclass(slots=True)
class Read:
    """`passes`: how far each was taken; `explained`: how often, and whether once without a gap."""

    passes: dict[str, Stage] = field(default_factory=dict)
    explained: int = 0
    whole: bool = False

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
            read.whole = read.whole or not (event.data.get("missing") or event.data.get("errors"))

    def as_dict(self) -> dict[str, Any]:
        return {topic: asdict(read) for topic, read in self.topics.items()}

    @staticmethod
    def from_dict(row: Mapping[str, Any]) -> "Passes":
        return Passes({topic: Read(**read) for topic, read in row.items()})


def passes(events: Iterable[Happening]) -> Mapping[str, Read]:
    """Topic -> how it was read again."""
    fold = Passes()
    for event in events:
        fold.take(event)
    return fold.topics
