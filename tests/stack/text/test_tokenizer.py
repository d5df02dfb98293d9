"""Ids and texts of our own tokenizers against those of `tokenizers` from the file that we write."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Library

from tests.stack.text.texts import EXAMPLES, anything, compact, learned, mixed
from wenjin.stack.text.errors import TextError
from wenjin.stack.text.pretokenize import GPT2, HAN, LLAMA3, QWEN2
from wenjin.stack.text.tokenizer import Tokenizer, byte_level
from wenjin.stack.text.tokenizer_json import from_json, to_json

PATTERNS = {"gpt2": GPT2, "llama3": LLAMA3, "qwen2": QWEN2, "han": HAN}
SPECIALS = ("<|end|>", "<|end|>x", "<月>")


@cache
def pair(name: str) -> tuple[Tokenizer, Library]:
    """One of ours, read back from what it writes, and the library's from the same."""
    made = to_json(byte_level(learned(PATTERNS[name]), PATTERNS[name], SPECIALS))
    return from_json(made), Library.from_str(compact(made))


@pytest.mark.parametrize("name", PATTERNS)
@settings(deadline=None, max_examples=EXAMPLES)
@given(st.lists(anything | st.sampled_from(SPECIALS), max_size=4).map("".join))
def test_ids_and_texts_are_those_of_the_library(name: str, text: str) -> None:
    ours, library = pair(name)
    library.encode_special_tokens = False
    ids = ours.encode(text, ours.specials)
    assert ids == library.encode(text).ids
    assert ours.decode(ids) == library.decode(ids, skip_special_tokens=False) == text
    assert ours.decode(ids, specials=False) == library.decode(ids)

    library.encode_special_tokens = True
    plain = ours.encode(text)
    assert plain == library.encode(text).ids
    assert ours.decode(plain) == text
    assert not set(plain) & set(ours.specials.values())


@pytest.mark.parametrize("name", PATTERNS)
@settings(deadline=None, max_examples=EXAMPLES)
@given(st.data())
def test_any_ids_become_the_text_that_the_library_makes_of_them(name: str, data: st.DataObject) -> None:
    ours, library = pair(name)
    ids = data.draw(st.lists(st.integers(0, ours.size - 1), max_size=20))
    stream = ours.stream()
    shown = [stream.push(id) for id in ids]
    assert "".join(shown) + stream.end() == ours.decode(ids) == library.decode(ids, skip_special_tokens=False)


@pytest.mark.parametrize("name", PATTERNS)
def test_real_texts_have_the_ids_of_the_library(name: str) -> None:
    ours, library = pair(name)
    library.encode_special_tokens = False
    for text in mixed():
        assert ours.encode(text) == library.encode(text).ids


def test_a_special_token_comes_only_where_it_is_allowed() -> None:
    ours, _ = pair("gpt2")
    end = ours.specials["<|end|>"]
    assert end not in ours.encode("a<|end|>b")
    assert ours.encode("a<|end|>b", ["<|end|>"])[1] == end
    assert ours.encode("<|end|>x", ours.specials) == [ours.specials["<|end|>x"]], "the longest one that fits"
    assert ours.encode("<|end|>x", ["<|end|>"])[0] == end
    assert ours.encode("<月>", ["nothing of the kind"]) == ours.encode("<月>")
    assert ours.decode(ours.encode("a<|end|>b", ours.specials), specials=False) == "ab"


def test_what_has_been_kept_of_a_piece_is_not_changed_by_its_user() -> None:
    ours, _ = pair("gpt2")
    first = ours.encode("moonlight")
    first.append(0)
    assert ours.encode("moonlight") == first[:-1]


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "poem \udc9c"])
def test_half_of_a_surrogate_pair_is_refused_by_a_sentence(text: str) -> None:
    for name in PATTERNS:
        with pytest.raises(TextError, match=r"half of a surrogate pair \(U\+D") as caught:
            pair(name)[0].encode(text)
        assert "UTF-8" in caught.value.zh


def test_a_long_piece_takes_no_forever() -> None:
    ours, library = pair("llama3")
    library.encode_special_tokens = False
    for text in ("a" * 30_000, "明月" * 10_000, "the moon" * 3000):
        assert ours.encode(text) == library.encode(text).ids


def test_a_token_can_be_named_by_its_id() -> None:
    ours, library = pair("han")
    assert [ours.token(id) for id in range(ours.size)] == [library.id_to_token(id) for id in range(ours.size)]
    assert ours.size == library.get_vocab_size()
    with pytest.raises(KeyError):
        ours.token(ours.size)
