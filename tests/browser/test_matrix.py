"""Each page of a course that is lived in, in both languages, themes and widths: see look.py for what is asked.

The full depth shows every page in all eight combinations; the short depth each page in one, by turns, so that every
language, theme and width comes often.
"""

import pytest

from tests.browser.look import Eye, some
from tests.browser.pages import ALL, Shown


@pytest.mark.parametrize(("turn", "shown"), list(enumerate(ALL)), ids=[shown.name for shown in ALL])
def test_page(eye: Eye, lived: dict[str, str], turn: int, shown: Shown) -> None:
    address = shown.address.format(**lived)
    wrong = [fault for each in some(turn) for fault in eye.look(shown, address, each, act=True)]
    assert not wrong, "\n".join(wrong)
