"""The gate of a topic: a few fresh items that prove it to be known, for whoever does not want to do all of it. Pure.

    gate    subject: the topic
            {"what": "began", "gate": id}
            {"what": "answered", "gate", "exercise", "variant", "verdict", "right", "name", "section"}
            {"what": "ended", "gate", "passed", "share"}

The items are the topic's exercises that are no programs, each once, then again those whose numbers are drawn afresh, to
WANTED items. Of four items one may be wrong; of fewer none. A gate can be taken again, with other numbers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wenjin.study.course.graph import Topic
from wenjin.study.progress.belief import KINDS
from wenjin.study.progress.deck import Happening
from wenjin.study.progress.placement import Item, drawn

WANTED = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """`section`: where the lesson speaks of the mistake that was made."""

    exercise: str
    variant: int
    right: bool
    name: str | None = None
    section: str | None = None


@dataclass(slots=True)
class Sitting:
    """The newest gate test of a topic. `passed` is None until it has ended."""

    id: str
    answers: list[Answer] = field(default_factory=list)
    passed: bool | None = None

    @property
    def open(self) -> bool:
        return self.passed is None


@dataclass(slots=True)
class Gates:
    """The fold: the newest sitting of each topic."""

    sat: dict[str, Sitting] = field(default_factory=dict)

    def take(self, event: Happening) -> None:
        if event.kind != "gate":
            return
        data, id = event.data, str(event.data.get("gate"))
        found = self.sat.get(event.subject)
        if data.get("what") == "began" and (found is None or found.id != id):
            self.sat[event.subject] = Sitting(id)
        elif found is None or found.id != id or not found.open:
            return
        elif data.get("what") == "ended":
            found.passed = bool(data.get("passed"))
        elif data.get("what") == "answered" and len(found.answers) < WANTED:
            answer = Answer(
                data["exercise"], int(data["variant"]), bool(data["right"]), data.get("name"), data.get("section")
            )
            if (answer.exercise, answer.variant) not in {(each.exercise, each.variant) for each in found.answers}:
                found.answers.append(answer)  # the same item sent twice is one

    def as_dict(self) -> dict[str, Any]:
        def row(sitting: Sitting) -> dict[str, Any]:
            answers = [{name: getattr(each, name) for name in Answer.__slots__} for each in sitting.answers]
            return {"id": sitting.id, "answers": answers, "passed": sitting.passed}

        return {topic: row(sitting) for topic, sitting in self.sat.items()}

    @staticmethod
    def from_dict(row: Mapping[str, Any]) -> "Gates":
        return Gates({t: Sitting(r["id"], [Answer(**a) for a in r["answers"]], r["passed"]) for t, r in row.items()})


def gates(events: Iterable[Happening]) -> Mapping[str, Sitting]:
    """The newest gate test of each topic that has had one."""
    fold = Gates()
    for event in events:
        fold.take(event)
    return fold.sat


def asked(topic: Topic, id: str) -> tuple[Item, ...]:
    """The items of one gate test; none where the topic has no exercise that can be asked."""
    usable = [each for each in topic.exercises if topic.written and each.written and each.kind in KINDS]
    again = [each for each in usable if each.kind == "numeric"]
    order = usable[:WANTED]
    while again and len(order) < WANTED:
        order.append(again[(len(order) - len(usable)) % len(again)])
    return tuple(Item(n + 1, exercise, drawn(id, n)) for n, exercise in enumerate(order))


def result(answers: Iterable[Answer], items: int) -> tuple[bool, float]:
    """Whether these answers pass a test of so many items, and the share that was right."""
    right = sum(answer.right for answer in answers)
    return items > 0 and items - right <= items // WANTED, right / max(1, items)
