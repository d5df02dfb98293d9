"""Two sandboxes shared by the tests: one without torch, where the room itself is tested, and one with it."""

from collections.abc import Iterator

import pytest

from tests.study.sandbox.support import tiny
from wenjin.study.sandbox.pool import Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with tiny() as made:
        yield made


@pytest.fixture(scope="session")
def warmed() -> Iterator[Sandbox]:
    with tiny(warm=("torch",)) as made:
        yield made
