"""torch's kernels give what the plain product with their own dense values gives."""

import pytest
import torch

from wenjin.stack.infer.groups import product, rounded
from wenjin.stack.infer.matrices import Dense, Int4, Int8, Matrix

SHAPES = [(16, 32), (48, 64), (17, 33), (5, 7)]


def matrix(kind: str, rows: int, columns: int) -> Matrix:
    dice = torch.Generator().manual_seed(rows)
    weight, bias = torch.randn(rows, columns, generator=dice), torch.randn(rows, generator=dice)
    if kind in ("Int4", "Int8"):
        groups = rounded(weight, 4 if kind == "Int4" else 8)
        return Int4(groups, bias) if kind == "Int4" else Int8(groups, bias)
    return Dense(weight.to(getattr(torch, kind)), bias)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["float32", "bfloat16", "Int8", "Int4"])
def test_each_equals_the_plain_product(kind: str, shape: tuple[int, int]) -> None:
    one = matrix(kind, *shape)
    assert one.bias is not None
    for vectors in (0, 1, 3, 9):
        x = torch.randn(vectors, shape[1], generator=torch.Generator().manual_seed(vectors))
        x = x if kind == "float32" else x.bfloat16().float()
        wanted = x @ one.dense().T + one.bias  # (N, O)
        tolerance = 1e-4 if kind == "float32" else 2e-2  # bfloat16 rounds its sums as well
        torch.testing.assert_close(one(x), wanted, rtol=tolerance, atol=tolerance)
        to = torch.ones(vectors, shape[0])
        one.add(x, to)
        torch.testing.assert_close(to, wanted + 1, rtol=tolerance, atol=tolerance)
    rows = torch.tensor([shape[0] - 1, 0])
    torch.testing.assert_close(one.take(rows), one.dense()[rows])


def test_four_bits_lose_the_rounding_of_their_scales_eight_bits_half_a_step_of_the_row() -> None:
    weight = torch.randn(32, 64, generator=torch.Generator().manual_seed(5))
    four, eight = rounded(weight, 4), rounded(weight, 8)
    scale = four.scale.float()
    ends = (8 * scale + (four.lows() + 8 * scale).abs()) * 2**-8  # bfloat16 keeps eight bits of scale and middle
    assert ((Int4(four).dense() - four.dense()).abs() <= ends.repeat_interleave(32, 1)).all()
    off = (Int8(eight).dense() - eight.dense()).abs()
    assert (off <= eight.dense().abs().amax(1, keepdim=True) / 127 * 1.01).all()
    x = torch.randn(2, 64, generator=torch.Generator().manual_seed(6))
    exact = product(x, four, round_x=False)
    assert (Int4(four)(x) - exact).norm() < 0.01 * exact.norm()


@pytest.mark.parametrize("kind", ["float32", "Int8", "Int4"])
def test_the_upper_half_opens_the_lower_after_the_norm(kind: str) -> None:
    one, norm = matrix(kind, 32, 64), torch.rand(64) + 0.5
    assert one.bias is not None
    x = torch.randn(3, 64, generator=torch.Generator().manual_seed(7))
    normal = x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * norm
    y = normal @ one.dense().T + one.bias
    wanted = y[:, :16] / (1 + torch.exp(-y[:, :16])) * y[:, 16:]
    tolerance = 1e-5 if kind == "float32" else 0.02  # vectors, sums and their product are each rounded
    assert (one.gate(x, norm, 1e-5) - wanted).norm() < tolerance * wanted.norm()
