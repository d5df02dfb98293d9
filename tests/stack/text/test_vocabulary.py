"""Symbols to ids and back; what was never seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenjin.stack.text.vocabulary import UNKNOWN, Vocabulary

WORDS = ["to", "be", "or", "not", "to", "be"]


def test_frequent_symbols_come_first_and_ties_as_they_came() -> None:
    words = Vocabulary.of(WORDS)
    assert list(words) == [UNKNOWN, "to", "be", "or", "not"]
    assert words.counts == {"to": 2, "be": 2, "or": 1, "not": 1}
    assert list(Vocabulary.of(WORDS, least=2)) == [UNKNOWN, "to", "be"]
    assert list(Vocabulary.of(WORDS, most=1)) == [UNKNOWN, "to"]


def test_what_was_never_seen_is_the_unknown_one() -> None:
    words = Vocabulary.of(["whale"])
    assert (words["whale"], words["sea"], words[UNKNOWN]) == (1, 0, 0)
    assert "sea" not in words
    assert words.decode(words.encode(["sea", "whale"])) == [UNKNOWN, "whale"]
    with pytest.raises(IndexError):
        words.decode([2])


@given(st.lists(st.text(max_size=3)))
def test_every_symbol_comes_back(symbols: list[str]) -> None:
    words = Vocabulary.of(symbols)
    assert words.decode(words.encode(symbols)) == symbols
    assert len(words) == len(set(symbols) | {UNKNOWN}) == len(list(words))
    assert words == Vocabulary(words.counts)
    assert words != Vocabulary.of([*symbols, "a new one"])
