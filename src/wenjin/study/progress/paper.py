"""The paper of a checkpoint: what can be tested, which questions a seed draws, and where one sitting stands. Pure.

    paper  subject id of the sitting
           {"what": "began", "of": "TRACK/UNIT", "seed", "minutes", "cards", "untested",
            "items": [[exercise, variant], …]}
           {"what": "resumed", "spent"}                            somebody has the paper open again
           {"what": "answered", "item", "answer", "verdict", "name", "section", "feedback", "passed", "total", "spent"}
           {"what": "answered", "card", "answer", "spent"}         what was typed; nobody judges it
           {"what": "untimed", "items", "spent"}                   answers that were written while the clock stood
           {"what": "given-up", "spent"}, {"what": "taken-up", "spent"}
           {"what": "ended", "of", "right", "all", "spent", "why": "handed-in" | "time"}
           {"what": "rated", "card", "rating"}                     by the learner, once the paper has ended

`spent` is the time with the paper open, in seconds. Between two events the stopwatch (stopwatch.py) knows it.

Omits   judging (`judge/sitting.py`), what a paper says of its topics (report.py)
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import ceil
from random import Random
from typing import Any, Literal

from wenjin.kit.text import Text
from wenjin.study.course.graph import Course, Exercise, Kind, Track
from wenjin.study.progress.recall import Happening

# What a question is given, in minutes. A choice, so that a paper's length can be told before it is begun; a report
# shows how long the sitting took, and the measure stands beside it.
MINUTES: Mapping[Kind, int] = {
    "choice": 3, "order": 3, "proof": 5, "numeric": 6, "function": 12, "program": 12, "class": 15,
}  # fmt: skip
LONGEST = 90  # minutes that a paper is kept to where it can be: one question a topic always stands
WANTED = 2  # questions a topic
CARDS = 2  # cards a topic
MOST_CARDS = 12
NUMBERS = 1_000_000_000
SEEDS = 999_999_999  # the highest number of a paper
# The share of right questions from which a sitting is passed, and its paper is called a certificate. A choice: it is
# the value from which a topic counts as known (mastery.py).
PASS = 0.6


@dataclass(frozen=True, slots=True)
class Scope:
    """What a paper tests: a unit of a track, or one of its stage tests. `id` is TRACK/UNIT or TRACK/TEST."""

    id: str
    track: Track
    title: Text
    kind: Literal["unit", "test", "project"]
    topics: tuple[str, ...]
    projects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A judged question: an exercise on numbers of its own. `variant` draws them, and the cases of a program."""

    exercise: Exercise
    variant: int

    @property
    def id(self) -> str:
        return self.exercise.id

    @property
    def minutes(self) -> int:
        return MINUTES[self.exercise.kind or "function"]


@dataclass(frozen=True, slots=True)
class Paper:
    """The questions, topic by topic; cards as `topic/card`; topics that have nothing to be tested with yet."""

    of: str
    seed: int
    items: tuple[Item, ...]
    cards: tuple[str, ...]
    untested: tuple[str, ...]

    @property
    def minutes(self) -> int:
        return sum(item.minutes for item in self.items)

    def began(self) -> dict[str, Any]:
        """The data of the event that begins a sitting."""
        return {
            "what": "began",
            "of": self.of,
            "seed": self.seed,
            "minutes": self.minutes,
            "items": [[item.id, item.variant] for item in self.items],
            "cards": list(self.cards),
            "untested": list(self.untested),
        }


def scopes(course: Course) -> Mapping[str, Scope]:
    """All that can be tested, by id, in the order of the tracks. A stage test comes after its last unit."""
    found: dict[str, Scope] = {}
    for track in course.tracks.values():
        units = {unit.id: unit for unit in track.units}
        after = {test.units[-1]: test for test in track.stage_tests if test.units}
        for unit in track.units:
            topics = tuple(dict.fromkeys(unit.topics))
            found[f"{track.id}/{unit.id}"] = Scope(f"{track.id}/{unit.id}", track, unit.title, "unit", topics)
            if test := after.get(unit.id):
                met = tuple(dict.fromkeys(topic for key in test.units for topic in units[key].topics))
                kind: Literal["test", "project"] = test.kind
                scope = Scope(f"{track.id}/{test.id}", track, test.title, kind, met, test.projects)
                found.setdefault(scope.id, scope)
    return found


def paper(course: Course, scope: Scope, seed: int) -> Paper:
    """The paper of this seed: the same today and tomorrow, as long as the course has the same exercises."""
    dice = Random(f"{scope.id}#{seed}")
    written = {topic: [e for e in course.topics[topic].exercises if e.written] for topic in scope.topics}
    turns = {topic: dice.sample(found, len(found)) for topic, found in written.items() if found}
    chosen = {topic: order[:1] for topic, order in turns.items()}
    for topic, order in sorted(turns.items(), key=lambda pair: cost(pair[1][0]), reverse=True):
        if length(chosen) > LONGEST:  # the dearest question first: its topic is asked the shortest it has
            chosen[topic] = [min(order, key=cost)]
    for topic in dice.sample(list(turns), len(turns)):
        more = [e for e in turns[topic] if e not in chosen[topic]][: WANTED - 1]
        chosen[topic] += [e for e in more if length(chosen) + cost(e) <= LONGEST]
    items = tuple(Item(e, dice.randrange(1, NUMBERS)) for topic in turns for e in chosen[topic])
    drawn = {topic: dice.sample(mine, len(mine)) for topic in turns if (mine := course.topics[topic].cards)}
    cards = [f"{topic}/{order[n].id}" for n in range(CARDS) for topic, order in drawn.items() if n < len(order)]
    untested = tuple(topic for topic in scope.topics if topic not in turns)
    return Paper(scope.id, seed, items, tuple(cards[:MOST_CARDS]), untested)


def cost(exercise: Exercise) -> int:
    return MINUTES[exercise.kind or "function"]


def length(chosen: Mapping[str, list[Exercise]]) -> int:
    return sum(cost(exercise) for listed in chosen.values() for exercise in listed)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it was given last. Of a card only `text` and `spent` are meant; `feedback` is {zh, en}."""

    text: str
    spent: float
    verdict: str = ""
    name: str | None = None
    section: str | None = None
    feedback: Mapping[str, str] = field(default_factory=dict)
    passed: int = 0
    total: int = 0


@dataclass(slots=True)
class Sitting:
    """The fold of one sitting's events. `minutes` is what it was given; `why` it ended, "" while it has not."""

    id: str
    of: str = ""
    seed: int = 0
    minutes: int = 0
    items: tuple[tuple[str, int], ...] = ()
    cards: tuple[str, ...] = ()
    untested: tuple[str, ...] = ()
    began: datetime | None = None
    ended: datetime | None = None
    why: str = ""
    spent: float = 0.0
    answers: dict[str, Answered] = field(default_factory=dict)
    typed: dict[str, Answered] = field(default_factory=dict)
    ratings: dict[str, int] = field(default_factory=dict)
    opened: int = 0
    untimed: set[str] = field(default_factory=set)
    given_up: bool = False

    def take(self, event: Happening) -> None:
        data = event.data
        what = data.get("what")
        if event.kind != "paper" or event.subject != self.id or (self.began is None) != (what == "began"):
            return
        if what == "rated":
            self.ratings[str(data.get("card"))] = int(data.get("rating", 0))
        if self.ended is not None:
            return
        self.spent = max(self.spent, float(data.get("spent", 0.0)))
        match what:
            case "began":
                self.of, self.seed, self.minutes = str(data["of"]), int(data["seed"]), int(data["minutes"])
                self.items = tuple((str(id), int(variant)) for id, variant in data["items"])
                self.cards, self.untested = tuple(data["cards"]), tuple(data["untested"])
                self.began = event.at
            case "resumed":
                self.opened += 1
            case "answered" if "item" in data:
                self.answers[str(data["item"])] = answered(data)
            case "answered":
                self.typed[str(data.get("card"))] = answered(data)
            case "untimed":
                self.untimed |= set(data["items"])
            case "given-up" | "taken-up":
                self.given_up = what == "given-up"
            case "ended":
                self.ended, self.why = event.at, str(data.get("why"))

    @property
    def limit(self) -> float:
        """Seconds."""
        return 60.0 * self.minutes

    @property
    def right(self) -> int:
        return sum(id in self.answers and self.answers[id].verdict == "pass" for id, _ in self.items)

    @property
    def least(self) -> int:
        """Right questions that are a pass."""
        return least(len(self.items))


def least(questions: int) -> int:
    return max(1, ceil(PASS * questions))


def answered(data: Mapping[str, Any]) -> Answered:
    return Answered(
        str(data.get("answer", "")),
        float(data.get("spent", 0.0)),
        str(data.get("verdict", "")),
        data.get("name"),
        data.get("section"),
        data.get("feedback") or {},
        int(data.get("passed", 0)),
        int(data.get("total", 0)),
    )


def sitting(events: Iterable[Happening], id: str) -> Sitting | None:
    """Where a sitting stands; None when none of that id was begun."""
    found = Sitting(id)
    for event in events:
        found.take(event)
    return found if found.began is not None else None


@dataclass(frozen=True, slots=True)
class Sat:
    """A sitting in a line. `right` of `all` and `spent` (seconds) are known once it has ended."""

    id: str
    of: str
    seed: int
    began: datetime
    ended: datetime | None = None
    right: int = 0
    all: int = 0
    spent: float = 0.0
    given_up: bool = False


@dataclass(slots=True)
class Sittings:
    """The fold of all sittings: a line of each, in the order in which they were begun."""

    sat: dict[str, Sat] = field(default_factory=dict)

    def take(self, event: Happening) -> None:
        if event.kind != "paper":
            return
        data, known = event.data, self.sat.get(event.subject)
        if data.get("what") == "began" and known is None:
            new = Sat(event.subject, str(data["of"]), int(data["seed"]), event.at, all=len(data["items"]))
            self.sat[event.subject] = new
        elif data.get("what") == "ended" and known is not None and known.ended is None:
            right, everything, spent = int(data["right"]), int(data["all"]), float(data["spent"])
            self.sat[known.id] = replace(known, ended=event.at, right=right, all=everything, spent=spent)
        elif data.get("what") in ("given-up", "taken-up") and known is not None and known.ended is None:
            self.sat[known.id] = replace(known, given_up=data["what"] == "given-up")

    def open(self, of: str | None = None) -> list[Sat]:
        """Those neither ended nor given up, the newest first."""
        return [one for one in self._standing(of) if not one.given_up]

    def given_up(self, of: str) -> list[Sat]:
        """The newest first; each can be taken up again."""
        return [one for one in self._standing(of) if one.given_up]

    def _standing(self, of: str | None) -> list[Sat]:
        return [one for one in reversed(self.sat.values()) if one.ended is None and of in (None, one.of)]

    def over(self, of: str) -> list[Sat]:
        """The ended ones of a unit or test, in their order."""
        return [one for one in self.sat.values() if one.ended is not None and one.of == of]

    def as_dict(self) -> dict[str, Any]:
        rows = [
            [
                s.id,
                s.of,
                s.seed,
                s.began.isoformat(),
                s.ended and s.ended.isoformat(),
                s.right,
                s.all,
                s.spent,
                s.given_up,
            ]
            for s in self.sat.values()
        ]
        return {"sat": rows}

    @staticmethod
    def from_dict(row: Mapping[str, Any]) -> "Sittings":
        found = {
            id: Sat(id, of, seed, datetime.fromisoformat(began), ended and datetime.fromisoformat(ended), *rest)
            for id, of, seed, began, ended, *rest in row["sat"]
        }
        return Sittings(found)


def sittings(events: Iterable[Happening]) -> Sittings:
    """All sittings that these events, in their order, tell of."""
    found = Sittings()
    for event in events:
        found.take(event)
    return found


def seal(events: Iterable[Happening], id: str) -> str:
    """The hash of a sitting's events from its beginning to its end, 64 digits: it changes with each of them. What is
    rated afterwards is not in it, so a certificate that was printed stays good."""
    digest = hashlib.sha256()
    for event in events:
        if event.kind != "paper" or event.subject != id or event.data.get("what") == "rated":
            continue
        at = event.at.astimezone(UTC).isoformat(timespec="microseconds")
        row = [event.id, at, event.kind, event.subject, dict(event.data)]
        digest.update(json.dumps(row, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode() + b"\n")
        if event.data.get("what") == "ended":
            break
    return digest.hexdigest()
