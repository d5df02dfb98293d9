"""Forms, documents and the folder of a prepared corpus, with every way to spoil it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from wenjin.stack.data.sources import DataError
from wenjin.stack.data.verse import FORMS, SPECIALS, Verse, bare, document, form, lines, open_corpus, prompt, write_rows

TOWER = Verse(
    "tang-00001", "5x4", "登鹳雀楼", "王之涣", "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。", "登鸛雀樓\n…", 1
)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("5x4", TOWER.text),
        ("7x4", "朝辞白帝彩云间，千里江陵一日还。两岸猿声啼不住，轻舟已过万重山。"),
        ("5x8", "国破山河在，城春草木深。感时花溅泪，恨别鸟惊心。烽火连三月，家书抵万金。白头搔更短，浑欲不胜簪。"),
        ("7x8", "风急天高猿啸哀，渚清沙白鸟飞回！" * 4),
        ("other", "鹅，鹅，鹅，曲项向天歌。白毛浮绿水，红掌拨清波。"),
        ("other", "国破山河在，城春草木深。感时花溅泪，恨别鸟惊心。烽火连三月，家书抵万金。"),
        ("other", ""),
    ],
)
def test_a_form_is_told_by_its_lines(key: str, text: str) -> None:
    assert form(text) == key
    assert form(text, ci=True) == "ci"
    assert key in FORMS


def test_a_document_is_what_the_model_reads() -> None:
    assert document(TOWER) == (
        "<|form|>五言绝句<|title|>登鹳雀楼<|verse|>白日依山尽，黄河入海流。欲穷千里目，更上一层楼。<|end|>"
    )
    assert document(TOWER).startswith(prompt("5x4", "登鹳雀楼"))
    assert all(document(TOWER).count(special) == 1 for special in SPECIALS)
    assert TOWER.lines == lines(TOWER.text) == ("白日依山尽", "黄河入海流", "欲穷千里目", "更上一层楼")
    assert bare("寻寻觅觅、冷冷清清。") == "寻寻觅觅冷冷清清"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    import hashlib

    files = {"train.jsonl": write_rows([TOWER, replace(TOWER, id="tang-00002")]), "characters.train.txt": "山水\n"}
    listed = {name: {"sha256": hashlib.sha256(text.encode()).hexdigest()} for name, text in files.items()}
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.encode())
    (tmp_path / "manifest.json").write_text(json.dumps({"key": "k", "sha256": "s", "files": listed}))
    return tmp_path


def test_what_was_written_is_read(folder: Path) -> None:
    corpus = open_corpus(folder)
    assert corpus.rows("train") == [TOWER, replace(TOWER, id="tang-00002")]
    assert (corpus.sha256, corpus.text("characters.train")) == ("s", "山水\n")


def test_a_changed_or_missing_file_is_refused_with_a_sentence(folder: Path) -> None:
    with (folder / "train.jsonl").open("ab") as file:
        file.write(b"\xff")
    with pytest.raises(DataError, match="does not have the SHA-256") as refused:
        open_corpus(folder).rows("train")
    assert "wenjin poet data" in refused.value.zh
    (folder / "train.jsonl").unlink()
    with pytest.raises(DataError, match="cannot be read"):
        open_corpus(folder).rows("train")


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"files": 1}', '{"files": {}}', "\0"])
def test_a_folder_without_a_whole_manifest_is_refused(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(DataError, match="no prepared corpus"):
        open_corpus(tmp_path)
    with pytest.raises(DataError, match="no prepared corpus"):
        open_corpus(tmp_path / "nowhere")


def test_a_file_that_the_manifest_does_not_list_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        open_corpus(folder).rows("valid")
