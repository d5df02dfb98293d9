"""A judge over the sample course of every kind of exercise."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from wenjin.study.judge.client import Judge, local_judge

COURSE = Path(__file__).parent / "course"


@pytest.fixture(scope="package")
def judge() -> Iterator[Judge]:
    with local_judge(COURSE) as judge:
        yield judge
