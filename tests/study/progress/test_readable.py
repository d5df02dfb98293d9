"""What no page could read does not come in: the events that folds stumble over, and those that they pass over."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from wenjin.study.course.graph import Course
from wenjin.study.course.load import load
from wenjin.study.progress.readable import reader
from wenjin.study.store.log import Event, happened

ODD: dict[str, tuple[str, str, Any]] = {
    "a paper of nothing": ("paper", "p", {"what": "began"}),
    "an end without marks": ("paper", "p", {"what": "ended"}),
    "a hint that is no number": ("hint", "self-attention/x", {"number": "many"}),
    "a mistake with a list for a name": ("attempt", "self-attention/x", {"verdict": "wrong", "name": ["x"]}),
    "a question without words": ("question", "self-attention#lesson", {"what": "asked"}),
    "a placement that knows a list": ("place", "p", {"what": "ended", "known": [1]}),
    "a gate with a word for a share": ("gate", "self-attention", {"what": "ended", "share": "x"}),
    "a run without a name": ("run", "self-attention/x", {"what": "queued"}),
    "a rating that is a word": ("review", "self-attention/three-roles", {"rating": "x"}),
    "a note without a text": ("note", "self-attention#lesson", {}),
}


@pytest.fixture(scope="module")
def course() -> Course:
    return load()


@pytest.mark.parametrize("name", ODD)
def test_what_no_page_could_read_is_told(name: str, course: Course) -> None:
    assert not reader(course, UTC)(happened(*ODD[name]))


def test_a_time_beyond_the_calendar_is_told(course: Course) -> None:
    early = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    assert not reader(course, UTC)(Event("a" * 32, early, "attempt", "a/b", {"verdict": "wrong"}))


def test_what_is_of_a_newer_kind_or_of_another_course_is_passed_over(course: Course) -> None:
    reads = reader(course, UTC)
    assert reads(happened("attempt", "no-topic/x", {"verdict": "pass"}))
    assert reads(happened("of-tomorrow", "x", {"any": [1]}))
