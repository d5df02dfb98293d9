"""The placement test and the gates: never more than 30 items, never a topic held for known without proof."""

import json
import random
import statistics
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from wenjin.study.course.graph import Course, Topic
from wenjin.study.course.load import load
from wenjin.study.course.order import closure
from wenjin.study.progress.belief import Belief, Given, graph, likelihood, states
from wenjin.study.progress.gate import Answer as GateAnswer
from wenjin.study.progress.gate import Gates, asked, gates, result
from wenjin.study.progress.mastery import mastery
from wenjin.study.progress.placement import (
    BOUND,
    MINUTES,
    MOST,
    PROGRAMS_MOST,
    Outcome,
    Placements,
    following,
    items,
    late,
    outcome,
    placement,
)
from wenjin.study.store.log import Event, happened

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


@cache
def course_at(folder: Path) -> Course:
    return load(folder, coverage=False)


@pytest.fixture
def course(generated_course: Path) -> Course:
    return course_at(generated_course)


def sit(course: Course, right: Callable[[str], bool], id: str = "p") -> tuple[list[Event], Outcome]:
    """A whole placement, answered so; the events that it left, and what it found."""
    events = [happened("place", id, {"what": "began"}, START)]
    test = placement(events)
    while (item := following(course, test)) is not None:
        topic = item.exercise.topic
        data = {"topic": topic, "exercise": item.exercise.id, "kind": item.exercise.kind, "variant": item.variant}
        event = happened("place", id, {"what": "answered", "right": right(topic), **data}, START)
        events.append(event)
        test.take(event)
    found = outcome(course, [answer.given for answer in test.answers])
    return [*events, happened("place", id, {"what": "ended", "known": found.known}, START)], found


def test_the_states_it_starts_with_are_tidy(course: Course) -> None:
    around = graph(course)
    some = states(around)
    for n, before in enumerate(around.before):
        for each in before:
            assert not (some[:, n] & ~some[:, each] & 1).any()
    assert 0.25 < some.mean() < 0.6


def test_one_answer_by_hand(course: Course) -> None:
    """Bayes' rule for the topic that was asked."""
    belief = Belief(graph(course))
    place = belief.place["self-attention"]
    before = float(belief.known()[place])
    known, unknown = likelihood("numeric", True)
    belief.take(Given("self-attention", "numeric", True))
    assert float(belief.known()[place]) == pytest.approx(before * known / (before * known + (1 - before) * unknown))


def test_a_right_answer_makes_what_it_needs_likelier_and_a_wrong_one_what_needs_it_less_likely(course: Course) -> None:
    around = graph(course)
    start, right, wrong = (
        Belief(around, answers).known()
        for answers in ([], [Given("self-attention", "numeric", True)], [Given("self-attention", "numeric", False)])
    )
    place = {topic: n for n, topic in enumerate(around.topics)}
    for topic in closure(["self-attention"], course.topics):
        assert right[place[topic]] > start[place[topic]] > wrong[place[topic]]
        assert right[place[topic]] < 1


@pytest.mark.parametrize("knows", [True, False])
def test_one_who_knows_all_or_nothing(course: Course, knows: bool) -> None:
    events, found = sit(course, lambda topic: knows)
    assert len(events) - 2 <= MOST
    assert statistics.mean((p >= 0.5) == knows for p in found.probability.values()) >= 0.9
    if not knows:
        assert not found.of("known")
        assert set(found.frontier) == {topic.id for topic in course.topics.values() if not topic.prerequisites}


def test_simulated_learners(course: Course, count: Callable[[int], int]) -> None:
    """Whoever answers, however: at most 30 items, proof for all that is skipped, no known topic left to study. How
    many topics are judged rightly is measured in benchmarks/placement.py."""
    shares, lengths = [], []
    for number in range(count(160)):
        dice = random.Random(number)
        goals = dice.sample(sorted(course.topics), dice.randint(0, 12))
        known = closure(goals, course.topics) ^ {
            topic for topic in course.topics if dice.random() < 0.04 * (number % 2)
        }
        guess = dice.uniform(0.1, 0.25)
        events, found = sit(course, lambda t: dice.random() < (0.9 if t in known else guess), f"p{number}")  # noqa: B023
        answers = [event.data for event in events if event.data["what"] == "answered"]
        assert len(answers) <= MOST
        right = {answer["topic"] for answer in answers if answer["right"]}
        last = {answer["topic"]: answer["right"] for answer in answers}
        for topic in found.of("known"):
            needed = {each for each in right if topic in closure([each], course.topics)}
            direct = any(topic in course.topics[each].prerequisites for each in right)
            assert last.get(topic, True)
            assert topic in right or direct or len(needed) >= 2
            assert found.probability[topic] >= 0.93
        assert not set(found.frontier) & set(found.of("known"))
        held = mastery(events, course, START)
        assert {topic for topic, one in held.items() if one.proven} >= set(found.of("known"))
        shares.append(statistics.mean((p >= 0.5) == (t in known) for t, p in found.probability.items()))
        lengths.append(len(answers))
    assert statistics.mean(shares) >= 0.85  # harder than most: a dozen goals without a plan, half of them untidy
    assert statistics.median(lengths) <= MOST


def test_what_is_likely_is_not_yet_proven(course: Course) -> None:
    """One topic answered right proves itself and what it builds on directly; what lies deeper takes a second one."""

    def judged(*answers: tuple[str, bool]) -> Outcome:
        return outcome(course, [Given(topic, "numeric", right) for topic, right in answers])

    top, direct = "self-attention", course.topics["self-attention"].prerequisites
    deeper = closure([top], course.topics) - {top, *direct}
    found = judged((top, True), (top, True))
    assert any(found.probability[topic] >= BOUND for topic in deeper)
    assert set(found.of("known")) == {topic for topic in (top, *direct) if found.probability[topic] >= BOUND}
    above = next(t.id for t in course.topics.values() if top in t.prerequisites)
    found = judged((top, True), (top, True), (above, True))
    assert set(found.of("known")) & deeper
    assert top not in judged((above, True), (above, True), (top, True), (top, True), (top, False)).of("known")


def test_it_can_be_left_and_gone_on_with(course: Course) -> None:
    events, _ = sit(course, lambda topic: topic in closure(["self-attention"], course.topics))
    for n in range(1, len(events) - 1):
        half = placement(events[:n])
        kept = Placements.from_dict(json.loads(json.dumps(half.as_dict())))
        assert kept == half
        item = following(course, kept)
        assert item is not None
        assert (item.exercise.id, item.variant) == (events[n].data["exercise"], events[n].data["variant"])
    assert not placement(events).open


def test_an_item_sent_twice_is_one_and_nothing_comes_after_the_end(course: Course) -> None:
    events, _ = sit(course, lambda topic: False)
    twice = [event for event in events for _ in (0, 1)]
    assert placement(twice) == placement(events)
    assert placement([*events, *events[1:3]]) == placement(events)


def test_another_test_has_other_numbers(course: Course) -> None:
    def first(id: str) -> int:
        item = following(course, placement([happened("place", id, {"what": "began"}, START)]))
        assert item is not None
        return item.variant

    assert first("a") != first("b")
    assert first("a") == first("a")


def test_topics_that_cannot_be_asked_are_left_unknown() -> None:
    """In the course as it is few topics are written: nothing is said of the others, and the test is short."""
    course = load(coverage=False)
    able = items(course)
    assert 0 < len(able) < len(course.topics)
    assert all(exercise.written for usable in able.values() for exercise in usable)
    assert all([e.code for e in usable] == sorted(e.code for e in usable) for usable in able.values()), "programs last"
    events, found = sit(course, lambda topic: True)
    assert {event.data["topic"] for event in events if "topic" in event.data} <= able.keys()
    assert set(found.unasked) == course.topics.keys() - able.keys()
    assert not set(found.unasked) & set(found.of("known"))


def coded(course: Course, only: bool) -> Course:
    """The course with a program in place of the last exercise of each topic, or of all."""

    def change(topic: Topic) -> Topic:
        exercises = [
            replace(each, kind="function") if only or n == len(topic.exercises) - 1 else each
            for n, each in enumerate(topic.exercises)
        ]
        return replace(topic, exercises=tuple(exercises))

    return replace(course, topics={id: change(topic) for id, topic in course.topics.items()})


@pytest.mark.parametrize("only", [True, False])
def test_a_placement_asks_few_programs_and_none_of_one_who_wants_none(course: Course, only: bool) -> None:
    """At most three, never first where a topic has something quicker; without them topics of programs stay unasked."""
    written = coded(course, only)
    events, found = sit(written, lambda topic: len(topic) % 2 == 0)
    asked = [event.data for event in events if event.data["what"] == "answered"]
    assert sum(row["kind"] == "function" for row in asked) <= PROGRAMS_MOST
    assert not found.unasked
    test = placement([*events[:1], happened("place", "p", {"what": "spared"}, START)])
    assert test.spared
    item = following(written, test)
    assert item is None if only else item is not None and not item.exercise.code
    assert outcome(written, [], spared=True).unasked == (tuple(written.topics) if only else ())


def test_the_time_of_a_program_runs_from_when_it_was_begun() -> None:
    def at(minutes: float) -> datetime:
        return START + timedelta(minutes=minutes)

    began = happened("place", "p", {"what": "began"}, START)
    opened = [happened("place", "p", {"what": "opened", "number": n}, at(n)) for n in (1, 1, 2)]
    data = {"topic": "t", "exercise": "t/e", "kind": "function", "variant": 1, "right": False}
    answered = happened("place", "p", {"what": "answered", **data}, at(9))
    assert placement([began]).opened is None
    assert placement([began, *opened]).opened == at(1), "opened again its time does not begin again"
    assert placement([began, *opened, answered]).opened is None
    assert placement([began, opened[2]]).opened is None, "another question's form begins nothing"
    kept = placement([began, opened[0]])
    assert Placements.from_dict(json.loads(json.dumps(kept.as_dict()))) == kept
    assert (late(None, START), late(START, at(MINUTES)), late(START, at(MINUTES + 1))) == (True, False, True)
    gate = [
        happened("gate", "t", {"gate": "g", **row}, at(2))
        for row in ({"what": "began"}, {"what": "opened", "number": 1})
    ]
    assert gates(gate)["t"].opened == at(2)
    fold = Gates(dict(gates(gate)))
    assert Gates.from_dict(json.loads(json.dumps(fold.as_dict()))) == fold


def test_a_gate_ends_with_one_program(course: Course) -> None:
    topic = coded(course, False).topics["self-attention"]
    kinds = [item.exercise.kind for item in asked(topic, "a")]
    assert kinds == ["numeric", "numeric", "numeric", "function"]
    alone = asked(coded(course, True).topics["self-attention"], "a")
    assert [item.exercise.kind for item in alone] == ["function", "function"]
    assert len({item.exercise.id for item in alone}) == 2
    first = {asked(coded(course, True).topics["self-attention"], str(n))[0].exercise.id for n in range(20)}
    assert len(first) == 3, "another gate, another program"


def test_the_items_of_a_gate(course: Course) -> None:
    topic = course.topics["self-attention"]
    one, other = asked(topic, "a"), asked(topic, "b")
    assert [item.exercise.name for item in one] == [
        "reckon-forward",
        "reckon-back",
        "choose-the-rule",
        "reckon-back",
    ] or [item.exercise.name for item in one] == ["reckon-forward", "reckon-back", "choose-the-rule", "reckon-forward"]
    assert [item.variant for item in one] != [item.variant for item in other]
    assert len({(item.exercise.id, item.variant) for item in one}) == 4
    assert asked(load(coverage=False).topics["multi-head-attention"], "a") == ()


def test_of_four_items_one_may_be_wrong_and_of_fewer_none() -> None:
    def passes(right: int, of: int) -> bool:
        return result([GateAnswer("t/e", n, n < right) for n in range(of)], of)[0]

    assert [passes(n, 4) for n in range(5)] == [False, False, False, True, True]
    assert [passes(n, 2) for n in range(3)] == [False, False, True]
    assert not result([], 0)[0]


def test_the_newest_gate_counts_and_survives_json() -> None:
    def event(**data: object) -> Event:
        return happened("gate", "t", data, START)

    answer = {"what": "answered", "gate": "a", "exercise": "t/e", "variant": 1, "right": True}
    events = [
        event(what="began", gate="a"),
        event(**answer),
        event(**answer),
        event(what="ended", gate="a", passed=True),
    ]
    assert (gates(events)["t"].passed, len(gates(events)["t"].answers)) == (True, 1)
    assert gates([*events, event(what="began", gate="b")])["t"].open
    fold = Gates(dict(gates(events)))
    assert Gates.from_dict(json.loads(json.dumps(fold.as_dict()))) == fold
