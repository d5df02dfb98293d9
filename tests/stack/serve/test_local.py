"""A model opened from a file, from a folder, by its name: the same tokens; what does not belong together is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.stack.serve import tiny, twins
from wenjin.stack.infer.generate import Causal, generate
from wenjin.stack.models.bert import Bert
from wenjin.stack.models.gpt2 import GPT2
from wenjin.stack.models.weights import save_pretrained
from wenjin.stack.serve.errors import ServeError
from wenjin.stack.serve.local import Local, called, glance, opened, resolved
from wenjin.stack.serve.parts import of_file, of_folder
from wenjin.stack.serve.shelf import add

TALK = [{"role": "user", "content": "你好"}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.make(tmp_path_factory.mktemp("local") / "tiny")


@pytest.fixture(scope="module")
def file(folder: Path) -> Path:
    return twins.gguf(folder, folder.parent / "one.gguf")


def written(local: Local, most: int = 24) -> list[int]:
    assert local.template is not None
    prompt = local.template.render(TALK)
    return greedy(local.model, local.tokenizer.encode(prompt, local.tokenizer.specials), most)


def greedy(model: Causal, ids: list[int], most: int) -> list[int]:
    drawn = generate(model, torch.tensor([ids]), most=most, choose=lambda scores, _: scores.argmax(-1))
    return [int(id) for id in drawn]


def test_a_file_and_a_folder_of_one_model_write_the_same(folder: Path, file: Path) -> None:
    one, other = opened(file, threads=1, format="fp32"), opened(folder, threads=1, format="fp32")
    assert written(one) == written(other)
    assert one.pieces == other.pieces
    assert one.stops == other.stops == {one.tokenizer.specials["<|im_end|>"], one.tokenizer.specials["<|endoftext|>"]}
    assert (one.context, other.context) == (tiny.CONTEXT, tiny.CONTEXT)
    assert one.template is not None
    assert other.template is not None
    assert one.template.render(TALK) == other.template.render(TALK)
    assert (one.name, other.name) == ("one", "tiny")
    assert one.about["license"] == "apache-2.0"
    assert one.about["kind"] == other.about["kind"] == "chat"
    assert one.about["parameters"] == other.about["parameters"] == sum(p.numel() for p in parameters(folder))


def parameters(folder: Path) -> Any:
    from wenjin.stack.models.weights import from_pretrained

    return from_pretrained(folder).parameters()


@pytest.mark.parametrize("format", ["auto", "bf16", "int8", "int4"])
def test_every_format_writes(file: Path, format: str) -> None:
    local = opened(file, threads=1, format=format)
    assert len(written(local, 4)) == 4
    assert local.about["format"] == ("F32" if format == "auto" else format)


def test_pieces_are_the_bytes_of_the_tokens(folder: Path) -> None:
    local = opened(folder, threads=1)
    for text in (tiny.VERSE, "the poem and 2026", "<|im_start|>"):
        ids = local.tokenizer.encode(text, local.tokenizer.specials)
        assert b"".join(local.pieces[id] for id in ids) == text.encode()
    assert len(local.pieces) == local.model.settings()["vocab"]


def test_threads_are_measured_where_none_are_given(file: Path) -> None:
    before = torch.get_num_threads()
    try:
        assert opened(file).about["threads"] == torch.get_num_threads() >= 1
    finally:
        torch.set_num_threads(before)


def test_a_glance_tells_what_opening_tells(folder: Path, file: Path) -> None:
    for path in (folder, file):
        told = opened(path, threads=1).about
        assert glance(path) == {key: told[key] for key in told if key not in ("threads", "format")}


def test_names_lead_to_the_shelf_to_poets_and_to_files(folder: Path, file: Path, tmp_path: Path) -> None:
    add(tmp_path, "mine", of_file(file), origin="one.gguf", license="", look=glance)
    add(tmp_path, "yours", of_folder(folder), origin="tiny", license="MIT", look=glance)
    assert resolved("mine", tmp_path) == tmp_path / "models" / "mine" / "model.gguf"
    assert called(resolved("mine", tmp_path)) == "mine"
    assert called(resolved("yours", tmp_path)) == "yours"
    for name in ("poet", "李白"):
        shutil.copytree(folder, tmp_path / "poet" / "poets" / name / "model")
    for word in ("poet", "poet:李白"):
        assert called(resolved(word, tmp_path)) == word
    assert resolved(str(file), tmp_path) == resolved(file, tmp_path) == file


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("nothing", "There is no model nothing. There are: -"),
        ("poet", "There is no poet poet"),
        ("poet:../../x", "There is no file or folder"),
        ("./nothing", "There is no file or folder"),
        ("nothing.gguf", "There is no file or folder"),
        ("..", "no config.json|Cannot read"),
        ("a b", "cannot be a model's name"),
        ("", "cannot be a model's name"),
    ],
)
def test_what_is_not_there_is_a_sentence(tmp_path: Path, word: str, why: str) -> None:
    with pytest.raises(Exception, match=why) as caught:
        opened(resolved(word, tmp_path), threads=1)
    assert getattr(caught.value, "zh", "")


def test_what_is_no_pair_or_cannot_write_is_refused(folder: Path, file: Path, tmp_path: Path) -> None:
    with pytest.raises(ServeError, match="There is no format 'int3'"):
        opened(file, format="int3")
    torch.manual_seed(0)
    small = tmp_path / "small"
    save_pretrained(GPT2(vocab=30, dim=16, layers=1, heads=2, context=32), small)
    shutil.copy(folder / "tokenizer.json", small)
    with pytest.raises(ServeError, match="they are no pair"):
        opened(small)
    reader = tmp_path / "reader"
    save_pretrained(Bert(vocab=600, dim=16, layers=1, heads=2, hidden=32, context=32), reader)
    shutil.copy(folder / "tokenizer.json", reader)
    with pytest.raises(ServeError, match="reads but does not write"):
        opened(reader)


def test_another_family_is_served_as_it_is(folder: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    vocab = opened(folder, threads=1).about["vocab"]
    save_pretrained(GPT2(vocab=vocab, dim=16, layers=1, heads=2, context=32), tmp_path)
    shutil.copy(folder / "tokenizer.json", tmp_path)
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [7, 9]}))
    local = opened(tmp_path, threads=1, format="bf16")
    assert local.stops >= {7, 9}
    assert local.template is None
    assert local.about["kind"] == "text"
    assert len(greedy(local.model, [1, 2, 3], 3)) == 3
    with pytest.raises(ServeError, match="cannot be had in int4"):
        opened(tmp_path, format="int4")
