"""The unigram model: cuts against `tokenizers`, everything else against brute force over all cuts."""

import math
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from tests.stack.text.test_segment import cuts
from wenjin.stack.text.unigram import cut, encode, expect, losses, maximize, sample, seed, train, unknown

texts = st.text("abc", min_size=1, max_size=7)
some = st.dictionaries(st.text("abc", min_size=1, max_size=4), st.floats(-9, -0.1), min_size=1, max_size=12)
corpora = st.dictionaries(texts, st.integers(1, 5), min_size=1, max_size=6)


def of(pieces: list[str], scores: dict[str, float]) -> float:
    return math.fsum(scores.get(piece, unknown(scores)) for piece in pieces)


def known(text: str, scores: dict[str, float]) -> list[list[str]]:
    """Every cut into pieces that are known, or single."""
    return [found for found in cuts(text) if all(len(piece) == 1 or piece in scores for piece in found)]


@given(some, st.text("abcd月", max_size=9))
def test_cuts_are_those_of_tokenizers(scores: dict[str, float], text: str) -> None:
    vocabulary = [("<unk>", 0.0), *scores.items()]  # its score counts for nothing
    theirs = Tokenizer(models.Unigram([("<unk>", min(scores.values())), *vocabulary[1:]], unk_id=0))
    assert encode(text, scores) == theirs.encode(text).tokens


@given(some, texts)
def test_the_cut_is_the_most_probable_of_all(scores: dict[str, float], text: str) -> None:
    found = cut(text, scores)
    assert "".join(found) == text
    assert of(found, scores) == pytest.approx(max(of(one, scores) for one in known(text, scores)))


@given(some, texts)
@settings(deadline=None)
def test_expected_counts_and_likelihood_are_sums_over_all_cuts(scores: dict[str, float], text: str) -> None:
    counts, likelihood = expect({text: 3}, scores)
    weights = [math.exp(of(one, scores)) for one in known(text, scores)]
    plain: Counter[str] = Counter()
    for one, weight in zip(known(text, scores), weights, strict=True):
        for piece in one:
            plain[piece] += 3 * weight / sum(weights)  # type: ignore[assignment]
    assert likelihood == pytest.approx(3 * math.log(sum(weights)))
    assert counts == pytest.approx(plain)


@given(corpora)
@settings(deadline=None)
def test_a_round_never_makes_the_corpus_less_probable(texts: dict[str, int]) -> None:
    scores = seed(texts, 4, 50)
    before = -math.inf
    for _ in range(4):
        counts, likelihood = expect(texts, scores)
        assert likelihood >= before - 1e-9
        before, scores = likelihood, maximize(counts, lambda _: True)
        assert math.fsum(map(math.exp, scores.values())) == pytest.approx(1)


@given(corpora, st.integers(1, 12))
@settings(deadline=None)
def test_training_keeps_all_characters_and_the_size(texts: dict[str, int], size: int) -> None:
    scores = train(texts, size, longest=4)
    single = set("".join(texts))
    assert single <= scores.keys()
    assert len(scores) <= max(size, len(single))
    for text in texts:
        assert "".join(encode(text, scores)) == text


def test_what_a_piece_is_worth() -> None:
    """ab stands alone twice and is made of a (1/4) and b (1/4): with p(ab) = 1/2, leaving it out costs 2 log 8."""
    scores = {"a": math.log(1 / 4), "b": math.log(1 / 4), "ab": math.log(1 / 2)}
    assert losses({"ab": 2}, scores) == pytest.approx({"ab": 2 * math.log(8)})


def test_pieces_that_hang_together_are_found() -> None:
    scores = train({"月光": 40, "月光下": 20, "日光": 30, "上下": 10}, 7)
    assert {"月光", "日光"} <= scores.keys()
    assert encode("月光日光", scores) == ["月光", "日光"]


@pytest.mark.parametrize("sharp", [0.0, 0.5, 1.0])
def test_samples_come_as_often_as_they_should(sharp: float, count: Callable[[int], int]) -> None:
    scores = {"a": -1.0, "b": -2.0, "ab": -2.0, "ba": -1.5, "aba": -4.0}
    dice, draws = Random(1), max(4000, count(40_000))
    seen = Counter(tuple(sample("abab", scores, dice, sharp)) for _ in range(draws))
    ways = {tuple(one): math.exp(sharp * of(one, scores)) for one in known("abab", scores)}
    for way, weight in ways.items():
        share = weight / sum(ways.values())
        assert seen[way] / draws == pytest.approx(share, abs=5 * math.sqrt(share * (1 - share) / draws))
