"""The Llama family equals transformers: Llama 2, Llama 3.1, Qwen 2, Qwen 3 and SmolLM2 as settings of one file."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from tests.stack.models.same import assert_same, assert_same_text, draw_ids, scatter
from wenjin.stack.models.config import ModelError
from wenjin.stack.models.llama import Llama

LLAMA31 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
SIZES = {"num_hidden_layers": 2, "max_position_embeddings": 64, "pad_token_id": None, "eos_token_id": None}
FAMILIES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "llama2": (LlamaConfig, LlamaForCausalLM, {"num_key_value_heads": 4}),
    "llama3.1": (
        LlamaConfig,
        LlamaForCausalLM,
        {"rope_parameters": LLAMA31 | {"rope_theta": 500000.0, "original_max_position_embeddings": 16}},
    ),
    "linear": (
        LlamaConfig,
        LlamaForCausalLM,
        {"rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 100.0}, "attention_bias": True},
    ),
    "qwen2": (Qwen2Config, Qwen2ForCausalLM, {"rope_parameters": {"rope_type": "default", "rope_theta": 1e6}}),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM, {"head_dim": 12}),
    "smollm2": (
        LlamaConfig,
        LlamaForCausalLM,
        {"num_key_value_heads": 1, "tie_word_embeddings": True, "mlp_bias": True},
    ),
}


def build(family: str, seed: int, **changed: Any) -> tuple[Any, Llama]:
    """Theirs with drawn sizes and weights, and ours made of its configuration and state."""
    config, model, special = FAMILIES[family]
    torch.manual_seed(seed)
    heads = 4
    sizes = SIZES | {
        "vocab_size": 61 + seed % 40,
        "hidden_size": heads * (4 + 2 * (seed % 3)),
        "intermediate_size": 20 + seed % 30,
        "num_attention_heads": heads,
        "num_key_value_heads": 2,
        "tie_word_embeddings": seed % 2 == 0,
        "bos_token_id": 0,
    }
    theirs = model(config(**sizes | special | changed)).eval()
    scatter(theirs, seed)
    theirs.generation_config.eos_token_id = None
    ours = Llama.from_config(theirs.config.to_dict())
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("way", ["products", "kernel"])
def test_logits_and_every_gradient_equal_transformers(family: str, way: Any, count: Callable[[int], int]) -> None:
    for seed in range(count(20)):
        theirs, ours = build(family, seed)
        ours.way = way
        assert_same(ours, theirs, seed)


@pytest.mark.parametrize("family", FAMILIES)
def test_greedy_text_equals_transformers_with_a_cache_and_without(family: str, count: Callable[[int], int]) -> None:
    for seed in range(count(20)):
        theirs, ours = build(family, seed)
        s = ours.settings()
        assert_same_text(ours, theirs, seed, s["kv_heads"], s["head_dim"])


@pytest.mark.parametrize("family", FAMILIES)
def test_the_configuration_goes_both_ways(family: str) -> None:
    """Ours writes a config.json that transformers reads as the same model, and that gives the same settings back."""
    theirs, ours = build(family, 3)
    config, model, _ = FAMILIES[family]
    again = model(config(**ours.config())).eval()
    again.load_state_dict(ours.state_dict())
    ids = draw_ids(0, ours.settings()["vocab"], 2, 20)
    torch.testing.assert_close(again(ids).logits, theirs(ids).logits, rtol=0, atol=0)
    assert Llama.from_config(ours.config()).settings() == ours.settings()
    assert Llama(**ours.settings()).settings() == ours.settings()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_equals_transformers(dtype: torch.dtype) -> None:
    """Tables of positions are rounded once, though the model was cast after they were made."""
    theirs, ours = build("qwen3", 1)
    theirs.to(dtype)
    ours.to(dtype)
    ids = draw_ids(1, ours.settings()["vocab"], 2, 50)
    a, b = ours(ids), theirs(ids).logits
    assert a.dtype == dtype
    exact = ours.float()(ids)
    wrong = (b.float() - exact).abs().max()
    assert (a.float() - exact).abs().max() < 1.5 * wrong
    assert ours.rotary.cos.dtype == torch.float32


def test_narrow_activations_over_wide_weights() -> None:
    """`compute` decides the precision of the work; weights and gradients stay float32."""
    _, ours = build("qwen3", 1)
    ids = draw_ids(1, ours.settings()["vocab"], 2, 30)
    exact = ours(ids)
    ours.compute = torch.bfloat16
    rough = ours(ids)
    rough.float().logsumexp(-1).mean().backward()
    assert rough.dtype == torch.bfloat16
    assert all(value.dtype == value.grad.dtype == torch.float32 for value in ours.parameters())
    assert 0 < (rough.float() - exact).abs().mean() < 0.02 * exact.std()


def test_a_tied_head_is_the_embedding_and_is_counted_once() -> None:
    tied, apart = build("llama2", 0)[1], build("llama2", 1)[1]
    assert tied.head is tied.model.embed_tokens.weight
    assert apart.head is not apart.model.embed_tokens.weight
    assert "lm_head.weight" not in dict(tied.named_parameters())


def test_the_states_give_the_logits() -> None:
    _, ours = build("qwen2", 2)
    ids = draw_ids(2, ours.settings()["vocab"], 2, 9)
    torch.testing.assert_close(ours.states(ids) @ ours.head.T, ours(ids))


def test_the_body_is_one_graph() -> None:
    """No Python between layers hangs on data, so a compiler gets it whole; gradients flow through."""
    _, ours = build("qwen3", 4)
    ours.double()
    ids = draw_ids(4, ours.settings()["vocab"], 2, 16)
    graph = torch.compile(ours.states, fullgraph=True, backend="eager")
    wanted = torch.autograd.grad(ours.states(ids).square().sum(), list(ours.model.parameters()))
    found = torch.autograd.grad(graph(ids).square().sum(), list(ours.model.parameters()))
    for a, b in zip(found, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-6)


GOOD = {
    "model_type": "llama",
    "vocab_size": 50,
    "hidden_size": 16,
    "intermediate_size": 20,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "max_position_embeddings": 32,
}
WRONG: dict[str, dict[str, Any]] = {
    "gelu": {"hidden_act": "gelu"},
    "yarn": {"rope_scaling": {"type": "yarn", "factor": 4.0}},
    "rope of no kind": {"rope_parameters": ["default"]},
    "factor": {"rope_scaling": {"rope_type": "linear"}},
    "low and high": {"rope_scaling": LLAMA31 | {"high_freq_factor": 1.0, "original_max_position_embeddings": 8}},
    "window": {"model_type": "qwen2", "num_key_value_heads": 4, "use_sliding_window": True},
    "a window in one layer": {"layer_types": ["sliding_attention"]},
    "heads": {"num_attention_heads": 3, "hidden_size": 20},
    "kv heads": {"num_key_value_heads": 3},
    "odd head": {"head_dim": 5},
    "a word": {"hidden_size": "16"},
    "true is no number": {"vocab_size": True},
    "nothing": {"vocab_size": None},
    "negative": {"num_hidden_layers": -1},
    "endless layers": {"num_hidden_layers": 10**9},
    "a context that fills the memory": {"max_position_embeddings": 10**12},
    "tables that fill the memory": {"max_position_embeddings": 2**22, "head_dim": 128},
    "a number that no machine holds": {"vocab_size": 10**400},
    "infinite": {"rms_norm_eps": float("inf")},
    "not a number": {"rope_theta": float("nan")},
    "tied by a word": {"tie_word_embeddings": "yes"},
}


@pytest.mark.parametrize("why", WRONG)
def test_a_configuration_that_cannot_be_served_is_refused_in_words(why: str) -> None:
    assert Llama.from_config(GOOD).settings()["dim"] == 16
    with pytest.raises(ModelError) as refusal:
        Llama.from_config(GOOD | WRONG[why])
    assert refusal.value.zh
    assert refusal.value.en == str(refusal.value)


def test_settings_that_were_given_away_change_nothing() -> None:
    _, ours = build("linear", 0)
    for given in (ours.settings()["scaling"], ours.config()["rope_scaling"], ours.config()["rope_parameters"]):
        given["factor"] = 99.0
    assert ours.settings()["scaling"]["factor"] == 4.0


def test_what_qwen_leaves_out_means_what_transformers_takes_it_for() -> None:
    """Without head_dim a Qwen 3 has heads of 128, whatever its width; the number of shared heads is never guessed."""
    bare = GOOD | {"model_type": "qwen3", "num_key_value_heads": 2}
    theirs = Qwen3Config(**{key: value for key, value in bare.items() if key != "model_type"})
    assert Llama.from_config(bare).settings()["head_dim"] == theirs.head_dim == 128
    for kind in ("qwen2", "qwen3"):
        with pytest.raises(ModelError, match="num_key_value_heads"):
            Llama.from_config(GOOD | {"model_type": kind})


def test_biases_that_no_published_model_has_cannot_be_saved() -> None:
    odd = Llama(vocab=9, dim=8, layers=1, heads=2, hidden=8, context=8, qkv_bias=True, mlp_bias=True)
    with pytest.raises(ModelError, match="biases"):
        odd.config()


def test_a_text_longer_than_the_context_is_refused() -> None:
    _, ours = build("llama2", 0)
    with pytest.raises(ModelError, match="65 tokens"):
        ours(draw_ids(0, 50, 1, 65))
