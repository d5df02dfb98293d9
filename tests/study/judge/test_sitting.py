"""Sitting a paper with the real judge and store: references pass, planted errors are named, a kill costs nothing."""

import json
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from wenjin.study.course.graph import Course
from wenjin.study.course.load import load
from wenjin.study.judge.client import Judge, local_judge
from wenjin.study.judge.sitting import GRACE, Over, Room, Typed
from wenjin.study.progress.paper import Sitting, paper, seal
from wenjin.study.progress.report import report
from wenjin.study.progress.state import state
from wenjin.study.store.log import Log, happened
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

OF = "sixteen-topics/python"
SITTER = Path(__file__).with_name("sitter.py")


class Time:
    def __init__(self) -> None:
        self.now = 5000.0

    def read(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def course() -> Course:
    return load(coverage=False)


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with local_judge() as judge:
        yield judge


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = open_log(places(tmp_path / "data", tmp_path / "work", environ={}), role="command")
    yield log
    log.close()


@pytest.fixture
def room(log: Log, course: Course, judge: Judge) -> Room:
    return Room(log, course, lambda: judge, Time().read)


def begin(room: Room, of: str = OF, seed: int = 1) -> Sitting:
    found = room.get(room.begin(room.scopes()[of], seed))
    assert found is not None
    return found


def wrong(room: Room, item: str, variant: int) -> bytes:
    """The reference answer, spoiled: every number one too large, every choice the first that is not right."""
    exercise = room.course.exercises[item]
    right = room.judge().solution(item, variant)
    if exercise.code:
        return right.replace("return ", "return None or ").replace("return None or ", "return None  # ", 1).encode()
    answer = tomllib.loads(right)["answer"]
    problem = room.judge().problem(item, variant)

    def spoil(value: Any) -> Any:
        return [spoil(one) for one in value] if isinstance(value, list) else value + 1

    match problem["form"]:
        case "numeric":
            spoiled = {name: spoil(value) for name, value in answer.items()}
        case "order":
            spoiled = {"order": answer["order"][::-1]}
        case _:
            keys = {step["key"]: [option["key"] for option in step["options"]] for step in problem["steps"]}
            spoiled = {step: next(k for k in keys[step] if k != chosen) for step, chosen in answer.items()}
    return json.dumps({"variant": variant + 1, "answer": spoiled}).encode()


def test_the_reference_answers_pass_the_paper(room: Room) -> None:
    sat = begin(room)
    with room.open(sat):
        for item, variant in sat.items:
            assert room.answer(sat, item, room.judge().solution(item, variant).encode())["verdict"] == "pass"
    room.end(sat, "handed-in")
    found = room.get(sat.id)
    assert found is not None
    assert (found.right, found.why) == (len(sat.items), "handed-in")
    assert not report(found, room.all(), room.course).weak
    passed = state(room.log.events(), room.course).exercises
    assert all(passed[item].status == "passed" for item, _ in sat.items), "each answer is an attempt, too"
    assert len(room.log.events("attempt")) == len(sat.items)


def test_planted_errors_make_weak_topics_and_say_where_to_read(room: Room) -> None:
    sat = begin(room)
    planted = {item for item, _ in sat.items if item.startswith("decision-trees")}
    for item, variant in sat.items:
        right = room.judge().solution(item, variant).encode()
        room.answer(sat, item, wrong(room, item, variant) if item in planted else right)
    assert not room.log.events("attempt"), "nothing is told before the end"
    room.end(sat, "handed-in")
    room.end(sat, "time")  # again: it has ended
    found = room.get(sat.id)
    assert found is not None
    told = report(found, room.all(), room.course)
    assert [weak.id for weak in told.weak] == ["decision-trees-and-forests"]
    assert (told.weak[0].right, told.weak[0].all) == (0, len(planted))
    assert told.weak[0].revisit
    assert len(room.log.events("attempt")) == len(sat.items)


def test_the_last_answer_counts_and_the_numbers_are_those_of_the_paper(room: Room) -> None:
    sat = begin(room)
    item, variant = next((i, v) for i, v in sat.items if room.course.exercises[i].kind == "numeric")
    assert room.answer(sat, item, wrong(room, item, variant))["verdict"] == "wrong"
    for other in (variant + 1, 0):  # right for other numbers
        assert room.answer(sat, item, room.judge().solution(item, other).encode())["verdict"] != "pass"
    assert room.answer(sat, item, room.judge().solution(item, variant).encode())["verdict"] == "pass"
    assert room.answer(sat, item, b"\xff[[[")["verdict"] == "error"
    room.answer(sat, item, room.judge().solution(item, variant).encode())
    found = room.get(sat.id)
    assert found is not None
    assert found.right == 1


def test_cards_are_kept_and_rated_only_after_the_end_and_never_counted(room: Room) -> None:
    sat = begin(room)
    card = sat.cards[0]
    room.type(sat, card, "because")
    room.rate(sat, card, 4)
    room.end(sat, "handed-in")
    ended = room.get(sat.id)
    assert ended is not None
    assert not ended.ratings
    room.rate(ended, card, 2)
    room.rate(ended, "no/card", 2)
    ended = room.get(sat.id)
    assert ended is not None
    told = report(ended, room.all(), room.course)
    assert (ended.ratings, told.cards[0].typed, told.right, told.all) == ({card: 2}, "because", 0, len(sat.items))


def test_the_time_ends_the_paper_and_the_answer_under_the_pen_still_counts(
    log: Log, course: Course, judge: Judge
) -> None:
    time = Time()
    room = Room(log, course, lambda: judge, time.read)
    sat = begin(room)
    item, variant = sat.items[0]
    right = judge.solution(item, variant).encode()
    with room.open(sat):
        time.now += sat.limit - 1
        assert not room.over(sat)
        time.now += 1
        assert not room.over(sat), "a moment for what is under the pen"
        assert room.answer(sat, item, right)["verdict"] == "pass"
        time.now += GRACE + 0.1
        with pytest.raises(Over):
            room.answer(sat, sat.items[1][0], right)
        assert room.over(sat)
    found = room.get(sat.id)
    assert found is not None
    assert (found.why, found.spent, found.right) == ("time", sat.limit, 1)
    with pytest.raises(Over):
        room.type(found, sat.cards[0], "late")


def test_a_closed_window_stops_the_clock_and_leaving_for_long_is_written_down(
    log: Log, course: Course, judge: Judge
) -> None:
    time = Time()
    room = Room(log, course, lambda: judge, time.read)
    sat = begin(room)
    for away in (1.0, 5.0, 100.0):
        with room.open(sat):
            time.now += 60
        time.now += away
    successor = Room(log, course, lambda: judge, time.read)
    found = successor.get(sat.id)
    assert found is not None
    assert found.spent == 180.0
    assert found.opened == 1
    with successor.open(found):
        time.now += 20
        told = successor.get(sat.id)
        assert told is not None
        assert (told.spent, told.opened) == (200.0, 2)


def test_two_windows_of_two_processes_count_once(log: Log, course: Course, judge: Judge) -> None:
    time = Time()
    one, two = (Room(log, course, lambda: judge, time.read) for _ in range(2))
    sat = begin(one)
    with one.open(sat), two.open(sat):
        for _ in range(50):
            time.now += 0.4
            one.keep(sat.id)
            two.keep(sat.id)
    found = one.get(sat.id)
    assert found is not None
    assert found.spent == pytest.approx(20.0, abs=0.5)


def test_a_kill_neither_takes_nor_gives_a_second(
    tmp_path: Path, course: Course, judge: Judge, count: Callable[[int], int]
) -> None:
    here = places(tmp_path / "data", tmp_path / "work", environ={})
    log = open_log(here, role="command")
    room = Room(log, course, lambda: judge)
    sat = begin(room)
    log.close()
    truth, dice = 0.0, Random(7)
    for _ in range(max(2, count(40))):
        argv = [sys.executable, str(SITTER), str(tmp_path / "data"), sat.id]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        began = float(process.stdout.readline().split()[1])
        time.sleep(dice.uniform(1.5, 3.0))
        before = time.monotonic()
        process.kill()
        process.wait()
        process.stdout.close()
        log = open_log(here, role="command")
        found = Room(log, course, lambda: judge).get(sat.id)
        log.close()
        assert found is not None
        lost = truth + (before - began) - found.spent
        assert -0.1 < lost < 1.0, f"{lost:.3f} s of {before - began:.3f}"
        truth = found.spent


def test_a_kill_among_answers_loses_none_that_was_kept(tmp_path: Path, course: Course, judge: Judge) -> None:
    here = places(tmp_path / "data", tmp_path / "work", environ={})
    log = open_log(here, role="command")
    sat = begin(Room(log, course, lambda: judge))
    log.close()
    argv = [sys.executable, str(SITTER), str(tmp_path / "data"), sat.id, "50"]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    kept = 0
    for line in process.stdout:
        kept += line.startswith("kept")
        if kept == 5:
            process.kill()
            break
    process.wait()
    process.stdout.close()
    log = open_log(here, role="command")
    told = [event for event in log.events("paper", sat.id) if event.data["what"] == "answered"]
    log.close()
    assert len(told) in (5, 6)


def test_what_was_typed_and_not_kept_is_judged_at_the_end_however_it_comes(
    log: Log, course: Course, judge: Judge
) -> None:
    time = Time()
    typed = Typed()
    room = Room(log, course, lambda: judge, time.read, typed=lambda sat: typed)
    for why in ("handed-in", "time"):
        sat = begin(room)
        items = [item for item, _ in sat.items]
        answers = {item: judge.solution(item, variant).encode() for item, variant in sat.items}
        with room.open(sat):
            room.answer(sat, items[0], answers[items[0]])
            room.answer(sat, items[1], wrong(room, *sat.items[1]))
            typed = Typed(answers | {items[0]: b"", items[3]: b"\xff"}, {sat.cards[0]: "because"})
            time.now += sat.limit if why == "time" else 60
        if why == "time":
            assert room.over(sat)
        else:
            room.end(sat, why)
        found = room.get(sat.id)
        assert found is not None
        assert found.answers[items[0]].verdict == "pass", "an answer that is not finished replaces none"
        assert [found.answers[item].verdict for item in items[1:]] == ["pass", "pass", "error"]
        assert (found.why, found.spent, found.typed[sat.cards[0]].text) == (why, time_of(sat, why), "because")
        assert [event.data["paper"] for event in log.events("attempt")].count(sat.id) == len(items)


def time_of(sat: Sitting, why: str) -> float:
    return sat.limit if why == "time" else 60.0


def test_what_comes_while_nobody_holds_the_clock_counts_since_the_page_was_handed_out(
    log: Log, course: Course, judge: Judge
) -> None:
    time = Time()
    room = Room(log, course, lambda: judge, time.read)
    sat = begin(room)
    item, variant = sat.items[0]
    right = judge.solution(item, variant).encode()
    time.now += 500  # nothing was handed out yet
    room.seen(sat)
    time.now += 100
    room.answer(sat, item, right)
    assert spent(room, sat) == 100
    with room.open(sat):
        time.now += 10
    time.now += 30
    room.answer(sat, item, right)
    assert spent(room, sat) == 140, "since the clock was let go"
    successor = Room(log, course, lambda: judge, time.read)
    time.now += 1000
    again = successor.get(sat.id)
    assert again is not None
    successor.answer(again, item, right)
    time.now += 20
    successor.answer(again, sat.items[1][0], right)
    found = successor.get(sat.id)
    assert found is not None
    assert (found.spent, found.untimed) == (160, {item}), "not known is said, and time goes on from there"
    time.now += sat.limit
    with pytest.raises(Over):
        successor.answer(again, item, right)
    assert successor.over(again)


def spent(room: Room, sat: Sitting) -> float:
    found = room.get(sat.id)
    assert found is not None
    return found.spent


def test_an_answer_that_arrives_after_the_end_changes_no_code(room: Room) -> None:
    sat = begin(room)
    room.end(sat, "handed-in")
    code = seal(room.log.events("paper", sat.id), sat.id)
    room.log.append(happened("paper", sat.id, {"what": "answered", "item": sat.items[0][0], "verdict": "pass"}))
    assert seal(room.log.events("paper", sat.id), sat.id) == code


def test_a_paper_that_is_given_up_takes_nothing_and_ends_not_until_it_is_taken_up(room: Room) -> None:
    sat = begin(room)
    item, variant = sat.items[0]
    right = room.judge().solution(item, variant).encode()
    room.answer(sat, item, right)
    room.give_up(sat)
    with pytest.raises(Over):
        room.answer(sat, item, right)
    room.end(sat, "handed-in")
    assert (room.all().open(OF), room.all().over(OF), len(room.all().given_up(OF))) == ([], [], 1)
    assert not room.log.events("attempt")
    again = room.get(sat.id)
    assert again is not None
    room.take_up(again)
    room.take_up(again)
    assert [one.id for one in room.all().open(OF)] == [sat.id]
    assert room.enter(room.scopes()[OF], 5) == sat.id
    room.end(again, "handed-in")
    ended = room.get(sat.id)
    assert ended is not None
    room.give_up(ended)
    assert (ended.right, len(room.all().over(OF)), room.enter(room.scopes()[OF], 5) == sat.id) == (1, 1, False)


def test_the_same_seed_draws_the_same_paper_twice(room: Room) -> None:
    one, two = begin(room, seed=1), begin(room, seed=1)
    assert (one.items, one.cards, one.minutes) == (two.items, two.cards, two.minutes)
    assert one.items == tuple((i.id, i.variant) for i in paper(room.course, room.scopes()[OF], 1).items)
    assert begin(room, seed=2).items != one.items
