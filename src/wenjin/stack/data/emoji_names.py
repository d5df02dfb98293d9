"""Emoji with their names and keywords in Chinese and English, a JSON line each.

    ["😆","smileys-emotion","斜眼笑","grinning squinting face",["哈哈","笑"],["haha","laugh"]]

Variants by the color of skin have names and no keywords.

Source  Unicode CLDR annotations, as in the package emojibase-data 17.0.0
Proof   tests/stack/data/test_text_readers.py: counts and fields of the shipped file
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SKIN = re.compile(r"[:,] [^:]*skin tone.*")


@dataclass(frozen=True, slots=True)
class Emoji:
    character: str
    group: str
    zh: str
    en: str
    words_zh: tuple[str, ...]
    words_en: tuple[str, ...]

    @property
    def key(self) -> str:
        return SKIN.sub("", self.en)  # a thing's colors of skin fall on one side


def read(text: str) -> Iterator[Emoji]:
    """Raises ValueError, with the line."""
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        try:
            character, group, zh, en, words_zh, words_en = json.loads(line)
            yield Emoji(character, group, zh, en, tuple(words_zh), tuple(words_en))
        except (ValueError, TypeError) as error:
            raise ValueError(f"line {number} is no emoji: {error}") from None


def compact(zh: list[dict[str, Any]], en: list[dict[str, Any]], groups: Mapping[int, str]) -> tuple[str, str]:
    """emojibase's data.json in both languages -> what is shipped: the emoji, and their variants.

    The letters from which flags are made belong to no group and are left out.
    """
    english = {row["hexcode"]: row for row in en}
    pairs = [(row, english[row["hexcode"]]) for row in zh if "group" in row]
    base = ([a["emoji"], groups[a["group"]], a["label"], b["label"], a["tags"], b["tags"]] for a, b in pairs)
    skins = (
        [a["emoji"], groups[one["group"]], a["label"], b["label"], [], []]
        for one, other in pairs
        for a, b in zip(one.get("skins", ()), other.get("skins", ()), strict=True)
    )
    return _lines(base), _lines(skins)


def _lines(rows: Iterable[list[Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
