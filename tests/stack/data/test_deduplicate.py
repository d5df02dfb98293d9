"""MinHash against exact Jaccard, and every fast search against the plain comparison of all with all."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.stack.data.deduplicate import (
    candidates,
    caught,
    clusters,
    exact_near_duplicates,
    jaccard,
    near_duplicates,
    shared_passages,
    shingled,
    signatures,
)

TEXTS = st.lists(st.text("山水春秋月花人不见来去风", max_size=12), min_size=1, max_size=12)
FEW = settings(max_examples=40, deadline=None)


def runs(text: str, size: int) -> set[str]:
    text = text.ljust(size, "\0")
    return {text[n : n + size] for n in range(len(text) - size + 1)}


def plain(a: str, b: str, size: int) -> float:
    one, two = runs(a, size), runs(b, size)
    return len(one & two) / len(one | two)


def varied(seed: int, count: int, length: int, changes: list[int]) -> list[str]:
    """Random texts, each followed by itself with some characters changed."""
    luck = np.random.default_rng(seed)
    texts = []
    for n in range(count):
        text = luck.integers(0x4E00, 0x4E00 + 3000, length)
        other = text.copy()
        other[luck.permutation(length)[: changes[n % len(changes)]]] = luck.integers(0x6000, 0x6500)
        texts += ["".join(map(chr, text)), "".join(map(chr, other))]
    return texts


@FEW
@given(TEXTS, st.integers(1, 4))
def test_shingles_are_the_distinct_runs_of_each_text(texts: list[str], size: int) -> None:
    sets = shingled(texts, size)
    assert len(sets) == len(texts)
    assert [len(sets[n]) for n in range(len(texts))] == [len(runs(text, size)) for text in texts]
    for a, b in combinations(range(len(texts)), 2):
        assert jaccard(sets[a], sets[b]) == pytest.approx(plain(texts[a], texts[b], size))


def test_signatures_agree_as_often_as_the_sets_are_alike() -> None:
    texts = varied(1, 40, 60, [0, 3, 8, 15, 30])
    sets = shingled(texts)
    signed = signatures(sets, hashes=512, seed=3)
    for n in range(0, len(texts), 2):
        exact = jaccard(sets[n], sets[n + 1])
        guess = (signed[n] == signed[n + 1]).mean()
        assert abs(guess - exact) <= 4.5 * (0.25 / 512) ** 0.5  # standard error of a share of 512


def test_the_share_that_is_found_is_the_one_that_was_promised(count: Callable[[int], int]) -> None:
    pairs = 100 * max(4, count(80))
    texts = varied(2, pairs, 40, [11])  # about 0.35 alike: where candidates are missed
    sets = shingled(texts)
    likely = set(map(tuple, candidates(signatures(sets, seed=5)).tolist()))
    there = [(n, n + 1, jaccard(sets[n], sets[n + 1])) for n in range(0, len(texts), 2)]
    expected = sum(caught(likeness) for *_, likeness in there)
    found = sum((a, b) in likely for a, b, _ in there)
    spread = sum(caught(j) * (1 - caught(j)) for *_, j in there) ** 0.5
    assert spread > 3  # else nothing would be tested
    assert abs(found - expected) < 4.5 * spread


def test_what_is_found_is_exact_and_what_is_alike_is_found() -> None:
    texts = varied(4, 75, 30, [0, 1, 2, 4, 28])
    sets = shingled(texts)
    found = list(near_duplicates(sets, at_least=0.5))
    exact = exact_near_duplicates(sets, range(len(sets)), at_least=0.5)
    assert exact == [
        (a, b, pytest.approx(plain(texts[a], texts[b], 2)))
        for a, b in combinations(range(len(texts)), 2)
        if plain(texts[a], texts[b], 2) >= 0.5
    ]
    assert {(a, b) for a, b, _ in found} == {(a, b) for a, b, _ in exact}
    assert {(a, b): j for a, b, j in found} == pytest.approx({(a, b): j for a, b, j in exact})


@FEW
@given(TEXTS, st.integers(1, 3))
def test_shared_passages_are_counted_exactly(texts: list[str], at_least: int) -> None:
    found = shared_passages(shingled(texts, 3), at_least=at_least)
    expected = []
    for a, b in combinations(range(len(texts)), 2):
        shared = len(runs(texts[a], 3) & runs(texts[b], 3))
        if shared >= at_least:
            expected.append([a, b, shared])
    assert sorted(found.tolist()) == expected


def test_a_formula_links_nothing_and_one_text_many_times_is_a_chain() -> None:
    same = ["君不见黄河之水天上来"] * 150
    assert len(shared_passages(shingled(same, 5), at_least=1)) == 0
    pairs = candidates(signatures(shingled(same)))
    assert pairs.tolist() == [[n, n + 1] for n in range(149)]
    assert set(clusters(150, map(tuple, pairs.tolist())).tolist()) == {0}


@FEW
@given(st.integers(1, 15).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))))
def test_clusters_are_what_links_can_reach(drawn: tuple[int, list[tuple[int, int]]]) -> None:
    count, links = drawn
    reach = {n: {n} for n in range(count)}
    for _ in range(count):
        for a, b in links:
            reach[a] = reach[b] = reach[a] | reach[b]
            for n in reach[a]:
                reach[n] = reach[a]
    assert clusters(count, links).tolist() == [min(reach[n]) for n in range(count)]


def test_no_texts_and_empty_texts_are_taken() -> None:
    assert len(shingled([])) == 0
    assert list(near_duplicates(shingled([]), at_least=0.5)) == []
    assert shared_passages(shingled([]), at_least=1).tolist() == []
    assert list(near_duplicates(shingled(["", "山", ""]), at_least=0.5)) == [(0, 2, 1.0)]
