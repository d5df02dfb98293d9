"""The two depths of the tests: `./wenjin test` is short, `./wenjin test --full` keeps every count that is promised."""

import os
import signal
from collections.abc import Callable

import pytest

# A shell that runs the tests in the background has its children ignore Ctrl-C; the programs under test must not.
signal.signal(signal.SIGINT, signal.default_int_handler)

FULL = os.environ.get("WENJIN_TEST_DEPTH") == "full"


@pytest.fixture(scope="session")
def count() -> Callable[[int], int]:
    """`count(200)` is 200 in the full depth and a twentieth of it, at least 1, in the short one."""
    return lambda full: full if FULL else max(1, full // 20)
