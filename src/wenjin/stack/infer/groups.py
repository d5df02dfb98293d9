"""Weights as whole numbers in groups of 32 columns that share a scale and a low end: the plain form of int8 and int4.

    w = scale * q + low            q 0..15 (four bits) or 0..255 (eight); scale, low rounded to half precision
    eight bits are even about zero: low = -128 * scale

The blocks of GGUF files are such groups already: Q4_1 is (scale, low, q) as it stands, Q4_0 has low = -8 * scale,
Q8_0 holds q - 128. They are taken apart here, not dequantized, so a file's weights keep every bit.

Omits    blocks of blocks (K-quants): whoever reads them hands over their dense values
Shapes   O rows, outputs   I columns, inputs   G = I / 32 groups of a row, the last filled up with zeros   N vectors
Sources  GGML's quantized blocks: ggml/src/ggml-common.h in llama.cpp; rounding to groups arXiv:2210.17323 (4)
Proof    tests/stack/infer/test_groups.py: blocks equal the formula number by number; rounding is off by half a step
"""

from dataclasses import dataclass
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

GROUP = 32
BLOCKS = {"Q4_0": 18, "Q4_1": 20, "Q8_0": 34}  # bytes of a block of 32


class Block(Protocol):
    """A matrix as it lies in a file."""

    @property
    def kind(self) -> str: ...
    @property
    def shape(self) -> Any: ...  # (O, I)
    @property
    def raw(self) -> Tensor: ...  # uint8


@dataclass(frozen=True)
class Groups:
    """q (O, G, 32) uint8, or (O, G, 16) for four bits: columns 0..15 of a group in the lower halves of the bytes.

    scale, low (O, G) float16; low is None for eight bits. Of the columns the first `columns` are real."""

    q: Tensor
    scale: Tensor
    low: Tensor | None
    columns: int

    @property
    def rows(self) -> int:
        return self.q.shape[0]

    @property
    def bits(self) -> int:
        return 8 if self.low is None else 4

    def whole(self) -> Tensor:
        """The whole numbers one by one, (O, G * 32) uint8."""
        return (self.q if self.bits == 8 else torch.cat((self.q & 15, self.q >> 4), dim=-1)).flatten(1)

    def lows(self) -> Tensor:
        """What q = 0 stands for in each group, (O, G) float32."""
        return -128 * self.scale.float() if self.low is None else self.low.float()

    def dense(self) -> Tensor:
        """The numbers that stand for the weights, (O, I) float32."""
        q = self.whole().view(*self.scale.shape, GROUP).float()  # (O, G, 32)
        return (q * self.scale.float()[..., None] + self.lows()[..., None]).flatten(1)[:, : self.columns]


def in_groups(x: Tensor) -> Tensor:
    """(N, I) -> (N, G, 32) float32, filled up with zeros."""
    full = F.pad(x.float(), (0, -x.shape[1] % GROUP))
    return full.view(len(x), full.shape[1] // GROUP, GROUP)


def of_block(block: Block) -> Groups:
    """The groups of Q4_0, Q4_1 or Q8_0 blocks, bit for bit."""
    rows, columns = block.shape
    raw = block.raw.reshape(rows, columns // GROUP, BLOCKS[block.kind])  # (O, G, bytes)
    scale = raw[..., :2].contiguous().view(torch.float16)[..., 0]  # (O, G)
    if block.kind == "Q4_1":  # words of four bytes are moved faster than bytes
        low = raw[..., 2:4].contiguous().view(torch.float16)[..., 0]
        return Groups(raw.view(torch.int32)[..., 1:].contiguous().view(torch.uint8), scale, low, columns)
    q = raw.view(torch.int16)[..., 1:].contiguous().view(torch.uint8)
    return Groups(q ^ 128, scale, None, columns) if block.kind == "Q8_0" else Groups(q, scale, -8 * scale, columns)


def rounded(dense: Tensor, bits: int) -> Groups:
    """The nearest groups of a matrix (O, I). Four bits reach from the least to the largest, eight are even about 0."""
    parts = in_groups(dense)  # (O, G, 32)
    low = None if bits == 8 else parts.amin(-1).half()  # (O, G)
    reach = (parts.abs().amax(-1) / 127) if low is None else (parts.amax(-1) - low.float()) / 15
    scale = reach.half()
    least = (-128 * scale if low is None else low).float()
    step = scale.float()[..., None]  # (O, G, 1)
    q = ((parts - least[..., None]) / step.where(step > 0, 1)).round().clamp(0, 2**bits - 1).to(torch.uint8)
    return Groups(q if bits == 8 else q[..., :16] | q[..., 16:] << 4, scale, low, dense.shape[1])


def stacked(parts: list[Groups]) -> Groups:
    """Matrices of as many bits that read the same vector, one below the other."""
    lows = [part.low for part in parts if part.low is not None]
    q, scale = torch.cat([part.q for part in parts]), torch.cat([part.scale for part in parts])
    return Groups(q, scale, torch.cat(lows) if lows else None, parts[0].columns)


def filled(part: Groups, multiple: int) -> Groups:
    """Rows of zeros below, up to a multiple."""
    more = -part.rows % multiple
    if not more:
        return part
    low = None if part.low is None else F.pad(part.low, (0, 0, 0, more))
    return Groups(F.pad(part.q, (0, 0, 0, 0, 0, more)), F.pad(part.scale, (0, 0, 0, more)), low, part.columns)


def whole(x: Tensor) -> tuple[Tensor, Tensor]:
    """Vectors (N, I) as whole numbers -127..127 and the worth of one in each group: (N, G, 32) and (N, G, 1)."""
    parts = in_groups(x)
    step = parts.abs().amax(-1, keepdim=True) / 127
    return (parts / step.where(step > 0, 1)).round(), step


def product(x: Tensor, weights: Groups, *, round_x: bool) -> Tensor:
    """The formula: (N, I) times (O, I) -> (N, O), on the dense values; x rounded by groups too where `round_x`."""
    if round_x:
        q, step = whole(x)
        x = (q * step).flatten(1)[:, : weights.columns]
    return x.float() @ weights.dense().T
