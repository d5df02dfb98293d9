"""WikiText in its text files, which the learner has -> articles.

     = Valkyria Chronicles III =
                                                      (a line that holds a space)
     Senjō no Valkyria 3 : <unk> Chronicles ( Japanese : …
     = = Gameplay = =

A line " = Title = " between two empty ones begins an article; more equals signs make its sections. Words are separated
by spaces, rare ones are <unk> (not in the .raw files), and @-@ is a hyphen inside a word. Nothing of that is undone.

Files   wiki.train.tokens, wiki.valid.tokens, wiki.test.tokens, of WikiText-2 or WikiText-103; or the same as .raw
Source  Merity et al. 2016, arXiv:1609.07843; CC BY-SA 3.0 and GFDL, as Wikipedia
Proof   tests/stack/data/test_text_readers.py: articles of hand-written files of that form
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

PARTS = {part: (f"wiki.{part}.tokens", f"wiki.{part}.raw") for part in ("train", "valid", "test")}
HEAD = re.compile(r" ?= ([^=\s](?:.*[^=\s])?) = ?$")


@dataclass(frozen=True, slots=True)
class Article:
    """`text` has its sections' heads; its title is left out."""

    title: str
    text: str

    @property
    def key(self) -> str:
        return self.title


def read(text: str) -> Iterator[Article]:
    """What stands before the first title is no article. Raises ValueError for a file without any."""
    title, before = "", ""
    lines: list[str] = []
    ahead = text.split("\n")
    for n, line in enumerate(ahead):
        begins = HEAD.match(line) if not before.strip() and not "".join(ahead[n + 1 : n + 2]).strip() else None
        if begins:
            if title:
                yield Article(title, "\n".join(lines).strip())
            title, lines = begins[1], []
        else:
            lines.append(line)
        before = line
    if not title:
        raise ValueError("no line is the title of an article, as in ' = Valkyria Chronicles III = '")
    yield Article(title, "\n".join(lines).strip())
