"""The placement test: which topic is asked next, when it is enough, and what is then held for known. Pure.

    place   subject: id of the test
            {"what": "began"}
            {"what": "opened", "number"}     the learner begins to write the program of that item: its time runs
            {"what": "spared"}               no programs in this test, please
            {"what": "answered", "topic", "exercise", "kind", "variant", "verdict", "right"}     right: true or false
            {"what": "ended", "known": {topic: probability}}

It ends after MOST items, when so few topics are expected to be misjudged that more items are not worth the time, or
when nothing that can be asked is left. A topic counts as known only when it is proven:

    its probability is at least BOUND, and it was not answered wrong last, and
    it was answered right, or a topic that builds on it directly was, or two that build on it at any distance were

A program tells most and takes longest: it is asked of a topic after its quick exercises, of at most PROGRAMS_MOST
topics in one test, for at most MINUTES each; what comes later counts as wrong. Topics without an exercise that can be
asked (not written yet; programs only, for one who wants none) stay unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal

from wenjin.study.course.graph import Course, Exercise
from wenjin.study.progress.belief import KINDS, PROGRAMS, Belief, Given, Graph, graph
from wenjin.study.progress.deck import Happening

MOST = 30
BOUND = 0.93
ABSENT = 0.15  # below it a topic counts as unknown
ENOUGH = 0.07  # the share of topics expected to be misjudged with which the test ends
AGAIN = 2  # how often one topic may be asked
PROGRAMS_MOST = 3
MINUTES = 15
GRACE = timedelta(seconds=10)  # for the way of an answer that was sent in time

Standing = Literal["known", "unsure", "unknown"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An item that was answered."""

    topic: str
    exercise: str
    kind: Any
    variant: int
    right: bool

    @property
    def given(self) -> Given:
        return Given(self.topic, self.kind, self.right)


@dataclass(slots=True)
class Placements:
    """The fold: the newest placement test. `id` is "" before there was any; `opened`: when the program that is asked
    was begun; `spared`: no programs are asked."""

    id: str = ""
    answers: list[Answer] = field(default_factory=list)
    ended: bool = False
    opened: datetime | None = None
    spared: bool = False

    @property
    def open(self) -> bool:
        return bool(self.id) and not self.ended

    def take(self, event: Happening) -> None:
        if event.kind != "place":
            return
        data = event.data
        if data.get("what") == "began" and event.subject != self.id:
            self.id, self.answers, self.ended, self.opened, self.spared = event.subject, [], False, None, False
        elif event.subject != self.id or self.ended:
            return
        elif data.get("what") == "ended":
            self.ended = True
        elif data.get("what") == "opened":
            if data.get("number") == len(self.answers) + 1:
                self.opened = self.opened or event.at
        elif data.get("what") == "spared":
            self.opened, self.spared = None, True
        elif data.get("what") == "answered" and data.get("kind") in KINDS and len(self.answers) < MOST:
            answer = Answer(data["topic"], data["exercise"], data["kind"], int(data["variant"]), bool(data["right"]))
            if (answer.exercise, answer.variant) not in {(each.exercise, each.variant) for each in self.answers}:
                self.answers.append(answer)  # the same item sent twice is one
                self.opened = None

    def as_dict(self) -> dict[str, Any]:
        rows = [{name: getattr(each, name) for name in Answer.__slots__} for each in self.answers]
        opened = self.opened and self.opened.isoformat()
        return {"id": self.id, "answers": rows, "ended": self.ended, "opened": opened, "spared": self.spared}

    @staticmethod
    def from_dict(row: Mapping[str, Any]) -> "Placements":
        opened = datetime.fromisoformat(row["opened"]) if row.get("opened") else None
        return Placements(
            row["id"], [Answer(**each) for each in row["answers"]], row["ended"], opened, row.get("spared", False)
        )


@dataclass(frozen=True, slots=True)
class Item:
    """What is asked: an exercise, with numbers drawn from `variant`."""

    number: int
    exercise: Exercise
    variant: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    standing     known, unsure or unknown, for every topic
    probability  that it is known, by the belief
    frontier     topics that are not known and build on known ones only
    unasked      topics that could not be asked: nothing of them is said
    """

    standing: Mapping[str, Standing]
    probability: Mapping[str, float]
    frontier: tuple[str, ...]
    unasked: tuple[str, ...]

    def of(self, standing: Standing) -> list[str]:
        return [topic for topic, each in self.standing.items() if each == standing]

    @property
    def known(self) -> dict[str, float]:
        """The proven topics, with how sure that is: what the end of a test writes down."""
        return {topic: round(self.probability[topic], 3) for topic in self.of("known")}


def placement(events: Iterable[Happening]) -> Placements:
    """The newest placement test of these events."""
    fold = Placements()
    for event in events:
        fold.take(event)
    return fold


def items(course: Course) -> Mapping[str, tuple[Exercise, ...]]:
    """What can be asked of each topic that can be asked: numbers first, programs last."""
    found = {}
    for topic in course.topics.values():
        usable = [each for each in topic.exercises if topic.written and each.written and each.kind in KINDS]
        if usable:
            found[topic.id] = tuple(sorted(usable, key=lambda each: KINDS.index(each.kind or "proof")))
    return found


def following(course: Course, test: Placements, most: int = MOST) -> Item | None:
    """The item to answer next; None when the test is over. The same answers give the same item."""
    given = [answer.given for answer in test.answers]
    asks = items(course)
    chosen = next_topic(graph(course), asks, given, most, spared=test.spared)
    if chosen is None:
        return None
    number = len(test.answers)
    exercise = offered(asks[chosen], sum(each.topic == chosen for each in given), programs(given, test.spared))
    return None if exercise is None else Item(number + 1, exercise, drawn(test.id, number))


def programs(given: Iterable[Given], spared: bool) -> bool:
    """May a program be asked next?"""
    return not spared and sum(answer.kind in PROGRAMS for answer in given) < PROGRAMS_MOST


def offered(usable: tuple[Exercise, ...], times: int, programs: bool) -> Exercise | None:
    """What is asked of a topic that was asked so many times: what comes next, else numbers again."""
    fresh = [each for each in usable[times:] if programs or each.kind not in PROGRAMS]
    again = [each for each in usable if each.kind == "numeric"]
    return (*fresh, *again, None)[0] if times < AGAIN else None


def late(opened: datetime | None, at: datetime) -> bool:
    """Was a program that was begun then too long in the writing?"""
    return opened is None or at > opened + timedelta(minutes=MINUTES) + GRACE


def drawn(id: str, number: int) -> int:
    """The numbers of a test's n-th item: other ones in every test, the same ones whenever this test is opened."""
    return Random(f"{id} {number}").randrange(1, 10**9)


def next_topic(
    around: Graph, asks: Mapping[str, tuple[Exercise, ...]], given: list[Given], most: int = MOST, spared: bool = False
) -> str | None:
    """The topic to ask next; None when nothing is left to ask, or it is enough."""
    if len(given) >= most:
        return None
    times = {topic: sum(answer.topic == topic for answer in given) for topic in asks}
    able = programs(given, spared)
    next_ones = {topic: offered(usable, times[topic], able) for topic, usable in asks.items()}
    kinds: dict[str, Any] = {topic: each.kind for topic, each in next_ones.items() if each is not None}
    if not kinds:
        return None
    belief = Belief(around, given)
    told = [topic for topic in asks if times[topic] or topic in kinds]
    p = belief.known()[[belief.place[topic] for topic in told]]
    if given and float(sum(min(each, 1 - each) for each in p)) / len(p) <= ENOUGH:
        return None
    return belief.choose(kinds, told)


def outcome(course: Course, given: Iterable[Given], spared: bool = False) -> Outcome:
    """What these answers prove."""
    asks = items(course)
    able = [t for t, usable in asks.items() if not spared or any(each.kind not in PROGRAMS for each in usable)]
    return judged(graph(course), frozenset(able), list(given))


def judged(around: Graph, askable: frozenset[str], given: list[Given]) -> Outcome:
    belief = Belief(around, given)
    chance = dict(zip(around.topics, belief.known().tolist(), strict=True))
    last = {answer.topic: answer.right for answer in given}
    right = {belief.place[topic] for topic, good in last.items() if good}

    def stands(n: int, topic: str) -> Standing:
        if topic not in askable:
            return "unknown"
        direct = any(n in around.before[each] for each in right)
        above = sum(n in around.below[each] for each in right - {n})
        proven = last.get(topic, True) and (n in right or direct or above >= 2)
        if proven and chance[topic] >= BOUND:
            return "known"
        return "unknown" if chance[topic] < ABSENT else "unsure"

    standing = {topic: stands(n, topic) for n, topic in enumerate(around.topics)}
    known = {n for n, topic in enumerate(around.topics) if standing[topic] == "known"}
    frontier = [t for n, t in enumerate(around.topics) if n not in known and around.before[n] <= known]
    return Outcome(standing, chance, tuple(frontier), tuple(t for t in around.topics if t not in askable))
