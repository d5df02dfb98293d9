"""GPT-2 equals transformers."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from tests.stack.models.same import assert_same, assert_same_text, draw_ids, scatter
from wenjin.stack.models.config import ModelError
from wenjin.stack.models.gpt2 import GPT2

PLAIN = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0, "bos_token_id": 0, "eos_token_id": None}


def build(seed: int) -> tuple[Any, GPT2]:
    """Theirs with drawn sizes and weights, and ours made of its configuration and state."""
    torch.manual_seed(seed)
    heads = 2 + seed % 3
    config = GPT2Config(
        vocab_size=61 + seed % 40,
        n_embd=heads * (4 + seed % 5),
        n_layer=2,
        n_head=heads,
        n_inner=None if seed % 2 else 23,
        n_positions=64,
        tie_word_embeddings=seed % 4 != 3,
        **PLAIN,
    )
    theirs = GPT2LMHeadModel(config).eval()
    scatter(theirs, seed)
    ours = GPT2.from_config(config.to_dict())
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


@pytest.mark.parametrize("way", ["products", "kernel"])
def test_logits_and_every_gradient_equal_transformers(way: Any, count: Callable[[int], int]) -> None:
    for seed in range(count(80)):
        theirs, ours = build(seed)
        ours.way = way
        assert_same(ours, theirs, seed)


def test_greedy_text_equals_transformers_with_a_cache_and_without(count: Callable[[int], int]) -> None:
    for seed in range(count(60)):
        theirs, ours = build(seed)
        heads = ours.settings()["heads"]
        assert_same_text(ours, theirs, seed, heads, ours.settings()["dim"] // heads)


def test_the_configuration_goes_both_ways() -> None:
    theirs, ours = build(3)
    again = GPT2LMHeadModel(GPT2Config(**ours.config())).eval()
    again.load_state_dict(ours.state_dict())
    ids = draw_ids(0, ours.settings()["vocab"], 2, 20)
    torch.testing.assert_close(again(ids).logits, theirs(ids).logits, rtol=0, atol=0)
    assert GPT2.from_config(ours.config()).settings() == ours.settings()
    assert GPT2(**ours.settings()).settings() == ours.settings()


def test_weights_start_as_published() -> None:
    """Every matrix 0.02 wide, those that write into the stream 0.02 / sqrt(2 L), biases 0, norms 1; as theirs."""
    sizes = {"vocab_size": 300, "n_embd": 96, "n_layer": 8, "n_head": 4, "n_positions": 128}
    theirs = dict(GPT2LMHeadModel(GPT2Config(**sizes, **PLAIN)).named_parameters())
    ours = dict(GPT2(vocab=300, dim=96, layers=8, heads=4, context=128).named_parameters())
    assert list(ours) == list(theirs)
    for name, value in ours.items():
        if value.ndim == 1:
            assert torch.equal(value, theirs[name]), name
        else:
            wanted = 0.02 / 4 if name.endswith("c_proj.weight") else 0.02
            assert abs(value.std().item() / wanted - 1) < 0.05, name
            assert abs(theirs[name].std().item() / wanted - 1) < 0.05, name


def test_the_body_is_one_graph() -> None:
    """No Python between layers hangs on data, so a compiler gets it whole."""
    _, ours = build(4)
    ids = draw_ids(4, ours.settings()["vocab"], 2, 16)
    graph = torch.compile(ours.states, fullgraph=True, backend="eager")
    torch.testing.assert_close(graph(ids), ours.states(ids))


@pytest.mark.parametrize(
    "wrong",
    [
        {"activation_function": "relu"},
        {"scale_attn_weights": False},
        {"scale_attn_by_inverse_layer_idx": True},
        {"add_cross_attention": True},
        {"n_head": 5},
        {"model_type": "gpt_neo"},
        {"n_embd": None},
    ],
)
def test_a_configuration_that_cannot_be_served_is_refused_in_words(wrong: dict[str, Any]) -> None:
    good = GPT2(vocab=9, dim=8, layers=1, heads=2, context=8).config()
    assert GPT2.from_config(good)
    with pytest.raises(ModelError) as refusal:
        GPT2.from_config(good | wrong)
    assert refusal.value.zh


def test_a_text_longer_than_the_context_is_refused() -> None:
    with pytest.raises(ModelError, match="9 tokens"):
        GPT2(vocab=9, dim=8, layers=1, heads=2, context=8)(draw_ids(0, 9, 1, 9))
