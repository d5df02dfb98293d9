"""The day from events alone: the unfinished run, the next step along the chosen track, what was never begun."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.study.cli.school import course
from wenjin.kit.text import Text
from wenjin.study.course.graph import Course, Track, Unit
from wenjin.study.course.load import load
from wenjin.study.progress.deck import deck
from wenjin.study.progress.today import Today, today
from wenjin.study.store.log import Event, happened

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
COURSE = course()
IDS = list(COURSE.exercises)
REAL = load()
LAB = next(lab for topic in REAL.topics.values() for lab in topic.labs)


def event(kind: str, subject: str, **data: Any) -> Event:
    return happened(kind, subject, data, NOW)


def run(name: str, *what: str) -> list[Event]:
    return [event("run", LAB.id, run=name, what=each) for each in what]


def day(events: list[Event], of: Course = COURSE) -> Today:
    return today(events, of, deck(events, of, NOW + timedelta(minutes=1)))


def test_a_newcomer_has_begun_nothing_and_begins_at_the_start() -> None:
    found = day([event("setting", "track", value="qmatter")])
    assert not found.began
    assert found.run is None
    assert found.step is not None
    assert found.step.exercise == COURSE.exercises[IDS[0]]


def test_what_was_tried_comes_before_what_is_new() -> None:
    found = day([event("attempt", IDS[0], verdict="pass"), event("attempt", IDS[2], verdict="wrong")])
    assert found.step is not None
    assert (found.step.exercise, found.step.status) == (COURSE.exercises[IDS[2]], "tried")
    found = day([event("attempt", IDS[1], verdict="pass")])
    assert found.step is not None
    assert found.step.exercise == COURSE.exercises[IDS[2]], "after the one passed last"


def test_when_all_is_passed_there_is_no_next_step() -> None:
    found = day([event("attempt", id, verdict="pass") for id in IDS])
    assert (found.began, found.step) == (True, None)


def test_the_chosen_track_says_what_comes_next() -> None:
    text = Text("轨", "track")
    topics = {name: replace(COURSE.topics["kinds"], id=name, exercises=moved(name)) for name in ("one", "two")}
    unit = Unit("u", "week", "1", text, ("two", "one"), (), text, ())
    track = Track(id="back", title=text, audience=text, idea=text, covers=(), units=(unit,))
    both = replace(COURSE, topics=topics, tracks={"back": track})
    found = day([event("setting", "track", value="back")], both)
    assert found.step is not None
    assert found.step.topic.id == "two"
    assert (began := day([], both).step) is not None
    assert began.topic.id == "one"
    assert day([event("setting", "track", value="gone")], both).step == began


def moved(topic: str) -> Any:
    return tuple(replace(each, id=f"{topic}/{each.name}", topic=topic) for each in COURSE.topics["kinds"].exercises)


def test_a_run_is_unfinished_until_it_finished_or_failed() -> None:
    assert day(run("a", "queued", "started", "finished"), REAL).run is None
    assert day(run("a", "queued", "failed"), REAL).run is None
    for what, going in ((("queued",), True), (("started", "stopped"), False), (("stopped", "resumed"), True)):
        found = day(run("a", *what), REAL).run
        assert found is not None
        assert (found.run, found.lab, found.going) == ("a", LAB, going)
    found = day(
        [*run("a", "started"), *run("b", "started", "stopped", "remark"), *run("c", "started", "finished")], REAL
    )
    assert found.run is not None
    assert (found.run.run, found.run.going) == ("b", False)
    assert day([event("run", "gone/lab", run="a", what="started")], REAL).run is None
