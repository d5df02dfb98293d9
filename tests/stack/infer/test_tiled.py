"""The ladder of attention: formula, tiles, kernel; each equals the next, gradients included."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from wenjin.stack.infer.tiled import attend_tiled, cost, walk
from wenjin.stack.nn.attention import attend, attend_fast

SHAPES = st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 3), st.integers(1, 40), st.integers(0, 30))


def inputs(
    shape: tuple[int, int, int, int, int], seed: int, spread: float = 3.0, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, ...]:
    """Queries, keys, values and a gradient from above. shape: batch, key heads, group, queries, keys before them."""
    B, G, R, T, past = shape
    dice = torch.Generator().manual_seed(seed)
    sizes = ((B, G * R, T, 8), (B, G, T + past, 8), (B, G, T + past, 8), (B, G * R, T, 8))
    return tuple((torch.randn(size, generator=dice, dtype=torch.float64) * spread).to(dtype) for size in sizes)


def results(way: Any, q: Tensor, k: Tensor, v: Tensor, above: Tensor, **more: Any) -> list[Tensor]:
    """The answers and all three gradients."""
    parts = [x.clone().requires_grad_() for x in (q, k, v)]
    out = way(*parts, **more)
    return [out.detach(), *torch.autograd.grad(out, parts, above)]


def formula(q: Tensor, k: Tensor, v: Tensor, causal: bool) -> Tensor:
    """The plain one, with shared heads written out."""
    times = q.shape[1] // k.shape[1]
    return attend(q, k.repeat_interleave(times, 1), v.repeat_interleave(times, 1), causal)


@settings(max_examples=60, deadline=None)
@given(
    shape=SHAPES, seed=st.integers(0, 9999), causal=st.booleans(), rows=st.integers(1, 17), columns=st.integers(1, 17)
)
def test_formula_tiles_and_kernel_are_equal_gradients_included(
    shape: tuple[int, int, int, int, int], seed: int, causal: bool, rows: int, columns: int
) -> None:
    given_ = inputs(shape, seed)
    plain = results(formula, *given_, causal=causal)
    tiled = results(attend_tiled, *given_, causal=causal, rows=rows, columns=columns)
    kernel = results(attend_fast, *given_, causal=causal)
    for a, b, c in zip(plain, tiled, kernel, strict=True):
        torch.testing.assert_close(b, a, rtol=1e-9, atol=1e-10)
        torch.testing.assert_close(c, b, rtol=1e-9, atol=1e-10)


def test_gradients_equal_finite_differences() -> None:
    q, k, v, _ = inputs((1, 2, 2, 5, 3), 1, spread=1.0)
    parts = [x.requires_grad_() for x in (q, k, v)]
    assert torch.autograd.gradcheck(lambda *x: attend_tiled(*x, rows=2, columns=3), parts)


def test_a_greater_score_in_a_later_tile_overflows_nothing() -> None:
    k = torch.tensor([0.0, 5.0, 500.0, 1e4]).view(1, 1, 4, 1)
    v, q = torch.arange(4.0).view(1, 1, 4, 1), torch.ones(1, 1, 1, 1)
    assert attend_tiled(q, k, v, columns=1).item() == 3.0
    assert attend_tiled(q, k.flip(2), v.flip(2), columns=1).item() == 3.0


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_short_numbers_are_summed_in_long_ones(dtype: torch.dtype) -> None:
    short = inputs((2, 2, 2, 70, 10), 3, spread=1.0, dtype=dtype)
    exact = results(formula, *(x.double() for x in short), causal=True)
    for ours, theirs in zip(results(attend_tiled, *short, rows=16, columns=16), exact, strict=True):
        assert ours.dtype == dtype
        error = 2e-6 if dtype == torch.float32 else 1e-2
        assert (ours.double() - theirs).abs().max() <= error * theirs.abs().max()


class Largest(TorchDispatchMode):
    """Sees every tensor that is made, backward pass included."""

    numbers = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for made in out if isinstance(out, (tuple, list)) else (out,):
            if isinstance(made, Tensor):
                self.numbers = max(self.numbers, made.numel())
        return out


def test_no_tensor_is_larger_than_the_inputs_and_a_tile() -> None:
    q, k, v, above = inputs((1, 1, 2, 300, 0), 5)
    with Largest() as tiled:
        results(attend_tiled, q, k, v, above, rows=16, columns=16)
    with Largest() as plain:
        results(formula, q, k, v, above, causal=True)
    assert tiled.numbers == max(q.numel(), 2 * 16 * 16)
    assert plain.numbers >= 2 * 300 * 300


def test_the_costs_by_hand() -> None:
    told = cost(4, 4, 8, rows=2, columns=2)  # two tiles of queries: the first reads one tile of keys, the second two
    assert (told.tiles, told.skipped) == (3, 1)
    assert told.read == 4 * 8 + 2 * (2 + 4) * 8
    assert told.written == 4 * 9
    assert told.held == 2 * 2 * 8 + 2 * 2 * 8 + 2 * (2 + 2)
    assert told.plain == 4 * 4 * 8 + 4 * 4 * 4
    shared, alone = cost(64, 64, 8, group=3), cost(64, 64, 8)
    assert shared.read - alone.read == 2 * 64 * 8  # two more heads of queries, no more keys
    assert cost(1024, 1024, 64).held == cost(8192, 8192, 64).held  # a longer text holds no more


@settings(max_examples=60, deadline=None)
@given(T=st.integers(1, 50), past=st.integers(0, 40), rows=st.integers(1, 9), columns=st.integers(1, 9))
def test_the_tiles_cover_what_each_query_sees_and_only_tiles_with_some_of_it(
    T: int, past: int, rows: int, columns: int
) -> None:
    seen = torch.zeros(T, T + past, dtype=torch.long)
    counted = 0
    for queries, tiles in walk(T, T + past, causal=True, rows=rows, columns=columns):
        for same, keys, cut in tiles:
            assert same == queries
            inside = torch.ones(T, T + past, dtype=torch.long).tril(past)[queries, keys]
            assert inside.any()
            assert cut == (not inside.all())
            seen[queries, keys] += inside
            counted += 1
    assert torch.equal(seen, torch.ones_like(seen).tril(past))
    assert cost(T, T + past, 4, rows=rows, columns=columns).tiles == counted


def test_a_query_that_sees_no_key_is_refused() -> None:
    q, k = torch.ones(1, 1, 3, 2), torch.ones(1, 1, 2, 2)
    with pytest.raises(ValueError, match="3 queries, 2 keys"):
        attend_tiled(q, k, k)
    with pytest.raises(ValueError, match="cannot share"):
        attend_tiled(torch.ones(1, 3, 1, 2), torch.ones(1, 2, 1, 2), torch.ones(1, 2, 1, 2))
