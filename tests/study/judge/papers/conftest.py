"""A room over the real course, judge and store, with a clock of the test's own."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wenjin.study.course.graph import Course
from wenjin.study.course.load import load
from wenjin.study.judge.client import Judge, local_judge
from wenjin.study.judge.sitting import Room
from wenjin.study.progress.paper import Sitting
from wenjin.study.store.log import Log
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

OF = "sixteen-topics/python"


class Time:
    def __init__(self) -> None:
        self.now = 5000.0

    def read(self) -> float:
        return self.now


@pytest.fixture(scope="package")
def course() -> Course:
    return load(coverage=False)


@pytest.fixture(scope="package")
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
