"""Linear maps and the feed-forward layers of a Transformer.

    Linear   y = x W' + b, computed in the dtype of x: float32 weights serve bfloat16 activations
    SwiGLU   gate, up = x G', x U'   ->   silu(gate) * up   ->   down

Omits    dropout, experts
Shapes   ... any leading axes   D width   M width inside
Sources  SwiGLU arXiv:2002.05202 (2); GELU and its tanh form arXiv:1606.08415 (2)
Proof    tests/stack/nn/test_layers.py; tests/stack/models: the models equal transformers, every gradient too
"""

import torch.nn.functional as F
from torch import Tensor, nn


class Linear(nn.Linear):
    """torch's Linear; activations decide the dtype. So one set of float32 weights trains in either precision."""

    def forward(self, x: Tensor) -> Tensor:
        bias = None if self.bias is None else self.bias.to(x.dtype)
        return F.linear(x, self.weight.to(x.dtype), bias)


class SwiGLU(nn.Module):
    """Named as in Llama, so that its weights load as they are. Three matrices: one half opens and shuts the other."""

    def __init__(self, dim: int, hidden: int, bias: bool = False) -> None:
        super().__init__()
        self.gate_proj = Linear(dim, hidden, bias=bias)
        self.up_proj = Linear(dim, hidden, bias=bias)
        self.down_proj = Linear(hidden, dim, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        inside = F.silu(self.gate_proj(x)) * self.up_proj(x)  # (..., M)
        out: Tensor = self.down_proj(inside)  # (..., D)
        return out
