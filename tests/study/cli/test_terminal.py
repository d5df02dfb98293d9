"""The words of the terminal: which language, and what may reach the screen."""

import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wenjin.kit.verdict import Class
from wenjin.study.cli.terminal import VERDICTS, clean, language


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"WENJIN_LANG": "zh", "LANG": "en_US.UTF-8"}, "zh"),
        ({"WENJIN_LANG": "en", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"WENJIN_LANG": "fr", "LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW.UTF-8"}, "zh"),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_CN", "LANG": "en_US"}, "zh"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_language_is_asked_for_or_the_systems(environ: dict[str, str], told: str) -> None:
    assert language(environ) == told


@given(text=st.text(st.characters()))
@example("\x1b[31mred\x1b[0m")
@example("\x1b]0;title\x07 \x1b]8;;http://x\x1b\\link\x9b31m\u202e")
@example("\x1b")
def test_nothing_that_moves_the_cursor_or_turns_the_writing_reaches_the_screen(text: str) -> None:
    shown = clean(text)
    for letter in shown:
        assert letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(letter) not in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    shown.encode("utf-8")
    assert clean(shown) == shown


def test_a_closed_input_is_an_empty_one(tmp_path: Path) -> None:
    environ = os.environ | {"WENJIN_DATA": str(tmp_path / "data"), "WENJIN_WORKSPACE": str(tmp_path / "work")}
    command = ["sh", "-c", 'exec "$0" -m wenjin.cli note add ppo <&-', sys.executable]
    done = subprocess.run(command, env=environ | {"WENJIN_LANG": "en"}, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "unforeseen" not in done.stderr


def test_sequences_go_as_a_whole_and_text_stays() -> None:
    assert clean("\x1b[1;31m红\x1b[0m 👩‍🔬\r\nnext\tline") == "红 👩‍🔬\nnext\tline"


def test_every_class_of_verdict_has_its_words() -> None:
    assert set(VERDICTS) == set(Class.__args__)
