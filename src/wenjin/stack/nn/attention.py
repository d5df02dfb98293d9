"""Scaled dot-product attention, plain and fast, and the attention of Llama 2 and 3 built on it.

    plain   q, k -> scores -> scale -> mask -> softmax -> mix with v
    module  x -> q, k, v -> rotate q and k -> join the past -> attend -> join the heads -> out

Omits    dropout, biases, padding masks, sliding windows, rescaled rotary speeds, a cache allocated once,
         and a head width other than dim / heads
Shapes   B batch   T queries, the new tokens   S keys, past and new   H query heads   G key/value heads
         D head width.  T <= S: the last query stands at the last key
Sources  attention arXiv:1706.03762 (3.2), shared heads arXiv:2305.13245 (2.2), rotary arXiv:2104.09864 (3.2),
         a softmax that cannot overflow doi:10.1093/imanum/draa038
Proof    tests/stack/nn/test_attention.py: plain equals a loop over single numbers; fast equals plain, gradients
         too; cached equals uncached; the module equals LlamaAttention of transformers, gradients too
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Past = tuple[Tensor, Tensor]  # keys and values already computed, each (B, G, S, D)


def scores(q: Tensor, k: Tensor) -> Tensor:
    """How well each query fits each key: one dot product a pair."""
    return q @ k.transpose(-2, -1)  # (B, H, T, S)


def scale(raw: Tensor, width: int) -> Tensor:
    """Take the head width out of the spread of the scores."""
    return raw / math.sqrt(width)  # (B, H, T, S)


def mask(scaled: Tensor) -> Tensor:
    """Hide the future: query t is token S - T + t, the last it sees."""
    T, S = scaled.shape[-2:]
    if T > S:
        raise ValueError(f"{T} queries, {S} keys: {T - S} see none")
    future = scaled.new_ones(T, S, dtype=torch.bool).triu(S - T + 1)
    return scaled.masked_fill(future, -math.inf)  # (B, H, T, S)


def softmax(x: Tensor) -> Tensor:
    """Weights over the keys: positive, and adding up to one a query."""
    # A shift of the whole row cancels in the quotient: with the greatest
    # score off no exponent is above 0, and no gradient passes through it.
    weight = (x - x.amax(dim=-1, keepdim=True).detach()).exp()
    return weight / weight.sum(dim=-1, keepdim=True)  # (B, H, T, S)


def mix(weights: Tensor, v: Tensor) -> Tensor:
    """What each query gets: the values, averaged by its weights."""
    return weights @ v  # (B, H, T, D)


def attend(q: Tensor, k: Tensor, v: Tensor, causal: bool = False) -> Tensor:
    """The formula, step by step. Holds all T x S scores at once."""
    scaled = scale(scores(q, k), q.shape[-1])
    weights = softmax(mask(scaled) if causal else scaled)
    return mix(weights, v)


def attend_fast(q: Tensor, k: Tensor, v: Tensor, causal: bool = False) -> Tensor:
    """The same by torch's fused kernel. k and v may have G heads."""
    T, S = q.shape[-2], k.shape[-2]
    if causal and T > S:
        raise ValueError(f"{T} queries, {S} keys: {T - S} see none")
    # The kernel's own flag aligns the first query with the first key:
    # right only for T = S. A lone token sees everything.
    seen = None
    if causal and 1 < T < S:
        seen = q.new_ones(T, S, dtype=torch.bool).tril(S - T)
    flag = causal and T == S
    kernel = F.scaled_dot_product_attention
    return kernel(q, k, v, seen, is_causal=flag, enable_gqa=True)


def angles(first: int, last: int, width: int, base: float = 10_000.0) -> Tensor:
    """How far each pair of coordinates has turned, at positions first..last-1."""
    speed = base ** -(torch.arange(0, width, 2) / width)  # (D/2,)
    return torch.arange(first, last)[:, None] * speed  # (T, D/2)


def rotate(x: Tensor, angle: Tensor) -> Tensor:
    """Turn pair (i, i + D/2) of every head by its angle.

    After that q·k sees only how far apart the two tokens are.
    """
    cos, sin = angle.cos().to(x), angle.sin().to(x)
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)


class Attention(nn.Module):
    """Named as in Llama, so that its weights load as they are."""

    def __init__(self, dim: int, *, heads: int, kv_heads: int) -> None:
        super().__init__()
        if dim % heads or heads % kv_heads:
            sizes = f"{dim=}, {heads=}, {kv_heads=}"
            raise ValueError(f"{sizes}: each must divide the one before")
        self.width = dim // heads
        self.q_proj = nn.Linear(dim, dim, bias=False)
        self.k_proj = nn.Linear(dim, kv_heads * self.width, bias=False)
        self.v_proj = nn.Linear(dim, kv_heads * self.width, bias=False)
        self.o_proj = nn.Linear(dim, dim, bias=False)

    def split(self, x: Tensor) -> Tensor:
        """Cut the last axis into heads: (B, T, H*D) -> (B, H, T, D)."""
        return x.reshape(*x.shape[:-1], -1, self.width).transpose(1, 2)

    def forward(self, x: Tensor, angle: Tensor, past: Past | None = None) -> tuple[Tensor, Past]:
        """angle: (T, D/2) for the new tokens, shared by all layers."""
        q = rotate(self.split(self.q_proj(x)), angle)  # (B, H, T, D)
        k = rotate(self.split(self.k_proj(x)), angle)  # (B, G, T, D)
        v = self.split(self.v_proj(x))  # (B, G, T, D)
        if past:
            k = torch.cat((past[0], k), dim=2)  # (B, G, S, D)
            v = torch.cat((past[1], v), dim=2)  # (B, G, S, D)

        y = attend_fast(q, k, v, causal=True)  # (B, H, T, D)
        y = y.transpose(1, 2).flatten(2)  # (B, T, H*D)
        out: Tensor = self.o_proj(y)  # (B, T, H*D)
        return out, (k, v)
