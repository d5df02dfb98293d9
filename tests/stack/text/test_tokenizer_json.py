"""Files in the manner of published ones: the ids of `tokenizers`. Hostile ones: a sentence that names the field."""

import copy
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Library

from tests.stack.text.texts import EXAMPLES, anything, compact, learned
from wenjin.stack.text.errors import TextError
from wenjin.stack.text.pretokenize import GPT2, LLAMA3, QWEN2
from wenjin.stack.text.tokenizer import Tokenizer, byte_level
from wenjin.stack.text.tokenizer_json import from_json, read, to_json, write

Json = dict[str, Any]
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}


def cut_by(*steps: Mapping[str, Any]) -> Json:
    return {"type": "Sequence", "pretokenizers": list(steps)}


def split(pattern: str, behavior: str = "Isolated", invert: bool = False) -> Json:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior, "invert": invert}


def token(id: int, content: str, **flags: bool) -> Json:
    usual = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": id, "content": content} | usual | flags


def bytes_file(pattern: str, pre_tokenizer: Json, **parts: Any) -> Json:
    """A small file of the byte-level kind, trained as such a tokenizer would be."""
    made = to_json(byte_level(learned(pattern), pattern))
    return made | {"pre_tokenizer": pre_tokenizer} | parts


def template(before: str, after: str, ids: Mapping[str, int]) -> Json:
    single = [
        *([{"SpecialToken": {"id": before, "type_id": 0}}] if before else []),
        {"Sequence": {"id": "A", "type_id": 0}},
        *([{"SpecialToken": {"id": after, "type_id": 0}}] if after else []),
    ]
    special = {name: {"id": name, "ids": [id], "tokens": [name]} for name, id in ids.items()}
    pair = [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}]
    return {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": special}


def characters_file(**parts: Any) -> Json:
    """A small file of the kind of Llama 2: characters, ▁ for a space, bytes as a last resort."""
    letters = ["▁", *"abcdelmnoprstuy月光明", "▁m", "oo", "▁moo", "an", "▁t", "月光"]
    pairs = [["▁", "m"], ["o", "o"], ["▁m", "oo"], ["a", "n"], ["▁", "t"], ["月", "光"]]
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *letters]
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": "<unk>",
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": True,
        "byte_fallback": True,
        "ignore_merges": False,
        "vocab": {name: id for id, name in enumerate(tokens)},
        "merges": pairs,
    }
    steps = [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
        {"type": "ByteFallback"},
        {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0},
    ]
    made = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [token(0, "<unk>"), token(1, "<s>"), token(2, "</s>")],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Prepend", "prepend": "▁"},
                {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
            ],
        },
        "pre_tokenizer": None,
        "post_processor": template("<s>", "", {"<s>": 1}),
        "decoder": {"type": "Sequence", "decoders": steps},
        "model": model,
    }
    return made | parts


def metaspace(scheme: str, split: bool) -> Json:
    return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split}


def without(data: Json, **model: Any) -> Json:
    return data | {"model": data["model"] | model}


@cache
def files() -> dict[str, Json]:
    words = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    own = [token(656, "<|end|>"), token(657, "[MASK]", lstrip=True), token(658, "<s>", special=False, rstrip=True)]
    llama3 = bytes_file(LLAMA3, cut_by(split(LLAMA3), BYTES), added_tokens=[token(657, "<|end|>")])
    llama3["model"]["vocab"]["moonshine"] = 656  # no merges lead there
    return {
        "gpt2": bytes_file(GPT2, words, added_tokens=own[:1], post_processor=words),
        "roberta": bytes_file(
            GPT2,
            words | {"add_prefix_space": True},
            added_tokens=own,
            post_processor=template("<s>", "<|end|>", {"<s>": 658, "<|end|>": 656}),
        ),
        "llama3": without(llama3, ignore_merges=True)
        | {"post_processor": {"type": "Sequence", "processors": [BYTES, template("<|end|>", "", {"<|end|>": 657})]}},
        "qwen2": bytes_file(QWEN2, cut_by(split(QWEN2), BYTES), normalizer={"type": "NFC"}, added_tokens=own[:1]),
        "smollm2": bytes_file(GPT2, cut_by({"type": "Digits", "individual_digits": True}, words), added_tokens=own[:1]),
        "tiktoken": bytes_file(LLAMA3, cut_by(split(LLAMA3, "Removed", True), BYTES)),
        "removed": bytes_file(
            GPT2, cut_by(split(r"\s+", "Removed"), {"type": "Digits", "individual_digits": False}, BYTES)
        ),
        "normalized": bytes_file(
            GPT2,
            words,
            normalizer={"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
            added_tokens=[
                token(656, "a  b", normalized=True, special=False),
                token(657, "poem 2", normalized=True, special=False),
            ],
        ),
        "llama2": characters_file(),
        "llama2-unknown": without(characters_file(), byte_fallback=False),
        "llama2-apart": without(characters_file(), byte_fallback=False, fuse_unk=False),
        "metaspace": characters_file(normalizer=None, pre_tokenizer=metaspace("first", False)),
        "metaspace-split": characters_file(normalizer=None, pre_tokenizer=metaspace("always", True)),
        "metaspace-never": characters_file(normalizer={"type": "NFKC"}, pre_tokenizer=metaspace("never", True)),
    }


BYTE_LEVEL = ("gpt2", "roberta", "llama3", "qwen2", "smollm2", "tiktoken", "removed", "normalized")
NAMES = (*BYTE_LEVEL, "llama2", "llama2-unknown", "llama2-apart", "metaspace", "metaspace-split", "metaspace-never")


@cache
def opened(name: str) -> tuple[Tokenizer, Tokenizer, Library]:
    """Ours; ours again, from what ours writes; the library's from the original."""
    data = files()[name]
    ours = from_json(data)
    return ours, from_json(json.loads(compact(to_json(ours)))), Library.from_str(compact(data))


MARKS = st.sampled_from(["<|end|>", "[MASK]", "<s>", "</s>", "a  b", "poem 2", " ", "  ", "the moon", "月光", "▁", "é"])


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=EXAMPLES)
@given(st.lists(anything | MARKS, max_size=4).map("".join))
def test_ids_are_those_of_the_library_from_the_same_file(name: str, text: str) -> None:
    ours, again, library = opened(name)
    library.encode_special_tokens = False
    ids = ours.encode(text, ours.specials)
    assert ids == again.encode(text, again.specials) == library.encode(text, add_special_tokens=False).ids
    assert ours.encode(text, ours.specials, frame=True) == library.encode(text).ids
    assert ours.decode(ids) == library.decode(ids, skip_special_tokens=False)
    assert ours.decode(ids, specials=False) == library.decode(ids)


@pytest.mark.parametrize("name", NAMES)
def test_texts_that_each_setting_tells_apart_have_the_ids_of_the_library(name: str) -> None:
    ours, _, library = opened(name)
    library.encode_special_tokens = False
    for text in (
        "the  [MASK] moon  [MASK]",
        "<s>  the moon<s> \n ",
        " the moon",
        "moonshine moonshine",
        "12345 ⅣⅣ",
        "ABC  xyz ÀÉ",
        "e\u0301\u0301 ﬁ",
        "a  b a b poem 2",
        "",
    ):
        assert ours.encode(text, ours.specials, frame=True) == library.encode(text).ids, text


@pytest.mark.parametrize("name", NAMES)
def test_the_library_opens_what_is_written_and_nothing_is_lost(name: str, tmp_path: Path) -> None:
    ours, again, library = opened(name)
    path = tmp_path / "tokenizer.json"
    write(ours, path)
    theirs = Library.from_file(str(path))
    assert theirs.get_vocab(with_added_tokens=True) == library.get_vocab(with_added_tokens=True)
    assert to_json(again) == to_json(ours) == to_json(read(path))
    assert theirs.encode("the moon 月光 1 2").ids == library.encode("the moon 月光 1 2").ids
    assert [file.name for file in tmp_path.iterdir()] == ["tokenizer.json"]


@pytest.mark.parametrize("whole", [False, True])
def test_no_merge_of_a_file_grows_plain_text_into_a_special_token(whole: bool) -> None:
    data = without(files()["gpt2"], ignore_merges=whole)
    left, right = next(pair for pair in data["model"]["merges"] if "".join(pair).isascii() and "".join(pair).isalpha())
    id = data["model"]["vocab"][left + right]
    spoiled = from_json(data | {"added_tokens": [token(id, left + right)]})
    assert from_json(data).encode(left + right) == [id]
    assert id not in spoiled.encode(left + right)
    assert spoiled.encode(left + right, spoiled.specials) == [id]
    assert spoiled.decode(spoiled.encode(left + right)) == left + right


def test_merges_in_the_older_spelling_are_the_same() -> None:
    data = files()["gpt2"]
    older = without(data, merges=[" ".join(pair) for pair in data["model"]["merges"]])
    assert to_json(from_json(older)) == to_json(from_json(data))


# ---- hostile files: each is a good one with one thing wrong ----

Spoil = Callable[[Json], object]
HOSTILE: dict[str, tuple[Spoil, str]] = {
    "no model": (lambda d: d.pop("model"), "tokenizer.json.model"),
    "another model": (lambda d: d["model"].update(type="Unigram"), "model.type"),
    "vocab is a list": (lambda d: d["model"].update(vocab=[]), "model.vocab"),
    "an id is text": (lambda d: d["model"]["vocab"].update(a="1"), "model.vocab['a']"),
    "an id is true": (lambda d: d["model"]["vocab"].update(a=True), "model.vocab['a']"),
    "an id is negative": (lambda d: d["model"]["vocab"].update(a=-1), "model.vocab['a']"),
    "an id is huge": (lambda d: d["model"]["vocab"].update(a=10**30), "model.vocab['a']"),
    "an id twice": (lambda d: d["model"]["vocab"].update(a=0), "model.vocab["),
    "half a surrogate": (lambda d: d["model"]["vocab"].update({"\ud800": 9000}), "model.vocab["),
    "merges missing": (lambda d: d["model"].pop("merges"), "model.merges"),
    "a merge of three": (lambda d: d["model"]["merges"].append(["a", "b", "c"]), "model.merges["),
    "a merge of numbers": (lambda d: d["model"]["merges"].append([1, 2]), "model.merges["),
    "a merge in one word": (lambda d: d["model"]["merges"].append("ab"), "model.merges["),
    "a merge of strangers": (lambda d: d["model"]["merges"].append(["a", "ĥĥĥ"]), "model.merges["),
    "a merge into nothing": (lambda d: d["model"]["merges"].append(["a", "§"]), "model.merges["),
    "dropout": (lambda d: d["model"].update(dropout=0.1), "model.dropout"),
    "a word's suffix": (lambda d: d["model"].update(end_of_word_suffix="</w>"), "model.end_of_word_suffix"),
    "bytes missing": (lambda d: d["model"].update(byte_fallback=True), "model.vocab"),
    "unknown unknown": (lambda d: d["model"].update(unk_token="<nothing>"), "model.unk_token"),
    "unknown is a number": (lambda d: d["model"].update(unk_token=3), "model.unk_token"),
    "added: no list of objects": (lambda d: d.update(added_tokens=[3]), "added_tokens[0]"),
    "added: id of another": (lambda d: d["added_tokens"][0].update(id=5), "added_tokens[0].id"),
    "added: id is no number": (lambda d: d["added_tokens"][0].update(id=1.5), "added_tokens[0].id"),
    "added: empty": (lambda d: d["added_tokens"][0].update(content=""), "added_tokens[0].content"),
    "added: twice": (lambda d: d["added_tokens"].append(d["added_tokens"][0]), "added_tokens[1].content"),
    "added: single word": (lambda d: d["added_tokens"][0].update(single_word=True), "added_tokens[0].single_word"),
    "added: a flag is text": (lambda d: d["added_tokens"][0].update(lstrip="no"), "added_tokens[0].lstrip"),
    "normalizer unknown": (lambda d: d.update(normalizer={"type": "Lowercase"}), "normalizer.type"),
    "normalizer is text": (lambda d: d.update(normalizer="NFC"), "normalizer"),
    "normalizer of bytes": (
        lambda d: d.update(normalizer={"type": "Sequence", "normalizers": [{"type": "ByteLevel"}]}),
        "normalizer.normalizers[0].type",
    ),
    "pretokenizer unknown": (lambda d: d.update(pre_tokenizer={"type": "Bert"}), "pre_tokenizer.type"),
    "bytes not last": (lambda d: d.update(pre_tokenizer=cut_by(BYTES, split(GPT2))), "pre_tokenizer"),
    "a pattern without end": (
        lambda d: d.update(pre_tokenizer=cut_by(split("(?:a+)+b"), BYTES)),
        "pre_tokenizer.pretokenizers[0]",
    ),
    "a behavior unknown": (
        lambda d: d.update(pre_tokenizer=cut_by(split(GPT2, "MergedWithNext"), BYTES)),
        "pre_tokenizer.pretokenizers[0].behavior",
    ),
    "prefix space is a number": (
        lambda d: d.update(pre_tokenizer=BYTES | {"add_prefix_space": 1}),
        "pre_tokenizer.add_prefix_space",
    ),
    "processor unknown": (lambda d: d.update(post_processor={"type": "Bert"}), "post_processor.type"),
    "template names a stranger": (
        lambda d: d.update(post_processor=template("<x>", "", {"<x>": 99_999})),
        "post_processor.single[0]",
    ),
    "template without a text": (
        lambda d: d.update(post_processor=template("", "", {}) | {"single": []}),
        "post_processor.single",
    ),
    "no decoder of characters": (lambda d: d.update(pre_tokenizer=None, decoder={"type": "WordPiece"}), "decoder"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_with_one_thing_wrong_is_refused_by_a_sentence_that_names_it(name: str) -> None:
    spoil, field = HOSTILE[name]
    data = copy.deepcopy(files()["gpt2"])
    spoil(data)
    with pytest.raises(TextError) as caught:
        from_json(data)
    assert field in caught.value.en
    assert field in caught.value.zh
    assert "tokenizer.json" in caught.value.en


def test_nesting_without_end_is_refused_by_a_sentence(tmp_path: Path) -> None:
    deep: Json = {"type": "NFC"}
    for _ in range(3000):
        deep = {"type": "Sequence", "normalizers": [deep]}
    with pytest.raises(TextError, match="nested too deeply"):
        from_json(files()["gpt2"] | {"normalizer": deep})
    path = tmp_path / "tokenizer.json"
    path.write_text("[" * 200_000)
    with pytest.raises(TextError, match="nested too deeply"):
        read(path)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{", "is no JSON"),
        (b"", "is no JSON"),
        (b'{"model": \xff}', "is not UTF-8 at byte 10"),
        (b'{"model": ' + b"9" * 5000 + b"}", "is no JSON"),
        (b"[]", "should be an object"),
        (b"null", "should be an object"),
    ],
)
def test_a_file_that_is_none_is_refused_by_a_sentence(data: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(data)
    with pytest.raises(TextError, match=why):
        read(path)


def test_a_file_that_is_not_there_is_told_by_a_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(TextError, match="cannot be read") as caught:
            read(path)
        assert str(path) in caught.value.zh


KEYS = st.sampled_from(["type", "model", "vocab", "merges", "added_tokens", "single", "special_tokens", "decoders"])
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["BPE", "Sequence", "Split"])
)
JUNK = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=8)


@given(JUNK, st.sampled_from(["normalizer", "pre_tokenizer", "post_processor", "decoder", "added_tokens", "model"]))
@settings(deadline=None)
def test_junk_in_any_part_brings_a_sentence_or_nothing(junk: Any, part: str) -> None:
    try:
        made = from_json(files()["llama2"] | {part: junk})
    except TextError:
        return
    assert made.decode(made.encode("the moon"))
