"""Verse measured: form, rhyme, theme, copying and variety, by hand and against plain loops."""

import math

import pytest

from wenjin.poet.measure import Counted, Written, distinct, measure, symbols
from wenjin.stack.data.verse import Verse, document

TOWER = Written("5x4", "登鹳雀楼", "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。")
STILL = Written("5x4", "静夜思", "床前明月光，疑是地上霜。举头望明月，低头思故乡。")
SHORT = Written("5x4", "月", "月月月，月。")


def verse(id: str, poem: Written) -> Verse:
    return Verse(id, poem.form, poem.title, "", poem.text, poem.text, 0)


def test_form_and_rhyme_by_hand() -> None:
    assert (TOWER.in_form, TOWER.rhymed) == (True, True)
    assert (STILL.in_form, STILL.rhymed) == (True, True)
    assert not SHORT.in_form
    assert not Written("7x4", TOWER.title, TOWER.text).in_form  # another form than was asked for
    turned = Written("5x4", "x", "黄河入海流，白日依山尽。更上一层楼，欲穷千里目。")
    assert (turned.in_form, turned.rhymed) == (True, False)
    eight = Written("5x8", "x", TOWER.text + "白日依山尽，黄河入海流。欲穷千里目，白日依山尽。")
    assert (eight.in_form, eight.rhymed) == (True, False)  # three of the four even lines are not enough


def test_all_figures_by_hand() -> None:
    measured = measure([TOWER, SHORT], [verse("a", Written("5x4", "x", "欲穷千里目，更上层楼。"))])
    assert measured.poems == 2
    assert measured.form == 0.5
    assert measured.rhyme == 1.0  # of the one in form
    assert measured.theme == 1.0  # 楼 and 月
    assert measured.theme_by_chance == 0.0
    assert measured.shared == pytest.approx((7 + 0) / 2)  # 欲穷千里目更上, over the mark; and nothing
    assert measured.distinct_1 == (len(set(TOWER.bare)) + 1) / (20 + 4)
    assert measured.repetition == pytest.approx(2 / (19 + 3))  # 月月 three times in one poem


def test_nothing_measured_is_no_number() -> None:
    measured = measure([SHORT], [])
    assert math.isnan(measured.rhyme)
    assert measured.as_dict()["rhyme"] is None
    assert math.isnan(distinct([], 2))


def test_a_special_token_is_one_symbol_of_a_document() -> None:
    text = document(verse("a", TOWER))
    assert symbols(text)[:3] == ["<|form|>", "五", "言"]
    assert symbols(text)[-1] == "<|end|>"
    assert "".join(symbols(text)) == text


def test_the_counted_model_learns_what_it_read_and_says_it_again() -> None:
    counted = Counted([verse("a", TOWER), verse("b", TOWER)])
    losses = counted.losses([verse("c", TOWER)])
    other = counted.losses([verse("d", STILL)])
    assert list(losses) == [2, 3, 4, 5]
    assert losses[5] < losses[2] < other[2]
    poems = list(counted.write([("5x4", TOWER.title)] * 20, order=5, seed=1))
    assert poems == list(counted.write([("5x4", TOWER.title)] * 20, order=5, seed=1))
    assert sum(poem.text == TOWER.text for poem in poems) > 3


def test_a_form_that_is_imposed_is_kept() -> None:
    counted = Counted([verse("a", TOWER), verse("b", STILL)])
    poems = list(counted.fill([("5x4", "月"), ("7x8", "月")], seed=2))
    assert [poem.in_form for poem in poems] == [True, True]
    assert poems == list(counted.fill([("5x4", "月"), ("7x8", "月")], seed=2))
