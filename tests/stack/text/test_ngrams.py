"""Kneser-Ney by arrays equals the formula over dictionaries; its odds and draws agree."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.stack.text.ngrams import Ngrams

V = 6
STREAM = st.lists(st.integers(0, V - 1), min_size=8, max_size=80)


def odds(stream: list[int], order: int, context: tuple[int, ...], token: int, *, longest: bool = True) -> float:
    """The formula of the file's head, over dictionaries, one number at a time."""
    if order == 0:
        return 1 / V
    grams = Counter(tuple(stream[n : n + order]) for n in range(len(stream) - order + 1))
    if longest:
        count = dict(grams)
    else:
        longer = {tuple(stream[n : n + order + 1]) for n in range(len(stream) - order)}
        count = {gram: sum(one[1:] == gram for one in longer) for gram in grams}
    once, twice = (sum(n == times for n in count.values()) for times in (1, 2))
    discount = once / (once + 2 * twice) if once and twice else 0.5
    of = {gram[-1]: n for gram, n in count.items() if gram[:-1] == context}
    lower = odds(stream, order - 1, context[1:], token, longest=False)
    total = sum(of.values())
    if not total:
        return lower
    types = sum(n > 0 for n in of.values())
    return max(of.get(token, 0) - discount, 0) / total + discount * types / total * lower


@settings(max_examples=25, deadline=None)
@given(stream=STREAM, seen=st.lists(st.integers(0, V - 1), min_size=1, max_size=8), order=st.integers(1, 4))
def test_it_equals_a_plain_loop_over_dictionaries(stream: list[int], seen: list[int], order: int) -> None:
    counts = Ngrams(stream, vocabulary=V, most=5)
    ours = counts.log_odds(seen, order=order)
    for n, token in enumerate(seen):
        if n >= order - 1:
            expected = odds(stream, order, tuple(seen[n - order + 1 : n]), token)
            assert ours[n] == pytest.approx(math.log(expected))


@settings(max_examples=20, deadline=None)
@given(stream=STREAM, context=st.lists(st.integers(0, V - 1), min_size=4, max_size=4), order=st.integers(1, 5))
def test_odds_add_up_to_one(stream: list[int], context: list[int], order: int) -> None:
    counts = Ngrams(stream, vocabulary=V, most=5)
    assert sum(np.exp(counts.log_odds([*context, token], order=order)[-1]) for token in range(V)) == pytest.approx(1)


def test_draws_follow_the_odds() -> None:
    stream = np.random.default_rng(1).choice(V, 400, p=[0.4, 0.3, 0.1, 0.1, 0.05, 0.05])
    counts, dice = Ngrams(stream, vocabulary=V, most=3), np.random.default_rng(2)
    drawn = Counter(counts.write([0, 1], order=3, most=1, stop=(), dice=dice)[0] for _ in range(3000))
    for token in range(V):
        p = math.exp(counts.log_odds([0, 1, token], order=3)[-1])
        assert abs(drawn[token] / 3000 - p) < 4 * math.sqrt(p * (1 - p) / 3000) + 1e-3


def test_text_ends_with_the_first_stop() -> None:
    counts = Ngrams([0, 1, 2, 0, 1, 2, 0, 1, 2], vocabulary=3, most=3)
    text = counts.write([0], order=2, most=50, stop={2}, dice=np.random.default_rng(0))
    assert text[-1] == 2
    assert 2 not in text[:-1]


@pytest.mark.parametrize(("ids", "most"), [([1, 2], 3), ([0, 9, 1, 1], 2), ([0, -1, 1, 1], 2)])
def test_ids_that_make_no_sense_are_refused(ids: list[int], most: int) -> None:
    with pytest.raises(ValueError, match=r"too few|must lie in"):
        Ngrams(ids, vocabulary=V, most=most)
