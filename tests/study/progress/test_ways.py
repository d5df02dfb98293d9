"""Every path of every track: its units in order, what its rule leaves, what it builds on; following and leaving."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import FULL
from tests.study.progress.learned import knowing, someone
from wenjin.study.course.load import load
from wenjin.study.course.marks import marks
from wenjin.study.course.order import closure
from wenjin.study.progress import ways
from wenjin.study.progress.ways import Leg, chosen, followed, in_time, left, path_of, way
from wenjin.study.store.log import happened

COURSE = load()
MARKS = marks(COURSE)
PATHS = [(track, path) for track in COURSE.tracks.values() for path in track.paths]
every_path = pytest.mark.parametrize(("track", "path"), PATHS, ids=[f"{t.id}/{p.id}" for t, p in PATHS])


def order(legs: list[Leg], known: frozenset[str] = frozenset()) -> list[str]:
    return [stop.topic for _, stops in in_time(legs, someone(COURSE, known)) for stop in stops]


@every_path
def test_a_newcomer_meets_the_units_of_a_path_in_its_order(track: Any, path: Any) -> None:
    legs = way(someone(COURSE), track, path, MARKS)
    assert [leg.unit.id for leg in legs if leg.unit] == list(path.units)
    own = {topic for leg in legs if leg.unit for topic in leg.unit.topics}
    met = order(legs)
    assert set(met) == closure(own, COURSE.topics)
    assert len(met) == len(set(met))


@every_path
def test_who_knows_it_all_is_left_with_what_the_rule_leaves(track: Any, path: Any) -> None:
    knows = someone(COURSE, COURSE.topics)
    legs = way(knows, track, path, MARKS)
    if path.rule in ("placement", "changed-since-last-visit"):
        assert legs == []
    assert order(legs, frozenset(COURSE.topics)) == []


@settings(deadline=None, max_examples=300 if FULL else 15)
@given(st.data())
def test_each_rule_leaves_what_it_says(data: st.DataObject) -> None:
    known = data.draw(knowing(COURSE))
    learner = someone(COURSE, known)
    for track, path in PATHS:
        legs = way(learner, track, path, MARKS)
        own = [topic for leg in legs if leg.unit for topic in leg.topics]
        if path.rule == "placement":
            assert not set(own) & known, "the plan holds no known topic"
        if path.rule == "missing-prerequisites":
            before = legs[0].topics if legs[0].unit is None else ()
            assert set(before) == closure(own, COURSE.topics) - set(own) - known
        met = set(known)
        for topic in order(legs, known):
            assert set(COURSE.topics[topic].prerequisites) <= met
            met.add(topic)


def test_keeping_up_shows_what_is_new_or_has_changed() -> None:
    track = COURSE.tracks["principles-guide"]
    path = next(path for path in track.paths if path.rule == "changed-since-last-visit")
    unit = next(unit for unit in track.units if unit.id == path.units[0])
    known = frozenset(COURSE.topics) - {"grpo"}
    assert order(way(someone(COURSE, known), track, path, MARKS), known) == ["grpo"], "never learned"
    seen = MARKS | {unit.topics[0]: "another"}
    events = [happened("setting", "seen", {"key": "seen", "value": seen})]
    learner = someone(COURSE, COURSE.topics, events)
    legs = way(learner, track, path, MARKS)
    assert [stop.topic for _, stops in in_time(legs, learner) for stop in stops] == [unit.topics[0]]
    assert way(learner, track, path, MARKS | {unit.topics[0]: "another"}) == []


def test_a_mark_follows_what_is_taught(small: Any) -> None:
    def now() -> dict[str, str]:
        return marks(load(small.root, coverage=False))

    before = now()
    assert before == now()
    topic = next(topic for topic in load(small.root, coverage=False).topics.values() if topic.written)
    small.append(
        f"{topic.folder.relative_to(small.root)}/lesson.en.md" if topic.folder else "", "\nOne more sentence.\n"
    )
    changed = {id for id, mark in now().items() if mark != before[id]}
    assert changed == {topic.id}


def test_choosing_switching_and_leaving() -> None:
    told: dict[str, Any] = {}
    assert followed(told, COURSE) == []
    assert [t.id for t in followed({"track": "qmatter"}, COURSE)] == ["qmatter"], "as earlier versions wrote it"
    told |= chosen(told, COURSE, ["qmatter", "seven-stages"])
    assert [t.id for t in followed(told, COURSE)] == ["qmatter", "seven-stages"]
    told |= chosen(told, COURSE, ["thirty-weeks"])
    assert told["track"] == "thirty-weeks"
    assert [t.id for t in followed(told, COURSE)] == ["thirty-weeks", "qmatter", "seven-stages"]
    told |= {"begun": {"qmatter": "2026-01-01", "seven-stages": "2026-01-02"}, "promised": {"qmatter": "2026-02-01"}}
    told |= left(told, COURSE, "qmatter")
    assert [t.id for t in followed(told, COURSE)] == ["thirty-weeks", "seven-stages"]
    assert (told["begun"], told["promised"]) == ({"seven-stages": "2026-01-02"}, {})
    for track in ("thirty-weeks", "seven-stages", "seven-stages"):
        told |= left(told, COURSE, track)
    assert (followed(told, COURSE), told["track"]) == ([], None)


@pytest.mark.parametrize("value", [None, 3, "qmatter", ["gone"], [3, None], {"a": 1}])
def test_settings_that_cannot_be_read_follow_nothing(value: Any) -> None:
    assert followed({"tracks": value, "track": None}, COURSE) == []
    assert path_of(COURSE.tracks["qmatter"], {"path": value}) is None


def test_the_closest_prerequisites_come_last() -> None:
    lacking = [topic.id for topic in ways.lacking("multi-head-attention", COURSE, ())]
    assert lacking[-1] == "self-attention"
    assert [topic.id for topic in ways.lacking("multi-head-attention", COURSE, COURSE.topics)] == []
