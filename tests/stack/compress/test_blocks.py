"""Every type's bytes mean what the gguf package says, every bit; what it writes, we write alike."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType
from gguf.quants import dequantize as their_dequantize
from gguf.quants import quantize as their_quantize
from torch import Tensor

from wenjin.stack.compress.blocks import FORMATS, dequantize, quantize
from wenjin.stack.files.gguf import KINDS, Packed, size
from wenjin.stack.models.config import ModelError

BOTH_WAYS = ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1")  # what the package writes, too
K = ("Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K")


def drawn(seed: int, rows: int = 7) -> Tensor:
    """Weights of many spreads; blocks of zeros, of one value, of one sign."""
    source = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, 1024, generator=source) * torch.rand(rows, 1, generator=source).mul(20).sub(14).exp()
    x[0, :256] = 0
    x[1, :256] = 0.3
    x[2, :256] = -0.3
    x[3] = x[3].abs()
    x[4] = -x[4].abs()
    x[5, ::2] = 0
    x[5, :32] = torch.tensor([1.0, -1.0]).repeat(16)  # two values farthest from 0
    return x


def their(x: Tensor, kind: str) -> Tensor:
    return torch.from_numpy(their_quantize(x.numpy(), GGMLQuantizationType[kind]).reshape(-1).view(np.uint8))


def read_by_them(packed: Packed) -> Tensor:
    rows = packed.raw.numpy().reshape(*packed.shape[:-1], -1)
    return torch.from_numpy(their_dequantize(rows, GGMLQuantizationType[packed.kind])).view(packed.shape)


@pytest.mark.parametrize("kind", FORMATS)
def test_reading_equals_the_reference_bit_by_bit(kind: str, count: Callable[[int], int]) -> None:
    """Of any bytes: each scale, each field, each sign. Scales that are no numbers give none in both."""
    for seed in range(count(40)):
        shape = (5, 4 * max(KINDS[kind].values, 32))
        source = torch.Generator().manual_seed(seed)
        raw = torch.randint(0, 256, (size(kind, shape),), generator=source, dtype=torch.uint8)
        packed = Packed(kind, shape, raw)
        with np.errstate(all="ignore"):
            wanted = read_by_them(packed)
        found = dequantize(packed)
        assert found.shape == shape
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, wanted, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("kind", BOTH_WAYS)
def test_writing_equals_the_reference_bit_by_bit(kind: str, count: Callable[[int], int]) -> None:
    for seed in range(count(40)):
        x = drawn(seed)
        assert torch.equal(quantize(x, kind).raw, their(x, kind)), seed


BITS = {"Q2_K": 2, "Q3_K": 3, "Q4_K": 4, "Q5_K": 5, "Q6_K": 6}


def rough(x: Tensor, kind: str) -> Tensor:
    """The plain way with as many bits and groups as large: scales not rounded, no search."""
    groups = x.view(-1, 32 if kind in ("Q4_K", "Q5_K") else 16)
    most = 2 ** BITS[kind] - 1
    if kind in ("Q3_K", "Q6_K"):
        step = groups.abs().amax(1, keepdim=True) / (most // 2)
        return ((groups / step).round() * step).view(x.shape)
    low = groups.amin(1, keepdim=True)
    step = (groups.amax(1, keepdim=True) - low) / most
    return (((groups - low) / step).round() * step + low).view(x.shape)


@pytest.mark.parametrize("kind", K)
def test_what_we_write_in_k_types_leaves_less_error_than_plain_rounding(kind: str) -> None:
    """And the reference reads it as we do. On weights as models have them: few far from zero, and no zeros."""
    source = torch.Generator().manual_seed(1)
    x = torch.randn(64, 1024, generator=source) * 0.02 * torch.rand(64, 1, generator=source).add(0.5)
    packed = quantize(x, kind)
    found = dequantize(packed)
    assert torch.equal(found, read_by_them(packed))
    ours, plain = (
        float((one - x).square().mean().sqrt() / x.square().mean().sqrt()) for one in (found, rough(x, kind))
    )
    print(f"{kind}: relative error {ours:.4f}, plain rounding with exact scales {plain:.4f}")
    assert ours < 1.03 * plain  # though our scales are whole numbers of a few bits


@pytest.mark.parametrize("kind", K)
def test_k_types_keep_zeros_signs_and_constants(kind: str) -> None:
    x = drawn(0)
    x = x / x.abs().amax(dim=1, keepdim=True)
    found = dequantize(quantize(x, kind))
    assert not found[0, :256].any()
    assert ((found - x).abs() <= 2.5 / 2 ** BITS[kind]).all()
    assert quantize(torch.zeros(0, 256), kind).raw.numel() == 0


@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_read_is_written_again_nearly_alike(kind: str) -> None:
    """A second rounding adds little: the values lie on the first one's steps already."""
    x = torch.randn(8, 512, generator=torch.Generator().manual_seed(3))
    once = dequantize(quantize(x, kind))
    twice = dequantize(quantize(once, kind))
    assert (twice - once).square().mean().sqrt() <= 0.35 * (once - x).square().mean().sqrt() + 1e-9


@pytest.mark.parametrize("kind", FORMATS)
def test_the_cut_into_pieces_shows_nowhere(kind: str) -> None:
    """Large weights are worked on in pieces; a row gives the same bytes in any company."""
    x = torch.randn(1030, 512, generator=torch.Generator().manual_seed(4))
    whole = quantize(x, kind)
    alone = quantize(x[-3:], kind)
    assert torch.equal(whole.raw[-alone.raw.numel() :], alone.raw)
    assert torch.equal(dequantize(whole)[-3:], dequantize(alone))


def test_what_cannot_be_kept_is_refused_by_a_sentence() -> None:
    good = torch.zeros(2, 256)
    for x, kind in (
        (torch.zeros(2, 33), "Q4_0"),
        (torch.zeros(2, 288), "Q4_K"),
        (torch.tensor(1.0), "Q8_0"),
        (good, "IQ4_NL"),
        (good, "I32"),
        (torch.full((1, 32), float("nan")), "Q8_0"),
        (torch.full((1, 32), 1e6), "Q4_1"),
        (torch.full((1, 256), float("inf")), "Q6_K"),
    ):
        with pytest.raises(ModelError) as refusal:
            quantize(x, kind)
        assert refusal.value.zh
    with pytest.raises(ModelError):
        dequantize(Packed("I64", (1,), torch.zeros(8, dtype=torch.uint8)))
