"""The clock of a paper with the real judge and store: nothing costs or gains a second, no kill loses an answer."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.study.judge.papers.conftest import Time, begin, wrong
from wenjin.study.course.graph import Course
from wenjin.study.judge.client import Judge
from wenjin.study.judge.sitting import GRACE, Over, Room, Typed
from wenjin.study.progress.paper import Sitting
from wenjin.study.store.log import Log
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

SITTER = Path(__file__).with_name("sitter.py")


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


def test_nobody_gains_or_loses_time_by_fetching_a_page_again(log: Log, course: Course, judge: Judge) -> None:
    time = Time()
    room = Room(log, course, lambda: judge, time.read)
    items = [item for item, _ in begin(room).items]
    right = {item: judge.solution(item, variant).encode() for item, variant in begin(room).items}

    def after(*waits: float) -> tuple[float, set[str]]:
        """A page is handed out, and again after each of these; then comes an answer. Its time, and what is marked."""
        sat = begin(room)
        room.seen(sat)
        for wait in waits:
            time.now += wait
            room.seen(sat)
        time.now += 100
        room.answer(sat, items[0], right[items[0]])
        time.now += 3
        room.seen(sat)  # the next question
        time.now += 100
        room.answer(sat, items[1], right[items[1]])
        found = room.get(sat.id)
        assert found is not None
        return found.spent, found.untimed

    assert after() == (200, set()), "what passes between an answer and the next page is the judge's"
    assert after(4, 6) == (210, set()), "turning the pages counts"
    assert after(4, 600) == (204, set(items[:2])), "what cannot be told is not counted, and said"

    sat = begin(room)
    for _ in range(2):  # a browser holds the clock: its tab is closed for the night, and opened again
        room.seen(sat)
        with room.open(sat):
            time.now += 10
            room.seen(sat)  # a second window
            room.answer(sat, items[0], right[items[0]])
        time.now += 30_000
    room.seen(sat)
    time.now += 5
    room.answer(sat, items[1], right[items[1]])
    found = room.get(sat.id)
    assert found is not None
    assert (found.spent, found.untimed) == (25, set())


def spent(room: Room, sat: Sitting) -> float:
    found = room.get(sat.id)
    assert found is not None
    return found.spent
