"""A model of the Llama family out of one GGUF file, and into one.

    model = load(Path("SmolLM2.gguf"))                      a Llama in float32, its weights named as published
    parts(Path("SmolLM2.gguf")).weights["lm_head.weight"]   Packed("Q8_0", …): the bytes, for kernels that read them
    save(model, Path("mine.gguf"), kind="Q4_0")             matrices in blocks, norms and biases in float32

A matrix whose rows are no whole number of blocks of a K type takes the type of 32 that is nearest; no block, F16.

Omits    other families, importances, mixes of types as llama.cpp makes them for each letter behind K
Sources  gguf_names.py; types that stand in for others: `tensor_type_fallback` in llama-quant.cpp of ggml-org/llama.cpp
Proof    tests/stack/compress/test_gguf_model.py: equal to transformers both ways, SmolLM2's greedy text too
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from wenjin.stack.compress.blocks import dequantize, format_of, quantize
from wenjin.stack.compress.gguf_names import ROPE, divisors, heads_of, in_file, published, reordered, settings
from wenjin.stack.files import gguf, gguf_write
from wenjin.stack.files.gguf import KINDS, Gguf, Packed
from wenjin.stack.models.config import ModelError
from wenjin.stack.models.llama import Llama
from wenjin.stack.models.weights import fill, listed, planned

INSTEAD = {"Q2_K": "Q4_0", "Q3_K": "Q4_0", "Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}
FILE_TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9, "Q2_K": 10, "Q3_K": 11}
FILE_TYPES |= {"Q4_K": 14, "Q5_K": 16, "Q6_K": 18, "BF16": 32}


@dataclass(frozen=True, slots=True)
class Parts:
    """A model as its file holds it. settings: keyword arguments of Llama. weights: by published name, every one of
    its shape; where the head is the embedding, it is there once, as the embedding."""

    settings: dict[str, Any]
    weights: dict[str, Packed]
    metadata: Mapping[str, Any]


def parts(path: Path) -> Parts:
    """Raises ModelError or FormatError (both with .zh and .en) for whatever is wrong with the file."""
    try:
        file = gguf.read(path)
    except OSError as error:
        raise ModelError(f"读不了 {path}：{error}。", f"Cannot read {path}: {error}.") from error
    try:
        return checked(file)
    except ModelError as error:
        raise ModelError(f"{path}：{error.zh}", f"{path}: {error.en}") from error


def checked(file: Gguf) -> Parts:
    rope = dequantize(file.packed(ROPE)) if ROPE in file.tensors else None
    found = settings(file.metadata, {name: entry.shape for name, entry in file.tensors.items()}, rope)
    turned = file.metadata["general.architecture"] == "llama"
    names = {name: published(name) or "" for name in file.tensors if name != ROPE}
    strange = [name for name, new in names.items() if not new]
    if strange:
        raise ModelError(
            f"有这里不认识的权重：{listed(strange)}。", f"It holds weights that are unknown here: {listed(strange)}."
        )
    weights: dict[str, Packed] = {}
    for old, name in names.items():
        packed = file.packed(old)
        format_of(packed.kind)
        heads = heads_of(name, found) if turned else None
        weights[name] = reordered(packed, heads, neighbors=False) if heads else packed
    with planned():  # costs nothing, and says by name what is missing, left over or misshaped
        fill(Llama(**found), {name: torch.empty(packed.shape) for name, packed in weights.items()})
    return Parts(found, weights, file.metadata)


def load(path: Path) -> Llama:
    """The model of a file, all weights as float32. Raises ModelError, FormatError."""
    return built(parts(path))


def built(parts: Parts) -> Llama:
    with planned():
        model = Llama(**parts.settings)
    fill(model, {name: dequantize(packed) for name, packed in parts.weights.items()})
    return model.eval()


def save(model: Llama, path: Path, *, kind: str = "Q8_0", metadata: Mapping[str, Any] | None = None) -> None:
    """Write a model's file. metadata: tokenizer, template, license, ...; what the model says of itself is put over it.

    Raises ModelError for weights that cannot be kept so, or where the file cannot be written."""
    about = described(model)
    weights = {name: kept(value.detach(), kind) for name, value in model.named_parameters()}
    if about["general.architecture"] == "llama":
        for name in weights:
            heads = heads_of(name, model.kept)
            weights[name] = reordered(weights[name], heads, neighbors=True) if heads else weights[name]
    tensors = {in_file(name): packed for name, packed in weights.items()}
    scaling = model.kept["scaling"]
    if scaling and scaling["rope_type"] == "llama3":
        tensors[ROPE] = quantize(divisors(scaling, model.kept["head_dim"], model.kept["base"]), "F32")
    about |= {"general.file_type": FILE_TYPES[kind], "general.quantization_version": 2}
    try:
        gguf_write.write(path, dict(metadata or {}) | about, tensors)
    except (OSError, ValueError) as error:
        raise ModelError(f"没能把模型存到 {path}：{error}。", f"Cannot save the model to {path}: {error}.") from error


def kept(value: Tensor, kind: str) -> Packed:
    """A weight as it is written: vectors whole, matrices in `kind` or what stands in for it."""
    if value.ndim == 1:
        return quantize(value, "F32")
    format_of(kind)
    if value.shape[-1] % KINDS[kind].values:
        kind = INSTEAD.get(kind, "F16")
    return quantize(value, kind if value.shape[-1] % KINDS[kind].values == 0 else "F16")


def described(model: Llama) -> dict[str, Any]:
    """What files say of a model, by the names that llama.cpp reads. Raises ModelError for what they cannot say."""
    s, family = model.kept, model.config()["model_type"]
    about = {
        "context_length": s["context"],
        "embedding_length": s["dim"],
        "block_count": s["layers"],
        "feed_forward_length": s["hidden"],
        "attention.head_count": s["heads"],
        "attention.head_count_kv": s["kv_heads"],
        "attention.key_length": s["head_dim"],
        "attention.value_length": s["head_dim"],
        "attention.layer_norm_rms_epsilon": float(s["epsilon"]),
        "rope.freq_base": float(s["base"]),
        "rope.dimension_count": s["head_dim"],
        "vocab_size": s["vocab"],
    }
    if s["scaling"] and s["scaling"]["rope_type"] == "linear":
        about |= {"rope.scaling.type": "linear", "rope.scaling.factor": float(s["scaling"]["factor"])}
    return {"general.architecture": family} | {f"{family}.{key}": value for key, value in about.items()}
