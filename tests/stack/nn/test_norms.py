"""RMSNorm: the fast form equals the plain one, gradients too; so does a case by hand; LayerNorm casts as it should."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.func import functional_call

from wenjin.stack.nn.norms import LayerNorm, RMSNorm, rms_norm


def test_a_case_worked_by_hand() -> None:
    """(3, 4): the mean of 9 and 16 is 12.5, its root 3.5355, so (0.8485, 1.1314); weights 2 and 0.5."""
    weight = torch.tensor([2.0, 0.5])
    wanted = torch.tensor([2 * 3 / 12.5**0.5, 0.5 * 4 / 12.5**0.5])
    torch.testing.assert_close(rms_norm(torch.tensor([3.0, 4.0]), weight, 0.0), wanted)


Form = Callable[[Tensor, Tensor, float], Tensor]


def fast(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    norm = RMSNorm(len(weight), epsilon)
    y: Tensor = functional_call(norm, {"weight": weight}, (x,))
    return y


def with_gradients(form: Form, x: Tensor, weight: Tensor) -> list[Tensor]:
    x, weight = x.clone().requires_grad_(), weight.clone().requires_grad_()
    y = form(x, weight, 1e-5)
    direction = torch.linspace(-1, 2, y.numel()).view_as(y).to(y)
    return [y.detach(), *torch.autograd.grad((y * direction).sum(), [x, weight])]


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    shape=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    seed=st.integers(0, 99),
    spread=st.sampled_from([1e-3, 1.0, 1e3]),
    dtype=st.sampled_from([torch.float32, torch.bfloat16]),
)
def test_fast_equals_plain_with_gradients(shape: list[int], seed: int, spread: float, dtype: torch.dtype) -> None:
    torch.manual_seed(seed)
    x, weight = (torch.randn(shape) * spread).to(dtype), torch.randn(shape[-1])
    fine = {"rtol": 1e-4, "atol": 1e-5} if dtype == torch.float32 else {"rtol": 0.03, "atol": 0.03}
    for a, b in zip(with_gradients(fast, x, weight), with_gradients(rms_norm, x, weight), strict=True):
        assert a.dtype == b.dtype
        size = max(1.0, b.abs().max().item())
        torch.testing.assert_close(a / size, b / size, **fine)


def test_length_does_not_matter_and_zero_is_no_fault() -> None:
    norm, x = RMSNorm(8, epsilon=0.0), torch.randn(3, 8)
    torch.testing.assert_close(norm(x), norm(7 * x))
    assert torch.equal(RMSNorm(8)(torch.zeros(3, 8)), torch.zeros(3, 8))


@pytest.mark.parametrize("norm", [RMSNorm(16), LayerNorm(16)])
def test_activations_decide_the_dtype(norm: torch.nn.Module) -> None:
    x = torch.randn(4, 16)
    y = norm(x.bfloat16())
    assert y.dtype == torch.bfloat16
    torch.testing.assert_close(y.float(), norm(x), rtol=0.02, atol=0.02)
    y.sum().backward()
    assert all(value.grad is not None and value.grad.dtype == torch.float32 for value in norm.parameters())
