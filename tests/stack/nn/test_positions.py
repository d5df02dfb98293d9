"""Rotary positions: turns, not stretches; scores that see distance alone; tables that no cast can spoil."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from wenjin.stack.nn.positions import Rotary, rotate, speeds


def test_a_case_worked_by_hand() -> None:
    """Width 4, base 100: pairs (0, 2) and (1, 3) turn by 1 and by 1/10 a step. At position 3: by 3 and by 0.3."""
    torch.testing.assert_close(speeds(4, 100.0), torch.tensor([1.0, 0.1]))
    cos, sin = Rotary(4, 8, 100.0)(slice(3, 4), torch.float32)
    y = rotate(torch.tensor([[1.0, 1.0, 0.0, 0.0]]), cos, sin)
    wanted = [math.cos(3), math.cos(0.3), math.sin(3), math.sin(0.3)]
    torch.testing.assert_close(y, torch.tensor([wanted]))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(width=st.integers(1, 8), first=st.integers(0, 50), gap=st.integers(0, 20), seed=st.integers(0, 99))
def test_scores_see_the_distance_alone_and_lengths_stay(width: int, first: int, gap: int, seed: int) -> None:
    torch.manual_seed(seed)
    q, k, table = torch.randn(1, 2 * width), torch.randn(1, 2 * width), Rotary(2 * width, 128)

    def at(x: torch.Tensor, place: int) -> torch.Tensor:
        return rotate(x, *table(slice(place, place + 1), torch.float32))

    here = at(q, first + gap) @ at(k, first).T
    there = at(q, first + gap + 40) @ at(k, first + 40).T
    torch.testing.assert_close(here, there, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(at(q, first).norm(), q.norm())


SCALED: list[dict[str, Any]] = [
    {"rope_type": "linear", "factor": 4.0},
    {
        "rope_type": "llama3",
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    },
    {
        "rope_type": "llama3",
        "factor": 32.0,
        "low_freq_factor": 1.5,
        "high_freq_factor": 2.0,
        "original_max_position_embeddings": 64,
    },
]


@pytest.mark.parametrize("scaling", SCALED)
@pytest.mark.parametrize("width", [8, 64, 128])
def test_scaled_speeds_equal_transformers(scaling: dict[str, Any], width: int) -> None:
    """Each kind of pair is met: kept, slowed by the whole factor, and between."""
    config = LlamaConfig(
        hidden_size=width,
        num_attention_heads=1,
        max_position_embeddings=131072,
        rope_parameters=scaling | {"rope_theta": 500_000.0},
    )
    wanted, factor = ROPE_INIT_FUNCTIONS[scaling["rope_type"]](config, torch.device("cpu"))
    assert factor == 1.0
    found = speeds(width, 500_000.0, scaling)
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=0)
    assert not torch.equal(found, speeds(width, 500_000.0))


def test_an_unknown_scaling_is_refused() -> None:
    with pytest.raises(ValueError, match="yarn"):
        speeds(8, 100.0, {"rope_type": "yarn"})


def test_tables_stay_exact_through_casts_and_are_not_saved() -> None:
    table = Rotary(8, 50)
    before = table.cos.clone()
    table.to(torch.bfloat16).double().to("meta")
    assert table.cos.dtype == torch.float32
    assert torch.equal(table.cos, before)
    assert table.state_dict() == {}
    cos, sin = table(slice(10, 13), torch.bfloat16)
    assert torch.equal(cos, before[10:13].bfloat16())
    assert sin.dtype == torch.bfloat16
