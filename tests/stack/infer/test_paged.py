"""A flat pass over pages gives each text what it would get alone from keys and values side by side."""

from itertools import accumulate, pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from wenjin.stack.infer.generate import cache_for
from wenjin.stack.infer.paged import Pass, Pool, Rows
from wenjin.stack.infer.pages import PAGE
from wenjin.stack.models.llama import Llama
from wenjin.stack.nn.heads import attend

L, G, R, D = 2, 2, 3, 8
LENGTHS = st.lists(st.lists(st.integers(1, 45), min_size=1, max_size=4), min_size=1, max_size=4)


class Sizes:
    """As much of a model as a pool looks at."""

    head = torch.zeros(1)

    def settings(self) -> dict[str, int]:
        return {"layers": L, "heads": G * R, "kv_heads": G, "dim": G * R * D}

    states: Any
    logits: Any


def tables(lengths: list[int], dice: torch.Generator) -> list[list[int]]:
    """Pages of each text, in no order."""
    counts = [-(-length // PAGE) for length in lengths]
    pages = (torch.randperm(sum(counts), generator=dice) + 1).tolist()
    return [pages[a:b] for a, b in pairwise([0, *accumulate(counts)])]


@settings(max_examples=25, deadline=None)
@given(cuts=LENGTHS, seed=st.integers(0, 99), exact=st.booleans(), fill=st.integers(0, 3))
def test_each_text_gets_what_it_would_get_alone(cuts: list[list[int]], seed: int, exact: bool, fill: int) -> None:
    dice = torch.Generator().manual_seed(seed)
    lengths = [sum(pieces) for pieces in cuts]
    q = [torch.randn(L, 1, G * R, length, D, generator=dice) for length in lengths]
    k, v = ([torch.randn(L, 1, G, length, D, generator=dice) for length in lengths] for _ in range(2))
    want = [torch.stack([attend(*(x[n][layer] for x in (q, k, v))) for layer in range(L)]) for n in range(len(cuts))]
    pool, table = Pool(Sizes(), sum(-(-length // PAGE) for length in lengths)), tables(lengths, dice)
    pool.keys.normal_(generator=dice)  # what earlier texts left
    held = [0] * len(cuts)
    while any(cuts):  # in each pass the next piece of every text that has one, single tokens first
        now = sorted((n for n in range(len(cuts)) if cuts[n]), key=lambda n: cuts[n][0] > 1)
        counts = [cuts[n].pop(0) for n in now]
        rows = [Rows(table[n], held[n], count) for n, count in zip(now, counts, strict=True)]
        cache = Pass(pool, rows, fill=fill, exact=exact)
        places = [place for row in rows for place in range(row.before, row.before + row.count)]
        assert cache.places(sum(counts) + fill).tolist() == places + [0] * fill

        def flat(
            x: list[Tensor], layer: int, now: list[int] = now, counts: list[int] = counts
        ) -> Tensor:  # the new tokens of all, end to end
            own = [x[n][layer][:, :, held[n] : held[n] + count] for n, count in zip(now, counts, strict=True)]
            return torch.cat([*own, torch.ones(1, own[0].shape[1], fill, D)], dim=2)

        for layer in range(L):
            got = cache.attend(layer, flat(q, layer), flat(k, layer), flat(v, layer))
            assert not got[:, :, sum(counts) :].any()
            for n, part in zip(now, got[:, :, : sum(counts)].split(counts, dim=2), strict=True):
                torch.testing.assert_close(part, want[n][layer][:, :, held[n] : held[n] + part.shape[2]])
        for n, count in zip(now, counts, strict=True):
            held[n] += count


def test_a_kernel_that_reads_pages_in_place_is_told_where_each_row_belongs() -> None:
    pool = Pool(Sizes(), 8)
    cache = Pass(pool, [Rows([3], 4, 1), Rows([1, 2], 40, 1), Rows([5, 4, 6], 30, 3)], fill=2)
    assert cache.owner.tolist() == [0, 1, 2, 2, 2, -1, -1]
    assert cache.at.tolist() == [4, 40, 30, 31, 32, 0, 0]
    assert [line[: 1 + n // PAGE] for line, n in zip(cache.table.tolist(), (4, 40, 32), strict=True)] == [
        [3],
        [1, 2],
        [5, 4],
    ]
    assert pool.keys.shape == (L, 9, G, PAGE, D)


@pytest.mark.parametrize("compute", [None, torch.bfloat16])
def test_a_llama_reads_many_texts_in_one_pass(compute: torch.dtype | None) -> None:
    torch.manual_seed(0)
    model = Llama(vocab=61, dim=32, layers=2, heads=4, kv_heads=2, hidden=48, context=96, std=0.3)
    model.compute = compute
    texts = [torch.randint(61, (1, length)) for length in (7, 1, 40)]
    pool = Pool(model, 8)
    with torch.no_grad():
        want = [model.states(ids, cache_for(model, batch=1, room=96))[0] for ids in texts]
        parts = [Rows([2], 6, 1), Rows([5], 0, 1), Rows([4, 1], 10, 30)]
        for ids, part in zip(texts, parts, strict=True):
            if part.before:
                model.states(ids[:, : part.before], Pass(pool, [Rows(part.table, 0, part.before)]))
        flat = torch.cat([ids[:, part.before :] for ids, part in zip(texts, parts, strict=True)], dim=1)
        got = model.states(flat, Pass(pool, parts))[0].split([1, 1, 30])
    for ours, whole in zip(got, want, strict=True):
        close = {} if compute is None else {"atol": 0.06, "rtol": 0.06}
        torch.testing.assert_close(ours, whole[-len(ours) :], **close)


def test_wiped_pages_spoil_no_sum() -> None:
    pool = Pool(Sizes(), 2)
    pool.keys[:, 1:] = pool.values[:, 1:] = torch.nan
    pool.wipe([1])
    assert not pool.keys[:, 1].any()
    assert pool.keys[:, 2].isnan().all()
