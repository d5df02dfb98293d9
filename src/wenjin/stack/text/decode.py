"""From ids back to text, one id at a time: what is shown is never taken back.

    stream = ByteDecoder(table)
    stream.push(a), stream.push(b), stream.end()         "", "月", ""

A token of a byte-level tokenizer is bytes, and may end in the middle of a character. Bytes that may still become a
character are held back until the next token decides, or the end turns them into �.

Omits    rules for spaces around words, which only WordPiece needs
Sources  UTF-8 as RFC 3629 has it; what is no UTF-8 becomes � as in the Unicode Standard 16.0 (3.9, table 3-8);
         bytes as tokens <0x00> … <0xFF>: Kudo and Richardson, arXiv:1808.06226 (3.2)
Proof    tests/stack/text/test_decode.py: equals `tokenizers` on any ids; pushed one by one equals decoded at once
"""

import codecs
from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from wenjin.stack.text.errors import TextError

Token = TypeVar("Token", str, bytes)


class Decoder(Protocol):
    """Takes ids one after another."""

    def push(self, id: int) -> str:
        """What can be shown now that this id has come; may be empty."""
        ...

    def end(self) -> str:
        """What was held back, and starts anew."""
        ...


class ByteDecoder:
    """For byte-level tokenizers. `table`: the bytes of each id. An id that it lacks raises TextError."""

    def __init__(self, table: Mapping[int, bytes]) -> None:
        self.table = table
        self.utf8 = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, id: int) -> str:
        return self.utf8.decode(known(self.table, id))

    def end(self) -> str:
        rest = self.utf8.decode(b"", final=True)
        self.utf8.reset()
        return rest


class FallbackDecoder:
    """For tokenizers of characters, where ▁ is a space and what the vocabulary lacks is spelled <0xE6><0x9C><0x88>.

    `table`: the text of each id; an id that it lacks raises TextError. `spare`: how many spaces at the very beginning
    were put there by the tokenizer.
    """

    def __init__(self, table: Mapping[int, str], spare: int) -> None:
        self.table, self.spare = table, spare
        self.left, self.held = spare, b""

    def push(self, id: int) -> str:
        token = known(self.table, id)
        if not token:
            return ""
        if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
            try:
                self.held += bytes([int(token[3:5], 16)])
                return ""
            except ValueError:
                pass
        return self._trimmed(self._spelled() + token.replace("▁", " "))

    def end(self) -> str:
        rest = self._trimmed(self._spelled())
        self.left = self.spare
        return rest

    def _spelled(self) -> str:
        """A run of byte tokens is a text or it is not: then each of them is a �."""
        held, self.held = self.held, b""
        try:
            return held.decode()
        except UnicodeDecodeError:
            return "�" * len(held)

    def _trimmed(self, text: str) -> str:
        while self.left and text:
            self.left = self.left - 1 if text[0] == " " else 0
            text = text.removeprefix(" ") if self.left or text[0] == " " else text
        return text


def known(table: Mapping[int, Token], id: int) -> Token:
    """Raises TextError for an id that no token has."""
    try:
        return table[id]
    except KeyError:
        top = max(table, default=-1)
        raise TextError(
            f"词表里没有编号 {id}（最大 {top}）。模型和分词器不是一对：请用训练它时的那个 tokenizer.json。",
            f"No token has the id {id} (the highest is {top}). Model and tokenizer do not belong together: take the "
            "tokenizer.json that the model was trained with.",
        ) from None


def decoded(decoder: Decoder, ids: Iterable[int]) -> str:
    """All at once."""
    return "".join([*map(decoder.push, ids), decoder.end()])
