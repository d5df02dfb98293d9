"""A packed model equals Llama on the dense values of its weights, on torch's kernels and on ours."""

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from wenjin.stack.infer import fast as module
from wenjin.stack.infer.fast import Fast, fast
from wenjin.stack.infer.generate import cache_for, generate
from wenjin.stack.infer.groups import GROUP
from wenjin.stack.infer.sampling import Sampler
from wenjin.stack.models.config import ModelError
from wenjin.stack.models.gpt2 import GPT2
from wenjin.stack.models.llama import Llama

FAMILIES: dict[str, dict[str, Any]] = {
    "SmolLM2": {},
    "Llama 3": {"tied": False, "scaling": {
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 32,
    }},
    "Qwen 2": {"qkv_bias": True},
    "Qwen 3": {"qk_norm": True, "head_dim": 16, "tied": False},
    "biases": {"qkv_bias": True, "out_bias": True, "mlp_bias": True},
}  # fmt: skip
# Of the spread of the logits. All but float32 round the vectors at each product, to bfloat16 or to eight bits.
LOOSE = 0.25


pytestmark = pytest.mark.usefixtures("one_thread")


def llama(family: str = "SmolLM2", **changed: Any) -> Llama:
    torch.manual_seed(2)
    sizes = {"vocab": 67, "dim": 64, "layers": 2, "heads": 4, "kv_heads": 2, "hidden": 90, "context": 96, "std": 0.1}
    made = Llama(**{**sizes, **FAMILIES[family], **changed}).eval()
    for parameter in made.parameters():
        if parameter.ndim == 1:
            torch.nn.init.normal_(parameter, 0.5, 0.3)
    return made


def ids(batch: int, count: int) -> Tensor:
    return torch.randint(67, (batch, count), generator=torch.Generator().manual_seed(count))


@torch.no_grad()
def far(one: Fast, twin: Llama, text: Tensor) -> float:
    """The largest difference of a logit, in standard deviations of the logits."""
    wanted = twin(text)
    return float((one.logits(one.states(text)) - wanted).abs().max() / wanted.std())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("format", ["fp32", "bf16", "int8", "int4"])
@pytest.mark.parametrize("kernels", ["torch", "own"])
def test_it_equals_its_plain_twin(kernels: Any, format: Any, family: str) -> None:
    one = fast(llama(family), format=format, kernels=kernels)
    twin = one.plain()
    assert far(one, twin, ids(2, 21)) < (1e-4 if format == "fp32" else LOOSE)
    assert one.head.shape == (67, 64)
    assert one.settings() == twin.settings()


def test_float32_is_the_model_itself_and_fewer_bits_cost_what_they_must() -> None:
    torch.manual_seed(3)
    whole = llama(dim=128, hidden=256)
    lost = [far(fast(whole, format=format, kernels="torch"), whole, ids(2, 21)) for format in ("fp32", "int8", "int4")]
    assert lost[0] < 1e-4 < lost[1] < 0.3 < lost[2] < 3
    sizes = [fast(whole, format=format, kernels="torch").bytes for format in ("fp32", "bf16", "int8", "int4")]
    assert sizes[0] == 2 * sizes[1] > 3.5 * sizes[2] > 3.5 * sizes[3]


@pytest.mark.parametrize("kernels", ["torch", "own"])
@pytest.mark.parametrize("format", ["fp32", "int4"])
def test_cached_equals_uncached_for_any_cut(kernels: Any, format: Any) -> None:
    one, text = fast(llama("Qwen 3"), format=format, kernels=kernels), ids(2, 60)
    whole = one.logits(one.states(text))
    for cuts in ([60], [1] * 60, [33, 20, 1, 6]):
        cache = cache_for(one, batch=2, room=60)
        parts = torch.cat([one.logits(one.states(part, cache)) for part in text.split(cuts, dim=1)], dim=1)
        off = float((parts - whole).abs().max() / whole.std())
        assert off < (1e-4 if format == "fp32" else LOOSE)


def test_a_long_prompt_is_read_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    one, text = fast(llama(), kernels="torch"), ids(1, 50)
    whole, pieces = cache_for(one, batch=1, room=50), cache_for(one, batch=1, room=50)
    wanted = one.states(text, whole)
    monkeypatch.setattr(module, "PIECE", 16)
    torch.testing.assert_close(one.states(text, pieces), wanted)
    assert pieces.length == 50


@pytest.mark.parametrize("kernels", ["torch", "own"])
def test_it_writes_the_text_that_its_twin_writes(kernels: Any) -> None:
    one = fast(llama("Llama 3"), kernels=kernels)
    prompt, greedy = ids(2, 7), Sampler(temperature=0)
    ours = torch.stack(list(generate(one, prompt, most=40, choose=greedy)))
    assert torch.equal(ours, torch.stack(list(generate(one.plain(), prompt, most=40, choose=greedy))))


@dataclass(frozen=True)
class Raw:
    kind: str
    shape: tuple[int, ...]
    raw: Tensor


def quantized(dense: Tensor, kind: str) -> Raw:
    """Blocks written from their definition, so that nothing under test makes them."""
    rows, columns = dense.shape
    parts = dense.view(rows, -1, GROUP)
    if kind == "Q8_0":
        scale = (parts.abs().amax(-1, keepdim=True) / 127).half()
        q = (parts / scale.float()).round().clamp(-127, 127).to(torch.int8).view(torch.uint8)
        return Raw(kind, (rows, columns), torch.cat((scale.view(torch.uint8), q), -1).flatten())
    low = parts.amin(-1, keepdim=True).half()
    scale = ((parts.amax(-1, keepdim=True) - low.float()) / 15).half()
    q = ((parts - low.float()) / scale.float()).round().clamp(0, 15).to(torch.uint8)
    packed = q[..., :16] + 16 * q[..., 16:]
    return Raw(kind, (rows, columns), torch.cat((scale.view(torch.uint8), low.view(torch.uint8), packed), -1).flatten())


@pytest.mark.parametrize("kernels", ["torch", "own"])
def test_a_file_keeps_its_blocks(kernels: Any) -> None:
    whole = llama()
    parts: dict[str, Any] = dict(whole.state_dict())
    del parts["lm_head.weight"]
    for name, weight in parts.items():
        if weight.ndim == 2 and weight.shape[1] % GROUP == 0:
            parts[name] = quantized(weight, "Q8_0" if "embed" in name else "Q4_1")
    one = fast(parts, whole.settings(), kernels=kernels)
    layer = one.layers[0]
    raw = parts["model.layers.0.self_attn.k_proj.weight"].raw.view(32, 2, 20)
    first = raw[0, 0]
    scale, low = (float(first[at : at + 2].clone().view(torch.float16)) for at in (0, 2))
    wanted = torch.tensor([scale * int(byte & 15) + low for byte in first[4:]])
    torch.testing.assert_close(layer.qkv.dense()[64, :16], wanted, rtol=0.0, atol=1e-6 if kernels == "own" else 0.01)
    assert far(one, one.plain(), ids(2, 21)) < LOOSE
    assert torch.equal(
        fast(parts, whole.settings(), kernels="torch", format="fp32").layers[0].qkv.dense()[64, :16], wanted
    )


def test_types_of_one_matrix_that_differ_go_to_eight_bits_and_unknown_blocks_are_dequantized() -> None:
    whole = llama()
    parts: dict[str, Any] = dict(whole.state_dict())
    at = "model.layers.0.self_attn."
    parts[at + "q_proj.weight"] = quantized(parts[at + "q_proj.weight"], "Q4_1")
    parts[at + "k_proj.weight"] = quantized(parts[at + "k_proj.weight"], "Q8_0")
    secret = parts[at + "v_proj.weight"]
    parts[at + "v_proj.weight"] = Raw("Q6_K", (32, 64), torch.zeros(1, dtype=torch.uint8))
    with pytest.raises(ValueError, match="Q6_K"):
        fast(parts, whole.settings(), kernels="torch")
    one = fast(parts, whole.settings(), kernels="torch", dequantize=lambda _: secret)
    assert type(one.layers[0].qkv).__name__ == "Int8"
    assert far(one, whole, ids(1, 9)) < 1.5


def test_a_model_that_is_no_llama_is_refused_in_both_languages() -> None:
    with pytest.raises(ModelError, match="Only Llamas") as told:
        fast(GPT2(vocab=9, dim=8, layers=1, heads=2, context=8))
    assert "GPT2" in told.value.zh
    with pytest.raises(TypeError, match="settings"):
        fast({})


def test_a_text_beyond_the_context_is_refused() -> None:
    one = fast(llama(), kernels="torch")
    with pytest.raises(ModelError):
        one.states(ids(1, 97))
