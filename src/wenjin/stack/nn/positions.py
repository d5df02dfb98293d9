"""Rotary positions: turn each pair of coordinates of q and k by an angle that grows with the position.

    position 3, pair turning at 0.1 a step:  (1, 0)  ->  (cos 0.3, sin 0.3)  =  (0.955, 0.296)
    then q·k depends on how far apart two tokens are, and on nothing else about where they stand

Omits    YaRN, dynamic and long rotary scaling; positions that are learned are an embedding in models/gpt2.py
Shapes   B batch   H heads   T tokens   D head width   C context
Sources  rotary arXiv:2104.09864 (3.2); positions squeezed evenly arXiv:2306.15595 (2.3); by wavelength: the code
         published with Llama 3.1 (apply_scaling in models/llama3/reference_impl/model.py of llama-models)
Proof    tests/stack/nn/test_positions.py: turns are rotations, scores see distance alone; speeds equal those of
         transformers; tests/stack/models/test_llama.py: the models equal transformers
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

KINDS: Mapping[str, tuple[str, ...]] = {  # how speeds are changed: the numbers that each way needs
    "default": (),
    "linear": ("factor",),
    "llama3": ("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"),
}


def speeds(width: int, base: float = 10_000.0, scaling: Mapping[str, Any] | None = None) -> Tensor:
    """Angle by which each pair turns from one token to the next, fast pairs first. Returns (D/2,), float32.

    scaling: None, or the published `rope_scaling`: {"rope_type": "linear", "factor": 4.0} slows all pairs alike;
    "llama3" slows only those that have not gone round often within the length first trained at.
    """
    fraction = torch.arange(0, width, 2, dtype=torch.float32, device="cpu") / width
    speed = torch.pow(base, fraction).reciprocal()  # (D/2,)
    kind = "default" if scaling is None else scaling["rope_type"]
    if kind not in KINDS:
        raise ValueError(f"rotary scaling {kind!r} is not one of {', '.join(KINDS)}")
    if scaling is None or kind == "default":
        return speed
    factor = float(scaling["factor"])
    if kind == "linear":
        return speed / factor
    few, many = float(scaling["low_freq_factor"]), float(scaling["high_freq_factor"])
    length = float(scaling["original_max_position_embeddings"])
    turns = length * speed / (2 * math.pi)  # (D/2,) within the first length
    kept: Tensor = ((turns - few) / (many - few)).clamp(0, 1)  # 1: unchanged, 0: slowed by the whole factor
    return kept * speed + (1 - kept) * speed / factor


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn pair (i, i + D/2) of every head. x: (B, H, T, D); cos, sin: (T, D/2) of x's dtype."""
    a, b = x.chunk(2, dim=-1)  # (B, H, T, D/2) each
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)  # (B, H, T, D)


class Rotary(nn.Module):
    """Cosines and sines of all positions, computed once, in float32, never saved with the weights.

    A model that is moved, cast or made on the meta device gets them anew: rounding them twice would turn every
    token a little wrong.
    """

    cos: Tensor  # (C, D/2)
    sin: Tensor

    def __init__(self, width: int, context: int, base: float = 10_000.0, scaling: Mapping[str, Any] | None = None):
        super().__init__()
        self.context, self.speed = context, speeds(width, base, scaling)
        self.fill(torch.empty(0).device)

    def fill(self, device: torch.device) -> None:
        """Compute the tables and put them there. A model that is only planned, on the meta device, has them too."""
        device = torch.device("cpu") if device.type == "meta" else device
        angle = torch.arange(self.context, device="cpu")[:, None] * self.speed  # (C, D/2)
        self.register_buffer("cos", angle.cos().to(device), persistent=False)
        self.register_buffer("sin", angle.sin().to(device), persistent=False)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Rotary":
        self.fill(fn(torch.empty(0, device=self.cos.device)).device)
        return self

    def forward(self, places: slice | Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Cosines and sines at these positions, each (T, D/2)."""
        return self.cos[places].to(dtype), self.sin[places].to(dtype)
