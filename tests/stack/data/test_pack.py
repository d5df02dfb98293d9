"""Packing against plain loops: every token once an epoch, nothing cut in whole rows, documents kept apart."""

from collections import Counter

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.stack.data.pack import IGNORED, apart, best_fit, gathered, pack, places
from wenjin.stack.data.sources import DataError

FEW = settings(max_examples=60, deadline=None)
DOCUMENTS = st.lists(st.lists(st.integers(1, 99), min_size=1, max_size=12), min_size=1, max_size=30)


def read_whole(row: np.ndarray, documents: np.ndarray) -> list[tuple[int, ...]]:
    return [tuple(row[documents == n]) for n in range(documents.max() + 1)]


@FEW
@given(DOCUMENTS, st.integers(11, 20), st.integers(0, 9), st.integers(0, 3))
def test_whole_rows_hold_every_document_once_and_uncut(
    documents: list[list[int]], length: int, seed: int, number: int
) -> None:
    epoch = pack(gathered(documents), length=length, whole=True, pad=0).epoch(seed=seed, number=number)
    found = Counter(
        one for row, owner in zip(epoch.tokens, epoch.documents, strict=True) for one in read_whole(row, owner)
    )
    assert found == Counter(map(tuple, documents))
    assert (epoch.tokens[epoch.documents < 0] == 0).all()
    assert (epoch.documents[:, 0] == 0).all()  # every row starts with a document
    for owner in epoch.documents:  # padding stands at the end, documents one after the other
        there = owner[owner >= 0]
        assert (owner[: len(there)] >= 0).all()
        assert (np.diff(there) >= 0).all()


@FEW
@given(DOCUMENTS.filter(lambda d: sum(map(len, d)) > 8), st.integers(1, 7), st.integers(0, 9))
def test_dense_rows_are_the_documents_end_to_end(documents: list[list[int]], length: int, seed: int) -> None:
    packing = pack(gathered(documents), length=length)
    epoch = packing.epoch(seed=seed, number=2)
    order = np.random.Generator(np.random.PCG64([seed, 2])).permutation(len(documents))
    stream = [(token, n) for n, d in enumerate(order) for token in documents[d]]
    assert packing.rows == (len(stream) - 1) // length
    for r in range(packing.rows):
        part = stream[r * length : r * length + length + 1]
        assert epoch.tokens[r].tolist() == [token for token, _ in part]
        assert epoch.documents[r].tolist() == [n - part[0][1] for _, n in part]
        assert epoch.targets[r].tolist() == [token for token, _ in part[1:]]


@FEW
@given(st.lists(st.integers(1, 16), min_size=1, max_size=60))
def test_best_fit_equals_a_plain_search(lengths: list[int]) -> None:
    free: list[int] = []
    for length in sorted(lengths, reverse=True):
        fitting = [room for room in free if room >= length]
        if fitting:
            free[free.index(min(fitting))] -= length
        else:
            free.append(16 - length)
    slots = best_fit(np.array(lengths), 16)
    used = Counter({int(row): 0 for row in slots[:, 0]})
    for row, column, length, _ in slots.tolist():
        assert column == used[row]  # no gap, no overlap
        used[row] += length
    assert sorted(16 - full for full in used.values()) == sorted(free)


def test_what_is_padding_is_no_target() -> None:
    epoch = pack(gathered([[1, 2, 3], [4, 5], [6, 7, 8]]), length=3, whole=True, pad=9).epoch(seed=0, number=0)
    rows = {tuple(tokens): tuple(targets) for tokens, targets in zip(epoch.tokens, epoch.targets, strict=True)}
    x = IGNORED
    assert rows == {(1, 2, 3, 9): (2, 3, x), (6, 7, 8, 9): (7, 8, x), (4, 5, 9, 9): (5, x, x)}


def test_epochs_differ_and_repeat() -> None:
    documents = gathered([[n, n + 1, n + 2] for n in range(0, 300, 3)])
    for whole in (False, True):
        packing = pack(documents, length=8, whole=whole)
        first, again, second = (packing.epoch(seed=1, number=n).tokens for n in (0, 0, 1))
        assert (first == again).all()
        assert (first != second).any()
        assert (packing.epoch(seed=2, number=0).tokens != first).any()


def test_poems_fill_whole_rows() -> None:
    luck = np.random.default_rng(0)
    lengths = luck.choice([24, 32, 48, 64], 3000, p=[0.1, 0.3, 0.4, 0.2]) + luck.integers(3, 12, 3000)  # with titles
    packing = pack(gathered([[1] * int(n) for n in lengths]), length=255, whole=True)
    assert packing.full > 0.97
    assert packing.full == pytest.approx(lengths.sum() / (packing.rows * 256))


def test_documents_of_a_row_do_not_see_each_other() -> None:
    luck = torch.Generator().manual_seed(1)
    documents = np.array([[0, 0, 0, 1, 1, 2, 2, 2]])
    q, k, v = (torch.randn(1, 8, 4, generator=luck) for _ in range(3))
    together = F.scaled_dot_product_attention(q, k, v, torch.from_numpy(apart(documents)))
    for first, last in ((0, 3), (3, 5), (5, 8)):
        alone = F.scaled_dot_product_attention(q[:, first:last], k[:, first:last], v[:, first:last], is_causal=True)
        torch.testing.assert_close(together[:, first:last], alone)
    assert places(documents).tolist() == [[0, 1, 2, 0, 1, 0, 1, 2]]


@pytest.mark.parametrize(("longer", "expected"), [("cut", [[1, 2, 3, 4], [5, 6], [7, 8]]), ("drop", [[7, 8]])])
def test_a_document_longer_than_the_row_is_cut_or_dropped_on_demand(longer: str, expected: list[list[int]]) -> None:
    packing = pack(gathered([[1, 2, 3, 4, 5, 6], [7, 8]]), length=3, whole=True, longer=longer)  # type: ignore[arg-type]
    epoch = packing.epoch(seed=0, number=0)
    found = [one for row, owner in zip(epoch.tokens, epoch.documents, strict=True) for one in read_whole(row, owner)]
    assert sorted(map(list, found)) == expected


def test_what_cannot_be_packed_is_refused_with_a_sentence() -> None:
    with pytest.raises(DataError, match="longer than a row's 4 tokens") as refused:
        pack(gathered([[1] * 9, [1]]), length=3, whole=True)
    assert "比一行的 4 个词元长" in refused.value.zh
    with pytest.raises(DataError, match="too few for one row"):
        pack(gathered([[1, 2]]), length=8)
    with pytest.raises(DataError, match="not one document"):
        gathered([[], []])
    with pytest.raises(DataError, match="not one document"):
        pack(gathered([[1] * 9]), length=3, whole=True, longer="drop")
    with pytest.raises(DataError, match="at least 1 token"):
        pack(gathered([[1, 2]]), length=0)
