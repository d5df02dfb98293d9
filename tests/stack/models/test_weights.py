"""Folders of published models go both ways: whole and sharded, in three precisions; what does not fit is named."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM, BertForPreTraining

from tests.stack.models.same import draw_ids, scatter
from wenjin.stack.files import safetensors
from wenjin.stack.files.errors import FormatError
from wenjin.stack.models.bert import Bert, PretrainingBert
from wenjin.stack.models.config import ModelError
from wenjin.stack.models.gpt2 import GPT2
from wenjin.stack.models.llama import Llama
from wenjin.stack.models.weights import INDEX, WHOLE, fill, from_config, from_pretrained, save_pretrained

SIZES: dict[str, Any] = {"vocab": 67, "dim": 16, "layers": 3, "heads": 4, "context": 32}
LLAMA: dict[str, Any] = SIZES | {"hidden": 24, "kv_heads": 2}
MODELS: dict[str, tuple[Any, Any]] = {
    "gpt2": (lambda: GPT2(**SIZES), AutoModelForCausalLM),
    "llama": (lambda: Llama(**LLAMA, tied=False), AutoModelForCausalLM),
    "qwen2": (lambda: Llama(**LLAMA, qkv_bias=True), AutoModelForCausalLM),
    "qwen3": (lambda: Llama(**LLAMA, qk_norm=True, head_dim=6), AutoModelForCausalLM),
    "bert": (lambda: Bert(**SIZES, hidden=24), AutoModel),
    "masked": (lambda: PretrainingBert(**SIZES, hidden=24), AutoModelForMaskedLM),
    "pretraining": (lambda: PretrainingBert(**SIZES, hidden=24, next_sentence=True), BertForPreTraining),
}


def made(name: str) -> Any:
    torch.manual_seed(5)
    model = MODELS[name][0]()
    scatter(model, 5)
    return model


def out(model: Any, ids: Tensor) -> Tensor:
    """What a model says, whoever made it."""
    found = model(ids)
    found = found if isinstance(found, Tensor) else found[0]
    return found.detach().float()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("dtype", "shard"), [(torch.float32, 6000), (torch.bfloat16, 10**9), (torch.bfloat16, 6000), (torch.float16, 10**9)]
)
def test_transformers_opens_what_we_save_and_we_open_what_it_saves(
    name: str, dtype: torch.dtype, shard: int, tmp_path: Path
) -> None:
    ours, ids = made(name), draw_ids(1, 67, 2, 9)
    save_pretrained(ours, tmp_path / "ours", dtype=dtype, shard=shard)
    assert len(list((tmp_path / "ours").glob("*.safetensors"))) == 1 or shard == 6000
    assert (tmp_path / "ours" / INDEX).exists() == (shard == 6000)

    theirs, report = MODELS[name][1].from_pretrained(tmp_path / "ours", output_loading_info=True, dtype=dtype)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    assert not report["mismatched_keys"]
    ours.to(dtype)
    for key, value in ours.state_dict().items():
        assert torch.equal(theirs.state_dict()[key], value), key

    theirs.save_pretrained(tmp_path / "theirs", max_shard_size=shard)
    assert (tmp_path / "theirs" / INDEX).exists() == (shard == 6000)
    again = from_pretrained(tmp_path / "theirs")
    assert type(again) is type(ours)
    assert {value.dtype for value in again.parameters()} == {dtype}
    assert torch.equal(out(again, ids), out(ours, ids))
    wide = from_pretrained(tmp_path / "ours", dtype=torch.float32)
    theirs.float()
    theirs.eval()
    torch.testing.assert_close(out(wide, ids), out(theirs, ids), rtol=1e-4, atol=1e-5)
    assert [n for n, _ in again.named_parameters()] == [n for n, _ in ours.named_parameters()]  # ties are kept


def test_loaded_weights_train_and_the_file_stays_as_it_was(tmp_path: Path) -> None:
    save_pretrained(made("gpt2"), tmp_path)
    before = (tmp_path / WHOLE).read_bytes()
    model = from_pretrained(tmp_path)
    model(draw_ids(0, 67, 2, 9)).logsumexp(-1).mean().backward()
    with torch.no_grad():
        for value in model.parameters():
            assert value.grad is not None
            value.sub_(value.grad)
    assert (tmp_path / WHOLE).read_bytes() == before
    assert not torch.equal(model.head, from_pretrained(tmp_path).head)


def test_saving_again_leaves_nothing_of_what_was_there(tmp_path: Path) -> None:
    """Of two layouts in one folder a reader could take the wrong one."""
    model = made("llama")
    for shard in (6000, 10**9, 3000, 6000):
        save_pretrained(model, tmp_path, shard=shard)
        assert torch.equal(from_pretrained(tmp_path).head, model.head)
        index = (
            json.loads((tmp_path / INDEX).read_text()) if (tmp_path / INDEX).exists() else {"weight_map": {"": WHOLE}}
        )
        assert {path.name for path in tmp_path.glob("*.safetensors")} == set(index["weight_map"].values())


def test_a_file_of_the_body_alone_loads_and_so_do_old_names(tmp_path: Path) -> None:
    """The published GPT-2 has no prefix and holds its masks; the published BERT says gamma and beta."""
    gpt2, bert = made("gpt2"), made("bert")
    old = {name.removeprefix("transformer."): value for name, value in gpt2.named_parameters()}
    old |= {"h.0.attn.bias": torch.ones(1, 1, 32, 32), "h.1.attn.masked_bias": torch.tensor(-1e4)}
    fresh = GPT2(**SIZES)
    fill(fresh, old)
    assert torch.equal(out(fresh, draw_ids(0, 67, 1, 9)), out(gpt2, draw_ids(0, 67, 1, 9)))

    names = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    old = {}
    for name, value in bert.named_parameters():
        for new, before in names.items():
            name = name.replace(new, before)
        old[name] = value
    assert any("gamma" in name for name in old)
    fresh_bert = Bert(**SIZES, hidden=24)
    fill(fresh_bert, old)
    assert torch.equal(out(fresh_bert, draw_ids(0, 67, 1, 9)), out(bert, draw_ids(0, 67, 1, 9)))


def test_what_is_left_over_on_purpose_is_named_by_the_caller(tmp_path: Path) -> None:
    save_pretrained(made("pretraining"), tmp_path)
    config = json.loads((tmp_path / "config.json").read_text()) | {"architectures": ["BertForMaskedLM"]}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"left over: bert\.pooler\.dense\.bias, .*cls\.seq_relationship\.weight"):
        from_pretrained(tmp_path)
    assert from_pretrained(tmp_path, ignore=("bert.pooler.", "cls.seq_relationship."))


def test_each_weight_that_does_not_fit_is_named_and_nothing_is_loaded() -> None:
    """One sentence tells of all faults at once, in both languages."""
    source = dict(made("llama").named_parameters())
    wrong = {name: value for name, value in source.items() if name != "model.norm.weight"}
    wrong["model.layers.0.mlp.up_proj.weight"] = torch.zeros(24, 17)
    wrong["model.layers.1.mlp.up_proj.weight"] = torch.zeros(24, 16, dtype=torch.int8)
    wrong["visual\n.weight"] = torch.zeros(2)
    model = Llama(**LLAMA, tied=False)
    before = [value.clone() for value in model.parameters()]
    with pytest.raises(ModelError) as refusal:
        fill(model, wrong)
    for told in (refusal.value.zh, refusal.value.en):
        assert "model.norm.weight" in told
        assert "up_proj.weight [24, 17] ≠ [24, 16]" in told
        assert "torch.int8" in told
        assert "'visual\\n.weight'" in told
        assert "\n" not in told
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), before, strict=True))


def test_a_head_that_is_its_own_does_not_load_into_a_tied_model() -> None:
    apart = dict(made("llama").named_parameters())
    with pytest.raises(ModelError, match=r"tied yet different: lm_head\.weight"):
        fill(Llama(**LLAMA, tied=True), apart)
    alike = apart | {"lm_head.weight": apart["model.embed_tokens.weight"]}
    fill(Llama(**LLAMA, tied=True), alike)


def spoil(folder: Path, how: str) -> None:
    index = json.loads((folder / INDEX).read_text())
    table, first = index["weight_map"], folder / "model-00001-of-00002.safetensors"
    if how == "no config":
        (folder / "config.json").unlink()
    elif how == "config is a list":
        (folder / "config.json").write_text("[]")
    elif how == "config is broken":
        (folder / "config.json").write_text('{"model_type": "llama", ')
    elif how == "config is no text":
        (folder / "config.json").write_bytes(b"\xff\xfe\x00")
    elif how == "quantized":
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"quantization_config": {"bits": 4}}))
    elif how == "unknown family":
        (folder / "config.json").write_text('{"model_type": "mamba"}')
    elif how == "no weights":
        (folder / INDEX).unlink()
    elif how == "index is empty":
        (folder / INDEX).write_text("{}")
    elif how == "index points outside":
        safetensors.save(folder.parent / "outside.safetensors", dict(made("llama").named_parameters()))
        (folder / INDEX).write_text(json.dumps({"weight_map": dict.fromkeys(table, "../outside.safetensors")}))
    elif how == "shard is gone":
        first.unlink()
    elif how == "shard is cut short":
        first.write_bytes(first.read_bytes()[:-7])
    elif how == "a weight in another shard":
        table["model.norm.weight"] = first.name
        (folder / INDEX).write_text(json.dumps(index))
    elif how == "a shard holds more than the index says":
        table.pop("model.embed_tokens.weight")
        (folder / INDEX).write_text(json.dumps(index))
    elif how == "larger than said":
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"vocab_size": 68}))


@pytest.mark.parametrize(
    "how",
    [
        "no config",
        "config is a list",
        "config is broken",
        "config is no text",
        "quantized",
        "unknown family",
        "no weights",
        "index is empty",
        "index points outside",
        "shard is gone",
        "shard is cut short",
        "a weight in another shard",
        "a shard holds more than the index says",
        "larger than said",
    ],
)
def test_a_spoiled_folder_is_refused_in_words(how: str, tmp_path: Path) -> None:
    save_pretrained(made("llama"), tmp_path, shard=20_000)
    assert from_pretrained(tmp_path)
    assert len(list(tmp_path.glob("model-*-of-00002.safetensors"))) == 2
    spoil(tmp_path, how)
    with pytest.raises((ModelError, FormatError)) as refusal:
        from_pretrained(tmp_path)
    assert refusal.value.zh != refusal.value.en
    assert "\n" not in refusal.value.en


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="Cannot save"):
        save_pretrained(made("gpt2"), tmp_path / "file")


def test_a_plan_costs_no_memory() -> None:
    """On the meta device a model of 70 thousand million weights is made at once; only its tables are real."""
    with torch.device("meta"):
        plan = Llama(vocab=32000, dim=8192, layers=80, heads=64, kv_heads=8, hidden=28672, context=4096, tied=False)
    assert sum(value.numel() for value in plan.parameters()) == 68_976_648_192  # Llama 2, arXiv:2307.09288: 70B
    assert plan.rotary.cos.device.type == "cpu"


def test_a_model_is_told_by_its_configuration() -> None:
    for name in MODELS:
        model = made(name)
        assert isinstance(from_config(model.config()), type(model))
        assert isinstance(model, nn.Module)
    with pytest.raises(ModelError, match="model_type"):
        from_config({})


def test_loading_maps_the_file(tmp_path: Path) -> None:
    save_pretrained(made("llama"), tmp_path)
    addresses = {value.data_ptr() for value in from_pretrained(tmp_path).parameters()}
    first = min(addresses)
    assert max(addresses) - first < (tmp_path / WHOLE).stat().st_size
    assert safetensors.read_header(tmp_path / WHOLE).metadata == {"format": "pt"}


PLANNED = """
import sys, torch
from wenjin.stack.models.llama import Llama
from wenjin.stack.models.weights import planned
with planned():
    model = Llama(vocab=67, dim=16, layers=2, heads=4, hidden=24, context=32, qkv_bias=True)
assert all(value.is_meta for value in model.parameters())
assert model.rotary.cos.device.type == "cpu"
assert "torch._dynamo" not in sys.modules  # which the drawing of one weight on the meta device would import
torch.manual_seed(1)
drawn = torch.nn.Embedding(3, 4).weight  # outside, weights are drawn as ever
assert drawn.device.type == "cpu" and drawn.abs().sum() > 0
"""


def test_a_planned_model_has_shapes_alone_and_waits_for_no_compiler() -> None:
    subprocess.run([sys.executable, "-c", PLANNED], check=True, timeout=300)
