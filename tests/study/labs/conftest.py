"""A data folder of its own for each test, and whoever works on its queue."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.study.labs.school import course
from wenjin.study.labs.runner import Runner
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import Places, places


@pytest.fixture
def here(tmp_path: Path) -> Places:
    return places(tmp_path / "data", tmp_path / "work", {})


@pytest.fixture
def runner(here: Places) -> Iterator[Runner]:
    """A server's runner, which has begun."""
    log = open_log(here, role="server", url="http://127.0.0.1:9/")
    made = Runner(log, course(), here)
    made.start()
    yield made
    made.close()
    log.close()


def until(true: Callable[[], object], seconds: float = 20.0) -> float:
    """Wait until it is so; returns how long that took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it never came"
        time.sleep(0.02)
    return time.monotonic() - began
