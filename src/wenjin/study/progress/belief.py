"""What a few answers say of a whole graph of topics: a belief over states of knowledge. Pure; chance has a fixed seed.

A state is a set of known topics. The belief starts as a sample of states that learners are in: those who went through a
part of the graph in some order, aimed at a few topics and learned what these need, followed tracks, know what is easy,
or have holes. In none of them is a topic known without its prerequisites; learners are not so tidy, so that each topic
differs from its state with probability ODD. An answer multiplies the weight of a state by its likelihood:

    p(right | known) = 1 - slip        p(right | not known) = guess        by the kind of the exercise

    S  states        (n, t), 1 where state n holds topic t
    K  kept          the chance that topic t is known, in a state that holds it and in one that does not  (2, t)

Source  J.-P. Doignon, J.-C. Falmagne: Spaces for the Assessment of Knowledge (1985), here with an odd topic allowed
Omits   forgetting during the test, and how difficult one item is beside another of its kind
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from wenjin.study.course.graph import Course, Kind
from wenjin.study.course.order import closure, depths

Floats = npt.NDArray[np.float64]
PROGRAMS: tuple[Kind, ...] = ("function", "class", "program")
SLIP: Mapping[Kind, float] = {
    "numeric": 0.12,
    "choice": 0.08,
    "order": 0.1,
    "proof": 0.12,
    "function": 0.2,
    "class": 0.2,
    "program": 0.2,
}
GUESS: Mapping[Kind, float] = {
    "numeric": 0.1,
    "choice": 0.25,
    "order": 0.1,
    "proof": 0.2,
    "function": 0.01,
    "class": 0.01,
    "program": 0.01,
}
KINDS = tuple(SLIP)  # those that a placement asks, the quick ones first
ODD = 0.05
STATES = 6000
SHORT = 10  # the most telling topics, among which the one is asked that leaves the fewest misjudged


@dataclass(frozen=True, slots=True)
class Given:
    """An answer: of which topic, to which kind of exercise, and whether it was right."""

    topic: str
    kind: Kind
    right: bool


@dataclass(frozen=True, slots=True)
class Graph:
    """The topics and what the belief needs of them; equal graphs share their states."""

    topics: tuple[str, ...]
    below: tuple[frozenset[int], ...]  # each with all that it builds on, itself included
    before: tuple[frozenset[int], ...]  # its direct prerequisites
    depth: tuple[int, ...]
    tracks: tuple[tuple[int, ...], ...]


def graph(course: Course) -> Graph:
    place = {topic: n for n, topic in enumerate(course.topics)}
    deep = depths(course.topics)
    return Graph(
        tuple(course.topics),
        tuple(frozenset(place[each] for each in closure([topic], course.topics)) for topic in course.topics),
        tuple(frozenset(place[each] for each in topic.prerequisites) for topic in course.topics.values()),
        tuple(deep[topic] for topic in course.topics),
        tuple(tuple(place[topic] for topic in track.topics) for track in course.tracks.values()),
    )


class Belief:
    """The belief after some answers."""

    def __init__(self, around: Graph, given: Iterable[Given] = ()) -> None:
        self.graph = around
        self.place = {topic: n for n, topic in enumerate(around.topics)}
        self.states = states(around)
        self.logs: Floats = np.zeros(len(self.states))
        self.kept: Floats = np.array([[ODD], [1 - ODD]]) * np.ones(len(around.topics))
        for answer in given:
            self.take(answer)

    def take(self, given: Given) -> None:
        """One more answer."""
        t = self.place[given.topic]
        known, unknown = likelihood(given.kind, given.right)
        total = self.kept[:, t] * known + (1 - self.kept[:, t]) * unknown  # without and with the topic
        self.logs += np.log(total)[self.states[:, t]]
        self.kept[:, t] *= known / total

    @property
    def weights(self) -> Floats:
        weights: Floats = np.exp(self.logs - self.logs.max())
        shares: Floats = weights / weights.sum()
        return shares

    def known(self) -> Floats:
        """For each topic the probability that it is known."""
        held = self.weights @ self.states
        return self._mixed(held)

    def _mixed(self, held: Floats) -> Floats:
        mixed: Floats = held * self.kept[1] + (1 - held) * self.kept[0]
        return mixed

    def tells(self, kinds: Mapping[str, Kind]) -> list[tuple[float, str]]:
        """For the topics that can be asked now: how many bits an answer tells of the learner, most first."""
        p = self.known()
        found = []
        for topic, kind in kinds.items():
            n = self.place[topic]
            good, lucky = 1 - SLIP[kind], GUESS[kind]
            right = p[n] * good + (1 - p[n]) * lucky
            found.append((bits(right) - p[n] * bits(good) - (1 - p[n]) * bits(lucky), topic))
        return sorted(found, key=lambda row: (-row[0], row[1]))

    def choose(self, kinds: Mapping[str, Kind], judged: Sequence[str]) -> str:
        """Which of these topics to ask: of the most telling ones the one after whose answer the fewest of the topics
        `judged` are expected to be misjudged."""
        most = [topic for _, topic in self.tells(kinds)[:SHORT]]
        asked = [self.place[topic] for topic in judged]
        weights, rows = self.weights, []
        chances = np.empty((len(most), 2))
        for row, topic in enumerate(most):
            t = self.place[topic]
            for right in (0, 1):
                known, unknown = likelihood(kinds[topic], bool(right))
                total = self.kept[:, t] * known + (1 - self.kept[:, t]) * unknown
                then = weights * total[self.states[:, t]]
                chances[row, right] = then.sum()
                rows.append(then / then.sum())
        p = np.array([self._mixed(each) for each in np.array(rows) @ self.states])
        for row, topic in enumerate(most):  # of the topic itself more is told than of its state
            t = self.place[topic]
            now = float(self._mixed(weights @ self.states)[t])
            for right in (0, 1):
                known, _ = likelihood(kinds[topic], bool(right))
                p[2 * row + right, t] = now * known / chances[row, right]
        wrong = np.minimum(p, 1 - p)[:, asked].sum(1).reshape(-1, 2)
        return most[int(np.argmin((wrong * chances).sum(1)))]


def likelihood(kind: Kind, right: bool) -> tuple[float, float]:
    """How likely such an answer is of one who knows the topic, and of one who does not."""
    return (1 - SLIP[kind], GUESS[kind]) if right else (SLIP[kind], 1 - GUESS[kind])


def bits(p: float) -> float:
    return float(-(p * np.log2(p) + (1 - p) * np.log2(1 - p))) if 0 < p < 1 else 0.0


@lru_cache(4)
def states(around: Graph) -> npt.NDArray[np.uint8]:
    """The states that the belief starts with, each as likely as any other."""
    dice = np.random.default_rng(1729)
    size = STATES // 6
    parts = (wandered(around, 2 * size, dice), aimed(around, size, dice), tracked(around, size, dice))
    tidy = np.concatenate([*parts, easy(around, size, dice)])
    holes = holed(around, tidy[dice.integers(len(tidy), size=size)], dice)
    return np.concatenate([tidy, holes]).astype(np.uint8)


def wandered(around: Graph, size: int, dice: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Prefixes, of any length, of walks through the graph. A walk goes on where it has just been, or anywhere."""
    found: list[npt.NDArray[np.bool_]] = []
    while len(found) < size:
        loyal, after = dice.random(), [set[int]() for _ in around.topics]
        for n, before in enumerate(around.before):
            for each in before:
                after[each].add(n)
        met = np.zeros(len(around.topics), bool)
        open_ = [n for n, before in enumerate(around.before) if not before]
        kept = set(dice.integers(0, len(around.topics) + 1, size=6).tolist())
        fresh: list[int] = []
        for length in range(len(around.topics) + 1):
            if length in kept:
                found.append(met.copy())
            if not open_:
                break
            near = [n for n in fresh if n in open_] if dice.random() < loyal else []
            pool = near or open_
            n = pool[int(dice.integers(len(pool)))]
            open_.remove(n)
            met[n] = True
            fresh = [each for each in after[n] if all(met[b] for b in around.before[each])]
            open_ += fresh
    return np.array(found[:size])


def aimed(around: Graph, size: int, dice: np.random.Generator) -> npt.NDArray[np.bool_]:
    """A few topics with all that they need."""
    topics = len(around.topics)
    found = np.zeros((size, topics), bool)
    for row in found:
        for aim in dice.integers(topics, size=int(np.exp(dice.uniform(0, np.log(topics / 2))))):
            row[list(around.below[aim])] = True
    return found


def tracked(around: Graph, size: int, dice: np.random.Generator) -> npt.NDArray[np.bool_]:
    """The beginnings of one or two tracks, with what these need."""
    found = np.zeros((size, len(around.topics)), bool)
    for row in found if around.tracks else ():
        for _ in range(int(dice.integers(1, 3))):
            track = around.tracks[int(dice.integers(len(around.tracks)))]
            for topic in track[: int(dice.integers(len(track) + 1))]:
                row[list(around.below[topic])] = True
    return found


def easy(around: Graph, size: int, dice: np.random.Generator) -> npt.NDArray[np.bool_]:
    """What is not too hard: a topic is as hard as the hardest that it needs, deep ones more often so."""
    depth = np.array(around.depth) / max(around.depth)
    hard = depth * dice.uniform(0.2, 1, (size, 1)) + dice.random((size, len(depth))) * dice.uniform(0, 0.5, (size, 1))
    hard = np.stack([hard[:, list(below)].max(1) for below in around.below], 1)
    known: Any = hard <= dice.uniform(0, 1.3, (size, 1))
    return np.asarray(known, bool)


def holed(around: Graph, whole: npt.NDArray[np.bool_], dice: np.random.Generator) -> npt.NDArray[np.bool_]:
    """The same without one to four topics, and without what builds on these."""
    found = whole.copy()
    above = [[n for n, below in enumerate(around.below) if hole in below] for hole in range(len(around.topics))]
    for row in found:
        for hole in dice.integers(len(around.topics), size=int(dice.integers(1, 5))):
            row[above[hole]] = False
    return found
