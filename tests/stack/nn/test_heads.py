"""Both ways of attending equal the plain formula of stack/nn/attention.py, gradients too."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from wenjin.stack.nn import attention, heads
from wenjin.stack.nn.heads import Way, attend, join, split

SHAPES = st.tuples(*(st.integers(1, n) for n in (2, 3, 3, 6, 4)), st.integers(0, 5))  # B, G, R, T, D, past


def draw(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def plain(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Each key/value head repeated for the query heads that share it."""
    share = q.shape[1] // k.shape[1]
    return attention.attend(q, k.repeat_interleave(share, 1), v.repeat_interleave(share, 1), causal=True)


def with_gradients(how: object, inputs: list[Tensor]) -> list[Tensor]:
    assert callable(how)
    inputs = [x.clone().requires_grad_() for x in inputs]
    y = how(*inputs)
    return [y.detach(), *torch.autograd.grad((y * draw(9, *y.shape, dtype=y.dtype)).sum(), inputs)]


@pytest.mark.parametrize("way", ["products", "kernel"])
@settings(max_examples=40, deadline=None, derandomize=True)
@given(shape=SHAPES, seed=st.integers(0, 99), spread=st.sampled_from([1.0, 20.0]))
def test_both_ways_equal_the_plain_formula_with_gradients(
    way: Way, shape: tuple[int, ...], seed: int, spread: float
) -> None:
    B, G, R, T, D, past = shape
    q = draw(seed, B, G * R, T, D) * spread
    k, v = draw(seed + 1, B, G, T + past, D), draw(seed + 2, B, G, T + past, D)
    found = with_gradients(lambda q, k, v: attend(q, k, v, way), [q, k, v])
    for a, b in zip(found, with_gradients(plain, [q, k, v]), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-7, atol=1e-9)


class Operations(TorchDispatchMode):
    """The operations that really run."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


def fused(q: Tensor) -> bool:
    """Whether `auto` takes the kernel for q as query, key and value."""
    with Operations() as ran:
        attend(q, q, q)
    kernel, products = any("attention" in name for name in ran.names), any("baddbmm" in name for name in ran.names)
    assert kernel != products
    return kernel


def test_in_training_on_short_text_the_products_run_and_elsewhere_the_kernel() -> None:
    short, long = draw(0, 1, 1, 4, 2).requires_grad_(), draw(0, 1, 1, heads.SHORT + 1, 2).requires_grad_()
    assert not fused(short)
    assert fused(long)
    assert fused(short.detach())
    with torch.no_grad():
        assert fused(short)


@pytest.mark.parametrize("way", ["products", "kernel"])
def test_bfloat16_is_near_the_exact_result(way: Way) -> None:
    inputs = [draw(seed, 2, 4, 20, 8) for seed in range(3)]
    exact = with_gradients(plain, inputs)
    rough = with_gradients(lambda q, k, v: attend(q, k, v, way), [x.bfloat16() for x in inputs])
    for a, b in zip(rough, exact, strict=True):
        assert a.dtype == torch.bfloat16
        assert (a.double() - b).norm() < 0.02 * b.norm()


def test_splitting_and_joining_undo_each_other() -> None:
    x = draw(1, 2, 5, 12)
    assert split(x, 4).shape == (2, 3, 5, 4)
    assert torch.equal(split(x, 4)[1, 2, 3], x[1, 3, 8:12])
    assert torch.equal(join(split(x, 4)), x)
