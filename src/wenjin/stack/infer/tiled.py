"""Attention tile by tile: no more scores are held at once than one tile has, whatever the length of the text.

    plain    the formula: all T x S scores, softmax, mix                       stack/nn/attention.attend
    tiles    a tile of queries goes along the keys; each query keeps its greatest score m, the sum l of its weights
             and the mix o, and corrects all three when a greater score turns up            here
    kernel   the same in one compiled loop                                     stack/nn/attention.attend_fast

A query that has seen scores x1 … xj holds m = max xi, l = Σ exp(xi - m), o = Σ exp(xi - m) vi. A new tile with a
greater maximum m' multiplies l and o by exp(m - m'): all that was added before was too large by that much. At the end
o / l is the answer, and m + log l is all that is kept of the row. From it the backward pass computes every tile's
weights again, exp(x - (m + log l)), instead of having kept them.

Omits    dropout, padding masks, sliding windows, a second derivative, splitting the keys of one query among workers
Shapes   B batch   H query heads   G key/value heads   R = H / G query heads a group   T queries, the new tokens
         S keys, past and new   D head width   t, s rows and columns of a tile.  Causal: T <= S, the last query
         stands at the last key
Sources  running maximum and sum arXiv:1805.02867 (3, algorithm 3); tiles and recomputing arXiv:2205.14135 (3.1, and
         appendix B.2 to B.4 for the gradients); one number kept a row, queries outside arXiv:2307.08691 (3.1)
Proof    tests/stack/infer/test_tiled.py: equals the formula and the kernel, gradients too; no tensor larger than its
         inputs and a tile is made; the counts below are those of the loops
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

Tile = tuple[slice, slice, bool]  # rows of queries, columns of keys, whether part of it lies in the future


def walk(T: int, S: int, *, causal: bool, rows: int, columns: int) -> Iterator[tuple[slice, list[Tile]]]:
    """Each tile of queries with the tiles of keys that it reads. What lies in the future as a whole is left out."""
    if not S or (causal and T > S):
        raise ValueError(f"{T} queries, {S} keys: some see none")
    for first in range(0, T, rows):
        last = min(first + rows, T)
        seen = S - T + last if causal else S  # keys that the last query of the tile sees
        queries, tiles = slice(first, last), []
        for left in range(0, seen, columns):
            right = min(left + columns, seen)
            tiles.append((queries, slice(left, right), causal and right > S - T + first + 1))
        yield queries, tiles


@dataclass(frozen=True, slots=True)
class Cost:
    """What one key/value head and its R query heads cost in the forward pass, in numbers, not bytes."""

    tiles: int  # tiles of scores computed
    skipped: int  # tiles that lie in the future as a whole
    read: int  # numbers read from the large, slow memory: each query once, keys and values once a tile
    written: int  # numbers written to it: the answers, and one number a query for the backward pass
    held: int  # numbers held at once in the small, fast memory
    plain: int  # numbers that the formula reads and writes there: its scores and weights, each once both ways, besides


def cost(T: int, S: int, D: int, *, causal: bool = True, group: int = 1, rows: int = 64, columns: int = 64) -> Cost:
    """group: R, the query heads that share the keys; they lie in one tile and read each key once."""
    plan = [tile for _, tiles in walk(T, S, causal=causal, rows=rows, columns=columns) for tile in tiles]
    keys = sum(right.stop - right.start for _, right, _ in plan)
    t, s = min(rows, T), min(columns, S)
    ends = 2 * group * T * D + 2 * S * D  # queries and answers, keys and values
    return Cost(
        tiles=len(plan),
        skipped=math.ceil(T / rows) * math.ceil(S / columns) - len(plan),
        read=group * T * D + 2 * keys * D,
        written=group * T * (D + 1),
        held=2 * group * t * D + 2 * s * D + group * t * (s + 2),  # q, o; k, v; scores, m and l
        plain=ends + 4 * group * T * S,
    )


def attend_tiled(q: Tensor, k: Tensor, v: Tensor, *, causal: bool = True, rows: int = 64, columns: int = 64) -> Tensor:
    """q (B, H, T, D) over k, v (B, G, S, D). Returns (B, H, T, D). Raises ValueError where a query would see no key."""
    B, H, T, D = q.shape
    G = k.shape[1]
    if H % G:
        raise ValueError(f"{H} query heads cannot share {G} key/value heads")
    grouped = q.reshape(B, G, H // G, T, D)
    mixed: Tensor = Tiles.apply(grouped, k, v, causal, rows, columns)  # type: ignore[no-untyped-call]
    return mixed.reshape(B, H, T, -1)


class Tiles(torch.autograd.Function):
    """q (B, G, R, T, D), k and v (B, G, S, D) -> (B, G, R, T, D)."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, causal: bool, rows: int, columns: int) -> Tensor:
        T, S = q.shape[-2], k.shape[-2]
        wide = torch.promote_types(q.dtype, torch.float32)  # sums are kept in this
        out = q.new_empty(*q.shape[:-1], v.shape[-1])  # (B, G, R, T, D)
        norms = q.new_empty(q.shape[:-1], dtype=wide)  # (B, G, R, T)
        for queries, tiles in walk(T, S, causal=causal, rows=rows, columns=columns):
            shape = norms[..., queries].shape  # (B, G, R, t)
            most = q.new_full((*shape, 1), -math.inf, dtype=wide)
            total = q.new_zeros((*shape, 1), dtype=wide)
            mixed = q.new_zeros((*shape, v.shape[-1]), dtype=wide)
            for tile in tiles:
                x = scores(q, k, tile, wide)  # (B, G, R, t, s)
                greater = torch.maximum(most, x.amax(dim=-1, keepdim=True))
                weights = (x - greater).exp()  # (B, G, R, t, s)
                shrink = (most - greater).exp()  # (B, G, R, t, 1); 0 at the first tile
                total = total * shrink + weights.sum(dim=-1, keepdim=True)
                mixed = mixed * shrink + weights @ part(v, tile[1], wide)
                most = greater
            out[..., queries, :] = mixed / total
            norms[..., queries] = (most + total.log()).squeeze(-1)
        ctx.save_for_backward(q, k, v, out, norms)
        ctx.plan = (causal, rows, columns)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, out, norms = ctx.saved_tensors
        causal, rows, columns = ctx.plan
        wide, pull = norms.dtype, q.shape[-1] ** -0.5
        dq, dk, dv = (torch.zeros_like(x, dtype=wide) for x in (q, k, v))
        for queries, tiles in walk(q.shape[-2], k.shape[-2], causal=causal, rows=rows, columns=columns):
            d_out = grad[..., queries, :].to(wide)  # (B, G, R, t, D)
            common = (d_out * out[..., queries, :]).sum(dim=-1, keepdim=True)  # (B, G, R, t, 1): softmax takes it off
            for tile in tiles:
                keys = tile[1]
                weights = (scores(q, k, tile, wide) - norms[..., queries, None]).exp()  # (B, G, R, t, s)
                dv[..., keys, :] += (weights.mT @ d_out).sum(dim=2)  # over the R heads that share them
                d_weights = d_out @ part(v, keys, wide).mT  # (B, G, R, t, s)
                d_scores = weights * (d_weights - common) * pull
                dq[..., queries, :] += d_scores @ part(k, keys, wide)
                dk[..., keys, :] += (d_scores.mT @ q[..., queries, :].to(wide)).sum(dim=2)
        return dq.to(q.dtype), dk.to(k.dtype), dv.to(v.dtype), None, None, None


def scores(q: Tensor, k: Tensor, tile: Tile, wide: torch.dtype) -> Tensor:
    """One tile of them, the future at minus infinity: (B, G, R, t, s)."""
    queries, keys, cut = tile
    x: Tensor = (q[..., queries, :].to(wide) @ part(k, keys, wide).mT) * q.shape[-1] ** -0.5
    if not cut:
        return x
    shift = k.shape[-2] - q.shape[-2] + queries.start - keys.start  # where the first query stands among these keys
    future = torch.ones(x.shape[-2:], dtype=torch.bool, device=x.device).triu(shift + 1)
    return x.masked_fill(future, -math.inf)


def part(x: Tensor, keys: slice, wide: torch.dtype) -> Tensor:
    """Some rows of keys or values, beside each of the R query heads: (B, G, 1, s, D)."""
    wider: Tensor = x[:, :, None, keys].to(wide)
    return wider
