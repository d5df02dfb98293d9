"""A tokenizer whose tokens are characters: what a model reads when there is no time to train another one.

    table = Characters.of(texts, specials=("<|end|>",), least=2)
    ids = table.encode("床前明月光")        [7, 12, 30, 4, 9]
    table.stream()                           push, push, …, end, as of a Tokenizer

Omits   words, bytes; a character that was too rare, or never seen, becomes one and the same token, shown as 〓
Proof   tests/stack/text/test_characters.py: round trip; rare ones become 〓; specials only by name
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from wenjin.stack.text.errors import TextError

UNKNOWN = "〓"  # the mark that printers set for a character they lack


class Characters:
    """Ids: the special tokens first, then 〓, then the characters."""

    def __init__(self, specials: Sequence[str], characters: Sequence[str]) -> None:
        self.tokens = [*specials, UNKNOWN, *characters]
        self.specials = {name: id for id, name in enumerate(specials)}
        self.unknown = len(specials)
        self._ids = {token: id for id, token in enumerate(self.tokens) if id >= self.unknown}

    @classmethod
    def of(cls, texts: Iterable[str], *, specials: Sequence[str], least: int = 1) -> "Characters":
        """The characters that occur at least so often, the most frequent first."""
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(text)
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return cls(specials, [character for character, n in ranked if n >= least and character != UNKNOWN])

    @property
    def size(self) -> int:
        return len(self.tokens)

    def encode(self, text: str, allowed: Collection[str] = ()) -> list[int]:
        """An id a character; a special token counts as such only if it is in `allowed`."""
        names = [name for name in allowed if name in self.specials]
        if not names:
            return [self._ids.get(character, self.unknown) for character in text]
        found: list[int] = []
        for part in re.split(f"({'|'.join(map(re.escape, names))})", text):
            found += [self.specials[part]] if part in names else self.encode(part)
        return found

    def stream(self, *, specials: bool = True) -> "Pieces":
        """For ids that come one by one, as Tokenizer.stream."""
        return Pieces(self.tokens, 0 if specials else len(self.specials))

    def to_json(self) -> str:
        return json.dumps({"specials": list(self.specials), "characters": self.tokens[self.unknown + 1 :]})

    @classmethod
    def from_json(cls, text: str) -> "Characters":
        """Raises TextError for what `to_json` did not write."""
        try:
            row = json.loads(text)
            return cls([str(name) for name in row["specials"]], [str(one) for one in row["characters"]])
        except (ValueError, KeyError, TypeError):
            raise TextError("这不是一份字表。", "This is no table of characters.") from None


class Pieces:
    """A token a piece; nothing is ever held back. The first `hidden` ids are not shown."""

    def __init__(self, tokens: Sequence[str], hidden: int) -> None:
        self._tokens, self._hidden = tokens, hidden

    def push(self, id: int) -> str:
        return "" if id < self._hidden else self._tokens[id]

    def end(self) -> str:
        return ""
