"""Simplification by hand, and what must hold of it on every shipped poem."""

from wenjin.stack.data.load import load
from wenjin.stack.data.simplify import FOLDED, VARIANTS, simplified


def test_traditional_characters_and_variants_become_the_usual_ones() -> None:
    assert simplified("劒閣崢嶸，疎鐘清月殿。慙愧鴈猨。") == "剑阁峥嵘，疏钟清月殿。惭愧雁猿。"
    assert simplified("白日依山盡，黃河入海流。") == "白日依山尽，黄河入海流。"


def test_words_decide_where_one_character_stands_for_two() -> None:
    assert simplified("乾坤萬里眼") == "乾坤万里眼"  # heaven and earth
    assert simplified("淚痕乾") == "泪痕干"  # dry


def test_a_character_that_no_font_has_is_not_made() -> None:
    assert simplified("殢酒") == "殢酒"
    assert simplified("殢酒", variants=False) == "𣨼酒"


def test_a_variant_is_folded_once_and_for_all() -> None:
    pairs = VARIANTS.split()
    assert all(len(pair) == 2 for pair in pairs)
    assert len({pair[0] for pair in pairs}) == len(pairs)
    assert not {pair[0] for pair in pairs} & {pair[1] for pair in pairs}


def test_no_poem_changes_its_length_or_keeps_a_variant() -> None:
    for poem in load("classical-poems", part="tang", excerpt=True).rows:
        plain = simplified(poem.text)
        assert len(plain) == len(poem.text)
        assert not set(map(ord, plain)) & FOLDED.keys()
