"""Which module turns the kept text of a corpus into rows: the one that sources.toml names, imported when it is asked.

A row has a `key`, text that decides on which side of a split it falls; rows that must not be parted share it. To add a
corpus: its facts in sources.toml, with `reader`, the name of a file beside this one; there, the rows and `read`. No
list of readers stands in the code, so that a corpus more changes nothing for those who read another: what a recorded
number depends on (study/course/digest.py) are the readers of the corpora that its code names.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any, Protocol

from wenjin.stack.data.sources import Source


class Row(Protocol):
    @property
    def key(self) -> str: ...


def reader(one: Source) -> Any:
    """The module: read(text), or read(text, part) where `by_part`. Of a corpus in a learner's folder also PARTS, the
    files of each part; of one that stands on this machine kept() and TITLE."""
    return import_module(f"wenjin.stack.data.{one.reader}")


def read(one: Source, text: str, part: str) -> Iterator[Row]:
    """The rows of a part's text. Raises ValueError for text that is none of this corpus."""
    more = (part,) if one.by_part else ()
    rows: Iterator[Row] = reader(one).read(text, *more)
    return rows
