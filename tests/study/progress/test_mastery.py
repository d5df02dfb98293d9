"""Mastery: by hand, and what must hold whatever the learner does."""

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fsrs import Card, Scheduler
from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.study.course.graph import Course
from wenjin.study.course.load import load
from wenjin.study.progress.evidence import GATE, READ, Evidences
from wenjin.study.progress.mastery import KNOWN, Mastery, mastery, view
from wenjin.study.store.log import Event, happened

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
TOPIC = "self-attention"
FORWARD, BACK, RULE = (f"{TOPIC}/{name}" for name in ("reckon-forward", "reckon-back", "choose-the-rule"))


@cache
def course_at(folder: Path) -> Course:
    return load(folder, coverage=False)


@pytest.fixture
def course(generated_course: Path) -> Course:
    return course_at(generated_course)


def at(days: float, kind: str, subject: str, **data: Any) -> Event:
    return happened(kind, subject, data, START + days * DAY)


def passed(days: float, exercise: str) -> Event:
    return at(days, "attempt", exercise, verdict="pass", name=None)


def held(events: Sequence[Event], course: Course, days: float = 0.0) -> Mastery:
    return mastery(events, course, START + days * DAY)[TOPIC]


def test_nothing_is_known_of_one_who_did_nothing(course: Course) -> None:
    found = mastery([], course, START)
    assert list(found) == list(course.topics)
    assert {(one.value, one.sure, one.standing, one.evidence) for one in found.values()} == {(0, 0, "unknown", ())}


def test_by_hand(course: Course) -> None:
    events = [
        passed(0, FORWARD),  # weight 1, value 1
        at(0, "attempt", BACK, verdict="wrong", name="forgets-the-one"),  # the older of two: 0.6 / 2, value 0
        at(0, "hint", BACK, number=1),
        passed(0, BACK),  # weight 1, value 1 - 0.1 - 0.1
    ]
    found = held(events, course)
    assert found.value == pytest.approx((1 + 0.8) / (1 + 0.3 + 1 + 1))
    assert found.sure == pytest.approx(2.3 / 3.3)
    assert [(each.note, each.weight, each.value) for each in found.evidence] == [
        ("first", 1.0, 1.0),
        ("mistake", 0.3, 0.0),
        ("hints", 1.0, 0.8),
    ]
    assert [each.event for each in found.evidence] == [events[0].id, events[1].id, events[3].id]


def test_a_first_pass_counts_more_than_one_after_failures_hints_or_the_solution(course: Course) -> None:
    wrong = at(0, "attempt", FORWARD, verdict="wrong", name=None)
    first = held([passed(0, FORWARD)], course).value
    tried = held([wrong, passed(0, FORWARD)], course).value
    hinted = held([at(0, "hint", FORWARD, number=1), passed(0, FORWARD)], course).value
    read = held([at(0, "solution", FORWARD), passed(0, FORWARD)], course).value
    assert first > hinted > tried > read > 0
    assert read == pytest.approx(READ / 2)


def test_a_named_mistake_counts_against_it_more_than_a_slip_and_a_crash_not_at_all(course: Course) -> None:
    def after(**data: Any) -> float:
        return held([passed(0, FORWARD), passed(0, BACK), at(0.1, "attempt", RULE, **data)], course, 0.1).value

    known = held([passed(0, FORWARD), passed(0, BACK)], course, 0.1).value
    assert after(verdict="wrong", name="forgets-the-one") < after(verdict="wrong", name=None) < known
    assert after(verdict="error", name="syntax") == after(verdict="timeout", name=None) == pytest.approx(known)


def test_the_same_pass_again_on_the_same_day_says_nothing_new(course: Course) -> None:
    once = held([passed(0, FORWARD)], course)
    assert held([passed(0, FORWARD)] + [passed(n / 100, FORWARD) for n in range(9)], course).value == once.value
    assert len(held([passed(day, FORWARD) for day in range(60)], course, 60).evidence) == 4


def test_cards_alone_prove_nothing(course: Course) -> None:
    events = [at(day, "review", f"{TOPIC}/times-{n}", rating=4) for day in (0, 5, 30) for n in range(5)]
    found = held(events, course, 30)
    assert found.value == pytest.approx(1.25 / 2.25)
    assert found.standing == "learning"
    real = load(coverage=False)  # with more cards: together they reach the bound, and still prove nothing
    topic = max(real.topics.values(), key=lambda one: len(one.cards))
    rated = [at(0, "review", f"{topic.id}/{card.id}", rating=4) for card in topic.cards]
    alone = mastery(rated, real, START)[topic.id]
    assert alone.value == pytest.approx(KNOWN)
    assert alone.standing == "learning"
    assert held([*events, passed(30, FORWARD)], course, 30).standing == "known"


def test_it_fades_with_the_forgetting_curve_of_the_library(course: Course) -> None:
    """Without cards: by the stability of one success."""
    both = [passed(0, FORWARD), passed(0, BACK)]
    stability = Scheduler().parameters[
        2
    ]  # of a card rated "good" once; the second success of a day changes it a little
    one = held([passed(0, FORWARD)], course, 30).evidence[0]
    card = Card(card_id=1, stability=stability, last_review=START)
    assert one.weight == pytest.approx(Scheduler().get_card_retrievability(card, START + 30 * DAY))
    values = [held(both, course, days).value for days in (0, 1, 5, 30, 400)]
    assert values == sorted(values, reverse=True)
    assert [held(both, course, days).standing for days in (0, 400)] == ["known", "fading"]


def test_reviewing_its_cards_keeps_it_and_spaced_successes_last_longer(course: Course) -> None:
    both = [passed(0, FORWARD), passed(0, BACK)]
    cards = [at(day, "review", f"{TOPIC}/times-{n}", rating=3) for day in (0, 3, 12, 40) for n in range(5)]
    assert held([*both, *cards], course, 60).standing == "known"
    assert held(both, course, 60).standing == "fading"
    crammed = [passed(0, FORWARD), passed(0, BACK)]
    spaced = [passed(0, FORWARD), passed(8, BACK)]
    left = [held(events, course, 8 + 60).evidence[-1].weight for events in (crammed, spaced)]
    assert left[1] > left[0]


def test_an_undone_review_counts_no_more(course: Course) -> None:
    first = at(0, "review", f"{TOPIC}/times-0", rating=3)
    second = at(9, "review", f"{TOPIC}/times-0", rating=1)
    undo = at(9, "undo", f"{TOPIC}/times-0", event=second.id)
    assert held([first, second, undo], course, 9) == held([first], course, 9)
    assert held([first, second], course, 9).value == 0


def test_gate_and_placement(course: Course) -> None:
    gate = at(0, "gate", TOPIC, what="ended", gate="g", passed=True, share=1.0)
    assert held([gate], course).value == pytest.approx(GATE / (GATE + 1))
    assert held([gate], course).standing == "known"
    failed = at(0, "gate", TOPIC, what="ended", gate="g", passed=False, share=0.5)
    assert held([failed], course).standing == "learning"
    proof = at(0, "place", "p", what="ended", known={TOPIC: 0.95})
    assert held([proof], course).standing == "known"
    unlucky = at(0, "place", "p", what="answered", topic=TOPIC, exercise=FORWARD, variant=1, right=False)
    assert held([unlucky], course).standing == "unknown"


def test_a_paper_tells_nothing_before_its_end_and_then_counts_its_newest_answer_once(course: Course) -> None:
    wrong = at(0, "paper", "p", what="answered", item=FORWARD, verdict="wrong")
    right = at(0, "paper", "p", what="answered", item=FORWARD, verdict="pass")
    assert held([wrong, right, right], course) == held([], course), "its verdicts are told when it is handed in"
    missed = at(0, "attempt", FORWARD, verdict="wrong", name=None, source="paper")
    judged = at(0, "attempt", FORWARD, verdict="pass", name=None, source="paper")
    found = held([wrong, right, missed, judged], course).evidence
    assert [(each.kind, each.value, each.weight) for each in found] == [("paper", 1.0, 1.0)]
    alone = held([wrong, missed], course).evidence
    assert [(each.kind, each.value, each.weight) for each in alone] == [("paper", 0.0, 1.0)]
    practised = held([missed, passed(1, FORWARD)], course, 1).evidence
    assert [(each.kind, each.note) for each in practised] == [("paper", ""), ("attempt", "first")]


def test_a_normal_run_counts_and_a_prediction_only_before_the_first(course: Course) -> None:
    lab = course.topics[TOPIC].labs[0].id
    basis = {
        "comparable": True,
        "bands": {"loss": [0.0, 1.0]},
        "answers": {"grows": {"about": "loss", "answer": "yes"}},
    }

    def run(id: str, guess: str, loss: float) -> list[Event]:
        end = {"frames": [{"frame": "level", "name": "loss", "value": loss}], "claims": {"ok": True}, "basis": basis}
        return [
            at(0, "run", lab, run=id, what="queued", arguments={}, prediction={"grows": guess}),
            at(0, "run", lab, run=id, what="finished", **end),
        ]

    normal = held(run("a", "yes", 0.5), course)
    assert sorted((each.kind, each.value) for each in normal.evidence) == [("lab", 1.0), ("prediction", 1.0)]
    again = held([*run("a", "no", 5.0), *run("b", "yes", 0.5)], course)
    assert sorted((each.kind, each.value) for each in again.evidence) == [("lab", 1.0), ("prediction", 0.0)]


SUBJECTS = [FORWARD, BACK, RULE, f"{TOPIC}/times-0", f"{TOPIC}/times-1", TOPIC, "gone/away"]


@st.composite
def lives(draw: st.DrawFn) -> list[Event]:
    made: list[Event] = []
    day = 0.0
    for _ in range(draw(st.integers(0, 25))):
        day += draw(st.sampled_from((0.0, 0.01, 1.0, 20.0, -0.5)))
        kind = draw(st.sampled_from(("attempt", "hint", "solution", "review", "undo", "gate", "place", "note")))
        data: dict[str, Any] = {}
        if kind == "attempt":
            data = {
                "verdict": draw(st.sampled_from(("pass", "wrong", "error"))),
                "name": draw(st.sampled_from((None, "x"))),
            }
        elif kind == "review":
            data = {"rating": draw(st.sampled_from((1, 2, 3, 4, 9, None)))}
        elif kind == "undo" and made:
            data = {"event": draw(st.sampled_from(made)).id}
        elif kind == "gate":
            data = {"what": "ended", "gate": "g", "passed": draw(st.booleans()), "share": 0.25}
        elif kind == "place":
            data = {"what": "ended", "known": {TOPIC: draw(st.floats(0, 1))}}
        made.append(at(day, kind, draw(st.sampled_from(SUBJECTS)), **data))
    return made


@settings(max_examples=60, deadline=None)
@given(events=lives(), ahead=st.floats(0, 4000))
def test_whatever_happens(generated_course: Path, events: list[Event], ahead: float) -> None:
    course = course_at(generated_course)
    now = START + (520 + ahead) * DAY
    found = mastery(events, course, now)
    for one in found.values():
        weights = sum(each.weight for each in one.evidence)
        products = sum(each.weight * each.value for each in one.evidence)
        assert 0 <= one.value <= one.sure < 1
        assert math.isclose(one.value, products / (weights + 1))
        assert all(0 <= each.weight <= each.full and 0 <= each.value <= 1 for each in one.evidence)
        assert {each.event for each in one.evidence} <= {event.id for event in events}
        if one.standing == "known":
            assert one.value >= KNOWN
            assert any(each.kind != "card" and each.value >= 0.5 for each in one.evidence)
    later = mastery(events, course, now + 100 * DAY)
    assert all(later[topic].sure <= found[topic].sure for topic in found)  # what is said of it fades
    half = Evidences(course)
    for event in events[: len(events) // 2]:
        half.take(event)
    half = Evidences.from_dict(json.loads(json.dumps(half.as_dict())), course)
    for event in events[len(events) // 2 :]:
        half.take(event)
    assert view(half, now) == found


def test_what_it_keeps_is_bounded_by_the_course(course: Course) -> None:
    def size(years: int) -> int:
        fold = Evidences(course)
        for day in range(365 * years):
            fold.take(passed(day, (FORWARD, BACK, RULE)[day % 3]))
            fold.take(at(day, "review", f"{TOPIC}/times-{day % 5}", rating=3))
            fold.take(at(day, "run", course.topics[TOPIC].labs[0].id, run=str(day), what="queued", prediction={}))
        return len(json.dumps(fold.as_dict()))

    assert size(3) < 1.1 * size(1)
