"""Lines and forms of poems, by hand and on the shipped ones."""

import pytest

from tests.stack.text.texts import poems
from wenjin.stack.text.form import FORMS, form, lines

STORKS = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"


def test_lines_are_what_stands_between_the_marks() -> None:
    assert lines(STORKS) == ["白日依山尽", "黄河入海流", "欲穷千里目", "更上一层楼"]
    assert lines("“白日”依山尽\n\n黄河，！入海") == ["白日依山尽", "黄河", "入海"]
    assert lines("，。\n") == lines("") == lines("only Latin") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (STORKS, "5x4"),
        (STORKS * 2, "5x8"),
        (STORKS.replace("白日", "白白白日"), ""),
        (STORKS.replace("欲穷千里目，", ""), "5x3"),
        ("月落乌啼霜满天，江枫渔火对愁眠。姑苏城外寒山寺，夜半钟声到客船。", "7x4"),
        ("𠮷日依山尽，〇河入海流。", "5x2"),
        ("", ""),
    ],
)
def test_the_form_is_the_width_and_the_number_of_lines(text: str, found: str) -> None:
    assert form(text) == found


def test_the_shipped_poems_have_all_four_forms() -> None:
    found = [form(poem.split("\n", 1)[1]) for poem in poems()]
    assert all(found.count(one) > 20 for one in FORMS)
