"""Ids that come one by one: what is shown is never taken back, and adds up to what is shown at once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models

from wenjin.stack.text.alphabet import SHOWN, visible
from wenjin.stack.text.decode import ByteDecoder, Decoder, FallbackDecoder, decoded
from wenjin.stack.text.errors import TextError

PARTS = [bytes([b]) for b in range(256)] + ["月".encode(), "月光".encode()[:4], "𠮷".encode()[:3], b" a", "é".encode()]
BYTES = dict(enumerate(PARTS))
PIECES = {0: "▁", 1: "▁a", 2: "月", 3: "b▁", 4: "<0x2>", 5: "<0xZZ>"} | {10 + b: f"<0x{b:02X}>" for b in range(256)}


def library(tokens: dict[int, str], decoder: object) -> Tokenizer:
    made = Tokenizer(models.BPE(vocab={token: id for id, token in tokens.items()}, merges=[]))
    made.decoder = decoder
    return made


def fallback(spare: int) -> object:
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", spare, 0)]
    return decoders.Sequence(steps)


@given(st.binary() | st.text().map(str.encode), st.lists(st.integers(0, len(PARTS) - 1)))
@settings(deadline=None)
def test_bytes_become_the_text_that_the_library_makes_of_them(data: bytes, ids: list[int]) -> None:
    theirs = library({id: visible(part) for id, part in BYTES.items()}, decoders.ByteLevel())
    for one in (list(data), ids):
        whole = b"".join(BYTES[id] for id in one)
        assert decoded(ByteDecoder(BYTES), one) == theirs.decode(one) == whole.decode("utf-8", "replace")


@given(st.lists(st.sampled_from(sorted(PIECES)) | st.integers(10 + 0x80, 10 + 0xF4)), st.integers(0, 2))
@settings(deadline=None)
def test_pieces_become_the_text_that_the_library_makes_of_them(ids: list[int], spare: int) -> None:
    assert decoded(FallbackDecoder(PIECES, spare), ids) == library(PIECES, fallback(spare)).decode(ids)


def test_a_character_is_shown_when_its_last_byte_has_come() -> None:
    stream = ByteDecoder(BYTES)
    assert [stream.push(id) for id in "a月𠮷".encode()] == ["a", "", "", "月", "", "", "", "𠮷"]
    assert stream.end() == ""
    assert [stream.push(0xE6), stream.push(0x9C), stream.push(ord("x"))] == ["", "", "�x"]
    assert [stream.push(0xE6), stream.end(), stream.push(ord("y"))] == ["", "�", "y"]


def test_pieces_are_shown_as_soon_as_they_are_sure() -> None:
    stream = FallbackDecoder(PIECES, 1)
    month = [10 + byte for byte in "月".encode()]
    assert [stream.push(id) for id in (1, *month, 2)] == ["a", "", "", "", "月月"]
    assert [stream.push(month[0]), stream.end()] == ["", "�"]
    assert stream.push(1) == "a"


@pytest.mark.parametrize("decoder", [ByteDecoder(BYTES), FallbackDecoder(PIECES, 0)])
@pytest.mark.parametrize("id", [-1, 10_000])
def test_an_id_that_no_token_has_is_told_by_a_sentence(decoder: Decoder, id: int) -> None:
    with pytest.raises(TextError, match=f"No token has the id {id}") as caught:
        decoder.push(id)
    assert "tokenizer.json" in caught.value.zh


def test_every_byte_alone_has_a_token_in_these_tests() -> None:
    assert {SHOWN[byte] for byte in range(256)} == {visible(part) for part in PARTS[:256]}
