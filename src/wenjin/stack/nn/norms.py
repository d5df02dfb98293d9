"""RMSNorm: bring every vector to the same length, then let each coordinate be scaled.

    (3, 4)  ->  mean square 12.5  ->  (3, 4) / 3.5355  =  (0.8485, 1.1314)  ->  times weight

Three forms of the same: the definition; torch's own function, which a compiler turns into one pass; and, for
training on a processor without a compiler, one with its gradient written out, which needs half as many passes.
LayerNorm takes the mean away first, and adds a bias: that is torch's own, computed in the dtype of x.

Shapes   ... any leading axes   D width
Sources  RMSNorm arXiv:1910.07467 (4), LayerNorm arXiv:1607.06450 (3)
Proof    tests/stack/nn/test_norms.py: all forms equal the plain one, gradients too; so does a case by hand
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


def rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """The definition, step by step. Squares are summed in float32: in bfloat16 a sum of 256 of them is wrong."""
    wide = x.float()
    mean = wide.square().mean(dim=-1, keepdim=True)  # (..., 1)
    return (wide * torch.rsqrt(mean + epsilon)).to(x.dtype) * weight.to(x.dtype)  # (..., D)


class ByHand(torch.autograd.Function):
    """With n = x / length: the gradient at x is (g w - n mean(g w n)) / length, and that at w the sum of g n."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
        wide = torch.promote_types(x.dtype, torch.float32)
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=wide)  # (..., 1)
        scale = (length.square() / x.shape[-1] + epsilon).rsqrt()  # (..., 1)
        normed = (x * scale).to(x.dtype)  # (..., D)
        ctx.save_for_backward(normed, scale, weight)
        out: Tensor = normed * weight.to(x.dtype)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, above: Tensor) -> tuple[Tensor, Tensor, None]:
        normed, scale, weight = ctx.saved_tensors
        by_weight = (above * normed).reshape(-1, normed.shape[-1]).sum(0, dtype=scale.dtype)  # (D,)
        slope = above * weight.to(above.dtype)  # (..., D)
        mean = torch.linalg.vecdot(slope, normed)[..., None] / normed.shape[-1]  # (..., 1)
        by_x = torch.addcmul(slope, normed, mean, value=-1) * scale  # (..., D)
        return by_x.to(above.dtype), by_weight.to(weight.dtype), None


class RMSNorm(nn.Module):
    """Takes the form that is fastest where it runs."""

    def __init__(self, dim: int, epsilon: float = 1e-6) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu" or torch.compiler.is_compiling() or not torch.is_grad_enabled():
            return F.rms_norm(x, x.shape[-1:], self.weight.to(x.dtype), self.epsilon)  # (..., D)
        apply: Any = ByHand.apply  # torch leaves it untyped
        out: Tensor = apply(x, self.weight, self.epsilon)
        return out


class LayerNorm(nn.LayerNorm):
    """torch's; activations decide the dtype, as in layers.Linear."""

    def forward(self, x: Tensor) -> Tensor:
        weight, bias = self.weight.to(x.dtype), self.bias.to(x.dtype)
        return F.layer_norm(x, self.normalized_shape, weight, bias, self.eps)  # (..., D)
