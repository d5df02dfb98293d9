"""The fused cross-entropy equals torch's own, gradients too, for any chunk, dtype and ignored targets."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from wenjin.stack.nn.losses import cross_entropy, linear_cross_entropy

Case = tuple[Tensor, Tensor, Tensor]


def case(seed: int, N: int, D: int, V: int, ignored: float = 0.0, dtype: torch.dtype = torch.float64) -> Case:
    source = torch.Generator().manual_seed(seed)
    states = torch.randn(N, D, generator=source, dtype=torch.float64).to(dtype)
    head = torch.randn(V, D, generator=source, dtype=torch.float64).to(dtype)
    targets = torch.randint(0, V, (N,), generator=source)
    hidden = torch.rand(N, generator=source) < ignored
    return states, head, targets.masked_fill(hidden, -100)


def torchs(states: Tensor, head: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(states @ head.T, targets)


def with_gradients(how: object, states: Tensor, head: Tensor, targets: Tensor) -> list[Tensor]:
    """Of three times the loss, so that what comes from above is seen to be used."""
    assert callable(how)
    states, head = states.clone().requires_grad_(), head.clone().requires_grad_()
    loss = how(states, head, targets)
    return [loss.detach(), *torch.autograd.grad(3 * loss, [states, head])]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    sizes=st.tuples(st.integers(1, 40), st.integers(1, 6), st.integers(1, 30)),
    chunk=st.integers(1, 50),
    ignored=st.sampled_from([0.0, 0.5]),
    seed=st.integers(0, 999),
)
def test_fused_and_plain_equal_torch_with_gradients(
    sizes: tuple[int, int, int], chunk: int, ignored: float, seed: int
) -> None:
    inputs = case(seed, *sizes, ignored)
    inputs[2][0] = 0  # one target counts: torch's mean over none is no number
    wanted = with_gradients(torchs, *inputs)
    for how in (cross_entropy, lambda *args: linear_cross_entropy(*args, chunk=chunk)):
        for a, b in zip(with_gradients(how, *inputs), wanted, strict=True):
            torch.testing.assert_close(a.double(), b, rtol=1e-5, atol=1e-6)


def test_a_case_worked_by_hand() -> None:
    """Two words, logits ln 3 and 0: chances 3/4 and 1/4. Targets 0 and 1: the mean of ln 4/3 and ln 4."""
    states = torch.tensor([[3.0], [3.0], [50.0]]).log()
    loss = linear_cross_entropy(states, torch.tensor([[1.0], [0.0]]), torch.tensor([0, 1, -100]))
    torch.testing.assert_close(loss, (torch.tensor(4 / 3).log() + torch.tensor(4.0).log()) / 2)


def test_nothing_that_counts_is_a_loss_of_zero() -> None:
    states, head, targets = case(0, 5, 3, 7, ignored=2.0)
    for how in (cross_entropy, linear_cross_entropy):
        loss, *slopes = with_gradients(how, states, head, targets)
        assert loss == 0
        assert all(torch.equal(slope, torch.zeros_like(slope)) for slope in slopes)


def test_great_logits_do_not_overflow() -> None:
    states, head, targets = case(1, 20, 4, 9, dtype=torch.float32)
    for a, b in zip(
        with_gradients(linear_cross_entropy, 1e3 * states, head, targets),
        with_gradients(torchs, 1e3 * states.double(), head.double(), targets),
        strict=True,
    ):
        torch.testing.assert_close(a.double(), b, rtol=1e-4, atol=1e-4)


def test_narrow_states_and_a_wide_head() -> None:
    """As in training: work in bfloat16, the head and its gradient in float32."""
    states, head, targets = case(2, 300, 16, 50)
    exact = with_gradients(torchs, states, head, targets)
    rough = with_gradients(linear_cross_entropy, states.bfloat16(), head.float(), targets)
    assert [x.dtype for x in rough] == [torch.float32, torch.bfloat16, torch.float32]
    for a, b in zip(rough, exact, strict=True):
        assert (a.double() - b).norm() < 0.02 * b.norm()


def test_without_gradients_none_are_made_and_the_loss_is_the_same() -> None:
    states, head, targets = case(3, 30, 4, 9)
    head.requires_grad_()
    with_them = linear_cross_entropy(states, head, targets)
    with torch.no_grad():
        without = linear_cross_entropy(states, head, targets)
    assert with_them.requires_grad
    assert not without.requires_grad
    assert torch.equal(with_them, without)


def test_the_logits_are_never_there_at_once() -> None:
    """The largest tensor of forward and backward is the head's gradient, not the 4000 x 500 logits."""

    class Largest(TorchDispatchMode):
        most = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            out = func(*args, **(kwargs or {}))
            if isinstance(out, Tensor):
                self.most = max(self.most, out.numel())
            return out

    states, head, targets = case(4, 4000, 8, 500, dtype=torch.float32)
    with Largest() as seen:
        with_gradients(lambda *args: linear_cross_entropy(*args, chunk=64), states, head, targets)
    assert seen.most == max(64 * 500, 4000 * 8)
    with Largest() as seen:
        with_gradients(cross_entropy, states, head, targets)
    assert seen.most == 4000 * 500


@pytest.mark.parametrize(
    ("states", "head", "targets"), [((5, 3), (7, 4), (5,)), ((5, 3), (7, 3), (6,)), ((1, 5, 3), (7, 3), (5,))]
)
def test_shapes_that_do_not_fit_are_refused(
    states: tuple[int, ...], head: tuple[int, ...], targets: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=r"must be \(N, D\), \(V, D\) and \(N,\)"):
        linear_cross_entropy(torch.zeros(states), torch.zeros(head), torch.zeros(targets, dtype=torch.int64))
