"""How well each topic is known, and which events say so. Pure; the fold is in evidence.py.

    value = sum(weight * value) / (sum(weight) + 1)       over the pieces of evidence; the 1 is the doubt at the start
    sure  = sum(weight) / (sum(weight) + 1)

A weight fades with the memory of the topic, by the forgetting curve of FSRS: with the mean retrievability of its
reviewed cards, each counted from its last review or from the evidence, whichever is later; where no card was reviewed,
with the stability that its spaced successes have built up. A card's own value is its retrievability; a forgotten
card's is 0.

known     value at least KNOWN, and something that was judged was right: cards, which one rates oneself, prove nothing
fading    it would be known if nothing had faded
learning  some of it is there; unknown: next to nothing is, or there is no evidence
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from wenjin.study.course.graph import Course, Topic
from wenjin.study.memory import schedule
from wenjin.study.memory.model import retrievability
from wenjin.study.progress.evidence import Answered, Evidences, Kind
from wenjin.study.progress.recall import Happening

Standing = Literal["unknown", "learning", "known", "fading"]

DOUBT = 1.0
KNOWN = 0.6
SOME = 0.1
CARD, ALL_CARDS = 0.25, 1.5  # the weight of a card, and of all cards of a topic at most


@dataclass(frozen=True, slots=True)
class Evidence:
    """`weight` has faded, `full` has not. `note`: why it counts as it does (evidence.py)."""

    event: str
    kind: Kind
    subject: str
    at: datetime
    weight: float
    value: float
    full: float = 0.0
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        row = {name: getattr(self, name) for name in ("event", "kind", "subject", "weight", "full", "value", "note")}
        return row | {"at": self.at.isoformat()}


@dataclass(frozen=True, slots=True)
class Mastery:
    topic: str
    value: float
    sure: float
    standing: Standing
    evidence: tuple[Evidence, ...]

    @property
    def proven(self) -> bool:
        return self.standing == "known"

    @property
    def weights(self) -> float:
        return sum(each.weight for each in self.evidence)

    @property
    def products(self) -> float:
        return sum(each.weight * each.value for each in self.evidence)

    def as_dict(self) -> dict[str, Any]:
        told = {"topic": self.topic, "value": self.value, "sure": self.sure, "standing": self.standing}
        return told | {"evidence": [each.as_dict() for each in self.evidence]}


def mastery(events: Iterable[Happening], course: Course, now: datetime) -> Mapping[str, Mastery]:
    """The mastery of every topic of the course after these events, in their order."""
    fold = Evidences(course)
    for event in events:
        fold.take(event)
    return view(fold, now)


def view(fold: Evidences, now: datetime) -> Mapping[str, Mastery]:
    """The mastery of every topic at a moment."""
    return {topic.id: of_topic(fold, topic, now) for topic in fold.course.topics.values()}


def of_topic(fold: Evidences, topic: Topic, now: datetime) -> Mastery:
    given = {f"{topic.id}/{card.id}": fold.cards.get(f"{topic.id}/{card.id}") for card in topic.cards}
    cards = {id: answers[-1] for id, answers in given.items() if answers}
    memory = [fold.memory[topic.id]] if topic.id in fold.memory else []
    stood = [each.standing for each in cards.values()] or memory
    found = []
    for mark in fold.of(topic.id):
        left = faded(stood, mark.at, now)
        row = Evidence(
            mark.event, mark.kind, mark.subject, mark.at, mark.weight * left, mark.value, mark.weight, mark.note
        )
        found.append(row)
    each = min(CARD, ALL_CARDS / max(1, len(cards)))
    found += [of_card(id, answer, each, now) for id, answer in cards.items()]
    return summed(topic.id, sorted(found, key=lambda one: one.at))


def of_card(id: str, answer: Answered, weight: float, now: datetime) -> Evidence:
    forgot = answer.rating == 1
    value = 0.0 if forgot else recalled(answer.standing, answer.at, now)
    return Evidence(answer.event, "card", id, answer.at, weight, value, weight, "forgot" if forgot else "")


def summed(topic: str, evidence: Sequence[Evidence]) -> Mastery:
    weight = sum(each.weight for each in evidence)
    value = sum(each.weight * each.value for each in evidence) / (weight + DOUBT)
    whole = sum(each.full for each in evidence)
    fresh = sum(each.full * (each.value if each.kind != "card" else float(each.value > 0)) for each in evidence)
    judged = any(each.kind != "card" and each.value >= 0.5 for each in evidence)
    standing: Standing = "learning" if value >= SOME else "unknown"
    if judged and value >= KNOWN:
        standing = "known"
    elif judged and fresh / (whole + DOUBT) >= KNOWN:
        standing = "fading"
    return Mastery(topic, value, weight / (weight + DOUBT), standing, tuple(evidence))


def faded(stood: Sequence[schedule.Standing], at: datetime, now: datetime) -> float:
    """What is left at `now` of evidence from `at`."""
    return sum(recalled(each, at, now) for each in stood) / len(stood) if stood else 1.0


def recalled(standing: schedule.Standing, at: datetime, now: datetime) -> float:
    """The chance of recalling it at `now`, counted from its last review or from `at`, whichever is later."""
    if standing.stability is None or standing.last is None:
        return 1.0
    return retrievability(standing.stability, (now - max(standing.last, at)).days)
