"""Attention as a line of stages, and the mistakes: each puts another function in the place of a stage or two.

    inputs -> scores -> scale -> mask -> normalize -> mix -> output

A stage is `stage(a, x) -> x`: `a` holds the call's arguments, `x` is what the stage before it made.

Rule    to add a mistake, write the stage as someone who believes it would, put it under its stage and its name,
        and give it a text in mistakes.toml. Mistakes at the same stage exclude each other.
Shapes  q (B, H, T_q, D)   k, v (B, H, T_k, D)   scores and weights (B, H, T_q, T_k)
"""

import math
from collections.abc import Callable
from itertools import combinations
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Arguments(NamedTuple):
    q: Tensor
    k: Tensor
    v: Tensor
    causal: bool
    dtype: torch.dtype  # of q as it was handed over


Stage = Callable[[Arguments, Any], Any]
Mistakes = dict[str, Stage]


def unchanged(a: Arguments, x: Any) -> Any:
    return x


# ---- inputs: what enters the computation ----


def each(a: Arguments, change: Callable[[Tensor], Tensor]) -> Arguments:
    return a._replace(q=change(a.q), k=change(a.k), v=change(a.v))


def divided_in_place(a: Arguments, x: Tensor) -> Arguments:
    x.data.div_(math.sqrt(a.q.size(-1)))
    return a


def as_equal_lengths(a: Arguments, _: Any) -> Arguments:
    return a._replace(k=a.k.reshape(a.q.shape), v=a.v.reshape(a.q.shape))


INPUTS: Mistakes = {
    "query-and-key-share-weights": lambda a, _: a._replace(k=a.q),
    "key-as-query": lambda a, _: a._replace(q=a.k),
    "key-as-value": lambda a, _: a._replace(v=a.k),
    "value-as-key": lambda a, _: a._replace(k=a.v),
    "query-as-value": lambda a, _: a._replace(v=a.q),
    "no-batch": lambda a, _: each(a, lambda x: x[0, 0]),
    "first-head-only": lambda a, _: each(a, lambda x: x[:, :1]),
    "first-batch-only": lambda a, _: each(a, lambda x: x[:1]),
    "attends-across-heads": lambda a, _: each(a, lambda x: x.transpose(1, 2)),
    "assumes-equal-lengths": as_equal_lengths,
    "keys-cut-to-queries": lambda a, _: a._replace(k=a.k[:, :, : a.q.size(2)], v=a.v[:, :, : a.q.size(2)]),
    "needs-contiguous": lambda a, _: each(a, lambda x: x.view(-1).view(x.shape)),
    "dtype": lambda a, _: each(a, lambda x: x.to(torch.float32)),
    "halves-stay-float32": lambda a, _: each(a, lambda x: x.to(torch.promote_types(x.dtype, torch.float32))),
    "returns-float64": lambda a, _: each(a, lambda x: x.to(torch.float64)),
    "half-inputs": lambda a, _: each(a, lambda x: x.to(torch.bfloat16)),
    "float64-loses-digits": lambda a, _: each(a, lambda x: x.to(torch.float32)),
    "mutates-input": lambda a, _: divided_in_place(a, a.q),
    "mutates-key": lambda a, _: divided_in_place(a, a.k),
}

# ---- scores: one number for each query and key ----


def scores(a: Arguments, _: Any) -> Tensor:
    return a.q @ a.k.transpose(-2, -1)


def half_scores(a: Arguments, _: Any) -> Tensor:
    return (a.q.bfloat16() @ a.k.bfloat16().transpose(-2, -1)).to(a.q.dtype)


SCORES: Mistakes = {
    "key-not-transposed": lambda a, _: a.q @ a.k,
    "transpose-wrong-axes": lambda a, _: a.q @ a.k.transpose(1, 2),
    "transpose-heads-and-width": lambda a, _: a.q @ a.k.transpose(1, 3),
    "key-reshaped": lambda a, _: a.q @ a.k.reshape(*a.k.shape[:-2], a.k.size(-1), a.k.size(-2)),
    "key-viewed": lambda a, _: a.q @ a.k.view(*a.k.shape[:-2], a.k.size(-1), a.k.size(-2)),
    "key-all-axes-reversed": lambda a, _: a.q @ a.k.permute(3, 2, 1, 0),
    "key-transposed-in-place": lambda a, _: a.q @ a.k.transpose_(-2, -1),
    "scores-transposed": lambda a, _: a.k @ a.q.transpose(-2, -1),
    "product-by-element": lambda a, _: a.q * a.k,
    "cosine-scores": lambda a, _: F.normalize(a.q, dim=-1) @ F.normalize(a.k, dim=-1).transpose(-2, -1),
    "heads-summed": lambda a, _: scores(a, _).sum(1, keepdim=True),
    "heads-share-weights": lambda a, _: scores(a, _).mean(1, keepdim=True),
    "precision": half_scores,
}

# ---- scale: a spread that does not grow with the width ----


def scale(a: Arguments, s: Tensor) -> Tensor:
    return s / math.sqrt(a.q.size(-1))


SCALE: Mistakes = {
    "missing-scale": unchanged,
    "multiply-sqrt-d": lambda a, s: s * math.sqrt(a.q.size(-1)),
    "divide-by-d": lambda a, s: s / a.q.size(-1),
    "int-sqrt": lambda a, s: s / int(math.sqrt(a.q.size(-1))),
    "fourth-root": lambda a, s: s / a.q.size(-1) ** 0.25,
    "scale-by-seq-len": lambda a, s: s / math.sqrt(a.q.size(-2)),
    "scale-by-key-count": lambda a, s: s / math.sqrt(a.k.size(-2)),
    "scale-by-head-count": lambda a, s: s / math.sqrt(a.q.size(1)),
    "scale-by-model-width": lambda a, s: s / math.sqrt(a.q.size(1) * a.q.size(-1)),
    "scale-by-spread": lambda a, s: s / s.std(),
    "hard-coded-width": lambda a, s: s / math.sqrt(64),
    "hard-coded-width-16": lambda a, s: s / math.sqrt(16),
    "hard-coded-width-4": lambda a, s: s / math.sqrt(4),
    "scale-only-causal": lambda a, s: scale(a, s) if a.causal else s,
    "scale-after-softmax": unchanged,
    "mutates-input": unchanged,  # q was divided already
    "mutates-key": unchanged,
}

# ---- mask: with causal, query i sees key j exactly when j <= i + (T_k - T_q) ----


def later(s: Tensor, shift: int = 0) -> Tensor:
    """Which keys stand after their query, by more than `shift`: (T_q, T_k) of bool."""
    rows, columns = s.shape[-2:]
    return torch.ones(rows, columns, dtype=torch.bool).triu(1 + columns - rows + shift)


def fill(a: Arguments, s: Tensor, hidden: Tensor, value: float = -math.inf) -> Tensor:
    return s.masked_fill(hidden, value) if a.causal else s


def mask(a: Arguments, s: Tensor) -> Tensor:
    return fill(a, s, later(s))


def where_zero(a: Arguments, s: Tensor) -> Tensor:
    kept = s.tril(s.size(-1) - s.size(-2))
    return fill(a, kept, kept == 0) if a.causal else s


MASK: Mistakes = {
    "causal-ignored": unchanged,
    "causal-always": lambda a, s: s.masked_fill(later(s), -math.inf),
    "causal-swapped": lambda a, s: s if a.causal else s.masked_fill(later(s), -math.inf),
    "diagonal-excluded": lambda a, s: fill(a, s, later(s, -1)),
    "one-future-seen": lambda a, s: fill(a, s, later(s, 1)),
    "mask-transposed": lambda a, s: fill(a, s, ~later(s, -1)),
    "mask-inverted": lambda a, s: fill(a, s, ~later(s)),
    "causal-cross-length": lambda a, s: mask(a, s) if s.size(-2) == s.size(-1) else s,
    "causal-top-left": lambda a, s: fill(a, s, torch.ones(s.shape[-2:], dtype=torch.bool).triu(1)),
    "mask-by-key-count": lambda a, s: fill(a, s, torch.ones(s.size(-1), s.size(-1), dtype=torch.bool).triu(1)),
    "fixed-length": lambda a, s: fill(a, s, BUFFER[s.size(-1) - s.size(-2) : s.size(-1), : s.size(-1)]),
    "mask-zero": lambda a, s: fill(a, s, later(s), 0.0),
    "mask-too-weak": lambda a, s: fill(a, s, later(s), -100.0),
    "mask-where-zero": where_zero,
    "mask-plus-infinity": lambda a, s: fill(a, s, later(s), math.inf),
    "mask-plus-large": lambda a, s: fill(a, s, later(s), 1e4),
    "mask-leaks": lambda a, s: fill(a, s, later(s), -1.0),
    "mask-added": lambda a, s: s + ~later(s) if a.causal else s,
    "infinity-times-zero": lambda a, s: s + later(s).to(s.dtype) * -math.inf if a.causal else s,
    "mask-overflow-half": lambda a, s: fill(a, s, later(s), -1e9),
    "mask-float32": lambda a, s: s + torch.zeros(s.shape[-2:]).masked_fill(later(s), -math.inf) if a.causal else s,
    "mask-after-softmax": unchanged,
}
BUFFER = torch.ones(128, 128, dtype=torch.bool).triu(1)

# ---- normalize: weights over the keys, each query's add up to one ----


def normalize(a: Arguments, s: Tensor) -> Tensor:
    return s.softmax(dim=-1)


NORMALIZE: Mistakes = {
    "softmax-axis": lambda a, s: s.softmax(dim=-2),
    "softmax-over-heads": lambda a, s: s.softmax(dim=1),
    "softmax-over-batch": lambda a, s: s.softmax(dim=0),
    "softmax-over-everything": lambda a, s: s.flatten(-2).softmax(dim=-1).view_as(s),
    "softmax-twice": lambda a, s: s.softmax(dim=-1).softmax(dim=-1),
    "softmin": lambda a, s: (-s).softmax(dim=-1),
    "log-softmax": lambda a, s: s.log_softmax(dim=-1),
    "no-softmax": unchanged,
    "returns-scores": unchanged,
    "sigmoid-weights": lambda a, s: s.sigmoid(),
    "relu-weights": lambda a, s: s.relu(),
    "divided-by-sum": lambda a, s: s / s.sum(dim=-1, keepdim=True),
    "exp-not-divided": lambda a, s: s.exp(),
    "winner-takes-all": lambda a, s: F.one_hot(s.argmax(dim=-1), s.size(-1)).to(s.dtype),
    "scale-after-softmax": lambda a, s: s.softmax(dim=-1) / math.sqrt(a.q.size(-1)),
    "mask-after-softmax": lambda a, s: fill(a, s.softmax(dim=-1), later(s), 0.0),
    "unstable-exp": lambda a, s: s.exp() / s.exp().sum(dim=-1, keepdim=True),
    "global-max": lambda a, s: (s - s.max()).exp() / (s - s.max()).exp().sum(dim=-1, keepdim=True),
    "scores-capped": lambda a, s: s.clamp(max=50).softmax(dim=-1),
    "scores-clamped": lambda a, s: s.clamp(-50, 50).softmax(dim=-1),
    "half-softmax": lambda a, s: s.to(torch.bfloat16).softmax(dim=-1).to(s.dtype),
    "dropout-on": lambda a, s: F.dropout(s.softmax(dim=-1), p=0.1),
    "weights-detached": lambda a, s: s.softmax(dim=-1).detach(),
}

# ---- mix: the average of the values under the weights ----


def mix(a: Arguments, w: Tensor) -> Tensor:
    return w @ a.v


def only_first(a: Arguments, w: Tensor, part: slice | tuple[slice, slice]) -> Tensor:
    filled = torch.zeros_like(a.q)
    filled[part] = (w @ a.v)[part]
    return filled


MIX: Mistakes = {
    "weights-transposed": lambda a, w: w.transpose(-2, -1) @ a.v,
    "product-by-element": lambda a, w: w * a.v,
    "values-averaged": lambda a, w: a.v.mean(dim=-2, keepdim=True).expand(a.q.shape),
    "returns-values": lambda a, w: a.v,
    "returns-weights": unchanged,
    "returns-scores": unchanged,
    "returns-tuple": lambda a, w: (w @ a.v, w),
    "first-batch-filled": lambda a, w: only_first(a, w, slice(1)),
    "first-head-filled": lambda a, w: only_first(a, w, (slice(None), slice(1))),
}

# ---- output: what is handed back ----

SEEN: dict[Any, Tensor] = {}  # what "cached-by-shape" remembers; grade.py empties it before each draw


def remembered(a: Arguments, out: Tensor) -> Tensor:
    if out.requires_grad:  # a graph can be walked back only once
        return out
    return SEEN.setdefault((a.q.shape, a.k.shape, a.q.dtype, a.causal), out)


OUTPUT: Mistakes = {
    "half-inputs": lambda a, out: out.to(a.dtype),
    "float64-loses-digits": lambda a, out: out.to(a.dtype),
    "attends-across-heads": lambda a, out: out.transpose(1, 2),
    "output-layout": lambda a, out: out.transpose(1, 2),
    "heads-joined": lambda a, out: out.transpose(1, 2).flatten(2),
    "heads-averaged": lambda a, out: out.mean(1),
    "batch-squeezed": lambda a, out: out.squeeze(),
    "not-differentiable": lambda a, out: out.detach(),
    "numpy-round-trip": lambda a, out: torch.from_numpy(out.detach().numpy()),
    "returns-numpy": lambda a, out: out.detach().numpy(),
    "returns-list": lambda a, out: out.tolist(),
    "return-none": lambda a, out: None,
    "return-only-causal": lambda a, out: out if a.causal else None,
    "returns-zeros": lambda a, out: torch.zeros_like(a.q),
    "residual-added": lambda a, out: out + a.q,
    "cached-by-shape": remembered,
}

# ---- the line ----

STAGES: tuple[tuple[Stage, Mistakes], ...] = (
    (unchanged, INPUTS),
    (scores, SCORES),
    (scale, SCALE),
    (mask, MASK),
    (normalize, NORMALIZE),
    (mix, MIX),
    (unchanged, OUTPUT),
)


def attend(q: Tensor, k: Tensor, v: Tensor, causal: bool = False, fault: frozenset[str] = frozenset()) -> Any:
    """Scaled dot-product attention, (B, H, T_q, D); each name in `fault` switches one mistake on."""
    first, *rest = [next((m[name] for name in sorted(fault & m.keys())), right) for right, m in STAGES]
    a = Arguments(q, k, v, causal, q.dtype)
    a = x = first(a, a)
    for stage in rest:
        x = stage(a, x)
    return x


# Two functions cannot stand in one place; and what divides by the sum cancels any scale before it.
EXCLUSIVE = frozenset(frozenset(pair) for _, m in STAGES for pair in combinations(m, 2)) | frozenset(
    frozenset((name, "divided-by-sum")) for name in SCALE
)
