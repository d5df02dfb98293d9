"""Right answers to write-attention, in many styles: every one must pass on every draw."""

import math

import torch
from torch import Tensor


def later(q: Tensor, k: Tensor) -> Tensor:
    return torch.ones(q.size(2), k.size(2), dtype=torch.bool).triu(1 + k.size(2) - q.size(2))


def matmul(q: Tensor, k: Tensor, v: Tensor, causal: bool = False) -> Tensor:
    s = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
    if causal:
        s = s.masked_fill(later(q, k), -math.inf)
    return torch.softmax(s, dim=-1) @ v


def einsum_in_float32(q: Tensor, k: Tensor, v: Tensor, causal: bool = False) -> Tensor:
    work = torch.promote_types(q.dtype, torch.float32)
    s = torch.einsum("bhqd,bhkd->bhqk", q.to(work), k.to(work)) * q.shape[-1] ** -0.5
    if causal:
        s = torch.where(later(q, k), s.new_tensor(-math.inf), s)
    w = (s - s.amax(dim=-1, keepdim=True)).exp()
    return torch.einsum("bhqk,bhkd->bhqd", w / w.sum(dim=-1, keepdim=True), v.to(work)).to(q.dtype)


def in_float64(q: Tensor, k: Tensor, v: Tensor, causal: bool = False) -> Tensor:
    return matmul(q.double(), k.double(), v.double(), causal).to(q.dtype)


def logsumexp(q: Tensor, k: Tensor, v: Tensor, causal: bool = False) -> Tensor:
    s = (q / q.size(-1) ** 0.5).matmul(k.mT)
    if causal:
        s = s + torch.full(s.shape[-2:], -math.inf, dtype=s.dtype).triu(1 + s.size(-1) - s.size(-2))
    return (s - s.logsumexp(-1, keepdim=True)).exp() @ v


def head_by_head(q: Tensor, k: Tensor, v: Tensor, causal: bool = False) -> Tensor:
    def one(b: int, h: int) -> Tensor:
        return matmul(q[b, h][None, None], k[b, h][None, None], v[b, h][None, None], causal)[0, 0]

    return torch.stack([torch.stack([one(b, h) for h in range(q.size(1))]) for b in range(q.size(0))])


def query_by_query(q: Tensor, k: Tensor, v: Tensor, causal: bool = False) -> Tensor:
    rows = []
    for i in range(q.size(2)):
        end = i + k.size(2) - q.size(2) + 1 if causal else k.size(2)
        s = (q[:, :, i : i + 1] * k[:, :, :end]).sum(-1) / math.sqrt(q.size(-1))
        rows.append((s.softmax(-1).unsqueeze(-1) * v[:, :, :end]).sum(2))
    return torch.stack(rows, dim=2)


def bmm(q: Tensor, k: Tensor, v: Tensor, causal: bool = False) -> Tensor:
    b, h, t, d = q.shape
    bias = torch.zeros(t, k.size(2), dtype=q.dtype)
    if causal:
        bias = bias.masked_fill(later(q, k), torch.finfo(q.dtype).min)
    flat = [x.reshape(b * h, -1, d) for x in (q, k, v)]
    s = torch.baddbmm(bias.expand(b * h, t, -1), flat[0], flat[1].transpose(1, 2), alpha=d**-0.5)
    return torch.bmm(s.softmax(2), flat[2]).view(b, h, t, d)


def both_scaled_before(q: Tensor, k: Tensor, v: Tensor, causal: bool = False) -> Tensor:
    factor = q.size(-1) ** -0.25
    s = (q * factor) @ (k * factor).transpose(2, 3)
    if causal:
        s.masked_fill_(later(q, k), -math.inf)
    return s.log_softmax(-1).exp() @ v


def masked_then_renormalized(q: Tensor, k: Tensor, v: Tensor, causal: bool = False) -> Tensor:
    w = (q @ k.mT / math.sqrt(q.size(-1))).softmax(-1)
    if causal:
        w = w * ~later(q, k)
        w = w / w.sum(-1, keepdim=True)
    return w @ v


def filled_with_a_number(q: Tensor, k: Tensor, v: Tensor, causal: bool = False) -> Tensor:
    s = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
    if causal:
        s = s.masked_fill(later(q, k), -1e4)
    return s.softmax(-1, dtype=torch.promote_types(q.dtype, torch.float32)).to(q.dtype) @ v


def online(q: Tensor, k: Tensor, v: Tensor, causal: bool = False) -> Tensor:
    work = torch.promote_types(q.dtype, torch.float32)
    q, k, x = q.to(work), k.to(work), v.to(work)
    last = torch.arange(q.size(2)).unsqueeze(1) + k.size(2) - q.size(2)
    top = torch.full((*q.shape[:3], 1), -1e30, dtype=work)
    total, out = torch.zeros_like(top), torch.zeros_like(q)
    for start in range(0, k.size(2), 64):
        s = q @ k[:, :, start : start + 64].mT * q.size(-1) ** -0.5
        if causal:
            s = s.masked_fill(torch.arange(start, start + s.size(-1)) > last, -math.inf)
        new = torch.maximum(top, s.amax(-1, keepdim=True))
        part = (s - new).exp()
        total = total * (top - new).exp() + part.sum(-1, keepdim=True)
        out = out * (top - new).exp() + part @ x[:, :, start : start + 64]
        top = new
    return (out / total).to(v.dtype)


STYLES = (
    matmul,
    einsum_in_float32,
    in_float64,
    logsumexp,
    head_by_head,
    query_by_query,
    bmm,
    both_scaled_before,
    masked_then_renormalized,
    filled_with_a_number,
    online,
)
