"""Keys and values of tokens already read, in memory that is allocated once for the longest text to come.

    cache = Cache(layers=6, batch=1, kv_heads=2, room=256, width=64)
    model(prompt, cache=cache)             (1, T, V): reads the prompt, leaves its keys and values behind
    model(next_token, cache=cache)         (1, 1, V): one token, though it attends to all before it

A layer hands over what it computed and gets back a view of all that is there; `length` moves once a pass, after the
last layer, so that every layer of a pass finds the same number of tokens before it.

Omits    pages, eviction, quantized storage, rows of different length
Shapes   B batch   T new tokens   S room, the most tokens   H query heads   G key/value heads   D head width
Source   arXiv:1911.02150 (2.4, incremental attention)
Proof    tests/stack/infer/test_cache.py: views equal what joining all pieces gives, for any cut of the text
"""

import torch
from torch import Tensor

from wenjin.stack.nn.heads import Way, attend


class CacheFull(Exception):
    """More tokens than there is room for, said in Chinese and in English."""

    def __init__(self, asked: int, room: int) -> None:
        super().__init__(f"{asked} tokens do not fit into a cache of {room}: allocate more room, or read less text.")
        self.zh = f"缓存只有 {room} 个词元的位置，放不下 {asked} 个：请分配更大的缓存，或少读一些文字。"
        self.en = str(self)


class Cache:
    """Room for `room` tokens. Full precision by default; keys and values keep this type whatever they came in."""

    def __init__(
        self,
        *,
        layers: int,
        batch: int,
        kv_heads: int,
        room: int,
        width: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        shape = (layers, batch, kv_heads, room, width)
        self.keys = torch.zeros(shape, dtype=dtype, device=device)
        self.values = torch.zeros(shape, dtype=dtype, device=device)
        self.room = room
        self.length = 0  # tokens held before the pass that is under way

    @property
    def bytes(self) -> int:
        return 2 * self.keys.numel() * self.keys.element_size()

    def extend(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Keep the new k, v (B, G, T, D) of a layer; views of all so far, each (B, G, length + T, D).

        Raises CacheFull."""
        first, last = self.length, self.length + k.shape[2]
        if last > self.room:
            raise CacheFull(last, self.room)
        self.keys[layer, :, :, first:last] = k
        self.values[layer, :, :, first:last] = v
        return self.keys[layer, :, :, :last], self.values[layer, :, :, :last]

    def places(self, tokens: int) -> slice:
        """Where `tokens` new ones stand in each row."""
        return slice(self.length, self.length + tokens)

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, way: Way = "auto") -> Tensor:
        """Keep k, v, and let q (B, H, T, D) look at all so far. Returns (B, H, T, D). Raises CacheFull."""
        return attend(q, *self.extend(layer, k, v), way)

    def advance(self, tokens: int) -> None:
        """The pass is over: what it kept now lies before the next one."""
        if self.length + tokens > self.room:
            raise CacheFull(self.length + tokens, self.room)
        self.length += tokens

    def rewind(self, length: int) -> None:
        """Forget all but the first `length` tokens, for a prefix that several texts share."""
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot go back to {length} tokens: {self.length} are held")
        self.length = length
