"""Which precision this machine computes fastest in: told by a second of matrix products, never assumed.

    choose()     Choice(dtype=torch.bfloat16, speeds={"float32": 2.1e11, "bfloat16": 9.8e11})

bfloat16 has the range of float32 and 8 bits of its precision: enough for products, not for weights that move by a
thousandth. So weights, their gradients and the optimizer's memory stay float32, and only the model's activations are
rounded (a model's `compute`). On a processor without bfloat16 units it is many times slower than float32.

Omits    float16 with a scaled loss, 8-bit products
Units    speeds in floating-point operations per second
Sources  weights in float32, products in 16 bits: arXiv:1710.03740 (3.1); bfloat16 for training: arXiv:1905.12322
Proof    tests/stack/train/test_precision.py: the faster one wins; a wrong product disqualifies
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

DTYPES = (torch.float32, torch.bfloat16)
FASTER = 1.3  # less than that is not worth the rounding
CLOSE = 0.02  # relative error of a bfloat16 product that sums 256 terms: eight bits leave about a hundredth


@dataclass(frozen=True, slots=True)
class Choice:
    """`dtype` for the model's activations; `speeds` by name of the type, of those whose products were right."""

    dtype: torch.dtype
    speeds: Mapping[str, float]


def choose(
    device: str | torch.device = "cpu", *, seconds: float = 1.0, multiply: Callable[[Tensor, Tensor], Tensor] = torch.mm
) -> Choice:
    """Time products of the shape that a small language model is made of, forward and backward, for `seconds` in all."""
    luck = torch.Generator().manual_seed(0)
    x, w = (torch.randn(shape, generator=luck).to(device) for shape in ((2048, 256), (256, 1024)))
    right = x @ w
    speeds = {}
    for dtype in DTYPES:
        a, b = x.to(dtype), w.to(dtype)
        error = (multiply(a, b).float() - right).norm() / right.norm()
        if error < CLOSE:
            speeds[str(dtype).removeprefix("torch.")] = _speed(multiply, a, b, seconds / len(DTYPES))
    quick = speeds.get("bfloat16", 0.0) > FASTER * speeds["float32"]
    return Choice(torch.bfloat16 if quick else torch.float32, speeds)


def _speed(multiply: Callable[[Tensor, Tensor], Tensor], a: Tensor, b: Tensor, seconds: float) -> float:
    """The best of many rounds: others on the machine make a round slower, never faster."""
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        c = multiply(a, b)  # (2048, 1024)
        multiply(c, b.T)
        multiply(a.T, c)
        if a.is_cuda:
            torch.cuda.synchronize(a.device)
        best = min(best, time.perf_counter() - start)
    return 3 * 2 * a.shape[0] * a.shape[1] * b.shape[1] / best
