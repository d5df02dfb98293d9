"""Which reader turns the kept text of a corpus into rows: one table, corpus -> reader.

A row has a `key`, text that decides on which side of a split it falls; rows that must not be parted share it. To add a
corpus: its facts in sources.toml, a file with its rows and reader beside this one, and a line here.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Protocol

from wenjin.stack.data import (
    classics,
    dialogs,
    emoji_names,
    handbooks,
    manual_pages,
    messages,
    poems,
    python_library,
    reviews,
    tagged_news,
    wikitext,
    wordnet,
)


class Row(Protocol):
    @property
    def key(self) -> str: ...


Reader = Callable[[str, str], Iterator[Row]]  # the text of a part, the part's name


def _alone(read: Callable[[str], Iterator[Row]]) -> Reader:
    """A reader to which the part's name says nothing."""
    return lambda text, part: read(text)


READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "wordnet": _alone(wordnet.read),
        "classical-poems": _alone(poems.read),
        "english-classics": _alone(classics.read),
        "manual-pages": _alone(manual_pages.read),
        "debian-handbooks": _alone(handbooks.read),
        "python-library": _alone(python_library.read),
        "wikitext-files": _alone(wikitext.read),
        "shopping-reviews": reviews.read,
        "tagged-news": _alone(tagged_news.read),
        "interface-messages": _alone(messages.read),
        "emoji-names": _alone(emoji_names.read),
        "chatter": _alone(dialogs.read),
    }
)
FOLDERS = MappingProxyType({"wikitext-files": wikitext.PARTS})  # the files that a learner's folder may hold
