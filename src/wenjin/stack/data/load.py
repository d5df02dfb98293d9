"""`load("wordnet", part="noun")`: the rows of a corpus, and what it is: source, license, count, SHA-256.

    corpus = load("classical-poems", part="tang", split="train")
    print(corpus)          classical-poems: 51,843 rows of chinese-poetry 2.0.1 (npm), MIT, sha256 03ee5378a07f…

It never goes to a network. Where the learner has not added the corpus, the excerpt that is shipped is taken instead,
and `corpus.fallback` is true: whoever shows results says so.
"""

import gzip
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from wenjin.stack.data import poems, wordnet
from wenjin.stack.data.keep import corpora, package_of, read_part
from wenjin.stack.data.sources import DataError, Part, source

EXCERPTS = Path(__file__).parent / "excerpts"
READERS: dict[str, Callable[[str], Iterator[Any]]] = {"wordnet": wordnet.read, "classical-poems": poems.read}
TEST = 10  # one row in so many belongs to the split "test"
Split = Literal["train", "test"]


@dataclass(frozen=True, slots=True)
class Corpus:
    """`rows` are senses (wordnet.Sense) or poems (poems.Poem). `sha256` is of the file or files that were read."""

    id: str
    rows: tuple[Any, ...]
    source: str
    license: str
    count: int
    sha256: str
    fallback: bool

    def __str__(self) -> str:
        note = " (a shipped excerpt)" if self.fallback else ""
        return f"{self.id}{note}: {self.count:,} rows of {self.source}, {self.license}, sha256 {self.sha256[:12]}…"


def load(
    id: str, *, part: str | None = None, split: Split | None = None, data: Path | None = None, excerpt: bool = False
) -> Corpus:
    """A corpus, or one part of it; `split` is the same division of rows on every machine, nine to one.

    data     the data folder; by default WENJIN_DATA, else the system's usual one
    excerpt  take the shipped excerpt although the whole may be there
    Raises DataError.
    """
    one, place = source(id), corpora(data)
    package = None if excerpt else package_of(one, place)
    parts = package.parts if package else one.excerpt
    if part is not None and part not in parts:
        known = ", ".join(parts)
        raise DataError(f"{id} 没有 {part} 这一部分。有：{known}。", f"{id} has no part {part}. There are: {known}.")
    chosen = [parts[part]] if part else list(parts.values())
    read = partial(read_part, one, place=place) if package else _shipped
    rows = tuple(_split((row for p in chosen for row in READERS[id](read(p))), split))
    title = package.title if package else f"an excerpt of {one.packages[0].title}"
    return Corpus(id, rows, title, one.license, len(rows), _digest(chosen), package is None)


def _shipped(part: Part) -> str:
    """The text of a shipped excerpt, its hash checked."""
    data = gzip.decompress((EXCERPTS / f"{part.file}.gz").read_bytes())
    if hashlib.sha256(data).hexdigest() != part.sha256:
        raise DataError(
            f"随课程来的 {part.file} 与钉定的 SHA-256 不符：请重新安装课程。",
            f"The shipped {part.file} does not have the pinned SHA-256: install the course again.",
        )
    return data.decode("utf-8")


def _split(rows: Iterable[Any], split: Split | None) -> Iterator[Any]:
    for row in rows:
        if split is None or (split == "test") == (_dice(row) % TEST == 0):
            yield row


def _dice(row: wordnet.Sense | poems.Poem) -> int:
    """A number that depends on nothing but the row, so that the excerpt divides as the whole does."""
    key = row.gloss if isinstance(row, wordnet.Sense) else row.title + row.author + row.text
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big")


def _digest(parts: list[Part]) -> str:
    """The hash of one file, or of the hashes of several."""
    if len(parts) == 1:
        return parts[0].sha256
    return hashlib.sha256("".join(part.sha256 for part in parts).encode()).hexdigest()
