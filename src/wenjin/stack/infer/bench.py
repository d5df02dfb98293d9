"""How fast a model reads and writes here, and how near that is to what memory can give.

    figures = measured(model, prompt=512)
    figures.read, figures.written           tokens a second: of a prompt read at once; written one by one after 16
    figures.bandwidth, figures.share        bytes a second that this machine reads with these threads; the share of it
                                            that writing takes: bytes of weights and cache a token, times tokens

To write a token every weight is read once, so memory sets the limit; a model that fits into the processor's own
memory may pass it. The bandwidth is measured between the runs, the best of two ways to add up a large array.

Units    tokens a second, bytes, bytes a second
Source   the roofline: doi:10.1145/1498765.1498785
Proof    tests/stack/infer/test_bench.py
"""

import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from wenjin.stack.infer import native
from wenjin.stack.infer.generate import Causal, cache_for

BUFFER = 256 << 20  # bytes read to measure: several times the caches of a processor
BEFORE = 16  # tokens before the first that is written


@dataclass(frozen=True)
class Figures:
    read: float
    written: float
    weights: int  # bytes that a token reads
    cache: int  # bytes of keys and values that it reads too, half way
    bandwidth: float
    threads: int

    @property
    def share(self) -> float:
        """Of the bandwidth, that writing takes."""
        return self.written * (self.weights + self.cache) / self.bandwidth

    @property
    def limit(self) -> float:
        """Tokens a second that the bandwidth allows."""
        return self.bandwidth / (self.weights + self.cache)


class Reader:
    """Reads an array of its own, as fast as it can with torch's count of threads."""

    def __init__(self, bytes: int = BUFFER, folder: Path | None = None) -> None:
        self.lib = native.library(folder)
        self.data = torch.ones(bytes // 4)

    def bandwidth(self, rounds: int = 3) -> float:
        """Bytes a second: of both ways and all rounds the best, since it is a limit."""
        best, lib = 0.0, self.lib
        for _ in range(rounds):
            for own in (True, False) if lib is not None else (False,):
                begun = time.perf_counter()
                if own and lib is not None:
                    lib.wenjin_read(self.data.data_ptr(), self.data.numel(), torch.get_num_threads())
                else:
                    self.data.sum()
                best = max(best, self.data.nbytes / (time.perf_counter() - begun))
        return best


def weight_bytes(model: Any) -> int:
    """Of the matrices that a token reads. A packed model knows; another reads all but the embedding, tied or not."""
    if hasattr(model, "bytes"):
        return int(model.bytes)
    tables = {id(value): value for name, value in model.state_dict(keep_vars=True).items() if "embed" not in name}
    return sum(value.nbytes for value in tables.values())


@torch.no_grad()
def read(model: Causal, ids: Tensor) -> float:
    """Seconds to read (1, T) and to score the token after it."""
    cache = cache_for(model, batch=1, room=ids.shape[1])
    begun = time.perf_counter()
    model.logits(model.states(ids, cache)[:, -1])
    return time.perf_counter() - begun


@torch.no_grad()
def write(model: Causal, ids: Tensor, tokens: int) -> float:
    """Seconds to write `tokens` after (1, T), each the likeliest; reading is not counted."""
    cache = cache_for(model, batch=1, room=ids.shape[1] + tokens)
    token = model.logits(model.states(ids, cache)[:, -1]).argmax(-1, keepdim=True)
    begun = time.perf_counter()
    for _ in range(tokens):
        token = model.logits(model.states(token, cache)[:, -1]).argmax(-1, keepdim=True)
    return time.perf_counter() - begun


def measured(
    model: Causal, *, prompt: int = 512, tokens: int = 64, rounds: int = 3, reader: Reader | None = None
) -> Figures:
    """The median of `rounds` rounds, after one that is not counted."""
    context = getattr(model, "context", prompt)
    prompt = min(prompt, context)
    tokens = min(tokens, context - min(BEFORE, prompt))
    vocab, dice = int(model.settings()["vocab"]), torch.Generator().manual_seed(1)
    ids = torch.randint(vocab, (1, prompt), generator=dice)
    reader = reader or Reader()
    reading, writing, bandwidth = [], [], 0.0
    for number in range(rounds + 1):
        times = read(model, ids), write(model, ids[:, :BEFORE], tokens)
        bandwidth = max(bandwidth, reader.bandwidth())
        if number:
            reading.append(times[0])
            writing.append(times[1])
    cache = cache_for(model, batch=1, room=BEFORE + tokens // 2).bytes
    return Figures(
        read=prompt / statistics.median(reading),
        written=tokens / statistics.median(writing),
        weights=weight_bytes(model),
        cache=cache,
        bandwidth=bandwidth,
        threads=torch.get_num_threads(),
    )
