"""The whole check on the real course: every lesson, formula, listing, run, card and exercise of every written topic."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from wenjin.study.author.check import Tools, check
from wenjin.study.course.listing import Listings
from wenjin.study.course.load import CURRICULUM, load
from wenjin.study.course.maths import Maths
from wenjin.study.judge.client import Judge, local_judge

WRITTEN = [topic.id for topic in load().topics.values() if topic.folder]
NO_DAY = (
    date.min
)  # a day of review that comes is told by `wenjin course check`; a test does not begin to fail by itself
PAIRS = 100  # percent of the pairs of mistakes that are proven in the full depth
DRAWS = 3  # seeds on which a program is proven in the full depth


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with local_judge() as judge:
        judge.warm()
        yield judge


@pytest.fixture(scope="module")
def maths() -> Iterator[Maths]:
    maths = Maths()
    yield maths
    maths.close()


@pytest.mark.parametrize("topic", WRITTEN)
def test_nothing_is_wrong(topic: str, judge: Judge, maths: Maths, count: Callable[[int], int]) -> None:
    def prove(exercise: str, pairs: float) -> list[dict[str, Any]]:
        return judge.prove(exercise, pairs, count(DRAWS))

    tools = Tools(maths, Listings(), prove, lambda text: None, NO_DAY)
    faults = check(CURRICULUM, tools, [topic], count(PAIRS) / PAIRS)
    assert [f"{fault.where}: {fault.what.en} {fault.remedy.en}" for fault in faults] == []


def test_a_written_topic_exists() -> None:
    assert "self-attention" in WRITTEN
