"""WordPiece: encoding against `tokenizers`, each step of training against the likelihood itself."""

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from wenjin.stack.text import wordpiece
from wenjin.stack.text.wordpiece import UNKNOWN, best_pair, count, decode, encode, join, split, train

words = st.dictionaries(st.text("abc", min_size=1, max_size=6), st.integers(1, 9), min_size=1, max_size=8)
pieces = st.text("ab月", min_size=1, max_size=4)


@given(st.lists(st.one_of(pieces, pieces.map("##".__add__)), unique=True), st.text("ab月é", max_size=9))
def test_encoding_is_that_of_tokenizers(vocabulary: list[str], word: str) -> None:
    ids = {piece: id for id, piece in enumerate([UNKNOWN, *vocabulary])}
    theirs = Tokenizer(models.WordPiece(ids, unk_token=UNKNOWN, max_input_chars_per_word=100))
    assert encode(word, set(vocabulary)) == theirs.encode(word).tokens


def test_a_long_word_is_unknown_as_in_bert() -> None:
    theirs = Tokenizer(models.WordPiece({UNKNOWN: 0, "a": 1, "##a": 2}, unk_token=UNKNOWN))
    for length in (99, 100, 101):
        assert encode("a" * length, {"a", "##a"}) == theirs.encode("a" * length).tokens


def test_one_case_by_hand() -> None:
    """h u g: 10, p u g: 5, h u g s: 5. ##s stands 5 times, always after ##g (20): 5/(20*5) = 0.05. ##u ##g: 20/(20*20)
    = 0.05, too, and is more frequent. h ##u: 15/(15*20) = 0.05, p ##u: 5/(5*20) = 0.05. So ##ug first."""
    assert train({"hug": 10, "pug": 5, "hugs": 5}, 6) == [UNKNOWN, "##g", "##s", "##u", "h", "p", "##ug"]
    assert encode("hugs", {"hug", "##s", "h"}) == ["hug", "##s"]
    assert decode(["hug", "##s", "pug", UNKNOWN]) == "hugs pug [UNK]"


@given(words)
def test_the_pair_is_the_one_most_frequent_against_chance(texts: dict[str, int]) -> None:
    seen, pairs = count({split(word): times for word, times in texts.items()})
    best = best_pair(seen, pairs)
    if best is None:
        assert not pairs
        return
    total = sum(seen.values())

    def information(pair: tuple[str, str]) -> float:  # log of: as a pair, against by chance
        return math.log(pairs[pair] / total) - math.log(seen[pair[0]] / total) - math.log(seen[pair[1]] / total)

    assert information(best) == pytest.approx(max(map(information, pairs)))


@given(words, st.integers(0, 20), st.integers(1, 4))
@settings(deadline=None)
def test_a_vocabulary_encodes_what_it_was_made_from(texts: dict[str, int], size: int, least: int) -> None:
    vocabulary = train(texts, size, least)
    letters = {piece for word in texts for piece in split(word)}
    assert vocabulary[0] == UNKNOWN
    assert set(vocabulary[1 : len(letters) + 1]) == letters
    assert len(set(vocabulary)) == len(vocabulary) <= max(size, len(letters)) + 1
    for word in texts:
        found = encode(word, set(vocabulary))
        assert UNKNOWN not in found
        assert decode(found) == word


def test_two_letters_seen_once_win_unless_rare_pairs_are_left_out() -> None:
    texts = {"the": 900, "then": 100, "xq": 1}
    assert train(texts, 7)[-1] == "xq"
    assert train(texts, 7, least=2)[-1] != "xq"


def test_a_join_takes_neighbors_from_the_left() -> None:
    assert join(("a", "##a", "##a", "##a"), ("##a", "##a")) == ("a", "##aa", "##a")
    assert count({("a", "##a", "##a"): 2}) == (
        Counter({"a": 2, "##a": 4}),
        Counter({("a", "##a"): 2, ("##a", "##a"): 2}),
    )
    assert wordpiece.joined("##a", "##b") == "##ab"
