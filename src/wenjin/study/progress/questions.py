"""The learner's questions, each at the place of a lesson where it arose: asked, answered in own words, open again.

    question  subject topic#anchor
              {"what": "asked", "text", "tried", "language", "version", "lesson"}   its id is the event's
              {"what": "answered", "question", "text"}
              {"what": "reopened" | "removed" | "restored", "question"}

Pure: the same events give the same questions. What is removed can be brought back; the log keeps all of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from wenjin.study.progress.recall import Happening

State = Literal["open", "answered", "removed"]
STATES: tuple[State, ...] = ("open", "answered", "removed")


@dataclass(frozen=True, slots=True)
class Question:
    """
    tried            what the learner had tried, in their words
    language         which of the two lessons they read
    version, lesson  of the course, and the digest of that lesson's text, when it was asked
    answer           in the learner's own words; it stays when the question is opened again
    """

    id: str
    topic: str
    anchor: str
    text: str
    at: datetime
    tried: str = ""
    language: str = "zh"
    version: str = ""
    lesson: str = ""
    answer: str = ""
    answered: datetime | None = None
    removed: bool = False

    @property
    def place(self) -> str:
        return f"{self.topic}#{self.anchor}"

    @property
    def state(self) -> State:
        return "removed" if self.removed else "answered" if self.answered else "open"

    def as_dict(self) -> dict[str, Any]:
        """For scripts, and for a snapshot."""
        answered = self.answered.isoformat() if self.answered else None
        return asdict(self) | {"at": self.at.isoformat(), "answered": answered, "state": self.state}

    @staticmethod
    def from_dict(row: Mapping[str, Any]) -> "Question":
        told = {name: value for name, value in row.items() if name != "state"}
        answered = datetime.fromisoformat(row["answered"]) if row["answered"] else None
        return Question(**told | {"at": datetime.fromisoformat(row["at"]), "answered": answered})


@dataclass(slots=True)
class Questions:
    """The fold. Its size is that of what the learner asked."""

    every: dict[str, Question] = field(default_factory=dict)

    def take(self, event: Happening) -> None:
        if event.kind != "question":
            return
        what, data = event.data.get("what"), event.data
        if what == "asked" and event.id not in self.every:
            topic, _, anchor = event.subject.partition("#")
            told = {name: data[name] for name in ("tried", "language", "version", "lesson") if name in data}
            self.every[event.id] = Question(event.id, topic, anchor, data["text"], event.at, **told)
        known = self.every.get(data.get("question", ""))
        if known is None:
            return
        if what == "answered":
            known = replace(known, answer=data["text"], answered=event.at)
        elif what == "reopened":
            known = replace(known, answered=None)
        elif what in ("removed", "restored"):
            known = replace(known, removed=what == "removed")
        self.every[known.id] = known

    def as_dict(self) -> dict[str, Any]:
        return {"questions": [question.as_dict() for question in self.every.values()]}

    @staticmethod
    def from_dict(row: Mapping[str, Any]) -> "Questions":
        made = [Question.from_dict(one) for one in row["questions"]]
        return Questions({question.id: question for question in made})


def questions(events: Iterable[Happening]) -> Mapping[str, Question]:
    """All questions by id, in the order in which they were asked; those that are removed too."""
    fold = Questions()
    for event in events:
        fold.take(event)
    return fold.every
