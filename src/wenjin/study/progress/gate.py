"""The gate of a topic: a few fresh items that prove it to be known, for whoever does not want to do all of it. Pure.

    gate    subject: the topic
            {"what": "began", "gate": id}
            {"what": "opened", "gate", "number"}     the learner begins to write the program of that item: its time runs
            {"what": "answered", "gate", "exercise", "variant", "verdict", "right", "name", "section"}
            {"what": "ended", "gate", "passed", "share"}

The items, WANTED at most, are the topic's quick exercises, each once, then again those whose numbers are drawn afresh,
and at the end one program, drawn by the gate's id; of a topic with nothing but programs two of them. A program has as
much time as in a placement. Of four items one may be wrong; of fewer none. It can be taken again,
with other numbers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wenjin.study.course.graph import Topic
from wenjin.study.progress.belief import KINDS, PROGRAMS
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
    """The newest gate test of a topic. `passed` is None until it has ended; `opened`: when the program that is asked
    was begun."""

    id: str
    answers: list[Answer] = field(default_factory=list)
    passed: bool | None = None
    opened: datetime | None = None

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
        elif data.get("what") == "opened":
            if data.get("number") == len(found.answers) + 1:
                found.opened = found.opened or event.at
        elif data.get("what") == "answered" and len(found.answers) < WANTED:
            answer = Answer(
                data["exercise"], int(data["variant"]), bool(data["right"]), data.get("name"), data.get("section")
            )
            if (answer.exercise, answer.variant) not in {(each.exercise, each.variant) for each in found.answers}:
                found.answers.append(answer)  # the same item sent twice is one
                found.opened = None

    def as_dict(self) -> dict[str, Any]:
        def row(sitting: Sitting) -> dict[str, Any]:
            answers = [{name: getattr(each, name) for name in Answer.__slots__} for each in sitting.answers]
            opened = sitting.opened and sitting.opened.isoformat()
            return {"id": sitting.id, "answers": answers, "passed": sitting.passed, "opened": opened}

        return {topic: row(sitting) for topic, sitting in self.sat.items()}

    @staticmethod
    def from_dict(row: Mapping[str, Any]) -> "Gates":
        def sitting(row: Mapping[str, Any]) -> Sitting:
            opened = datetime.fromisoformat(row["opened"]) if row.get("opened") else None
            return Sitting(row["id"], [Answer(**each) for each in row["answers"]], row["passed"], opened)

        return Gates({topic: sitting(told) for topic, told in row.items()})


def gates(events: Iterable[Happening]) -> Mapping[str, Sitting]:
    """The newest gate test of each topic that has had one."""
    fold = Gates()
    for event in events:
        fold.take(event)
    return fold.sat


def asked(topic: Topic, id: str) -> tuple[Item, ...]:
    """The items of one gate test; none where the topic has no exercise that can be asked."""
    usable = [each for each in topic.exercises if topic.written and each.written and each.kind in KINDS]
    quick = [each for each in usable if each.kind not in PROGRAMS]
    programs = [each for each in usable if each.kind in PROGRAMS]
    first = drawn(id, 0) % len(programs) if programs else 0
    written = [*programs[first:], *programs[:first]][: 1 if quick else 2]
    again = [each for each in quick if each.kind == "numeric"]
    order = quick[: WANTED - len(written)]
    while again and len(order) < WANTED - len(written):
        order.append(again[(len(order) - len(quick)) % len(again)])
    return tuple(Item(n + 1, exercise, drawn(id, n)) for n, exercise in enumerate([*order, *written]))


def result(answers: Iterable[Answer], items: int) -> tuple[bool, float]:
    """Whether these answers pass a test of so many items, and the share that was right."""
    right = sum(answer.right for answer in answers)
    return items > 0 and items - right <= items // WANTED, right / max(1, items)
