"""A prepared poem, the text that a model reads of it, and the folder that holds them all.

    <|form|>五言绝句<|title|>登鹳雀楼<|verse|>白日依山尽，黄河入海流。欲穷千里目，更上一层楼。<|end|>

    corpus = open_corpus(folder)              hashes checked; corpus.sha256 names the data
    for verse in corpus.rows("train"):        train, valid or test: no poem and no variant of one stands in two of them
        document(verse)
    corpus.text("characters.train")           the character-level set of the benchmarks: bodies, blank lines between

A form is told by shape alone: the number of lines and of characters in each. So an old-style poem of four lines of
five counts as 五言绝句, whatever its tones.

Folder   manifest.json (files with SHA-256, counts, sources), report.md, report.json, train.jsonl, valid.jsonl,
         test.jsonl (a Verse a line), characters.train.txt, characters.valid.txt
Proof    tests/stack/data/test_verse.py, tests/poet/test_data.py
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from wenjin.stack.data.sources import DataError

FORM, TITLE, VERSE, END = SPECIALS = ("<|form|>", "<|title|>", "<|verse|>", "<|end|>")
FORMS = {  # what a learner types -> what the model reads
    "5x4": "五言绝句",
    "7x4": "七言绝句",
    "5x8": "五言律诗",
    "7x8": "七言律诗",
    "ci": "词",
    "other": "杂",
}
REGULAR = ("5x4", "7x4", "5x8", "7x8")  # lines of one length, every second one rhymed
Split = Literal["train", "valid", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
STOPS = "，。？！；、："
UNSTOPPED = str.maketrans("", "", STOPS)


@dataclass(frozen=True, slots=True)
class Verse:
    """A poem after cleaning. `text` is simplified, one line of print with its stops; `original` is as in the source.

    `cluster`: poems that share text have the same number, and stand in the same split.
    """

    id: str  # "tang-00017": the part and the row of it
    form: str  # a key of FORMS
    title: str
    author: str
    text: str
    original: str
    cluster: int

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines without their stops."""
        return lines(self.text)


def lines(text: str) -> tuple[str, ...]:
    """白日依山尽，黄河入海流。 -> ("白日依山尽", "黄河入海流")"""
    return tuple(line for line in re.split(f"[{STOPS}]", text) if line)


def bare(text: str) -> str:
    """A poem without its stops: what is compared with others."""
    return text.translate(UNSTOPPED)


def form(text: str, *, ci: bool = False) -> str:
    """The key of FORMS that a poem's shape has."""
    if ci:
        return "ci"
    each = lines(text)
    counts = {len(line) for line in each}
    shape = f"{counts.pop()}x{len(each)}" if len(counts) == 1 else ""
    return shape if shape in FORMS else "other"


def document(verse: Verse) -> str:
    """What a model reads of a poem, special tokens as they are written."""
    return f"{prompt(verse.form, verse.title)}{verse.text}{END}"


def prompt(form: str, title: str) -> str:
    """The beginning of a document, after which a model writes the poem."""
    return f"{FORM}{FORMS[form]}{TITLE}{title}{VERSE}"


@dataclass(frozen=True)
class VerseCorpus:
    """A prepared folder. Raises DataError for a file that is missing or changed."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def sha256(self) -> str:
        """The name of this data: the hash over the hashes of its files."""
        return str(self.manifest["sha256"])

    def rows(self, split: Split) -> list[Verse]:
        return [Verse(**json.loads(line)) for line in self.read(f"{split}.jsonl").splitlines()]

    def text(self, name: str) -> str:
        """characters.train or characters.valid."""
        return self.read(f"{name}.txt")

    @cached_property
    def characters(self) -> list[str]:
        """The vocabulary of the character-level set, in order: the id of a character is its place."""
        return sorted(set(self.text("characters.train") + self.text("characters.valid")))

    def read(self, name: str) -> str:
        """A file of the manifest, its hash checked."""
        path = self.folder / name
        try:
            data = path.read_bytes()
        except OSError as error:
            raise DataError(
                f"{path} 读不了（{error.strerror}）。运行 wenjin poet data。",
                f"{path} cannot be read ({error.strerror}). Run wenjin poet data.",
            ) from error
        if hashlib.sha256(data).hexdigest() != self.manifest["files"].get(name, {}).get("sha256"):
            raise DataError(
                f"{path} 与清单里的 SHA-256 不符：它被改过，或没有写完。运行 wenjin poet data。",
                f"{path} does not have the SHA-256 of its manifest: it was changed or not written to its end. Run "
                "wenjin poet data.",
            )
        return data.decode("utf-8")


def open_corpus(folder: Path) -> VerseCorpus:
    """The prepared corpus in a folder. Raises DataError where there is none."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return VerseCorpus(folder, {"files": manifest["files"], "sha256": manifest["sha256"]} | manifest)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{folder} 里没有整理好的语料。运行 wenjin poet data。",
            f"There is no prepared corpus in {folder}. Run wenjin poet data.",
        ) from error


def write_rows(verses: Iterator[Verse] | list[Verse]) -> str:
    """A Verse a line, as `rows` reads them."""
    return "".join(json.dumps(asdict(v), ensure_ascii=False, separators=(",", ":")) + "\n" for v in verses)
