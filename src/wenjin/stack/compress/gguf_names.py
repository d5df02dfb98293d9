"""What GGUF files of the Llama family call their settings and weights, and what published checkpoints call them.

    blk.3.attn_q.weight          model.layers.3.self_attn.q_proj.weight
    llama.feed_forward_length    intermediate_size

Files of the architecture `llama` turn pairs of neighbors (0, 1), (2, 3), ... of each head by the rotary angle, where
published weights turn (0, D/2), (1, D/2 + 1), ...: the rows of q and k stand in another order. Qwen's do not.

Omits    experts, sliding windows, YaRN
Shapes   H heads   D head width
Sources  "Standardized key-value pairs" in docs/gguf.md of ggml-org/ggml; the row order: `permute` in
         convert_hf_to_gguf.py of ggml-org/llama.cpp
Proof    tests/stack/compress/test_gguf_model.py: transformers reads our files, and we read theirs, with equal logits
"""

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from wenjin.stack.files.gguf import KINDS, Packed
from wenjin.stack.models.config import Config, ModelError
from wenjin.stack.models.llama import settings_of
from wenjin.stack.nn.positions import speeds

FAMILIES = ("llama", "qwen2", "qwen3")
WHOLE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
WHOLE_BACK, LAYER_BACK = ({new: old for old, new in table.items()} for table in (WHOLE, LAYER))
SETTINGS = {  # of the file, after the architecture: of config.json
    "context_length": "max_position_embeddings",
    "embedding_length": "hidden_size",
    "block_count": "num_hidden_layers",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_dim",
    "attention.layer_norm_rms_epsilon": "rms_norm_eps",
    "rope.freq_base": "rope_theta",
}
ROPE = "rope_freqs.weight"  # what the speed of each pair is divided by, in files of Llama 3.1
LLAMA3: dict[str, Any] = {
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}  # in all of these


class Told(Config):
    """The config.json that a file's metadata make; what is wrong in it is called as the file calls it."""

    def __init__(self, family: str, metadata: Mapping[str, Any]) -> None:
        self.called = {new: f"{family}.{old}" for old, new in SETTINGS.items()}
        self.made: dict[str, Any] = {new: metadata.get(old) for new, old in self.called.items()}
        super().__init__(self.made)

    def refuse(self, key: str, wanted_zh: str, wanted_en: str) -> ModelError:
        error, name = super().refuse(key, wanted_zh, wanted_en), self.called.get(key, key)
        return ModelError(error.zh.replace(key, name), error.en.replace(key, name))


def published(name: str) -> str | None:
    """What a checkpoint calls a weight of a file; None for one that no model of the family has."""
    stem, _, leaf = name.rpartition(".")
    if stem in WHOLE:
        return f"{WHOLE[stem]}.{leaf}"
    found = re.fullmatch(r"blk\.(\d{1,4})\.(\w+)", stem)
    return f"model.layers.{int(found[1])}.{LAYER[found[2]]}.{leaf}" if found and found[2] in LAYER else None


def in_file(name: str) -> str:
    """What a file calls a published weight of Llama."""
    stem, _, leaf = name.rpartition(".")
    if stem in WHOLE_BACK:
        return f"{WHOLE_BACK[stem]}.{leaf}"
    _, _, number, rest = stem.split(".", 3)
    return f"blk.{number}.{LAYER_BACK[rest]}.{leaf}"


def settings(metadata: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]], rope: Tensor | None) -> dict[str, Any]:
    """Keyword arguments of Llama. shapes: of all tensors by their names in the file; rope: of ROPE, if it is there.

    Raises ModelError for what is missing, or left out here."""
    file = Config(metadata)
    if metadata.get("general.architecture") not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise file.refuse("general.architecture", f" {known}", f"one of {known}")
    family: str = metadata["general.architecture"]
    file.must(f"{family}.expert_count", 0)
    file.must(f"{family}.attention.sliding_window", 0, None)
    file.must(f"{family}.attention.value_length", file.get(f"{family}.attention.key_length"))
    file.must(f"{family}.rope.scaling.type", "none", "linear")
    if len(shapes.get("token_embd.weight", ())) != 2:
        raise ModelError("文件里没有词嵌入 token_embd.weight。", "The file has no embedding, token_embd.weight.")
    told = Told(family, metadata)
    told.made |= {
        "model_type": family,
        "vocab_size": shapes["token_embd.weight"][0],
        "tie_word_embeddings": "output.weight" not in shapes,
    }
    if told.get("num_key_value_heads") is None:
        told.made["num_key_value_heads"] = told.get("num_attention_heads")
    if told.get("head_dim") is None:  # a file that does not say it means what the first models meant
        told.made["head_dim"] = told.whole("hidden_size") // told.whole("num_attention_heads")
    if metadata.get(f"{family}.rope.scaling.type") == "linear":
        told.made["rope_scaling"] = {"rope_type": "linear", "factor": metadata.get(f"{family}.rope.scaling.factor")}
    told.number("rms_norm_eps")  # a config.json may leave it out, a file may not
    found = settings_of(told)
    file.must(f"{family}.rope.dimension_count", found["head_dim"])
    if rope is not None:
        found["scaling"] = llama3(rope, found["head_dim"], found["base"])
    there = {"qkv_bias": "attn_q", "out_bias": "attn_output", "mlp_bias": "ffn_up"}
    return found | {key: f"blk.0.{name}.bias" in shapes for key, name in there.items()}


def llama3(divisors: Tensor, width: int, base: float) -> dict[str, Any]:
    """The published scaling that divides the speeds so. Raises ModelError where none does."""
    scaling = {"rope_type": "llama3", "factor": round(float(divisors.max()), 4), **LLAMA3}
    wanted = speeds(width, base) / divisors if divisors.shape == (width // 2,) else divisors
    good = wanted.shape == (width // 2,) and scaling["factor"] > 0
    if not good or not torch.allclose(speeds(width, base, scaling), wanted, rtol=1e-4, atol=0):
        raise ModelError(
            f"{ROPE} 里的旋转位置缩放不是 Llama 3.1 的那一种，这里不支持。",
            f"{ROPE} scales the rotary positions in another way than Llama 3.1's, which is not supported here.",
        )
    return scaling


def divisors(scaling: Mapping[str, Any], width: int, base: float) -> Tensor:
    """What ROPE holds: (D / 2,)."""
    return speeds(width, base) / speeds(width, base, scaling)


def heads_of(name: str, settings: Mapping[str, Any]) -> int | None:
    """Heads whose rows files of the architecture `llama` keep in another order; None for all other weights."""
    part = name.split(".")[-2]
    return {"q_proj": settings["heads"], "k_proj": settings["kv_heads"]}.get(part)


def reordered(packed: Packed, heads: int, *, neighbors: bool) -> Packed:
    """Rows of q or k in the other order; the bytes of a row stay as they are, so no value changes.

    neighbors: from the published order to that of files; else back."""
    rows = packed.shape[0] if packed.shape else 0
    if rows == 0 or rows % (2 * heads) or (len(packed.shape) == 1 and KINDS[packed.kind].values > 1):
        return packed  # of a wrong shape, as will be said when the weights are put into the model
    cut = (heads, 2, rows // heads // 2, -1) if neighbors else (heads, rows // heads // 2, 2, -1)
    return Packed(packed.kind, packed.shape, packed.raw.view(cut).transpose(1, 2).reshape(-1))
