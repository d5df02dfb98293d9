"""RMSNorm: bring every vector to the same length, then let each coordinate be scaled.

    (3, 4)  ->  mean square 12.5  ->  (3, 4) / 3.5355  =  (0.8485, 1.1314)  ->  times weight

LayerNorm takes the mean away first, and adds a bias: that is torch's own, computed in the dtype of x.

Shapes   ... any leading axes   D width
Sources  RMSNorm arXiv:1910.07467 (4), LayerNorm arXiv:1607.06450 (3)
Proof    tests/stack/nn/test_norms.py: the fast form equals the plain one, gradients too; so does a case by hand
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """The definition, step by step. Squares are summed in float32: in bfloat16 a sum of 256 of them is wrong."""
    wide = x.float()
    mean = wide.square().mean(dim=-1, keepdim=True)  # (..., 1)
    return (wide * torch.rsqrt(mean + epsilon)).to(x.dtype) * weight.to(x.dtype)  # (..., D)


class RMSNorm(nn.Module):
    """The same by torch's own function, which a compiler turns into one pass over x."""

    def __init__(self, dim: int, epsilon: float = 1e-6) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, x.shape[-1:], self.weight.to(x.dtype), self.epsilon)  # (..., D)


class LayerNorm(nn.LayerNorm):
    """torch's; activations decide the dtype, as in layers.Linear."""

    def forward(self, x: Tensor) -> Tensor:
        weight, bias = self.weight.to(x.dtype), self.bias.to(x.dtype)
        return F.layer_norm(x, self.normalized_shape, weight, bias, self.eps)  # (..., D)
