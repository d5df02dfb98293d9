"""Groups of whole numbers: those of files bit for bit, those rounded here within half a step."""

import struct
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from wenjin.stack.infer.groups import BLOCKS, GROUP, filled, of_block, product, rounded, stacked, whole


@dataclass(frozen=True)
class Raw:
    kind: str
    shape: tuple[int, int]
    raw: Tensor


def by_hand(kind: str, block: bytes) -> list[float]:
    """A block of GGUF, number by number, as ggml's documents describe it."""
    (scale,) = struct.unpack("<e", block[:2])
    if kind == "Q8_0":
        return [scale * q for q in struct.unpack("32b", block[2:])]
    low = struct.unpack("<e", block[2:4])[0] if kind == "Q4_1" else -8 * scale
    bytes16 = block[-16:]
    return [scale * (byte & 15) + low for byte in bytes16] + [scale * (byte >> 4) + low for byte in bytes16]


@pytest.mark.parametrize("kind", BLOCKS)
def test_blocks_of_files_are_taken_number_by_number(kind: str) -> None:
    dice = torch.Generator().manual_seed(3)
    rows, groups = 5, 3
    raw = torch.randint(256, (rows, groups, BLOCKS[kind]), dtype=torch.uint8, generator=dice)
    halves = torch.randn(rows, groups, 2, generator=dice).half().view(torch.uint8).view(rows, groups, 4)
    raw[..., :4] = halves if kind == "Q4_1" else torch.cat((halves[..., :2], raw[..., 2:4]), -1)
    taken = of_block(Raw(kind, (rows, groups * GROUP), raw.flatten()))
    for r in range(rows):
        wanted = [w for g in range(groups) for w in by_hand(kind, bytes(raw[r, g].tolist()))]
        assert taken.dense()[r].tolist() == pytest.approx(wanted, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("columns", [32, 96, 33, 7])
@pytest.mark.parametrize("bits", [4, 8])
def test_rounding_is_off_by_half_a_step_and_the_rounding_of_scale_and_low(bits: int, columns: int) -> None:
    weights = torch.randn(6, columns, generator=torch.Generator().manual_seed(columns)) * 3
    weights[0] = 0
    groups = rounded(weights, bits)
    assert groups.bits == bits
    step = groups.scale.float().repeat_interleave(GROUP, 1)[:, :columns]
    ends = weights.abs().max() * 2**-10  # half precision keeps 11 bits of the scale and of the low end
    assert ((groups.dense() - weights).abs() <= step * 0.5 + ends).all()
    assert groups.dense()[0].abs().max() == 0


@pytest.mark.parametrize("bits", [4, 8])
def test_matrices_stand_below_one_another_and_are_filled_with_zeros(bits: int) -> None:
    dice = torch.Generator().manual_seed(1)
    parts = [rounded(torch.randn(rows, 40, generator=dice), bits) for rows in (3, 5)]
    both = stacked(parts)
    assert torch.equal(both.dense(), torch.cat([part.dense() for part in parts]))
    assert torch.equal(filled(both, 16).dense(), torch.nn.functional.pad(both.dense(), (0, 0, 0, 8)))
    assert both.whole().shape == (8, 64)


def test_vectors_are_rounded_group_by_group_to_whole_numbers() -> None:
    x = torch.randn(3, 70, generator=torch.Generator().manual_seed(2))
    q, step = whole(x)
    assert q.abs().amax() == 127
    assert torch.equal(q, q.round())
    back = (q * step).flatten(1)[:, :70]
    assert ((back - x).abs() <= step.squeeze(-1).repeat_interleave(GROUP, 1)[:, :70] * 0.501).all()
    weights = rounded(torch.randn(4, 70, generator=torch.Generator().manual_seed(4)), 8)
    torch.testing.assert_close(product(x, weights, round_x=True), back @ weights.dense().T)
