"""Who holds which page of the cache: pages taken, shared, given back, kept for what begins alike, taken anew.

    a text's keys and values lie in pages of 32 tokens, anywhere; its table lists them in order
    full page  ->  its content's name  ->  a later text that begins alike shares it and need not read it again
    no holder  ->  kept as long as no one needs the room; the one unused longest goes first

The name of a page's content is a digest of all ids from the text's beginning to the page's end: keys depend on all
tokens before. A page is shared only when it is full, so nobody writes into what another reads.

Omits    the keys and values themselves, which stand in infer/paged.py; copying a page to go on from its middle
Sources  pages and sharing: arXiv:2309.06180 (4.2, 4.4); beginnings kept after their text is over: arXiv:2312.07104 (3)
Proof    tests/stack/infer/test_pages.py: never leaked, never shared for writing, any order of events
"""

import hashlib
from array import array
from collections import OrderedDict
from collections.abc import Sequence

PAGE = 32  # tokens


class NoPages(Exception):
    """Every page is held by a text under way."""


class Pages:
    """`count` pages, numbered from `first`."""

    def __init__(self, count: int, first: int = 0) -> None:
        self.count = count
        self.free = list(range(first + count - 1, first - 1, -1))  # the lowest is taken first: memory stays compact
        self.holders: dict[int, int] = {}  # page -> texts that hold it, 1 or more
        self.unused: OrderedDict[int, None] = OrderedDict()  # held by none, content named; the longest unused first
        self.named: dict[bytes, int] = {}  # content -> page
        self.names: dict[int, bytes] = {}  # page -> content

    @property
    def available(self) -> int:
        return len(self.free) + len(self.unused)

    @property
    def used(self) -> int:
        """Pages that texts hold."""
        return len(self.holders)

    def take(self) -> int:
        """A page for one text alone to write. Raises NoPages."""
        if self.free:
            page = self.free.pop()
        elif self.unused:
            page, _ = self.unused.popitem(last=False)
            del self.named[self.names.pop(page)]
        else:
            raise NoPages
        self.holders[page] = 1
        return page

    def find(self, names: Sequence[bytes]) -> list[int]:
        """The pages that hold the longest beginning of these contents; the caller holds them from now on."""
        found = []
        for name in names:
            page = self.named.get(name)
            if page is None:
                break
            self.unused.pop(page, None)
            self.holders[page] = self.holders.get(page, 0) + 1
            found.append(page)
        return found

    def name(self, page: int, content: bytes) -> None:
        """This page is full, and nobody will write into it again: others may share it."""
        if content not in self.named and page not in self.names:
            self.named[content], self.names[page] = page, content

    def give_back(self, pages: Sequence[int]) -> None:
        """A text is over. The end of what it read is forgotten before the beginning, which more texts share."""
        for page in reversed(pages):
            self.holders[page] -= 1
            if self.holders[page]:
                continue
            del self.holders[page]
            if page in self.names:
                self.unused[page] = None
            else:
                self.free.append(page)

    def forget(self) -> None:
        """Drop the names of all contents: no later text finds what was read till now."""
        self.free.extend(self.unused)
        self.unused.clear()
        self.named.clear()
        self.names.clear()


def content(ids: Sequence[int], before: bytes = b"") -> bytes:
    """The name of a full page: its own ids, and the name of the page before it."""
    return hashlib.sha256(before + array("q", ids).tobytes()).digest()


def contents(ids: Sequence[int], known: Sequence[bytes] = ()) -> list[bytes]:
    """The names of all full pages of a text; `known` are its first ones."""
    names = list(known)
    for first in range(len(names) * PAGE, len(ids) - PAGE + 1, PAGE):
        names.append(content(ids[first : first + PAGE], names[-1] if names else b""))
    return names
