"""Weights as GGUF's types hold them: numbers to bytes and back, for every type that gguf.py knows of weights.

    packed = quantize(x, "Q4_0")     Packed("Q4_0", (2, 64), 72 bytes): 4.5 bits a value instead of 32
    dequantize(packed)               (2, 64) float32, each off by at most half a step of its block

    bits a value    F32 32   F16, BF16 16   Q8_0 8.5   Q6_K 6.6   Q5_1 6   Q5_0, Q5_K 5.5   Q4_1 5
                    Q4_0, Q4_K 4.5   Q3_K 3.4   Q2_K 2.6

Blocks lie along rows: a row is a whole number of them, 32 values each, of the K types 256.

Omits    IQ types (codebooks), ternary types
Shapes   N blocks   R rows   C columns
Sources  small_blocks.py, kquants.py
Proof    tests/stack/compress/test_blocks.py: equal to the gguf package, every bit
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from wenjin.stack.compress import kquants, small_blocks
from wenjin.stack.files.gguf import KINDS, Packed, size
from wenjin.stack.models.config import ModelError

TOGETHER = 2**19  # values that are worked on at once: they and what comes of them stay in the cache of a processor


@dataclass(frozen=True, slots=True)
class Format:
    """pack: (N, values) float32 -> (N, bytes) uint8; unpack: the way back."""

    pack: Callable[[Tensor], Tensor]
    unpack: Callable[[Tensor], Tensor]


def plain(dtype: torch.dtype) -> Format:
    """Numbers one by one: a block is a value."""
    return Format(lambda x: x.to(dtype).view(torch.uint8), lambda raw: raw.view(dtype).float())


FORMATS = {
    "F32": plain(torch.float32),
    "F16": plain(torch.float16),
    "BF16": plain(torch.bfloat16),
    "Q8_0": Format(small_blocks.q8_0, small_blocks.from_q8_0),
    "Q4_0": Format(small_blocks.q4_0, small_blocks.from_q4_0),
    "Q4_1": Format(small_blocks.q4_1, small_blocks.from_q4_1),
    "Q5_0": Format(small_blocks.q5_0, small_blocks.from_q5_0),
    "Q5_1": Format(small_blocks.q5_1, small_blocks.from_q5_1),
    "Q2_K": Format(kquants.q2_k, kquants.from_q2_k),
    "Q3_K": Format(kquants.q3_k, kquants.from_q3_k),
    "Q4_K": Format(kquants.q4_k, kquants.from_q4_k),
    "Q5_K": Format(kquants.q5_k, kquants.from_q5_k),
    "Q6_K": Format(kquants.q6_k, kquants.from_q6_k),
}


def format_of(kind: str) -> Format:
    if kind not in FORMATS:
        known = ", ".join(FORMATS)
        raise ModelError(
            f"权重的类型 {kind} 不在这里支持的 {known} 之中。", f"Weights of the type {kind} are not among {known}."
        )
    return FORMATS[kind]


def quantize(x: Tensor, kind: str) -> Packed:
    """x (…, C) of any float type. Raises ModelError for an unknown type, for rows that are no whole number of blocks,
    and for values that are not finite or, where they are packed with float16, beyond its range."""
    format, block = format_of(kind), KINDS[kind]
    shape = tuple(x.shape)
    try:
        length = size(kind, shape)
    except ValueError as error:
        raise ModelError(
            f"不能存成 {kind}：一行 {shape[-1] if shape else 1} 个值不能分成 {block.values} 个一块。", f"{error}."
        ) from None
    values = x.detach().reshape(-1, block.values)  # (N, values)
    raw = torch.empty(len(values), block.bytes, dtype=torch.uint8)
    for first in range(0, len(values), step(kind)):
        part = values[first : first + step(kind)].float()
        if block.values > 1 and not (part.abs() <= 65504).all():
            raise ModelError(
                f"有的权重不是有限的数，或超出 float16，不能存成 {kind}。",
                f"Some weights are not finite, or beyond float16, and cannot be kept as {kind}.",
            )
        raw[first : first + step(kind)] = format.pack(part)
    return Packed(kind, shape, raw.view(length))


def dequantize(packed: Packed) -> Tensor:
    """Its values in its shape, float32. Raises ModelError for an unknown type."""
    format, block = format_of(packed.kind), KINDS[packed.kind]
    raw = packed.raw.view(-1, block.bytes)  # (N, bytes)
    out = torch.empty(len(raw), block.values)
    for first in range(0, len(raw), step(packed.kind)):
        part = slice(first, first + step(packed.kind))
        out[part] = format.unpack(raw[part])
    return out.view(packed.shape)


def step(kind: str) -> int:
    return TOGETHER // KINDS[kind].values
