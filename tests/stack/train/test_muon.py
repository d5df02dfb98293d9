"""Muon equals torch.optim.Muon; stacked matrices equal single ones; a step is as orthogonal as is promised."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from wenjin.stack.train.muon import POLAR, QUINTIC, Coefficients, Muon, orthogonal
from wenjin.stack.train.optimizers import Moves


def draw(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def run(make: Callable[..., Moves], shapes: list[tuple[int, int]], steps: int = 8, **given: object) -> list[Tensor]:
    moved = [nn.Parameter(draw(n, *shape)) for n, shape in enumerate(shapes)]
    optimizer = make(moved, **given)
    for step in range(steps):
        for n, w in enumerate(moved):
            w.grad = draw(1000 + 10 * step + n, *w.shape)
        optimizer.step()
    return [w.detach() for w in moved]


SHAPES = [(8, 8), (24, 8), (8, 24), (8, 8), (5, 1)]


@pytest.mark.parametrize("nesterov", [True, False])
def test_equals_torch(nesterov: bool) -> None:
    """Both round to bfloat16, in different places: five rounds of that leave a few parts in a hundred;
    the next test is exact."""
    common = {"lr": 0.02, "momentum": 0.9, "weight_decay": 0.2, "nesterov": nesterov}
    before = run(Muon, SHAPES, steps=0)
    for scale, theirs_scale in (("rows", "original"), ("adamw", "match_rms_adamw")):
        ours = run(Muon, SHAPES, scale=scale, **common)
        theirs = run(torch.optim.Muon, SHAPES, adjust_lr_fn=theirs_scale, **common)
        for start, a, b in zip(before, ours, theirs, strict=True):
            assert (a - b).norm() < 0.08 * (b - start).norm()


@pytest.mark.parametrize("coefficients", [QUINTIC, POLAR])
@pytest.mark.parametrize("shape", [(8, 8), (6, 15), (15, 6), (1, 4)])
def test_rounds_move_singular_values_alone_by_their_polynomial(
    shape: tuple[int, int], coefficients: Coefficients
) -> None:
    """The definition, over single numbers: s <- a s + b s³ + c s⁵, from s over the length of the matrix."""
    G = draw(1, *shape).double()
    u, values, v = torch.linalg.svd(G, full_matrices=False)
    values = values / G.norm()
    for a, b, c in coefficients:
        values = a * values + b * values**3 + c * values**5
    torch.testing.assert_close(orthogonal(G[None], coefficients, torch.float64)[0], u @ values.diag() @ v)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=5), st.integers(0, 99))
def test_stacked_equals_single(shapes: list[tuple[int, int]], seed: int) -> None:
    fast, plain = (run(Muon, shapes, steps=3, dtype=torch.float32, batched=batched) for batched in (True, False))
    for a, b in zip(fast, plain, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("coefficients", "low", "high"), [(QUINTIC, 0.6, 1.25), (POLAR, 0.8, 1.2)])
def test_five_rounds_bring_every_singular_value_near_one(coefficients: Coefficients, low: float, high: float) -> None:
    """The smallest start at a hundredth of the largest. The singular vectors stay what they were."""
    u, _, v = torch.linalg.svd(draw(0, 16, 24), full_matrices=False)
    start = u @ torch.diag(torch.linspace(1, 0.01, 16)) @ v
    for X in (start, start.T):
        made = orthogonal(X[None], coefficients, torch.float32)[0]
        values = torch.linalg.svdvals(made)
        assert low < values.min()
        assert values.max() < high
    turned = u.T @ orthogonal(start[None], coefficients, torch.float32)[0] @ v.T
    assert (turned - torch.diag(turned.diag())).abs().max() < 1e-4


def test_three_in_one_are_three_matrices() -> None:
    """A fused q, k, v moves as its parts would alone."""
    parts = [nn.Parameter(draw(n, 6, 6)) for n in range(3)]
    fused = nn.Parameter(torch.cat([part.detach() for part in parts]))
    gradients = [draw(10 + n, 6, 6) for n in range(3)]
    for part, gradient in zip(parts, gradients, strict=True):
        part.grad = gradient
    fused.grad = torch.cat(gradients)
    Muon(parts, dtype=torch.float32).step()
    Muon([{"params": [fused], "apart": 3}], dtype=torch.float32).step()
    torch.testing.assert_close(fused.detach(), torch.cat([part.detach() for part in parts]))


def test_what_is_no_matrix_is_refused() -> None:
    with pytest.raises(ValueError, match="matrices"):
        Muon([nn.Parameter(torch.zeros(3))])
    with pytest.raises(ValueError, match="3 equal parts"):
        Muon([{"params": [nn.Parameter(torch.zeros(4, 4))], "apart": 3}])
    with pytest.raises(ValueError, match="scale"):
        Muon([nn.Parameter(torch.zeros(4, 4))], scale="columns")
