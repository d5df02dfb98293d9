"""Causal attention over many heads at once, computed in the way that is fastest where it runs.

    products   scores = q k' as one batched product, softmax, times v: all T x S weights are held
    kernel     torch's fused kernel, which never holds them

On a processor the products win where gradients are wanted and the text is short: in bfloat16 the kernel's backward
pass takes more than twice as long. The kernel wins on long text and on a GPU. Query heads that share a key/value
head stand below one another in one product, so that shared keys and values are never copied.

Omits    dropout, padding masks, sliding windows
Shapes   B batch   H query heads   G key/value heads   R = H / G query heads a group   T queries, the new tokens
         S keys, past and new   D head width.  T <= S: the last query stands at the last key
Sources  attention arXiv:1706.03762 (3.2), shared heads arXiv:2305.13245 (2.2)
Proof    tests/stack/nn/test_heads.py: both ways equal stack/nn/attention.py's plain formula, gradients too
"""

from typing import Literal, Protocol

import torch
from torch import Tensor

from wenjin.stack.nn.attention import attend_fast

Way = Literal["auto", "products", "kernel"]
SHORT = 512  # tokens up to which products train faster than the kernel on a processor


class Cache(Protocol):
    """What a model asks of a cache of keys and values; infer/cache.py is one."""

    def places(self, tokens: int) -> slice | Tensor:
        """Where the new tokens of a pass stand in their texts: first..last alike in each row, or (T,) one by one."""

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, way: Way) -> Tensor:
        """Keep k, v (B, G, T, D) of a layer; q (B, H, T, D) over all that each may see. Returns (B, H, T, D)."""

    def advance(self, tokens: int) -> None:
        """All layers have kept theirs: `tokens` more are held."""


def reach(places: slice | Tensor) -> int:
    """Tokens that the longest of the texts has, with the new ones."""
    return int(places.stop if isinstance(places, slice) else places.max() + 1)


def split(x: Tensor, width: int) -> Tensor:
    """Cut the last axis into heads: (B, T, H*D) -> (B, H, T, D)."""
    return x.view(*x.shape[:-1], -1, width).transpose(1, 2)


def join(x: Tensor) -> Tensor:
    """Put the heads side by side again: (B, H, T, D) -> (B, T, H*D)."""
    return x.transpose(1, 2).flatten(2)


def attend(q: Tensor, k: Tensor, v: Tensor, way: Way = "auto") -> Tensor:
    """Causal attention: q (B, H, T, D) over k, v (B, G, S, D). Returns (B, H, T, D)."""
    if way == "auto":
        training = torch.is_grad_enabled() and q.requires_grad
        way = "products" if training and q.device.type == "cpu" and k.shape[2] <= SHORT else "kernel"
    return attend_fast(q, k, v, causal=True) if way == "kernel" else attend_by_products(q, k, v)


def attend_by_products(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Two batched products around a softmax. The mask is added to the scores, so no score is written twice."""
    B, H, T, D = q.shape
    G, S = k.shape[1:3]
    group = q.reshape(B * G, -1, D)  # (B*G, R*T, D)
    future = q.new_full((T, S), float("-inf")).triu(S - T + 1).repeat(H // G, 1)  # (R*T, S)
    scores = torch.baddbmm(future, group, k.reshape(B * G, S, D).mT, alpha=D**-0.5)  # (B*G, R*T, S)
    weights = torch.softmax(scores, dim=-1)
    return torch.bmm(weights, v.reshape(B * G, S, -1)).view(B, H, T, -1)  # (B, H, T, D)
