"""The collection chinese-poetry -> poems, one JSON object a line.

The package holds some 2,000 JSON files of several shapes; only title, author and lines are kept of it, one part a
file: the complete Tang poems, Song lyrics, the Analects, and primers that children learned by heart.

Omits   tones, notes, ids, and all other collections of the package
Source  the collection chinese-poetry (JackeyGao and contributors, 2016), version 2.0.1
Proof   tests/stack/data/test_readers.py: counts equal those of a plain parse with another method
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

MEMBERS = {
    "tang": r"quantangshi/poet\.tang\.(\d+)\.json",
    "songci": r"songci/ci\.song\.(\d+)\.json",
    "lunyu": r"lunyu/(lunyu)\.json",
    "mengxue": r"mengxue/(qianziwen|sanzijing-traditional|dizigui|baijiaxing|tangshisanbaishou|qianjiashi)\.json",
}
TITLES = ("chapter", "title", "rhythmic")


@dataclass(frozen=True, slots=True)
class Poem:
    title: str
    author: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "".join(self.lines)

    @property
    def key(self) -> str:
        return self.title + self.author + self.text


def read(text: str) -> Iterator[Poem]:
    """The poems of a kept part. Raises ValueError, with the line."""
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        try:
            title, author, lines = json.loads(line)
            yield Poem(title, author, tuple(lines))
        except (ValueError, TypeError) as error:
            raise ValueError(f"line {number} is no poem: {error}") from None


def members(part: str, names: Iterable[str]) -> list[str]:
    """The files of the package that make up a part, in the order of the collection."""
    found = [(match[1], name) for name in names if (match := re.fullmatch("package/dist/" + MEMBERS[part], name))]
    return [name for _, name in sorted(found, key=lambda pair: (pair[0].isdigit(), pair[0].zfill(9), pair[1]))]


def compact(files: Iterable[str]) -> str:
    """What is kept of these JSON files: [title, author, lines], one poem a line; poems without a line are left out."""
    rows = (row for text in files for row in _poems(json.loads(text), "", ""))
    return "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows if row[2])


def _poems(node: Any, title: str, author: str) -> Iterator[tuple[str, str, list[str]]]:
    """The poems at or below a node of any of the shapes; what a node does not name it has from the one above."""
    if isinstance(node, list):
        for one in node:
            yield from _poems(one, title, author)
    elif isinstance(node, dict):
        title = next((str(node[name]) for name in TITLES if node.get(name)), title)
        author = str(node.get("author") or author)
        if isinstance(lines := node.get("paragraphs"), list) and all(isinstance(line, str) for line in lines):
            yield title, author, [line for line in lines if line]
        elif "content" in node:
            yield from _poems(node["content"], title, author)
