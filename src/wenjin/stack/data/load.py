"""`load("wordnet", part="noun")`: the rows of a corpus, and what it is: source, license, count, SHA-256.

    corpus = load("classical-poems", part="tang", split="train")
    print(corpus)          classical-poems: 51,843 rows of chinese-poetry 2.0.1 (npm), MIT, sha256 03ee5378a07f…

It never goes to a network. Where the learner has not added the corpus, the excerpt that is shipped is taken instead,
and `corpus.fallback` is true: whoever shows results says so. Where nothing is shipped, it says what to do.
"""

import gzip
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from wenjin.stack.data import folders, keep
from wenjin.stack.data.keep import corpora
from wenjin.stack.data.readers import Row, read, reader
from wenjin.stack.data.sources import DataError, Part, Said, Source, source

EXCERPTS = Path(__file__).parent / "excerpts"
TEST = 10  # one row in so many belongs to the split "test"
Split = Literal["train", "test"]
Texts = Mapping[str, Callable[[], tuple[str, str]]]  # part -> what reads it: its text and its SHA-256


@dataclass(frozen=True, slots=True)
class Corpus:
    """`rows` are of the reader's own kind (wordnet.Sense, poems.Poem, …). `sha256` is of the file or files read."""

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

    Of a corpus that comes divided (parts train and test), the parts are the splits.

    data     the data folder; by default WENJIN_DATA, else the system's usual one
    excerpt  take the shipped excerpt although the whole may be there
    Raises DataError.
    """
    one = source(id)
    title, texts, fallback = at_hand(one, corpora(data), excerpt=excerpt)
    if part is None and split and {"train", "test"} <= texts.keys():
        part, split = split, None
    if part is not None and part not in texts:
        raise _no_part(one, part, texts, fallback=fallback)
    chosen = {part: texts[part]} if part else texts
    rows: list[Any] = []
    hashes = []
    for name, text_of in chosen.items():
        text, sha256 = text_of()
        hashes.append(sha256)
        rows += _split(rows_of(one, name, text), split)
    if not rows:
        what = f"{id} {part or ''} {split or ''}".strip()
        raise DataError(f"{what} 一行也没有。", f"{what} holds not one row.")
    license_ = one.excerpt_license if fallback and one.excerpt_license else one.license
    return Corpus(id, tuple(rows), title, license_.en, len(rows), _digest(hashes), fallback)


def at_hand(one: Source, place: Path, *, excerpt: bool = False) -> tuple[str, Texts, bool]:
    """What there is of a corpus: its origin, its parts, and whether they stand in for more. Raises DataError."""
    if one.way == "running":
        library = reader(one)
        return library.TITLE, {"library": partial(_running, library.kept)}, False
    if one.way == "folder" and (own := folders.known(one, place)):
        files = ", ".join(Path(file.path).name for file in own.values())
        return files, {part: partial(_own, one, file) for part, file in own.items()}, False
    packages = () if excerpt or one.way == "folder" else keep.packages_of(one, place)
    if packages:
        parts = {name: part for package in packages for name, part in package.parts.items()}
        title = " + ".join(package.title for package in packages)
        return title, {name: partial(_kept, one, part, place) for name, part in parts.items()}, False
    if one.excerpt:
        title = one.made_from if one.way == "shipped" else f"an excerpt of {one.made_from}"
        return title, {name: partial(_shipped, part) for name, part in one.excerpt.items()}, one.way != "shipped"
    raise absent(one)


def absent(one: Source) -> DataError:
    """Neither it nor an excerpt is here; what to do."""
    flags = " --folder FOLDER" if one.way == "folder" else ""
    instead = Said(f"可以先用：{one.instead.zh}。", f" Use instead: {one.instead.en}.") if one.instead else Said("", "")
    return DataError(
        f"没有 {one.id}，课程里也没有它的节选。{instead.zh}取来：wenjin data add {one.id}{flags}。",
        f"{one.id} is not here, and no excerpt of it is shipped.{instead.en} Get it: wenjin data add {one.id}{flags}.",
    )


def _no_part(one: Source, part: str, texts: Texts, *, fallback: bool) -> DataError:
    known = ", ".join(texts)
    if fallback and any(part in package.parts for package in one.packages):
        return DataError(
            f"随课程来的 {one.id} 节选没有 {part} 这一部分，只有：{known}。取来全部：wenjin data add {one.id}。",
            f"The shipped excerpt of {one.id} has no part {part}, only: {known}. Get it all: wenjin data add {one.id}.",
        )
    return DataError(
        f"{one.id} 没有 {part} 这一部分。有：{known}。", f"{one.id} has no part {part}. There are: {known}."
    )


def rows_of(one: Source, part: str, text: str) -> Iterator[Row]:
    """The rows of a part's text. Raises DataError."""
    try:
        yield from read(one, text, part)
    except ValueError as error:
        raise DataError(f"{one.id} 的 {part}：{error}。", f"{part} of {one.id}: {error}.") from error


def _kept(one: Source, part: Part, place: Path) -> tuple[str, str]:
    return keep.read_part(one, part, place), part.sha256


def _own(one: Source, own: folders.Own) -> tuple[str, str]:
    return folders.read(one, own), own.sha256


def _running(kept: Callable[[], bytes]) -> tuple[str, str]:
    data = kept()
    return data.decode("utf-8"), hashlib.sha256(data).hexdigest()


def _shipped(part: Part) -> tuple[str, str]:
    """A shipped excerpt, its hash checked."""
    data = gzip.decompress((EXCERPTS / f"{part.file}.gz").read_bytes())
    if hashlib.sha256(data).hexdigest() != part.sha256:
        raise DataError(
            f"随课程来的 {part.file} 与钉定的 SHA-256 不符：请重新安装课程。",
            f"The shipped {part.file} does not have the pinned SHA-256: install the course again.",
        )
    return data.decode("utf-8"), part.sha256


def _split(rows: Iterable[Row], split: Split | None) -> Iterator[Row]:
    for row in rows:
        if split is None or (split == "test") == (_dice(row) % TEST == 0):
            yield row


def _dice(row: Row) -> int:
    """A number that depends on nothing but the row, so that the excerpt divides as the whole does."""
    return int.from_bytes(hashlib.sha256(row.key.encode()).digest()[:4], "big")


def _digest(hashes: list[str]) -> str:
    """The hash of one file, or of the hashes of several."""
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()
