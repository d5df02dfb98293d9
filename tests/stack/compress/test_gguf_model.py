"""Llamas go into GGUF files and out of them as transformers reads them; SmolLM2 writes what transformers writes."""

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from gguf import GGUFReader
from gguf.quants import dequantize as their_dequantize
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM
from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

from tests.stack.models.same import draw_ids, scatter
from wenjin.stack.compress.blocks import FORMATS, dequantize, quantize
from wenjin.stack.compress.gguf_model import INSTEAD, load, parts, save
from wenjin.stack.data.load import load as corpus
from wenjin.stack.files.gguf import KINDS, Packed, read
from wenjin.stack.files.gguf_write import write
from wenjin.stack.infer.generate import cache_for, generate
from wenjin.stack.models.config import ModelError
from wenjin.stack.models.llama import Llama
from wenjin.stack.text.tokenizer_gguf import from_metadata

LLAMA31 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {},
    "llama3.1": {"base": 500000.0, "scaling": LLAMA31 | {"original_max_position_embeddings": 8192}, "tied": False},
    "linear": {"scaling": {"rope_type": "linear", "factor": 4.0}},
    "biased": {"qkv_bias": True, "out_bias": True, "mlp_bias": True},
    "wide heads": {"head_dim": 24},
    "qwen2": {"qkv_bias": True, "base": 1e6},
    "qwen3": {"qk_norm": True, "head_dim": 128, "tied": False},  # transformers takes 128, whatever the file says
}
THEIRS = ("llama", "wide heads", "qwen2", "qwen3")  # whose settings transformers takes from a file whole
SIZES = {"vocab": 75, "dim": 64, "layers": 2, "heads": 4, "kv_heads": 2, "hidden": 96, "context": 64}
SIZES |= {"epsilon": 2.0**-17}  # float32 holds it exactly


def made(family: str, seed: int = 0, **changed: Any) -> Llama:
    torch.manual_seed(seed)
    model = Llama(**SIZES | FAMILIES[family] | changed).eval()
    scatter(model, seed)
    return model


def read_by_them(path: Path) -> Any:
    """The model of a file, made by transformers: its settings, names and row order; the bytes read by gguf."""
    with contextlib.redirect_stderr(io.StringIO()):  # where it tells how far it has come
        config = AutoConfig.for_model(**load_gguf_checkpoint(path)["config"])
        model = AutoModelForCausalLM.from_config(config).eval()
        tensors = load_gguf_checkpoint(path, return_tensors=True, model_to_load=model)["tensors"]
    missing, extra = model.load_state_dict(tensors, strict=False)
    assert set(missing) <= {"lm_head.weight"}
    assert not extra
    model.tie_weights()
    return model


@pytest.mark.parametrize("family", FAMILIES)
def test_a_saved_model_comes_back_with_every_weight_and_setting(family: str, tmp_path: Path) -> None:
    model = made(family)
    save(model, tmp_path / "f.gguf", kind="F32", metadata={"general.name": "诗"})
    again = load(tmp_path / "f.gguf")
    assert again.settings() == model.settings()
    theirs = model.state_dict()
    for name, value in again.state_dict().items():
        assert torch.equal(value, theirs[name]), name
    assert read(tmp_path / "f.gguf").metadata["general.name"] == "诗"


@pytest.mark.parametrize("family", THEIRS)
def test_transformers_reads_what_we_save(family: str, tmp_path: Path) -> None:
    """Through its own reader: names, row order, settings. What we read of the file gives the same logits."""
    model = made(family)
    save(model, tmp_path / "f.gguf", kind="F32", metadata={"general.name": "x"})
    theirs, ids = read_by_them(tmp_path / "f.gguf"), draw_ids(0, SIZES["vocab"], 2, 20)
    with torch.no_grad():
        torch.testing.assert_close(model(ids), theirs(ids).logits, rtol=1e-4, atol=1e-5)
        assert torch.equal(load(tmp_path / "f.gguf")(ids), model(ids))


@pytest.mark.parametrize("kind", FORMATS)
def test_each_type_is_read_by_transformers_as_by_us(kind: str, tmp_path: Path) -> None:
    model = made("llama", dim=256, hidden=512, layers=1)
    save(model, tmp_path / "f.gguf", kind=kind, metadata={"general.name": "x"})
    ours, theirs = load(tmp_path / "f.gguf"), read_by_them(tmp_path / "f.gguf")
    wanted = theirs.state_dict()
    for name, value in ours.state_dict().items():
        assert torch.equal(value, wanted[name]), name
    found = parts(tmp_path / "f.gguf")
    assert found.weights["model.layers.0.mlp.up_proj.weight"].kind == kind
    assert found.weights["model.norm.weight"].kind == "F32"
    error = max(float((ours.state_dict()[n] - v).abs().max() / v.abs().max()) for n, v in model.state_dict().items())
    bits = {"F32": 24, "F16": 11, "BF16": 8}.get(kind, KINDS[kind].bytes * 8 / KINDS[kind].values - 1.5)
    assert error < 1.3 / 2**bits


@pytest.mark.parametrize("kind", [*INSTEAD, "Q8_0"])
def test_rows_that_are_no_whole_blocks_take_the_nearest_type(kind: str, tmp_path: Path) -> None:
    save(made("llama", dim=32, hidden=40), tmp_path / "f.gguf", kind=kind)
    found = parts(tmp_path / "f.gguf")
    assert found.weights["model.layers.0.mlp.up_proj.weight"].kind == INSTEAD.get(kind, kind)
    assert found.weights["model.layers.0.mlp.down_proj.weight"].kind == "F16"
    load(tmp_path / "f.gguf")


def spoiled(path: Path, *, drop: tuple[str, ...] = (), add: dict[str, Any] | None = None, **changed: Any) -> Path:
    """A good file of two layers, with metadata left out or changed, or tensors."""
    save(made("llama"), path, kind="F32")
    file = read(path)
    metadata = {key: value for key, value in file.metadata.items() if key not in drop}
    metadata |= {key.replace("__", "."): value for key, value in changed.items()}
    tensors = {name: file.packed(name) for name in file.tensors if name not in drop} | (add or {})
    write(path, metadata, tensors)
    return path


def ones(*shape: int, kind: str = "F32") -> Packed:
    return quantize(torch.ones(shape), kind)


WRONG: dict[str, dict[str, Any]] = {
    "no architecture": {"drop": ("general.architecture",)},
    "another architecture": {"general__architecture": "mamba"},
    "an architecture that is a list": {"general__architecture": ["llama"]},
    "no width": {"drop": ("llama.embedding_length",)},
    "a width that is text": {"llama__embedding_length": "64"},
    "no embedding": {"drop": ("token_embd.weight",)},
    "an embedding of one axis": {"add": {"token_embd.weight": ones(75)}},
    "no heads": {"llama__attention__head_count": 0},
    "heads that do not divide": {"llama__attention__head_count_kv": 3},
    "a list of heads": {"llama__attention__head_count_kv": [2, 2]},
    "a million layers": {"llama__block_count": 1_000_000},
    "a layer too many": {"llama__block_count": 3},
    "a layer too few": {"llama__block_count": 1},
    "a head of odd width": {"llama__attention__key_length": 15, "drop": ("llama.attention.value_length",)},
    "values of another width": {"llama__attention__value_length": 8},
    "half of a head turned": {"llama__rope__dimension_count": 8},
    "scaled by YaRN": {"llama__rope__scaling__type": "yarn"},
    "linear without a factor": {"llama__rope__scaling__type": "linear"},
    "experts": {"llama__expert_count": 8},
    "a context of four billion": {"llama__context_length": 2**32 - 1},
    "no epsilon": {"drop": ("llama.attention.layer_norm_rms_epsilon",)},
    "a weight missing": {"drop": ("blk.1.attn_q.weight",)},
    "a weight unknown": {"add": {"blk.0.ffn_gate_exps.weight": ones(2, 2)}},
    "a published name in a file": {"add": {"model.norm.weight": ones(64)}},
    "a weight of another shape": {"add": {"blk.0.attn_q.weight": ones(63, 64)}},
    "a weight turned": {"add": {"blk.0.ffn_up.weight": ones(64, 96)}},
    "a scalar weight": {"add": {"blk.0.attn_k.weight": ones()}},
    "a weight of whole numbers": {
        "add": {"output_norm.weight": Packed("I8", (64,), torch.zeros(64, dtype=torch.uint8))}
    },
    "blocks as a bias": {"add": {"blk.0.attn_q.bias": ones(64, kind="Q8_0")}},
    "unknown rotary speeds": {"add": {"rope_freqs.weight": quantize(torch.arange(1.0, 9), "F32")}},
    "too few rotary speeds": {"add": {"rope_freqs.weight": ones(3)}},
}


@pytest.mark.parametrize("why", WRONG)
def test_what_is_no_llama_is_refused_by_a_sentence_that_names_the_file(why: str, tmp_path: Path) -> None:
    path = spoiled(tmp_path / "f.gguf")
    assert torch.equal(load(path).head, made("llama").head)
    with pytest.raises(ModelError) as refusal:
        load(spoiled(path, **WRONG[why]))
    for sentence in (refusal.value.zh, refusal.value.en):
        assert str(path) in sentence
        assert len(sentence) < 600 + len(str(path))


def test_a_file_that_is_not_there_or_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Cannot read"):
        load(tmp_path / "none.gguf")
    with pytest.raises(ModelError, match="Cannot save"):
        save(made("llama"), tmp_path / "none" / "f.gguf")
    with pytest.raises(ModelError, match="IQ1_S"):
        save(made("llama"), tmp_path / "f.gguf", kind="IQ1_S")


# ---- the published SmolLM2 ----

LENGTHS, NEW, ROWS = (6, 12, 24, 48, 96), 64, 10


def test_smollm2_is_read_with_the_values_that_the_reference_reads(smollm2: Path) -> None:
    file = read(smollm2)
    found = {name: file.packed(name) for name in file.tensors}
    for tensor in GGUFReader(smollm2).tensors:
        wanted = torch.from_numpy(their_dequantize(tensor.data, tensor.tensor_type).copy())
        assert torch.equal(dequantize(found[tensor.name]), wanted.view(found[tensor.name].shape)), tensor.name


def prompts(smollm2: Path) -> list[Tensor]:
    """Fifty beginnings of real texts, ten of each length: (10, T)."""
    tokenizer = from_metadata(read(smollm2).metadata)
    ids = tokenizer.encode("".join(row.text for row in corpus("english-classics", part="addresses", excerpt=True).rows))
    step = len(ids) // 50
    starts = [ids[number * step :] for number in range(50)]
    return [torch.tensor([row[:T] for row in starts[n * ROWS : (n + 1) * ROWS]]) for n, T in enumerate(LENGTHS)]


@torch.no_grad()
def test_smollm2_writes_greedily_what_transformers_writes(smollm2: Path, count: Callable[[int], int]) -> None:
    """Both in float32 on the dequantized weights, each with its cache. Where they part, the two best logits lie closer
    than the largest difference of the two models' logits there, and the line is printed."""
    ours = load(smollm2)
    theirs = LlamaForCausalLM(LlamaConfig(**ours.config())).eval()
    theirs.load_state_dict(ours.state_dict())
    theirs.generation_config.eos_token_id = None
    parted, total, left = 0, 0, count(50)
    for prompt in prompts(smollm2):
        rows = prompt[: -(-left // len(LENGTHS))] if left < 50 else prompt
        mine = torch.stack(list(generate(ours, rows, most=NEW, choose=lambda scores, _: scores.argmax(-1))), dim=1)
        wanted = theirs.generate(
            rows, attention_mask=torch.ones_like(rows), max_new_tokens=NEW, do_sample=False, pad_token_id=0
        )[:, rows.shape[1] :]
        assert mine.shape == wanted.shape == (len(rows), NEW)
        total += len(rows)
        for row in (mine != wanted).any(1).nonzero()[:, 0].tolist():
            at = int((mine[row] != wanted[row]).nonzero()[0, 0])
            text = torch.cat((rows[row], mine[row, :at]))[None]
            a, b = ours(text, cache_for(ours, batch=1, room=text.shape[1]))[0, -1], theirs(text).logits[0, -1]
            rounding, gap = float((a - b).abs().max()), float(a[mine[row, at]] - a[wanted[row, at]])
            print(f"row {row} of length {rows.shape[1]} parts at {at}: gap {gap:.2e}, rounding {rounding:.2e}")
            assert abs(gap) <= rounding
            parted += 1
    print(f"{total - parted} of {total} texts of {NEW} tokens are the same, {parted} part at a tie")
    assert parted <= 0.1 * total
