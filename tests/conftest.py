"""The two depths of the tests: `./wenjin test` is short, `./wenjin test --full` keeps every count that is promised."""

import os
import signal
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

# A shell that runs the tests in the background has its children ignore Ctrl-C; the programs under test must not.
signal.signal(signal.SIGINT, signal.default_int_handler)

FULL = os.environ.get("WENJIN_TEST_DEPTH") == "full"

# A machine that has much else to do is no fault; the short depth tries the same examples each time.
settings.register_profile("wenjin", deadline=None, derandomize=not FULL)
settings.load_profile("wenjin")


@pytest.fixture(scope="session")
def count() -> Callable[[int], int]:
    """`count(200)` is 200 in the full depth and a twentieth of it, at least 1, in the short one."""
    return lambda full: full if FULL else max(1, full // 20)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """For small products, where threads would wait for each other; a test may choose another number."""
    import torch  # most tests need none

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
