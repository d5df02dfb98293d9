"""Choices that only a measurement can make: which of several ways is the fastest here, and on how many threads.

    seconds({"a": work, "b": work})   the best time of each, taken in turn, so that a busy moment hits all alike
    threads(model)                    the count of threads at which one token takes the least time, set for torch

Units    seconds
Proof    tests/stack/infer/test_tune.py
"""

import os
import time
from collections.abc import Callable, Mapping

import torch

from wenjin.stack.infer.generate import Causal, cache_for

ROUNDS, TOKENS = 9, 6


def seconds(ways: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """The least time of each in `rounds` rounds; a first round is not counted."""
    best = dict.fromkeys(ways, float("inf"))
    for number in range(rounds + 1):
        for name, work in ways.items():
            begun = time.perf_counter()
            work()
            if number:
                best[name] = min(best[name], time.perf_counter() - begun)
    return best


def processors() -> int:
    """That this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def counts(most: int) -> list[int]:
    """1, 2, 3, 4, 6, 8, 12, 16, … and `most` itself."""
    steps = {base << shift for base in (1, 3) for shift in range(10)}
    return sorted({count for count in steps if count < most} | {most})


def threads(model: Causal, most: int | None = None) -> int:
    """Tries counts up to `most`, on single tokens; sets and returns the fastest, of near equals the smallest."""
    cache, token = cache_for(model, batch=1, room=TOKENS), torch.zeros(1, 1, dtype=torch.long)

    def write() -> None:
        cache.rewind(0)
        for _ in range(TOKENS):
            model.logits(model.states(token, cache))

    best: dict[int, float] = {}
    for count in counts(most or processors()):
        torch.set_num_threads(count)
        best[count] = seconds({"": write}, rounds=3)[""]
        if best[count] > 1.5 * min(best.values()):
            break  # more threads than processors that are free
    chosen = next(count for count in best if best[count] <= 1.03 * min(best.values()))
    torch.set_num_threads(chosen)
    return chosen
