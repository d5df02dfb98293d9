"""Each optimizer equals torch.optim's step by step: bit by bit where both are plain, closely where fused."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from wenjin.stack.train.optimizers import SGD, Adam, AdamW, Moves, RMSProp

Make = Callable[[list[nn.Parameter]], Moves]
SHAPES = ((7, 5), (5,), (3, 2, 4), ())


def weights(seed: int) -> list[nn.Parameter]:
    luck = torch.Generator().manual_seed(seed)
    return [nn.Parameter(torch.randn(shape, generator=luck)) for shape in SHAPES]


def run(make: Make, steps: int = 25) -> list[Tensor]:
    """The weights after some steps whose gradients are of very different sizes; one has none at every third step."""
    moved, luck = weights(0), torch.Generator().manual_seed(1)
    optimizer = make(moved)
    for step in range(steps):
        for n, w in enumerate(moved):
            gradient = torch.randn(w.shape, generator=luck) * 10.0 ** (n - 2)
            w.grad = None if n == 1 and step % 3 == 0 else gradient
        optimizer.step()
    return [w.detach() for w in moved]


PLAIN: dict[str, tuple[Make, Make]] = {
    "sgd": (lambda p: SGD(p, 0.1), lambda p: torch.optim.SGD(p, 0.1, foreach=False)),
    "momentum": (lambda p: SGD(p, 0.1, momentum=0.9), lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, foreach=False)),
    "nesterov": (
        lambda p: SGD(p, 0.1, momentum=0.9, nesterov=True),
        lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True, foreach=False),
    ),
    "rmsprop": (lambda p: RMSProp(p, 0.01), lambda p: torch.optim.RMSprop(p, 0.01, foreach=False)),
    "adam": (lambda p: Adam(p, 0.01), lambda p: torch.optim.Adam(p, 0.01, foreach=False)),
    "adam with a penalty": (
        lambda p: Adam(p, 0.01, penalty=0.1),
        lambda p: torch.optim.Adam(p, 0.01, weight_decay=0.1, foreach=False),
    ),
    "adamw": (
        lambda p: AdamW(p, 0.01, betas=(0.8, 0.95), eps=1e-10, weight_decay=0.3, fused=False),
        lambda p: torch.optim.AdamW(p, 0.01, betas=(0.8, 0.95), eps=1e-10, weight_decay=0.3, foreach=False),
    ),
}


@pytest.mark.parametrize("name", PLAIN)
def test_the_plain_loop_is_torch_s_bit_by_bit(name: str) -> None:
    ours, theirs = (run(make) for make in PLAIN[name])
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_fused_adamw_is_torch_s_bit_by_bit_and_the_plain_loop_s_closely() -> None:
    settings: dict[str, Any] = {"lr": 0.01, "betas": (0.8, 0.95), "eps": 1e-10, "weight_decay": 0.3}
    fused = run(lambda p: AdamW(p, **settings))
    theirs = run(lambda p: torch.optim.AdamW(p, **settings, fused=True))
    plain = run(lambda p: AdamW(p, **settings, fused=False))
    for a, b, c in zip(fused, theirs, plain, strict=True):
        assert torch.equal(a, b)
        torch.testing.assert_close(a, c, rtol=2e-6, atol=2e-6)


def test_the_first_step_by_hand() -> None:
    """w = 1, gradient 0.5, rate 0.1: mean and square without their biases are 0.5 and 0.25, so the step is 0.1."""
    for fused in (False, True):
        w = nn.Parameter(torch.tensor([1.0]))
        w.grad = torch.tensor([0.5])
        AdamW([w], 0.1, betas=(0.9, 0.99), weight_decay=0.0, fused=fused).step()
        torch.testing.assert_close(w.detach(), torch.tensor([0.9]))


def test_decay_is_no_penalty() -> None:
    """With a large gradient the penalty drowns in it; the decay does not."""
    moved = {}
    for name, make in (("penalty", lambda p: Adam(p, 0.1, penalty=0.1)), ("decay", lambda p: AdamW(p, 0.1))):
        w = nn.Parameter(torch.tensor([10.0]))
        w.grad = torch.tensor([1000.0])
        make([w]).step()
        moved[name] = 10 - w.item()
    assert moved["penalty"] == pytest.approx(0.1, rel=1e-3)
    assert moved["decay"] == pytest.approx(0.2, rel=1e-3)


def test_a_parameter_is_moved_once() -> None:
    w = nn.Parameter(torch.zeros(1))
    for params in ([], [w, w], [{"params": [w]}, {"params": [w]}]):
        with pytest.raises(ValueError, match="once"):
            AdamW(params)


def test_groups_have_settings_of_their_own() -> None:
    a, b = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    a.grad, b.grad = torch.ones(1), torch.ones(1)
    SGD([{"params": [a]}, {"params": [b], "lr": 0.5}], lr=0.25).step()
    assert (a.item(), b.item()) == (0.75, 0.5)
