"""The pages of a course that nobody has learned in yet. This module comes first, before others write to the course."""

import pytest

from tests.browser.look import Eye, some
from tests.browser.pages import ALL, Shown

FRESH = [shown for shown in ALL if shown.fresh]


@pytest.mark.parametrize(("turn", "shown"), list(enumerate(FRESH)), ids=[shown.name for shown in FRESH])
def test_page(eye: Eye, turn: int, shown: Shown) -> None:
    wrong = [fault for each in some(turn + 2) for fault in eye.look(shown, shown.address, each, act=False)]
    assert not wrong, "\n".join(wrong)
