"""Tokenizers out of GGUF metadata: ids as from the tokenizer.json that they were made of. Hostile ones: a sentence."""

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import gguf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Library

from tests.stack.text.test_tokenizer_json import BYTES, Json, cut_by, files, token
from tests.stack.text.texts import EXAMPLES, anything, compact, mixed
from wenjin.stack.files.gguf import read
from wenjin.stack.text.errors import TextError
from wenjin.stack.text.tokenizer import Tokenizer
from wenjin.stack.text.tokenizer_gguf import from_metadata, token_id

FAMILIES = {"gpt-2": "gpt2", "smollm": "smollm2", "llama-bpe": "llama3", "qwen2": "qwen2"}
MARKS = st.sampled_from(["<|end|>", "[TOOL]", "moonshine", "12345", "  the moon", "月光", "é", "e\u0301"])


def published(pre: str) -> Json:
    """A small tokenizer.json as that family publishes it; one more token was added by hand, and steers nothing."""
    data = files()[FAMILIES[pre]]
    by_hand = token(1 + max(one["id"] for one in data["added_tokens"]), "[TOOL]", special=False)
    return data | {"added_tokens": [*data["added_tokens"], by_hand]}


def written(data: Json, pre: str, path: Path) -> Path:
    """What the gguf package writes of a tokenizer.json, as the converters of published models do."""
    ids = {**data["model"]["vocab"], **{one["content"]: one["id"] for one in data["added_tokens"]}}
    kinds = {one["content"]: 3 if one["special"] else 4 for one in data["added_tokens"]}
    tokens = sorted(ids, key=lambda name: ids[name])
    assert [ids[name] for name in tokens] == list(range(len(tokens)))
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType(kinds.get(name, 1)) for name in tokens])
    writer.add_token_merges([" ".join(pair) for pair in data["model"]["merges"]])
    writer.add_bos_token_id(ids["<|end|>"])
    writer.add_eos_token_id(ids["<|end|>"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Tokenizer, Library]]:
    """Ours from the file that the gguf package wrote; the library's from the tokenizer.json that it was made of."""

    @cache
    def of(pre: str) -> tuple[Tokenizer, Library]:
        path = written(published(pre), pre, tmp_path_factory.mktemp("gguf") / "tokens.gguf")
        return from_metadata(read(path).metadata), Library.from_str(compact(published(pre)))

    return of


@pytest.mark.parametrize("pre", FAMILIES)
@settings(deadline=None, max_examples=EXAMPLES)
@given(text=st.lists(anything | MARKS, max_size=4).map("".join))
def test_ids_are_those_of_the_tokenizer_json(
    pre: str, text: str, opened: Callable[[str], tuple[Tokenizer, Library]]
) -> None:
    ours, library = opened(pre)
    library.encode_special_tokens = False
    ids = ours.encode(text, ours.specials)
    assert ids == library.encode(text, add_special_tokens=False).ids
    assert ours.encode(text, ours.specials, frame=True) == library.encode(text).ids
    assert ours.decode(ids) == library.decode(ids, skip_special_tokens=False)
    library.encode_special_tokens = True
    assert ours.encode(text) == library.encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize("pre", FAMILIES)
def test_each_id_has_the_token_of_the_tokenizer_json(
    pre: str, opened: Callable[[str], tuple[Tokenizer, Library]]
) -> None:
    ours, library = opened(pre)
    assert [ours.token(id) for id in range(ours.size)] == [library.id_to_token(id) for id in range(ours.size)]
    assert ours.specials.keys() == {"<|end|>"}


@pytest.fixture(scope="session")
def smollm(smollm2: Path) -> tuple[Tokenizer, Library]:
    """Ours from SmolLM2 as it is published; the library's from the same tokens, which the gguf package reads, and the
    way of cutting that its published tokenizer.json has."""
    fields = gguf.GGUFReader(smollm2).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    digits = {"type": "Digits", "individual_digits": True}
    made = files()["smollm2"] | {"pre_tokenizer": cut_by(digits, BYTES | {"use_regex": True}), "decoder": BYTES}
    made["model"] = made["model"] | {
        "vocab": {name: id for id, name in enumerate(tokens)},
        "merges": [line.split(" ") for line in fields["tokenizer.ggml.merges"].contents()],
    }
    made["added_tokens"] = [token(id, tokens[id]) for id, kind in enumerate(kinds) if kind == 3]
    return from_metadata(read(smollm2).metadata), Library.from_str(compact(made))


CHAT = st.sampled_from(["<|im_start|>user\n", "<|im_end|>\n", "<|endoftext|>", "def f(x):\n    return 2 ** 10\n"])


@settings(deadline=None, max_examples=5 * EXAMPLES)
@given(text=st.lists(anything | MARKS | CHAT, max_size=5).map("".join))
def test_smollm2_has_the_ids_of_the_library(text: str, smollm: tuple[Tokenizer, Library]) -> None:
    ours, library = smollm
    library.encode_special_tokens = False
    ids = ours.encode(text, ours.specials)
    assert ids == library.encode(text).ids
    assert ours.decode(ids) == library.decode(ids, skip_special_tokens=False)
    assert ours.decode(ids, specials=False) == library.decode(ids)


def test_smollm2_has_the_ids_of_the_library_on_real_texts(smollm: tuple[Tokenizer, Library]) -> None:
    ours, library = smollm
    library.encode_special_tokens = True
    for text in (*mixed()[::9], Path(__file__).read_text(encoding="utf-8")):
        assert ours.encode(text) == library.encode(text).ids


def test_the_ids_that_the_file_names_are_found(smollm2: Path) -> None:
    metadata = read(smollm2).metadata
    named = {name: token_id(metadata, name) for name in ("bos", "eos", "unknown", "padding", "eot")}
    assert named == {"bos": 1, "eos": 2, "unknown": 0, "padding": 2, "eot": None}


# ---- hostile metadata: each is good with one thing wrong ----


def metadata() -> dict[str, Any]:
    tokens = ["<|end|>", "a", "b", "ab", "Ġ"]
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [3, 1, 1, 1, 1],
        "tokenizer.ggml.merges": ["a b"],
        "tokenizer.ggml.eos_token_id": 0,
    }


HOSTILE: dict[str, tuple[str, Any]] = {
    "no model": ("model", None),
    "sentencepiece": ("model", "llama"),
    "a model of numbers": ("model", 3),
    "no way of cutting": ("pre", None),
    "an unknown way of cutting": ("pre", "default"),
    "no tokens": ("tokens", None),
    "tokens are numbers": ("tokens", [1, 2, 3, 4, 5]),
    "tokens are none": ("tokens", []),
    "a token twice": ("tokens", ["<|end|>", "a", "b", "ab", "a"]),
    "an empty token": ("tokens", ["<|end|>", "a", "b", "ab", ""]),
    "half a surrogate": ("tokens", ["<|end|>", "a", "b", "ab", "\ud800"]),
    "fewer kinds than tokens": ("token_type", [3, 1]),
    "a kind unknown": ("token_type", [3, 1, 1, 1, 77]),
    "a kind of bytes": ("token_type", [3, 1, 1, 1, 6]),
    "kinds are texts": ("token_type", ["3", "1", "1", "1", "1"]),
    "no merges": ("merges", None),
    "a merge in one word": ("merges", ["ab"]),
    "a merge of three": ("merges", ["a b c"]),
    "a merge of a stranger": ("merges", ["a z"]),
    "a merge into nothing": ("merges", ["b a"]),
    "a beginning that is no flag": ("add_bos_token", 1),
    "an end without a token": ("eos_token_id", 99),
    "an end below all": ("eos_token_id", -1),
    "an end in words": ("eos_token_id", "<|end|>"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_metadata_with_one_thing_wrong_are_refused_by_a_sentence_that_names_it(name: str) -> None:
    field, value = HOSTILE[name]
    data = copy.deepcopy(metadata()) | {"tokenizer.ggml.add_eos_token": True, f"tokenizer.ggml.{field}": value}
    with pytest.raises(TextError) as caught:
        from_metadata(data)
    named = "token_type" if name == "tokens are none" else field
    assert f"tokenizer.ggml.{named}" in caught.value.en
    assert f"tokenizer.ggml.{named}" in caught.value.zh


def test_a_merge_never_grows_plain_text_into_a_token_that_steers() -> None:
    data = metadata() | {"tokenizer.ggml.token_type": [3, 1, 1, 3, 1]}
    ours = from_metadata(data)
    assert ours.encode("ab") == [1, 2]
    assert ours.encode("ab", ours.specials) == [3]


JUNK = st.none() | st.booleans() | st.integers(-3, 9) | st.text(max_size=3)


@settings(deadline=None)
@given(field=st.sampled_from(sorted({field for field, _ in HOSTILE.values()})), junk=JUNK | st.lists(JUNK, max_size=6))
def test_junk_in_any_field_brings_a_sentence_or_a_tokenizer(field: str, junk: Any) -> None:
    try:
        ours = from_metadata(metadata() | {f"tokenizer.ggml.{field}": junk})
    except TextError:
        return
    assert isinstance(ours.decode(ours.encode("a b ab")), str)
