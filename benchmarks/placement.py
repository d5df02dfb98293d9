"""The placement test on 1,000 simulated learners: topics judged rightly, items asked; peers: 20 random topics, depth.

A learner's state is drawn from the graph by a program of its own, not from the sample that the belief starts with:
depth-first (goals, and what they need, until the time is over), random consistent (each topic known by chance if all
before it are), gaps (one of these without a topic in the middle and what builds on it), tracks, and a fifth of all
with every 20th topic the other way round, against the graph. They slip in 10 % of what they know and guess 10 to 25 %
of what they do not; of programs they fail 20 % and guess 2 %, and a quarter of them wants none. Every topic has the
exercises of one that is written.
"""

import os
import random
import statistics
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from typing import Any

from wenjin.study.course.graph import Course
from wenjin.study.course.load import load
from wenjin.study.course.order import closure, depths
from wenjin.study.progress.belief import PROGRAMS, Given, Graph, graph
from wenjin.study.progress.placement import MOST, PROGRAMS_MOST, items, judged, next_topic, offered, programs

SLIP, GUESS = 0.1, (0.1, 0.25)
PROGRAM_SLIP, PROGRAM_GUESS = 0.2, 0.02  # a program that is not done in time; one that works without knowing the topic
SPARED = 0.25  # learners who want no programs
FULL, SHORT = 1000, 200
ODD, ODD_TOPIC = 0.2, 0.05  # learners against the graph; their share of topics the other way round
GOAL, MEDIAN = 0.9, 20
PEER_ITEMS = 20


@lru_cache(1)
def course() -> Course:
    return load(coverage=False)


@lru_cache(1)
def around() -> Graph:
    return graph(course())


def asks() -> Mapping[str, Any]:
    """What can be asked when the course is whole: each topic has the exercises of one that is written, in turn."""
    written = list(items(course()).values())
    return {topic: written[n % len(written)] for n, topic in enumerate(course().topics)}


ASKS = asks()


def goals(dice: random.Random) -> set[str]:
    """Goals, and what they need, depth-first until the time is over."""
    topics, known = course().topics, set[str]()
    most = dice.randint(0, len(topics))

    def learn(topic: str) -> None:
        for before in topics[topic].prerequisites:
            if before not in known and len(known) < most:
                learn(before)
        if len(known) < most and all(before in known for before in topics[topic].prerequisites):
            known.add(topic)

    order = list(topics)
    dice.shuffle(order)
    for topic in order:
        learn(topic)
    return known


def by_chance(dice: random.Random) -> set[str]:
    """Each topic by chance, if all before it are known; the chance is the learner's, and less for deep topics."""
    known, able, steep = set[str](), dice.uniform(0.3, 1.15), dice.uniform(0, 0.5)
    deep = depths(course().topics)
    most = max(deep.values())
    for topic in sorted(course().topics, key=lambda each: deep[each]):
        ready = all(before in known for before in course().topics[topic].prerequisites)
        if ready and dice.random() < able + 0.3 - steep * deep[topic] / most:
            known.add(topic)
    return known


def by_track(dice: random.Random) -> set[str]:
    track = dice.choice(list(course().tracks.values()))
    return closure(track.topics[: dice.randint(0, len(track.topics))], course().topics)


def gaps(dice: random.Random) -> set[str]:
    known = dice.choice((goals, by_chance, by_track))(dice)
    for hole in dice.sample(sorted(known), min(len(known), dice.randint(1, 3))):
        known -= {topic for topic in known if hole in closure([topic], course().topics)}
    return known


def learner(number: int) -> tuple[set[str], float, random.Random]:
    """What the learner knows, how often it guesses right, and its chance."""
    dice = random.Random(f"learner {number}")
    known = (goals, by_chance, gaps, by_track)[number % 4](dice)
    if dice.random() < ODD:
        known ^= {topic for topic in course().topics if dice.random() < ODD_TOPIC}
    return known, dice.uniform(*GUESS), dice


def answers(number: int) -> tuple[set[str], Callable[[str], bool]]:
    known, guess, dice = learner(number)
    return known, lambda topic: dice.random() < (1 - SLIP if topic in known else guess)


def writes(number: int) -> tuple[bool, Callable[[bool], bool]]:
    """Does the learner write programs in a test, and does one succeed, by whether the topic is known?"""
    dice = random.Random(f"programs {number}")
    spared = dice.random() < SPARED
    return spared, lambda known: dice.random() < (1 - PROGRAM_SLIP if known else PROGRAM_GUESS)


def ours(number: int) -> dict[str, float]:
    """One learner's placement."""
    known, answer = answers(number)
    spared, succeeds = writes(number)
    given: list[Given] = []
    while (topic := next_topic(around(), ASKS, given, spared=spared)) is not None:
        exercise = offered(ASKS[topic], sum(each.topic == topic for each in given), programs(given, spared))
        assert exercise is not None
        assert exercise.kind is not None
        right = succeeds(topic in known) if exercise.code else answer(topic)
        given.append(Given(topic, exercise.kind, right))
    found = judged(around(), frozenset(course().topics), given)
    skipped = set(found.of("known"))
    sure = skipped | set(found.of("unknown"))
    return {
        "right": statistics.mean((p >= 0.5) == (topic in known) for topic, p in found.probability.items()),
        "items": len(given),
        "programs": sum(each.kind in PROGRAMS for each in given),
        "sure": len(sure),
        "sure right": sum((topic in skipped) == (topic in known) for topic in sure),
        "skipped": len(skipped),
        "skipped wrongly": len(skipped - known),
        "unproven": sum(not proven(topic, given) for topic in skipped),
        "known": len(known),
    }


def proven(topic: str, given: list[Given]) -> bool:
    """The rule again, in other words: it, a topic right behind it, or two that need it, answered right."""
    right = {answer.topic for answer in given if answer.right}
    needs = [each for each in right if topic in closure([each], course().topics)]
    direct = any(topic in course().topics[each].prerequisites for each in right)
    return topic in right or direct or len(needs) >= 2


def at_random(number: int) -> float:
    """20 topics at random; the others as the nearest that was asked, a topic needed by a right answer being known."""
    known, answer = answers(number)
    dice = random.Random(f"peer {number}")
    told = {topic: answer(topic) for topic in dice.sample(sorted(course().topics), PEER_ITEMS)}
    return filled(known, told)


def by_depth(number: int) -> float:
    """The depth up to which all is known, by halving, three topics of a depth at a time."""
    known, answer = answers(number)
    dice = random.Random(f"peer {number}")
    deep = depths(course().topics)
    low, high = 0, max(deep.values())
    while low < high:
        middle = (low + high + 1) // 2
        level = sorted(topic for topic in deep if deep[topic] == middle)
        asked = [dice.choice(level) for _ in range(3)]
        low, high = (middle, high) if sum(map(answer, asked)) >= 2 else (low, middle - 1)
    return statistics.mean((deep[topic] <= low) == (topic in known) for topic in deep)


def filled(known: set[str], told: Mapping[str, bool]) -> float:
    topics = course().topics
    share = statistics.mean(told.values())

    def guess(topic: str) -> bool:
        if topic in told:
            return told[topic]
        above = [good for each, good in told.items() if topic in closure([each], topics)]
        below = [good for each, good in told.items() if each in closure([topic], topics)]
        return True if True in above else False if False in below else share >= 0.5

    return statistics.mean(guess(topic) == (topic in known) for topic in topics)


def simulated(number: int) -> dict[str, float]:
    return ours(number) | {"random": at_random(number), "depth": by_depth(number)}


def measure(full: bool = False) -> list[dict[str, Any]]:
    count = FULL if full else SHORT
    # Two processes that each compute on both cores wait for each other: a core each, said before numpy is loaded.
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        rows = list(pool.map(simulated, range(count), chunksize=10))
    return list(figures(rows))


def figures(rows: list[dict[str, float]]) -> Iterator[dict[str, Any]]:
    def mean(name: str) -> float:
        return statistics.mean(row[name] for row in rows)

    def total(name: str) -> float:
        return sum(row[name] for row in rows)

    asked = [row["items"] for row in rows]
    most = max(row["programs"] for row in rows)
    best, name = max((mean("random"), "20 random topics"), (mean("depth"), "halving by depth"))
    told = (
        f"{len(rows)} learners on {len(course().topics)} topics, slip {SLIP:.0%}, guess {GUESS[0]:.0%}–{GUESS[1]:.0%}"
    )
    called = f"{total('sure right') / total('sure'):.1%} of the {total('sure') / len(rows):.0f} called known or unknown"
    share = f"all topics, each by the more likely side; {called}"
    worst = statistics.quantiles([row["right"] for row in rows], n=20)[0]
    yield {
        "name": "topics judged rightly",
        "ours": mean("right"),
        "peer": best,
        "unit": "",
        "goal": f"≥ {GOAL:g}",
        "ok": mean("right") >= GOAL,
        "how": f"{told}; {share}; 1 learner in 20 below {worst:.1%}; peer: {name}, the other has "
        f"{min(mean('random'), mean('depth')):.3f}",
    }
    yield {
        "name": "items, median",
        "ours": statistics.median(asked),
        "peer": float(PEER_ITEMS),
        "unit": "items",
        "goal": f"≤ {MEDIAN}, never over {MOST}",
        "ok": statistics.median(asked) <= MEDIAN and max(asked) <= MOST and most <= PROGRAMS_MOST,
        "how": f"the most was {max(asked):g}, the mean {mean('items'):.1f}, of them {mean('programs'):.1f} programs, "
        f"never over {most:g}",
    }
    yield {
        "name": "topics skipped without proof",
        "ours": total("unproven"),
        "peer": total("skipped wrongly"),
        "unit": "topics",
        "goal": "none",
        "ok": total("unproven") == 0,
        "how": f"of {total('skipped'):g} skipped ({total('known'):g} were known); peer: all that were skipped and were "
        f"not known, on proof or without, {total('skipped wrongly') / max(1, total('skipped')):.2%} of the skipped",
    }
