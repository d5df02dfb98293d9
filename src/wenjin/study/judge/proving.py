"""The placement test and the gates, from question to record: what is asked, how it was judged, when it is over.

Every answer goes to the judge; what it says is one event, written before the next question is shown. So a test goes on
where it was left, whoever ended the process. An answer that cannot be read is not counted; "I do not know" is a wrong
one. A program is begun by the learner and has so many minutes from then on; one that does not run is not counted while
there is time to mend it. Nothing is told of right and wrong before the end.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from wenjin.study.course.graph import Course, Topic
from wenjin.study.judge.client import Judge, JudgeError
from wenjin.study.progress.gate import Sitting, asked, gates, result
from wenjin.study.progress.placement import Item, Outcome, Placements, following, late, outcome, placement
from wenjin.study.store.log import Log, happened

SKIPPED = {"verdict": "skipped", "name": None, "section": None}
LATE = {"verdict": "late", "name": None, "section": None}
Given = Mapping[str, Any] | str | None  # the answer as the judge reads it, or a program; None for "I do not know"


def counts(verdict: Mapping[str, Any]) -> bool:
    """Does the next question come after it?"""
    return verdict["verdict"] in ("pass", "wrong", "skipped", "late")


class Proving:
    """Both tests over one log. `judge` is asked for when an answer has to be judged."""

    def __init__(self, log: Log, course: Course, judge: Callable[[], Judge]) -> None:
        self.log, self.course, self._judge = log, course, judge

    def placement(self) -> Placements:
        return placement(self.log.events("place"))

    def outcome(self, test: Placements) -> Outcome:
        return outcome(self.course, [answer.given for answer in test.answers], test.spared)

    def question(self, test: Placements) -> Item | None:
        """What is asked next; None when it is over."""
        return following(self.course, test) if test.open else None

    def begin(self) -> Placements:
        """The open placement test, or a new one."""
        if not self.placement().open:
            self.log.append(happened("place", uuid4().hex, {"what": "began"}))
        return self.placement()

    def open(self, test: Placements, item: Item) -> None:
        """The learner begins to write the program that is asked."""
        if test.opened is None:
            self.log.append(happened("place", test.id, {"what": "opened", "number": item.number}))

    def spare(self, test: Placements) -> None:
        """No programs in this test; it ends where nothing else is left to ask."""
        self.log.append(happened("place", test.id, {"what": "spared"}))
        test = self.placement()
        if self.question(test) is None:
            self.end(test)

    def answer(
        self, test: Placements, item: Item, given: Given, *, confirmed: bool = False, at: datetime | None = None
    ) -> dict[str, Any]:
        """Judge and record one answer; the test ends itself after the last. The verdict says when it was unreadable.
        `confirmed`: the learner lets this program run where nothing confines it."""
        told, verdict = self._judged(item, given, test.opened, at, confirmed)
        if told is not None:
            facts = {"what": "answered", "topic": item.exercise.topic, "kind": item.exercise.kind, **told}
            self.log.append(happened("place", test.id, facts))
            test = self.placement()
            if self.question(test) is None:
                self.end(test)
        return verdict

    def end(self, test: Placements) -> Outcome:
        """Write down what is proven; the rest of the questions are not asked any more."""
        found = self.outcome(test)
        if test.open:
            self.log.append(happened("place", test.id, {"what": "ended", "known": found.known}))
        return found

    def gate(self, topic: Topic) -> Sitting | None:
        return gates(self.log.events("gate", topic.id)).get(topic.id)

    def open_gate(self, topic: Topic) -> Sitting:
        """The open gate test of the topic, or a new one."""
        found = self.gate(topic)
        if found is None or not found.open:
            self.log.append(happened("gate", topic.id, {"what": "began", "gate": uuid4().hex}))
            found = self.gate(topic)
        assert found is not None
        return found

    def gate_question(self, topic: Topic, sat: Sitting) -> Item | None:
        items = asked(topic, sat.id)
        return items[len(sat.answers)] if sat.open and len(sat.answers) < len(items) else None

    def gate_begin(self, topic: Topic, sat: Sitting, item: Item) -> None:
        """The learner begins to write the program that is asked."""
        if sat.opened is None:
            self.log.append(happened("gate", topic.id, {"what": "opened", "gate": sat.id, "number": item.number}))

    def gate_answer(
        self,
        topic: Topic,
        sat: Sitting,
        item: Item,
        given: Given,
        *,
        confirmed: bool = False,
        at: datetime | None = None,
    ) -> dict[str, Any]:
        """Judge and record one answer; after the last the gate is passed or not."""
        told, verdict = self._judged(item, given, sat.opened, at, confirmed)
        if told is not None:
            more = {"name": verdict["name"], "section": verdict["section"]}
            self.log.append(happened("gate", topic.id, {"what": "answered", "gate": sat.id, **told, **more}))
            now = self.gate(topic)
            items = asked(topic, sat.id)
            if now is not None and now.open and len(now.answers) >= len(items):
                passed, share = result(now.answers, len(items))
                ended = {"what": "ended", "gate": sat.id, "passed": passed, "share": share}
                self.log.append(happened("gate", topic.id, ended))
        return verdict

    def _judged(
        self, item: Item, given: Given, opened: datetime | None, at: datetime | None, confirmed: bool
    ) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """What to record of an answer (None: nothing), and the verdict."""
        verdict: dict[str, Any] = dict(SKIPPED)
        if isinstance(given, str) and late(opened, at or datetime.now(UTC)):
            verdict = dict(LATE)
        elif given is not None:
            document = given if isinstance(given, str) else json.dumps({"variant": item.variant, "answer": given})
            judge = self._judge()
            verdict = judge.judge(item.exercise.id, document.encode(), variant=item.variant, confirmed=confirmed)
            if verdict["name"] == "judge-fault":
                raise JudgeError(verdict["feedback"]["en"])
            if verdict["verdict"] not in ("pass", "wrong"):
                return None, verdict
        told = {"exercise": item.exercise.id, "variant": item.variant, "verdict": verdict["verdict"]}
        return told | {"right": verdict["verdict"] == "pass"}, verdict
