"""Blocks of 256 values whose groups have scales that are whole numbers too: GGUF's Q2_K to Q6_K.

    Q2_K, Q4_K, Q5_K   x = (d s) q - (e m)   groups of 16, 32, 32; s and m of 4, 6, 6 bits; d, e float16
    Q3_K, Q6_K         x = (d s) (q - half)  groups of 16; s of 6 and 8 bits with a sign; d float16

So a scale costs 4 to 8 bits instead of 16, and a group may be smaller. Writing looks for the scale of each group that
leaves the least squared error: some roundings are tried, and of each the best scale (and start) has a closed form.

Omits    importances of columns measured on text, which llama.cpp can take into account
Shapes   N blocks   G groups   S values of a group, G * S = 256
Sources  pull request 1684 of ggml-org/llama.cpp ("k-quants"), its layouts: ggml-common.h of ggml-org/ggml
Proof    tests/stack/compress/test_blocks.py: reading equals the gguf package bit by bit; what we write leaves less
         error than plain rounding
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from wenjin.stack.compress.small_blocks import as_half, farthest, fields, half, joined, one_over


def grouped(scale: Tensor, q: Tensor) -> Tensor:
    """scale (N, G) times q (N, 256) -> (N, G, S), float32."""
    return q.view(*scale.shape, -1).float().mul_(scale[..., None])


def from_q2_k(raw: Tensor) -> Tensor:
    pairs, q = raw[:, :16], fields(raw[:, 16:80], 2, 32)  # (N, G), (N, 256)
    step, start = half(raw, 80) * (pairs & 15).float(), half(raw, 82) * (pairs >> 4).float()  # (N, G)
    return grouped(step, q).sub_(start[..., None]).flatten(1)  # (N, 256)


def from_q3_k(raw: Tensor) -> Tensor:
    high, low = fields(raw[:, :32], 1, 32), fields(raw[:, 32:96], 2, 32)  # (N, 256): the third bit, the lower two
    scale = fields(raw[:, 96:104], 4, 8) | fields(raw[:, 104:108], 2, 4) << 4  # (N, G) of 6 bits
    step = half(raw, 108) * (scale.float() - 32)
    return grouped(step, (low | high << 2).float() - 4).flatten(1)  # (N, 256)


def sixes(raw: Tensor) -> tuple[Tensor, Tensor]:
    """Eight scales and eight starts of 6 bits each, from 12 bytes: (N, 12) -> two (N, 8)."""
    a, b, rest = raw[:, :4], raw[:, 4:8], raw[:, 8:]
    scale = torch.cat((a & 63, rest & 15 | a >> 6 << 4), dim=1)
    start = torch.cat((b & 63, rest >> 4 | b >> 6 << 4), dim=1)
    return scale, start


def as_sixes(scale: Tensor, start: Tensor) -> Tensor:
    """The 12 bytes that `sixes` reads."""
    a = scale[:, :4] | scale[:, 4:] >> 4 << 6
    b = start[:, :4] | start[:, 4:] >> 4 << 6
    return torch.cat((a, b, scale[:, 4:] & 15 | start[:, 4:] << 4), dim=1)


def from_q4_k(raw: Tensor) -> Tensor:
    scale, start = sixes(raw[:, 4:16])  # (N, G)
    step, start = half(raw, 0) * scale.float(), half(raw, 2) * start.float()
    return grouped(step, fields(raw[:, 16:], 4, 32)).sub_(start[..., None]).flatten(1)  # (N, 256)


def from_q5_k(raw: Tensor) -> Tensor:
    scale, start = sixes(raw[:, 4:16])  # (N, G)
    step, start = half(raw, 0) * scale.float(), half(raw, 2) * start.float()
    q = fields(raw[:, 48:], 4, 32) | fields(raw[:, 16:48], 1, 32) << 4  # (N, 256)
    return grouped(step, q).sub_(start[..., None]).flatten(1)  # (N, 256)


def from_q6_k(raw: Tensor) -> Tensor:
    q = fields(raw[:, :128], 4, 64) | fields(raw[:, 128:192], 2, 32) << 4  # (N, 256)
    step = half(raw, 208) * raw[:, 192:208].view(torch.int8).float()  # (N, G)
    return grouped(step, q.float() - 32).flatten(1)  # (N, 256)


# ---- writing ----


def with_start(x: Tensor, most: int, tries: Iterable[float]) -> tuple[Tensor, Tensor]:
    """Scale and start of each group, x ~ scale q - start with q 0..most and start >= 0; both (N, G).

    Larger values weigh more. Each try divides the range into a little more or fewer steps than `most`."""
    weight = x.square().mean(dim=-1, keepdim=True).sqrt() + x.abs()  # (N, G, S)
    low = x.amin(dim=-1, keepdim=True).clamp(max=0)  # (N, G, 1)
    spread = x.amax(dim=-1, keepdim=True) - low
    scale, start = spread[..., 0] / most, -low[..., 0]  # (N, G)
    error = (_near(x, scale, start, most) - x).square().mul_(weight).sum(-1)
    total, sum_x = weight.sum(-1), (weight * x).sum(-1)
    for more in tries:
        q = ((x - low) * (one_over(spread) * (most + more))).round().clamp(0, most)  # (N, G, S)
        wq = weight * q
        sum_q, sum_qq, sum_xq = wq.sum(-1), (wq * q).sum(-1), (wq * x).sum(-1)
        slope = (total * sum_xq - sum_x * sum_q) * one_over(total * sum_qq - sum_q**2)  # least squares: a line
        below = (slope * sum_q - sum_x) * one_over(total)
        slope = torch.where(below < 0, sum_xq * one_over(sum_qq), slope)  # a line through 0 instead
        below = below.clamp(min=0)
        left = (_near(x, slope, below, most) - x).square().mul_(weight).sum(-1)
        better = (left < error) & (slope > 0)
        scale, start = torch.where(better, slope, scale), torch.where(better, below, start)
        error = torch.where(better, left, error)
    return scale, start


def _levels(x: Tensor, scale: Tensor, start: Tensor, most: int) -> Tensor:
    """Nearest q of each value, (N, G, S)."""
    return ((x + start[..., None]) * one_over(scale)[..., None]).round().clamp(0, most)


def _near(x: Tensor, scale: Tensor, start: Tensor, most: int) -> Tensor:
    return _levels(x, scale, start, most) * scale[..., None] - start[..., None]


def around_zero(x: Tensor, middle: int) -> Tensor:
    """Scale of each group, x ~ scale q with q -middle..middle-1, (N, G). Its sign is that of the farthest value."""
    N, G, _ = x.shape
    top = farthest(x.flatten(0, 1)).view(N, G, 1)
    weight, best, scale = x.square(), x.new_full((N, G), -1.0), x.new_zeros(N, G)
    for step in range(-9, 10):
        q = (x * (one_over(top) * -(middle + step / 10))).round().clamp(-middle, middle - 1)  # (N, G, S)
        wq = weight * q
        along, long = (wq * x).sum(-1), (wq * q).sum(-1)
        gain = along.square() * one_over(long)  # what the best scale of this rounding takes off the squared error
        better = gain > best
        best, scale = torch.where(better, gain, best), torch.where(better, along * one_over(long), scale)
    return scale


def whole(x: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """x >= 0 as float16 times whole numbers 0..most: (N, G) -> (N, 1) float32, (N, G) uint8."""
    d = (x.amax(dim=1, keepdim=True) / most).half().float()
    return d, (x * one_over(d)).round().clamp(0, most).to(torch.uint8)


def signed(x: Tensor, middle: int) -> tuple[Tensor, Tensor]:
    """x as float16 times whole numbers -middle..middle-1: (N, G) -> (N, 1) float32, (N, G) int8."""
    d = (farthest(x) / -middle).half().float()
    return d, (x * one_over(d)).round().clamp(-middle, middle - 1).to(torch.int8)


def affine(x: Tensor, size: int, most: int, scales: int, tries: Iterable[float]) -> tuple[Tensor, ...]:
    """d (N, 1), e (N, 1), s (N, G), m (N, G), q (N, 256) of blocks x (N, 256)."""
    groups = x.view(len(x), -1, size)  # (N, G, S)
    scale, start = with_start(groups, most, tries)
    (d, s), (e, m) = whole(scale, scales), whole(start, scales)
    q = _levels(groups, d * s, e * m, most)
    return d, e, s, m, q.to(torch.uint8).flatten(1)


def centered(x: Tensor, middle: int, scales: int) -> tuple[Tensor, Tensor, Tensor]:
    """d (N, 1), s (N, G) int8, q + middle (N, 256) uint8 of blocks x (N, 256)."""
    groups = x.view(len(x), -1, 16)  # (N, G, S)
    d, s = signed(around_zero(groups, middle), scales)
    q = (groups * one_over(d * s)[..., None]).round().clamp(-middle, middle - 1)
    return d, s, (q + middle).to(torch.uint8).flatten(1)


FEW = [step / 10 for step in range(-5, 11)]  # for 3 steps, as llama.cpp has them
MANY = [step / 10 for step in range(-10, 11)]


def q2_k(x: Tensor) -> Tensor:
    d, e, s, m, q = affine(x, 16, 3, 15, FEW)
    return torch.cat((s | m << 4, joined(q, 2, 32), as_half(d), as_half(e)), dim=1)  # (N, 84)


def q3_k(x: Tensor) -> Tensor:
    d, s, q = centered(x, 4, 32)
    scale = (s + 32).view(torch.uint8)  # (N, 16) of 6 bits
    parts = (joined(q >> 2, 1, 32), joined(q & 3, 2, 32), joined(scale & 15, 4, 8), joined(scale >> 4, 2, 4))
    return torch.cat((*parts, as_half(d)), dim=1)  # (N, 110)


def q4_k(x: Tensor) -> Tensor:
    d, e, s, m, q = affine(x, 32, 15, 63, MANY)
    return torch.cat((as_half(d), as_half(e), as_sixes(s, m), joined(q, 4, 32)), dim=1)  # (N, 144)


def q5_k(x: Tensor) -> Tensor:
    d, e, s, m, q = affine(x, 32, 31, 63, MANY)
    parts = (as_half(d), as_half(e), as_sixes(s, m), joined(q >> 4, 1, 32), joined(q & 15, 4, 32))
    return torch.cat(parts, dim=1)  # (N, 176)


def q6_k(x: Tensor) -> Tensor:
    d, s, q = centered(x, 32, 128)
    parts = (joined(q & 15, 4, 64), joined(q >> 4, 2, 32), s.view(torch.uint8), as_half(d))
    return torch.cat(parts, dim=1)  # (N, 210)
