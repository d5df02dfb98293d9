"""Blocks of 32 values that share one scale: GGUF's Q8_0, Q4_0, Q4_1, Q5_0 and Q5_1.

    Q8_0   d, then 32 bytes             x = d q          q -128..127, so that the largest |x| is 127
    Q4_0   d, then 32 half bytes        x = d (q - 8)    q 0..15, so that the value farthest from 0 is exactly 0
    Q4_1   d, m, then 32 half bytes     x = d q + m      m is the least value, m + 15 d the largest
    Q5_0   d, fifth bits, half bytes    x = d (q - 16)
    Q5_1   d, m, fifth bits, halves     x = d q + m

d and m are float16. A half byte (nibble) holds value i in its low bits and value i + 16 in its high ones.

Shapes   N blocks   F fields of one byte, 8 / bits
Sources  block-wise scales: arXiv:2208.07339 (2.1); layouts: ggml-common.h of ggml-org/ggml
Proof    tests/stack/compress/test_blocks.py: every bit equals the gguf package's, both ways
"""

import torch
from torch import Tensor


def fields(raw: Tensor, bits: int, width: int) -> Tensor:
    """Cut bytes into fields of 1, 2 or 4 bits: of `width` bytes first all lowest fields, then all next ones, ...

    (N, B) -> (N, B * F), uint8."""
    shifts = torch.arange(0, 8, bits, dtype=torch.uint8).view(1, 1, -1, 1)  # (1, 1, F, 1)
    cut = raw.reshape(len(raw), -1, 1, width) >> shifts & (1 << bits) - 1  # (N, B / width, F, width)
    return cut.view(len(raw), -1)


def joined(values: Tensor, bits: int, width: int) -> Tensor:
    """The bytes that `fields` cuts into these: (N, B * F) uint8 -> (N, B)."""
    shifts = torch.arange(0, 8, bits, dtype=torch.uint8).view(1, 1, -1, 1)  # (1, 1, F, 1)
    apart = values.reshape(len(values), -1, 8 // bits, width) << shifts  # (N, B / width, F, width)
    return apart.sum(dim=2, dtype=torch.uint8).view(len(values), -1)


def half(raw: Tensor, place: int) -> Tensor:
    """The float16 at a byte of each block: (N, bytes) -> (N, 1), float32."""
    return raw[:, place : place + 2].view(torch.float16).float()


def as_half(x: Tensor) -> Tensor:
    """(N, 1) -> the two bytes of each as float16, (N, 2)."""
    return x.half().view(torch.uint8)


def one_over(d: Tensor) -> Tensor:
    """1 / d; 0 where d is 0, for a block of zeros."""
    return torch.where(d == 0, 0, 1 / d)


def farthest(x: Tensor) -> Tensor:
    """Of each block the value farthest from 0, with its sign: (N, 32) -> (N, 1)."""
    return x.gather(-1, x.abs().argmax(dim=-1, keepdim=True))


def q8_0(x: Tensor) -> Tensor:
    d = x.abs().amax(dim=1, keepdim=True) / 127  # (N, 1)
    q = x * one_over(d)  # (N, 32)
    size = q.abs().floor()
    size = size + (2 * (q.abs() - size)).floor()  # halves go away from 0, where round() takes the even number
    return torch.cat((as_half(d), (q.sign() * size).to(torch.int8).view(torch.uint8)), dim=1)  # (N, 34)


def from_q8_0(raw: Tensor) -> Tensor:
    return raw[:, 2:].view(torch.int8).float().mul_(half(raw, 0))  # (N, 32)


def levels(x: Tensor, most: int, *, least: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Scale (N, 1), start (N, 1) and whole numbers 0..most (N, 32): x ~ d q + start. least: start at the least."""
    if least:
        start = x.amin(dim=1, keepdim=True)
        d = (x.amax(dim=1, keepdim=True) - start) / most
        q = (x - start) * one_over(d) + 0.5
    else:
        middle = (most + 1) // 2
        d = farthest(x) / -middle
        start = d * -middle
        q = x * one_over(d) + (middle + 0.5)
    return d, start, q.trunc().clamp(0, most).to(torch.uint8)


def q4_0(x: Tensor) -> Tensor:
    d, _, q = levels(x, 15, least=False)
    return torch.cat((as_half(d), joined(q, 4, 16)), dim=1)  # (N, 18)


def from_q4_0(raw: Tensor) -> Tensor:
    return fields(raw[:, 2:], 4, 16).float().sub_(8).mul_(half(raw, 0))  # (N, 32)


def q4_1(x: Tensor) -> Tensor:
    d, start, q = levels(x, 15, least=True)
    return torch.cat((as_half(d), as_half(start), joined(q, 4, 16)), dim=1)  # (N, 20)


def from_q4_1(raw: Tensor) -> Tensor:
    return fields(raw[:, 4:], 4, 16).float().mul_(half(raw, 0)).add_(half(raw, 2))  # (N, 32)


def q5_0(x: Tensor) -> Tensor:
    d, _, q = levels(x, 31, least=False)
    return torch.cat((as_half(d), joined(q >> 4, 1, 1), joined(q & 15, 4, 16)), dim=1)  # (N, 22)


def fifth(high: Tensor, low: Tensor) -> Tensor:
    """32 fifth bits (N, 4) over 32 half bytes (N, 16): 0..31, (N, 32), float32."""
    return (fields(high, 1, 1) << 4 | fields(low, 4, 16)).float()


def from_q5_0(raw: Tensor) -> Tensor:
    return fifth(raw[:, 2:6], raw[:, 6:]).sub_(16).mul_(half(raw, 0))  # (N, 32)


def q5_1(x: Tensor) -> Tensor:
    d, start, q = levels(x, 31, least=True)
    return torch.cat((as_half(d), as_half(start), joined(q >> 4, 1, 1), joined(q & 15, 4, 16)), dim=1)  # (N, 24)


def from_q5_1(raw: Tensor) -> Tensor:
    return fifth(raw[:, 4:8], raw[:, 8:]).mul_(half(raw, 0)).add_(half(raw, 2))  # (N, 32)
