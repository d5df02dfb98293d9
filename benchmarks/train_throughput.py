"""Tokens a second of training, compiled and not; the peers are GPT-2 and Llama of Transformers at the same size.

One step is forward, backward and the optimizer's move on 32 rows of 128 characters, 6 layers, 256 wide. All take a step
in turn, round after round, in one process with the same threads and memory settings; the median of each counts.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import ours
import peers
import torch

from wenjin.poet.dial import operations
from wenjin.stack.train.allocator import keep_pages
from wenjin.stack.train.precision import choose

ROUNDS, SHORT = 25, 7
COMPILED, EAGER = 3.0, 1.7  # times the peers
TOKENS = peers.ROWS * peers.BLOCK
Step = Callable[[], object]


def stepping(steps: Iterator[Any]) -> Step:
    """A run without an end: the next step of it."""
    return lambda: next(steps)


def peer(kind: str, dtype: str, text: peers.Text) -> Step:
    torch.manual_seed(1)
    model, logits = peers.transformers_model(kind, text.vocab, getattr(torch, dtype))
    return stepping(peers.plain_steps(model, logits, text, seconds=1e9, rate=1e-3, seed=1))


def plain(text: peers.Text) -> Step:
    torch.manual_seed(1)
    model = peers.GPT(text.vocab)
    return stepping(peers.plain_steps(model, model, text, seconds=1e9, rate=1e-3, seed=1))


def mine(text: peers.Text, *, compiled: bool) -> Step:
    run = ours.Ours(text, replace(ours.planned(text, 1e6), rows=peers.ROWS))
    if compiled:
        run.compiled()
    return stepping(run.steps(1e6))


def measure(full: bool = False) -> list[dict[str, Any]]:
    keep_pages()
    text, rounds = ours.read(), ROUNDS if full else SHORT
    with tempfile.TemporaryDirectory(prefix="wenjin-bench-") as folder:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder
        begun = time.perf_counter()
        runs = {"ours": mine(text, compiled=True)}
        cold = time.perf_counter() - begun
        runs |= {"ours, not compiled": mine(text, compiled=False), "plain GPT-2 loop": plain(text)}
        for kind in ("gpt2", "llama"):
            runs |= {f"{kind} {dtype}": peer(kind, dtype, text) for dtype in ("float32", "bfloat16")}
        speeds = {name: TOKENS / seconds for name, seconds in timed(runs, rounds).items()}
    return rows(speeds, cold, rounds, text.vocab)


def timed(runs: dict[str, Step], rounds: int) -> dict[str, float]:
    """The median seconds of each step, all in turn; the first round is not counted."""
    spent: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, step in runs.items():
            begun = time.perf_counter()
            step()
            if number:
                spent[name].append(time.perf_counter() - begun)
        print(f"round {number} of {rounds}", file=sys.stderr, flush=True)
    return {name: statistics.median(times) for name, times in spent.items()}


def rows(speeds: dict[str, float], cold: float, rounds: int, vocab: int) -> list[dict[str, Any]]:
    choice = choose()
    name = str(choice.dtype).removeprefix("torch.")
    share = speeds["ours"] * operations(ours.DEPTH, vocab) / choice.speeds[name]
    listed = ", ".join(f"{one} {speed:,.0f}" for one, speed in speeds.items())
    how = (
        f"median of {rounds} steps each, in turn, {torch.get_num_threads()} threads, freed memory kept; ours in {name}"
    )
    how += f"; tokens/s: {listed}"
    compiled = (
        f"; compiled in {cold:.0f} s without a cache; {share:.0%} of the {choice.speeds[name] / 1e9:,.0f} GFLOP/s"
    )
    compiled += " that this machine's products reach"
    told = []
    for kind, title in (("gpt2", "GPT-2"), ("llama", "Llama")):
        for mine, goal, more in (("ours", COMPILED, compiled), ("ours, not compiled", EAGER, "")):
            own, other = speeds[mine], speeds[f"{kind} float32"]
            row = {"name": f"training, {mine}, by transformers {title}", "ours": own, "peer": other}
            row |= {"unit": "tokens/s", "goal": f"≥ {goal:g} ×", "ok": own >= goal * other}
            told.append({**row, "how": how + more})
    return told
