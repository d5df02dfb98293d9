"""Loading refuses what stands in the files against their format, all at once, and the real course loads fast."""

import time
import tomllib
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace

import pytest

from wenjin.study.course.faults import CourseError
from wenjin.study.course.load import CURRICULUM, load
from wenjin.study.course.order import closure, cycles

TOPICS, TOPIC = "syllabus/topics.toml", "counting/doubling/topic.toml"
CARDS, TASK = "counting/doubling/cards.toml", "counting/doubling/exercises/write_double/task.zh.md"
TRACK = "tracks/by-hand.toml"

FAULTS = {
    "unknown-field": lambda c: c.replace(TOPIC, "minutes = 30", "minutes = 30\nduration = 30"),
    "misspelt-field": lambda c: c.replace(TOPIC, "minutes = 30", "minute = 30"),
    "unknown-field-of-a-file": lambda c: c.append(CARDS, '[more]\nkind = "recall"\n'),
    "missing-field": lambda c: c.replace(TOPICS, "minutes = 40\n", ""),
    "field-of-another-home": lambda c: c.replace(TOPICS, "minutes = 40", 'minutes = 40\nstatus = "lesson"'),
    "wrong-type": lambda c: c.replace(TOPIC, "minutes = 30", 'minutes = "30"'),
    "not-a-list": lambda c: c.replace(TOPIC, "prerequisites = []", 'prerequisites = ""'),
    "not-a-text": lambda c: c.replace(TOPIC, 'covers = ["S0-001"]', "covers = [1]"),
    "one-language": lambda c: c.replace(TOPIC, 'title = { zh = "翻倍", en = "Doubling" }', 'title = { zh = "翻倍" }'),
    "empty-text": lambda c: c.replace(TOPIC, 'en = "Halving."', 'en = " "'),
    "unknown-kind": lambda c: c.replace(CARDS, 'kind = "what-if"', 'kind = "whatif"'),
    "not-toml": lambda c: c.replace(TOPIC, "minutes = 30", "minutes = thirty"),
    "not-utf-8": lambda c: c.write(TOPIC, 'format = 1\ntitle = "翻倍"'.encode("gbk")),
    "no-format": lambda c: c.replace(TRACK, "format = 1\n", ""),
    "later-format": lambda c: c.replace(TRACK, "format = 1\n", "format = 2\n"),
    "no-syllabus": lambda c: c.remove(TOPICS),
    "unknown-prerequisite": lambda c: c.replace(TOPICS, '["doubling"]', '["dubling"]'),
    "unknown-stage": lambda c: c.replace(TOPICS, 'stage = "counting"', 'stage = "measuring"'),
    "unknown-module": lambda c: c.replace(TOPICS, "stack.nn.attention", "stack.mm.attention"),
    "unknown-data": lambda c: c.replace(TOPIC, '["numbers"]', '["digits"]'),
    "unknown-coverage": lambda c: c.replace(TOPIC, "S0-001", "S9-001"),
    "unknown-topic-of-a-track": lambda c: c.replace(TRACK, 'topics = ["halving"]', 'topics = ["halfing"]'),
    "unknown-task": lambda c: c.replace(TRACK, "doubling/growth", "doubling/grow"),
    "unknown-resource": lambda c: c.replace(TRACK, 'resources = ["abacus"]', 'resources = ["abacos"]'),
    "unknown-unit": lambda c: c.replace(TRACK, 'units = ["second"]', 'units = ["third"]'),
    "unknown-unit-of-a-test": lambda c: c.replace(TRACK, '["first", "second"]', '["first", "seconds"]'),
    "unknown-capstone": lambda c: c.replace(TRACK, 'capstones = ["capstone-one"]', 'capstones = ["capstone-0"]'),
    "cycle": lambda c: c.replace(TOPIC, "prerequisites = []", 'prerequisites = ["halving"]'),
    "two-homes": lambda c: c.replace(TOPICS, 'id = "halving"', 'id = "doubling"'),
    "id-twice": lambda c: c.replace(CARDS, '"card-2"', '"card-1"'),
    "folder-of-no-stage": lambda c: c.write("measuring/feet/topic.toml", "format = 1"),
    "folder-of-no-topic": lambda c: c.write("counting/tripling/lesson.zh.md", "# 三倍"),
    "folder-of-no-exercise": lambda c: c.write("counting/doubling/exercises/write_doble/task.zh.md", "# 两倍"),
    "planned-with-a-folder": lambda c: c.replace(TOPIC, 'status = "lesson"', 'status = "planned"'),
    "another-name-than-its-file": lambda c: c.replace(TRACK, 'id = "by-hand"', 'id = "by-foot"'),
    "task-without-title": lambda c: c.replace(TASK, "# 写出两倍", "写出两倍"),
    "task-without-hints": lambda c: c.replace(TASK, "## 提示", "## 提醒"),
    "unequal-hints": lambda c: c.replace(TASK, "2. 或者乘二。\n", ""),
    "several-at-once": lambda c: (
        c.replace(TOPIC, "minutes = 30", "minutes = 30.5"),
        c.replace(TRACK, 'kind = "test"', 'kind = "exam"'),
        c.replace(CARDS, "section", "sections"),
    ),
}


def test_the_small_course_loads(small) -> None:
    course = load(small.root)
    doubling, halving = course.topics["doubling"], course.topics["halving"]
    assert list(course.topics) == ["doubling", "halving"]
    assert (doubling.status, doubling.written, len(doubling.cards)) == ("lesson", True, 6)
    assert (halving.status, halving.written, halving.folder) == ("planned", False, None)
    exercise = course.exercise("write-double")
    assert exercise is not None
    assert exercise.id == "doubling/write-double"
    assert (exercise.title.en, len(exercise.hints), exercise.code) == ("Write the double", 2, True)
    assert exercise.task.zh == "写函数 `double(x)`，返回 $2x$。"
    assert exercise.hints[1].zh == "或者乘二。"
    assert course.exercise("write-half") is None
    assert doubling.sources[0].link == "https://example.org/doubling"
    with pytest.raises(FrozenInstanceError):
        doubling.minutes = 1


@pytest.mark.parametrize("plant", FAULTS.values(), ids=FAULTS.keys())
def test_refuses(plant: Callable, small, snapshot) -> None:
    plant(small)
    with pytest.raises(CourseError) as refused:
        load(small.root)
    snapshot(refused.value.faults)


def test_no_snapshot_is_left_over(kept) -> None:
    assert kept == set(FAULTS)


def test_an_exercise_without_all_its_files_is_not_yet_written(small) -> None:
    small.remove("counting/doubling/exercises/write_double/grade.py")
    assert load(small.root).exercise("write-double") is None


def test_the_order_of_the_map_respects_prerequisites() -> None:
    course = load()
    stages, place = list(course.stages), {key: n for n, key in enumerate(course.topics)}
    for topic in course.topics.values():
        for before in topic.prerequisites:
            if course.topics[before].stage == topic.stage:
                assert place[before] < place[topic.id]
    numbers = [stages.index(topic.stage) for topic in course.topics.values()]
    assert numbers == sorted(numbers)


def test_the_real_course_has_five_tracks_over_one_graph() -> None:
    course = load()
    assert len(course.topics) == 93
    assert sorted(course.tracks) == ["principles-guide", "qmatter", "seven-stages", "sixteen-topics", "thirty-weeks"]
    assert [len(track.units) for track in course.tracks.values()] == [6, 10, 7, 16, 17]
    assert [len(track.topics) for track in course.tracks.values()] == [52, 41, 43, 62, 73]
    assert len(course.tracks["thirty-weeks"].stage_tests) == 4
    assert cycles(course.topics) == []
    assert closure(["self-attention"], course.topics) >= {"self-attention", "word-vectors"}


def test_loading_takes_no_longer_than_reading_all_files() -> None:
    files = sorted(CURRICULUM.rglob("*.toml"))
    load()
    ours, plain = [], []
    for _ in range(5):
        ours.append(seconds(load))
        plain.append(seconds(lambda: [tomllib.loads(file.read_text(encoding="utf-8")) for file in files]))
    assert min(ours) < 1.2 * min(plain)


def seconds(work: Callable[[], object]) -> float:
    """Of this process: other programs may run beside it."""
    began = time.process_time()
    work()
    return time.process_time() - began


def test_a_learner_s_course_is_the_same_without_the_list_of_all_that_is_taught(small) -> None:
    whole, part = load(small.root), load(small.root, coverage=False)
    assert whole.coverage
    assert not part.coverage
    assert part == replace(whole, coverage=part.coverage)
