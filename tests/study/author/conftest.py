"""A whole check of the small course, with the real judge, the real formulas and the real library."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from wenjin.kit.text import Text
from wenjin.study.author.check import Tools, check
from wenjin.study.course.faults import Fault
from wenjin.study.course.listing import Listings
from wenjin.study.course.maths import Maths
from wenjin.study.judge.client import Judge, local_judge

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="package")
def judge(course_folder: Path) -> Iterator[Judge]:
    course_folder.mkdir(exist_ok=True)
    with local_judge(course_folder) as judge:
        yield judge


@pytest.fixture(scope="package")
def maths() -> Iterator[Maths]:
    maths = Maths()
    yield maths
    maths.close()


@pytest.fixture
def check_small(course_folder: Path, judge: Judge, maths: Maths) -> Callable[..., list[Fault]]:
    """Check the small course; `said` gets every line of progress."""

    def run(topics: tuple[str, ...] = (), said: list[Text] | None = None) -> list[Fault]:
        say = (lambda text: None) if said is None else said.append
        return check(course_folder, Tools(maths, Listings(), judge.prove, say, TODAY), topics)

    return run
