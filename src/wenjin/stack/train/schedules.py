"""How the learning rate changes over a run: a factor for every step, which multiplies the optimizers' own rates.

    factor = cosine(warmup=100)
    factor(0, 0.0)      0.0099: the first of a hundred steps of warm-up
    factor(500, 0.5)    0.55: half-way down from 1 to the floor of 0.1

A schedule is a function of the steps taken so far and of the share of the run that is done, so that a run may be as
long as a number of steps or as a number of minutes. The shape spans the whole run; warm-up multiplies it.

Omits    restarts, and schedules that look at the loss
Sources  cosine arXiv:1608.03983 (3), wsd arXiv:2404.06395 (4.2), inverse root arXiv:1706.03762 (5.3)
Proof    tests/stack/train/test_schedules.py: equal to torch.optim.lr_scheduler step by step
"""

import math
from collections.abc import Callable

Schedule = Callable[[int, float], float]  # (steps before this one, share of the run done) -> factor


def constant(warmup: int = 0) -> Schedule:
    """The full rate, after `warmup` steps of linear rise."""
    return lambda step, done: _rise(step, warmup)


def linear(warmup: int = 0, floor: float = 0.0) -> Schedule:
    """Straight down from 1 to `floor` at the end of the run."""
    return lambda step, done: _rise(step, warmup) * (1 - (1 - floor) * _share(done))


def cosine(warmup: int = 0, floor: float = 0.1) -> Schedule:
    """Down from 1 to `floor` along half a cosine: slowly at both ends."""
    return lambda step, done: _rise(step, warmup) * (floor + (1 - floor) * (1 + math.cos(math.pi * _share(done))) / 2)


def wsd(warmup: int = 0, decay: float = 0.4, floor: float = 0.0) -> Schedule:
    """Warm up, stay, decay: the full rate until the last share `decay` of the run, then straight down to `floor`."""
    if not 0 < decay <= 1:
        raise ValueError(f"decay is a share of the run, above 0 and at most 1; got {decay=}")
    return lambda step, done: _rise(step, warmup) * (floor + (1 - floor) * min(1.0, (1 - _share(done)) / decay))


def inverse_root(warmup: int) -> Schedule:
    """1 at the end of the warm-up, then as 1/sqrt(step): the end of the run need not be known."""
    if warmup < 1:
        raise ValueError(f"the inverse root needs a warm-up of at least one step; got {warmup=}")
    return lambda step, done: min((step + 1) / warmup, math.sqrt(warmup / (step + 1)))


def _rise(step: int, warmup: int) -> float:
    """Linear, never 0 (a step at rate 0 would be thrown away), 1 at step `warmup`."""
    return min(1.0, (step + 1) / (warmup + 1))


def _share(done: float) -> float:
    return min(max(done, 0.0), 1.0)
