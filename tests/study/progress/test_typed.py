"""What may be typed before the answer is shown, and how it is compared: nothing of it is a verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenjin.study.course.load import load
from wenjin.study.progress.typed import Expected, compare, expected

CODE = Expected('def f(x):\n    return x + "a"', True)


def test_a_block_of_code_or_a_short_literal_may_be_typed() -> None:
    assert expected("code", "```python\nx = 1\n```\n\nWhy it is so.") == Expected("x = 1", True)
    assert expected("recall", "`dim=-1`. Rows add up.") == Expected("dim=-1", False)
    assert expected("what-if", "42, because of the root.") == Expected("42", False)
    assert expected("recall", "$2^n$") == Expected("2^n", False)
    for text in ("2 code points; 7 bytes.", "No: it is the dictionary.", "`dim=-2` is the axis.", "", "14 and 0: a"):
        assert expected("recall", text) is None, text


def test_every_code_card_of_the_course_can_be_typed_in_both_languages() -> None:
    cards = [card for topic in load(coverage=False).topics.values() for card in topic.cards if card.kind == "code"]
    assert cards
    for card in cards:
        for back in (card.back.zh, card.back.en):
            wanted = expected(card.kind, back)
            assert wanted is not None, card.id
            assert compare(wanted.text, wanted).same


@pytest.mark.parametrize(
    "typed",
    ['def f(x):\n    return x + "a"', "def f(x):\r\n  return x+'a'  # one\n", 'def f(x): return x + "a"'],
)
def test_code_is_the_same_however_it_is_spaced_quoted_or_remarked(typed: str) -> None:
    assert compare(typed, CODE).same


@pytest.mark.parametrize("typed", ["def f(x):\n    return x", "def f(x)\n", "", "x = (" * 3000, "\0"])
def test_other_code_is_shown_line_by_line(typed: str) -> None:
    found = compare(typed, CODE)
    assert not found.same
    assert ("expected", '    return x + "a"') in found.lines
    assert [line for side, line in found.lines if side != "expected"] == typed.splitlines()


def test_what_does_not_parse_is_compared_without_its_spaces() -> None:
    wanted = Expected("SELECT *\nFROM t", True)
    assert compare("SELECT * FROM   t", wanted).same
    assert compare("SELECT *\nFROM  u", wanted).lines == (
        ("same", "SELECT *"),
        ("typed", "FROM  u"),
        ("expected", "FROM t"),
    )


def test_a_literal_is_compared_without_its_marks() -> None:
    assert compare(" −1 ", Expected("-1", False)).same
    assert compare("`dim = -1`", Expected("dim=-1", False)).same
    assert not compare("1", Expected("-1", False)).same


@given(st.text(max_size=60), st.text(max_size=60), st.booleans())
def test_whatever_is_typed_both_sides_are_shown_whole(typed: str, wanted: str, code: bool) -> None:
    found = compare(typed, Expected(wanted, code))
    clean = typed.replace("\r\n", "\n").strip("\n").splitlines()
    assert [line for side, line in found.lines if side != "expected"] == clean
    assert compare(wanted, Expected(wanted, code)).same
