"""The syllabus as a whole: each promise of its rows is refused when it is broken."""

from collections.abc import Callable

import pytest

from wenjin.study.course import syllabus
from wenjin.study.course.faults import Faults
from wenjin.study.course.load import load

TOPICS, TOPIC = "syllabus/topics.toml", "counting/doubling/topic.toml"
TRACK, COVERAGE, PROJECTS = "tracks/by-hand.toml", "syllabus/coverage.toml", "syllabus/projects.toml"
RESOURCE = """
[[resource]]
id = "slate"
kind = "book"
title = { zh = "石板", en = "Slate" }
why = { zh = "-", en = "-" }
"""
ITEM = """
[[item]]
id = "S0-009"
track = "{track}"
text = "-"
kind = "tool"
carried_by = ["topic:halving"]
evidence = [{evidence}]
"""
TOPIC_ALONE = """
[[topic]]
id = "alone"
stage = "counting"
title = { zh = "孤零零", en = "Alone" }
question = { zh = "为什么没人来？", en = "Why does nobody come?" }
prerequisites = []
minutes = 30
library = ["stack.nn.attention"]
exercise = [{ id = "wait", asks = "Wait.", misconceptions = ["hurries"] }]
lab = [{ id = "waiting", asks = "How long?", data = ["numbers"], result = "time", minutes = 1 }]
cards = 6
covers = []
"""

FAULTS = {
    "chinese-in-english": lambda c: c.replace(TOPIC, 'en = "Doubling" }\nq', 'en = "翻倍" }\nq'),
    "question-not-chinese": lambda c: c.replace(TOPIC, "为什么翻倍会越来越快？", "Why？"),
    "no-question": lambda c: c.replace(TOPIC, "会越来越快？", "会越来越快。"),
    "only-a-definition": lambda c: c.replace(TOPIC, "Why does doubling speed up?", "What is doubling?"),
    "too-long": lambda c: c.replace(TOPIC, "minutes = 30", "minutes = 300"),
    "too-few-cards": lambda c: c.replace(TOPICS, "cards = 6", "cards = 2"),
    "no-library": lambda c: c.replace(TOPICS, 'library = ["stack.nn.attention"]', "library = []"),
    "library-of-no-module": lambda c: c.replace(TOPIC, "stack.nn.attention", "stack.nn.Attention"),
    "id-not-kebab": lambda c: c.replace(TOPICS, '"how-often"', '"How often"'),
    "prerequisite-twice": lambda c: c.replace(TOPICS, '["doubling"]', '["doubling", "doubling"]'),
    "work-twice": lambda c: c.replace(TOPICS, '"how-often"', '"write-half"'),
    "no-misconceptions": lambda c: c.replace(TOPICS, '["subtracts-two", "drops-the-remainder"]', "[]"),
    "misconception-not-kebab": lambda c: c.replace(TOPICS, "subtracts-two", "subtracts two"),
    "lab-without-data": lambda c: c.replace(TOPICS, 'data = ["numbers"]', "data = []"),
    "lab-too-long": lambda c: c.replace(TOPICS, "minutes = 0.5", "minutes = 6"),
    "not-connected-and-on-no-track": lambda c: c.append(TOPICS, TOPIC_ALONE),
    "met-before": lambda c: c.replace(TRACK, 'topics = ["halving"]', 'topics = ["halving", "doubling"]'),
    "revisited-too-early": lambda c: c.replace(TRACK, 'revisits = ["doubling"]', 'revisits = ["halving"]'),
    "unit-without-resources": lambda c: c.replace(TRACK, 'resources = ["abacus"]', "resources = []"),
    "task-that-nothing-carries": lambda c: c.replace(
        TRACK, 'does = ["doubling/write-double", "doubling/growth", "project:capstone-one"]', "does = []"
    ),
    "unit-twice": lambda c: (
        c.replace(TRACK, 'id = "second"', 'id = "first"')
        or c.replace(TRACK, 'units = ["second"]', 'units = ["first"]')
        or c.replace(TRACK, '["first", "second"]', '["first"]')
    ),
    "three-capstones": lambda c: c.replace(PROJECTS, 'four"\nkind = "capstone"', 'four"\nkind = "project"'),
    "project-without-acceptance": lambda c: c.replace(
        PROJECTS, '[{ id = "counted", measures = "all is counted" }]', "[]"
    ),
    "own-files-without-stand-in": lambda c: c.replace("syllabus/data.toml", '"generated"', '"own-files"'),
    "unused-resource": lambda c: c.append("syllabus/resources.toml", RESOURCE),
    "nothing-carries-it": lambda c: c.replace(COVERAGE, 'carried_by = ["topic:halving"]', "carried_by = []"),
    "carrier-unknown": lambda c: c.replace(COVERAGE, '"topic:halving"', '"topic:halfing"'),
    "evidence-unknown": lambda c: c.append(COVERAGE, ITEM.format(track="by-foot", evidence='"halving/jump"')),
    "item-without-evidence": lambda c: c.append(COVERAGE, ITEM.format(track="by-hand", evidence="")),
    "number-missing": lambda c: c.replace(COVERAGE, "S0-008", "S0-010") or c.replace(TRACK, "S0-008", "S0-010"),
    "covers-what-does-not-name-it": lambda c: c.replace(TOPICS, 'covers = ["S0-002"]', 'covers = ["S0-002", "S0-001"]'),
    "covers-twice": lambda c: c.replace(TOPICS, 'covers = ["S0-002"]', 'covers = ["S0-002", "S0-002"]'),
}


def faults_of(root) -> list:
    course = load(root)
    faults = Faults(course.root)
    syllabus.check(course, faults)
    return faults.found


def test_the_small_course_is_good(small) -> None:
    assert faults_of(small.root) == []


def test_the_real_course_is_good() -> None:
    assert faults_of(None) == []


@pytest.mark.parametrize("plant", FAULTS.values(), ids=FAULTS.keys())
def test_refuses(plant: Callable, small, snapshot) -> None:
    plant(small)
    found = faults_of(small.root)
    assert found
    snapshot(found)


def test_no_snapshot_is_left_over(kept) -> None:
    assert kept == set(FAULTS)


def test_counts_the_whole(small) -> None:
    lines = syllabus.counts(load(small.root))
    assert lines[0] == "topics 2 (1 written), hours 1"
    assert lines[1] == "prerequisites 1, longest way 2 (halving)"
    assert lines[-1] == "track by-hand: units 2, topics 2, paths 1, prerequisites from outside 0, offered in time 0"
