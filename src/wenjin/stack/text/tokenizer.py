"""A tokenizer: text to ids and back, whatever the text.

    tokenizer = byte_level(merges, specials=["<|end|>"])
    tokenizer.encode("月光")                              ids of BPE tokens; "<|end|>" in a text is plain text
    tokenizer.encode("月光<|end|>", allowed=["<|end|>"])  … unless the caller allows it: then it is one id
    tokenizer.decode(ids)                                "月光"

    text -> added tokens cut out -> normalize -> pieces -> single symbols -> merges -> ids

A special token steers the model, so that text of a user never becomes one unless the caller says so.

Omits    offsets into the text, padding, truncation, pairs of texts: whoever makes batches does those; telling a
         special token of a single character from that character
Sources  as bpe.py; the order of the steps: `tokenizers`, whose files it reads and writes (tokenizer_json.py)
Proof    tests/stack/text/test_tokenizer.py: ids and texts equal those of `tokenizers`; round trips of any Unicode
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wenjin.stack.text.alphabet import HIDDEN, SHOWN, invisible, visible
from wenjin.stack.text.bpe import Pair, Table, tokens_of
from wenjin.stack.text.bpe_encode import Encoder
from wenjin.stack.text.decode import ByteDecoder, Decoder, FallbackDecoder, decoded
from wenjin.stack.text.errors import TextError
from wenjin.stack.text.parts import cutter, framed, normalizer, spare_spaces
from wenjin.stack.text.pretokenize import GPT2

ROOM = 1 << 17  # pieces whose ids are kept, so that frequent ones are joined once


@dataclass(frozen=True, slots=True)
class Added:
    """A token that is found in the text as it stands, before all else.

    special      steers the model; found only where the caller allows it, and left out of texts on request
    left, right  it takes the blanks on that side with it
    normalized   it is looked for after the text has been normalized
    """

    id: int
    content: str
    special: bool = True
    left: bool = False
    right: bool = False
    normalized: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """What a tokenizer.json says besides its tokens; the four parts as JSON has them."""

    normalizer: Mapping[str, Any] | None = None
    pre_tokenizer: Mapping[str, Any] | None = None
    post_processor: Mapping[str, Any] | None = None
    decoder: Mapping[str, Any] | None = None
    unknown: str | None = None  # the token for symbols that the vocabulary lacks
    fuse_unknown: bool = False  # neighbors that are unknown become one
    byte_fallback: bool = False  # … unless it can be spelled in bytes
    whole: bool = False  # a piece that is a token is taken whole, however the merges would make it


class Tokenizer:
    """`vocabulary`: tokens as a tokenizer.json writes them, and their ids. `merges`: pairs of them, in order."""

    def __init__(
        self,
        vocabulary: Mapping[str, int],
        merges: Sequence[tuple[str, str]],
        added: Sequence[Added] = (),
        settings: Settings | None = None,
    ) -> None:
        """Raises TextError where a setting is not supported, or a token is named that is not there."""
        self.vocabulary, self.merges, self.added = vocabulary, merges, tuple(added)
        self.settings = settings = settings or Settings()
        self.specials = {one.content: one.id for one in added if one.special}
        self.normalize = normalizer(settings.normalizer)
        self.cut, self.byte_level = cutter(settings.pre_tokenizer)
        table: Table = {}
        for rank, (left, right) in enumerate(merges):
            if left + right in self.specials:
                continue  # no text grows into a special token, whatever a file says
            table[vocabulary[left], vocabulary[right]] = (rank, vocabulary[left + right])
        self._encode_piece = Encoder(table)
        self._kept: dict[str, list[int]] = {}
        self._first = [vocabulary.get(SHOWN[byte], -1) for byte in range(256)]  # the id of each byte
        self._finders: dict[tuple[frozenset[str], bool], re.Pattern[str] | None] = {}
        self._tables: dict[bool, tuple[dict[int, str], dict[int, bytes]]] = {}
        self._tokens = {id: token for token, id in vocabulary.items()} | {one.id: self._shape(one)[0] for one in added}
        self._by_shape = {self._shape(one): one for one in added}
        self.before, self.after = framed(settings.post_processor, self._tokens)
        self.spare = 0 if self.byte_level else spare_spaces(settings.decoder)
        self.size = max(self._tokens, default=-1) + 1

    def encode(self, text: str, allowed: Collection[str] = (), *, frame: bool = False) -> list[int]:
        """The ids of a text. Special tokens count as such only if they are in `allowed` (`tokenizer.specials`: all).

        frame    also put the tokens before and after that the file asks for
        Raises TextError for half of a surrogate pair, which is no text.
        """
        ids: list[int] = []
        try:
            for part, first in self._split(text, allowed, False):
                if isinstance(part, Added):
                    ids.append(part.id)
                    continue
                for inner, leading in self._split(self.normalize(part), allowed, True):
                    if isinstance(inner, Added):
                        ids.append(inner.id)
                        continue
                    for piece in self.cut(inner, first and leading):
                        ids += self._kept.get(piece) or self._piece(piece)
        except UnicodeEncodeError as error:
            code = f"U+{ord(error.object[error.start]):04X}"
            raise TextError(
                f"文本里有半个代理对（{code}），它不是字符。读文件时请用 UTF-8，并替换坏掉的字节。",
                f"The text has half of a surrogate pair ({code}), which is no character. Read files as UTF-8, and "
                "replace broken bytes.",
            ) from None
        return [*self.before, *ids, *self.after] if frame else ids

    def decode(self, ids: Iterable[int], *, specials: bool = True) -> str:
        """The text of ids; without `specials`, special tokens are left out. Raises TextError for an id it lacks."""
        ids, (_, parts) = list(ids), self._table(specials)
        if self.byte_level and all(map(parts.__contains__, ids)):
            return b"".join(map(parts.__getitem__, ids)).decode("utf-8", "replace")
        return decoded(self.stream(specials=specials), ids)

    def stream(self, *, specials: bool = True) -> Decoder:
        """For ids that come one by one: push(id) gives what can be shown, end() the rest. Joined, that is `decode`."""
        texts, parts = self._table(specials)
        return ByteDecoder(parts) if self.byte_level else FallbackDecoder(texts, self.spare)

    def _table(self, specials: bool) -> tuple[dict[int, str], dict[int, bytes]]:
        """Each id's text and its bytes, made once: they are wanted for every text."""
        if specials not in self._tables:
            hidden = () if specials else set(self.specials.values())
            tokens = {id: "" if id in hidden else token for id, token in self._tokens.items()}
            self._tables[specials] = tokens, {id: bytes_of(token) for id, token in tokens.items()}
        return self._tables[specials]

    def token(self, id: int) -> str:
        """A token as the file writes it. Raises KeyError."""
        return self._tokens[id]

    def _piece(self, piece: str) -> list[int]:
        """The ids of a piece, worked out."""
        data = piece.encode()
        start = [self._first[byte] for byte in data] if self.byte_level else [-1]
        if self.settings.whole or -1 in start:
            shown = visible(data) if self.byte_level else piece
            if self.settings.whole and shown in self.vocabulary and shown not in self.specials:
                ids = [self.vocabulary[shown]]
            else:
                ids = self._encode_piece(self._symbols(shown))
        else:
            ids = self._encode_piece(start)
        if len(self._kept) < ROOM:
            self._kept[piece] = ids
        return ids

    def _symbols(self, shown: str) -> list[int]:
        """One id a character: its own, or those of its bytes, or the unknown token's; with none of these, none."""
        found: list[int] = []
        unknown = self.vocabulary.get(self.settings.unknown, -1) if self.settings.unknown is not None else -1
        for character in shown:
            if (id := self.vocabulary.get(character, -1)) >= 0:
                found.append(id)
            elif self.settings.byte_fallback:
                found += [self.vocabulary[f"<0x{byte:02X}>"] for byte in character.encode()]
            elif unknown >= 0 and not (self.settings.fuse_unknown and found[-1:] == [unknown]):
                found.append(unknown)
        return found

    def _split(self, text: str, allowed: Collection[str], normalized: bool) -> list[tuple[str | Added, bool]]:
        """The text with added tokens cut out of it, and whether each part stands at its very beginning."""
        finder = self._finder(frozenset(self.specials).intersection(allowed), normalized)
        if finder is None:
            return [(text, True)] if text else []
        parts: list[tuple[str | Added, bool]] = []
        end = 0
        for match in finder.finditer(text):
            one, start, stop = self._by_shape[match[0], normalized], match.start(), match.end()
            if one.left:
                start = max(end, len(text[:start].rstrip(BLANKS)))
            if start > end:
                parts.append((text[end:start], end == 0))
            parts.append((one, False))
            end = len(text) - len(text[stop:].lstrip(BLANKS)) if one.right else stop
        return [*parts, (text[end:], end == 0)] if end < len(text) else parts

    def _shape(self, one: Added) -> tuple[str, bool]:
        """As what an added token is looked for, and whether in normalized text."""
        return (self.normalize(one.content) if one.normalized else one.content), one.normalized

    def _finder(self, allowed: frozenset[str], normalized: bool) -> re.Pattern[str] | None:
        """What finds the added tokens, longest first; None where there is none to be found."""
        key = (allowed, normalized)
        if key not in self._finders:
            known = [a for a in self.added if a.normalized == normalized and (not a.special or a.content in allowed)]
            longest = sorted((self._shape(one)[0] for one in known), key=len, reverse=True)
            self._finders[key] = re.compile("|".join(map(re.escape, longest))) if longest else None
        return self._finders[key]


BLANKS = "\t\n\x0b\x0c\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"


def bytes_of(token: str) -> bytes:
    """What a token of a byte-level vocabulary stands for. An added token may have characters that are no byte."""
    return invisible(token) if all(character in HIDDEN for character in token) else token.encode()


def byte_level(merges: Sequence[Pair], pattern: str = GPT2, specials: Sequence[str] = ()) -> Tokenizer:
    """A tokenizer of one's own. `merges` as bpe_train.train gives them, for pieces cut by `pattern`.

    Ids: the special tokens first, then the 256 bytes, then what the merges made.
    """
    shown = [visible(token) for token in tokens_of(merges)]
    vocabulary = {token: id for id, token in enumerate([*specials, *shown])}
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    tail = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return Tokenizer(
        vocabulary,
        [(shown[left], shown[right]) for left, right in merges],
        [Added(id, content) for id, content in enumerate(specials)],
        Settings(pre_tokenizer={"type": "Sequence", "pretokenizers": [split, tail]}, decoder=tail),
    )
