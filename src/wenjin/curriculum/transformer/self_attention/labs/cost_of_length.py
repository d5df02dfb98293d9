"""How time and memory of one self-attention grow with the length of the text, plain and by PyTorch's fused kernel.

Real verse: Tang poems, one after the other, cut at each length; a character is a token. What is measured is one whole
layer without its output: three projections of (T, n) and the attention itself.

    plain   attend: the formula; holds all T x T scores, several times over
    fused   attend_fast: the same result by tiles, the scores never held at once (FlashAttention)

Time is that of one processor core spent on this work, the least of several rounds: other programs, who only ever add
to it, are left out as far as can be. Memory is counted, not sampled: the most bytes that tensors held at once, each
storage once; what a kernel uses inside is not a tensor.

See      plain time turns from T to T^2 once T is several times n, and so does plain memory; the fused kernel's memory
         grows as T, its time as T^2 all the same
Try      width 512: the turn comes later. causal: half the scores are for nothing. lengths 2048, 4096, 8192 (0.8 GB):
         tables that outgrow the processor's cache cost more than T^2
Source   the complete Tang poems of the collection chinese-poetry; the kernel: arXiv:2205.14135
Omits    the gradient, batches, heads: they multiply all lengths alike
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, cycle, islice
from typing import Annotated, Any
from weakref import finalize

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from wenjin.kit.lab import Band, Claim, Frame, Keep, Lab, Level, Point, Progress, Slider, Table, Used
from wenjin.stack.data.load import load
from wenjin.stack.nn.attention import attend, attend_fast

WAYS: dict[str, Callable[..., Tensor]] = {"plain": attend, "fused": attend_fast}
LEAST = 0.02  # seconds on the processor that one measurement lasts at least


def cost_of_length(
    keep: Keep,
    lengths: Annotated[tuple[int, ...], Slider(32, 32_768, log=True)] = (64, 128, 256, 512, 1024, 2048),
    width: Annotated[int, Slider(8, 1024, log=True)] = 64,
    rounds: Annotated[int, Slider(1, 100, log=True)] = 15,
    causal: bool = False,
    seed: int = 0,
) -> Iterator[Frame]:
    corpus = load("classical-poems", part="tang")
    yield Used(corpus.id, corpus.source, corpus.count, corpus.sha256, corpus.fallback)
    lengths = tuple(sorted(set(lengths)))
    x, poems = verse([poem.text for poem in corpus.rows], lengths[-1], width, seed)
    dice = torch.Generator().manual_seed(seed)
    projection = torch.randn(3, width, width, generator=dice) / width**0.5
    state: dict[str, Any] = json.loads(keep.load("state") or '{"round": 0, "seconds": {}}')
    seconds: dict[str, float] = state["seconds"]
    held = {}
    work, done = rounds * sum(T * (T + width) for T in lengths), 0
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for T in lengths:
            for name, way in WAYS.items():
                action = lambda T=T, way=way: layer(x[:T], projection, way, causal)  # noqa: E731
                held[name, T] = most_held(action, x, projection) / 2**20
            yield Point("memory", T, {name: held[name, T] for name in WAYS})
        done = state["round"] * sum(T * (T + width) for T in lengths)
        for _ in range(state["round"], rounds):
            for T in lengths:
                for name, way in WAYS.items():
                    took = lasts(lambda T=T, way=way: layer(x[:T], projection, way, causal))
                    seconds[f"{name} {T}"] = min(took, seconds.get(f"{name} {T}", took))
                yield Point("time", T, {name: 1000 * seconds[f"{name} {T}"] for name in WAYS})
                yield Progress(done := done + T * (T + width), work)
            state["round"] += 1
            keep.save("state", json.dumps(state).encode())
    finally:
        torch.set_num_threads(threads)
    yield from results(lengths, width, seconds, held, poems)


def verse(poems: Sequence[str], length: int, width: int, seed: int) -> tuple[Tensor, dict[int, int]]:
    """The first `length` characters from a poem on that the seed picks, as vectors (T, n), and how many poems there
    are up to each character. A character has a random vector, as in a model that begins."""
    first = int(torch.randint(len(poems), (), generator=torch.Generator().manual_seed(seed)))
    endless = cycle([*poems[first:], *poems[:first]])  # a corpus of few poems begins again
    marked = chain.from_iterable(((c, n) for c in poem) for n, poem in enumerate(endless, 1))
    text = list(islice(marked, length))
    places = {c: n for n, c in enumerate(dict.fromkeys(c for c, _ in text))}
    table = torch.randn(len(places), width, generator=torch.Generator().manual_seed(seed))
    x = F.layer_norm(table[torch.tensor([places[c] for c, _ in text])], (width,))  # (T, n)
    return x, {n: poem for n, (_, poem) in enumerate(text, 1)}


def layer(x: Tensor, projection: Tensor, way: Callable[..., Tensor], causal: bool) -> Tensor:
    q, k, v = (x @ projection)[:, None, None]  # (B = 1, H = 1, T, n) each
    return way(q, k, v, causal)


def lasts(action: Callable[[], Any]) -> float:
    """Seconds on the processor of the fastest of several calls in a row: as many as fit into LEAST, three at least."""
    taken: list[float] = []
    while len(taken) < 3 or sum(taken) < LEAST:
        start = time.thread_time()
        action()
        taken.append(time.thread_time() - start)
    return min(taken)


class Held(TorchDispatchMode):
    """Counts the bytes of all storages that operations made and that are still alive."""

    def __init__(self, given: Sequence[Tensor]) -> None:
        """`given` was there before, and is not counted."""
        super().__init__()
        self.now = self.most = 0
        self.known = {tensor.untyped_storage().data_ptr() for tensor in given}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for tensor in out if isinstance(out, tuple | list) else (out,):
            if isinstance(tensor, Tensor):
                self._count(tensor.untyped_storage())
        return out

    def _count(self, storage: torch.UntypedStorage) -> None:
        key, size = storage.data_ptr(), storage.nbytes()
        if size and key not in self.known:
            self.known.add(key)
            self.now += size
            self.most = max(self.most, self.now)
            finalize(storage, self._freed, key, size)

    def _freed(self, key: int, size: int) -> None:
        self.known.discard(key)
        self.now -= size


def most_held(action: Callable[[], Any], *given: Tensor) -> int:
    """The most bytes that were held at once by what the action made of what was given."""
    with Held(given) as held:
        action()
    return held.most


def exponent(lengths: Sequence[int], values: Sequence[float]) -> float:
    """The slope of log value over log length."""
    return float(np.polyfit(np.log(lengths), np.log(values), 1)[0])


def results(
    lengths: Sequence[int], width: int, seconds: dict[str, float], held: Any, poems: dict[int, int]
) -> Iterator[Frame]:
    """The exponents, over the lengths at which pairs cost at least twice what projections do: T >= 3 n, since three
    projections take 6 T n^2 operations and pairs 4 T^2 n."""
    long = [T for T in lengths if 3 * width <= T]
    if len(long) > 1:
        for name in WAYS:
            yield Level(f"time_{name}", exponent(long, [seconds[f"{name} {T}"] for T in long]))
            yield Level(f"memory_{name}", exponent(long, [held[name, T] for T in long]))
    last = lengths[-1]
    if len(lengths) > 1:
        before = lengths[-2]
        yield Level("last_step", exponent(lengths[-2:], [seconds[f"plain {T}"] for T in (before, last)]))
    yield Level("times_faster", seconds[f"plain {last}"] / seconds[f"fused {last}"])
    yield Level("times_smaller", held["plain", last] / held["fused", last])
    columns = ("length", "poems", "ms_plain", "ms_fused", "mb_plain", "mb_fused")
    rows = [
        (T, poems[T], *(1000 * seconds[f"{name} {T}"] for name in WAYS), *(held[name, T] for name in WAYS))
        for T in lengths
    ]
    yield Table("lengths", columns, tuple(rows))


lab = Lab(
    cost_of_length,
    expect=(Band("time_plain", slack=2), Band("time_fused", slack=2), Band("memory_plain")),
    claims=(
        Claim("time-nearly-squares", lambda level: abs(level["time_plain"] - 2) <= 0.4),
        Claim("memory-nearly-squares", lambda level: abs(level["memory_plain"] - 2) <= 0.2),
        Claim("fused-memory-is-linear", lambda level: abs(level["memory_fused"] - 1) <= 0.1),
        Claim("fused-time-still-squares", lambda level: level["time_fused"] > 1.5),
    ),
)
