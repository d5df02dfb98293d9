"""What weights are before training: the published choice, and one rule in which callers can name their own.

    normal   every matrix from a normal distribution of spread 0.02; biases 0; weights of norms 1
    GPT-2    the same, but matrices that write into the residual stream 1 / sqrt(2 L) as wide: 2 L of them add up
    zero     those matrices 0 instead, so that the first step sees the embedding alone

Shapes   L layers
Sources  GPT-2 (Radford and others, 2019, 2.3); zero: arXiv:1901.09321 (3)
Proof    tests/stack/nn/test_initial.py: measured spreads; tests/stack/models: the spread of every kind of weight
"""

import math

import torch
from torch import Generator, nn


def initialize(
    model: nn.Module,
    *,
    std: float = 0.02,
    residual: tuple[str, ...] = (),
    residual_std: float | None = None,
    generator: Generator | None = None,
) -> None:
    """Fill all parameters in place, in the order of their names. Tied ones are filled once.

    residual: how the names of matrices that write into the residual stream end; residual_std: their spread, `std`
    when None. A parameter of one axis is a bias when its name ends so, otherwise the weight of a norm.
    """
    with torch.no_grad():
        for name, value in model.named_parameters():
            if value.ndim < 2:
                value.fill_(0.0 if name.endswith("bias") else 1.0)
                continue
            spread = residual_std if residual_std is not None and name.endswith(residual) else std
            if value.device.type != "meta":
                value.normal_(0.0, spread, generator=generator)


def scaled(layers: int, std: float = 0.02) -> float:
    """GPT-2's spread of the matrices that write into the residual stream, two of them a layer."""
    return std / math.sqrt(2 * layers)
