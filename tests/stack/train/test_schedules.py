"""Schedules equal torch.optim.lr_scheduler's, and keep their promises at both ends."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from wenjin.stack.train.schedules import Schedule, constant, cosine, inverse_root, linear, wsd

STEPS = 40
Theirs = Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler]


def factors(make: Theirs) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule, found = make(optimizer), []
    for _ in range(STEPS):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


def rise(optimizer: torch.optim.Optimizer, then: Theirs) -> lr_scheduler.LRScheduler:
    """Warm-up over 9 steps from a tenth, times another."""
    warm = lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=9)
    return lr_scheduler.ChainedScheduler([warm, then(optimizer)])


PAIRS: dict[str, tuple[Schedule, Theirs]] = {
    "constant": (constant(9), lambda o: lr_scheduler.LinearLR(o, start_factor=0.1, total_iters=9)),
    "linear": (linear(floor=0.2), lambda o: lr_scheduler.LinearLR(o, 1.0, 0.2, total_iters=STEPS)),
    "cosine": (cosine(floor=0.1), lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS, eta_min=0.1)),
    "cosine after warm-up": (
        cosine(9, floor=0.0),
        lambda o: rise(o, lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS)),
    ),
    "linear after warm-up": (linear(9), lambda o: rise(o, lambda o: lr_scheduler.LinearLR(o, 1.0, 0.0, STEPS))),
    "wsd": (wsd(decay=0.25), lambda o: lr_scheduler.LambdaLR(o, lambda n: min(1, (STEPS - n) / (STEPS // 4)))),
    "inverse root": (
        inverse_root(9),
        lambda o: lr_scheduler.LambdaLR(o, lambda n: min((n + 1) / 9, 3 / (n + 1) ** 0.5)),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_equals_torch(name: str) -> None:
    ours, theirs = PAIRS[name]
    assert [ours(step, step / STEPS) for step in range(STEPS)] == pytest.approx(factors(theirs), abs=1e-9)


@given(st.integers(0, 50), st.floats(0, 1), st.integers(0, 10**6), st.floats(-0.5, 1.5))
def test_a_factor_is_a_share_and_warm_up_never_wastes_a_step(warmup: int, floor: float, step: int, done: float) -> None:
    for schedule in (constant(warmup), linear(warmup, floor), cosine(warmup, floor), wsd(warmup, 0.3, floor)):
        assert 0 <= schedule(step, done) <= 1 + 1e-12
        assert schedule(0, 0) > 0
    assert cosine(warmup, floor)(10**6, 1) == pytest.approx(floor)
    assert wsd(warmup, 0.3, floor)(10**6, 1) == pytest.approx(floor)


def test_shapes_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="decay"):
        wsd(decay=0)
    with pytest.raises(ValueError, match="warm-up"):
        inverse_root(0)
