"""Pages are never leaked and never shared for writing, whatever texts come, grow, begin alike and go."""

from itertools import chain

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from wenjin.stack.infer.pages import PAGE, NoPages, Pages, content, contents

COUNT = 12


class Reader:
    """A text of a few kinds of pages' contents: many begin alike."""

    def __init__(self, ids: list[int], table: list[int]) -> None:
        self.ids, self.table = ids, table


class Life(RuleBasedStateMachine):
    texts = Bundle("texts")

    def __init__(self) -> None:
        super().__init__()
        self.pages, self.alive = Pages(COUNT, first=5), list[Reader]()
        self.written: dict[int, bytes] = {}  # page -> what it was last filled with

    @rule(target=texts, kinds=st.lists(st.integers(0, 1), max_size=5))
    def come(self, kinds: list[int]) -> Reader:
        ids = list(chain.from_iterable([kind] * PAGE for kind in kinds))
        names = contents(ids)
        table = self.pages.find(names)
        assert all(self.written[page] == name for page, name in zip(table, names, strict=False))
        reader = Reader(ids, table)
        self.alive.append(reader)
        self.fill(reader, len(kinds))
        return reader

    @rule(text=texts, kind=st.integers(0, 1))
    def grow(self, text: Reader, kind: int) -> None:
        if text in self.alive and len(text.table) * PAGE == len(text.ids):
            text.ids += [kind] * PAGE
            self.fill(text, len(text.table) + 1)

    @rule(text=consumes(texts))
    def go(self, text: Reader) -> None:
        if text in self.alive:
            self.alive.remove(text)
            self.pages.give_back(text.table)

    @rule()
    def forget(self) -> None:
        self.pages.forget()

    def fill(self, text: Reader, pages: int) -> None:
        names = contents(text.ids)
        while len(text.table) < pages:
            try:
                page = self.pages.take()
            except NoPages:
                assert not self.pages.available
                return
            others = [other for other in self.alive if page in other.table]
            assert not others, "written by one, read by another"
            assert page not in self.pages.names
            name = names[len(text.table)]
            text.table.append(page)
            self.written[page] = name
            self.pages.name(page, name)

    @invariant()
    def every_page_is_in_one_state(self) -> None:
        held = {page for text in self.alive for page in text.table}
        assert held == set(self.pages.holders)
        states = [*self.pages.free, *self.pages.unused, *held]
        assert sorted(states) == list(range(5, 5 + COUNT))
        assert self.pages.available + self.pages.used == COUNT
        for page, holders in self.pages.holders.items():
            assert holders == sum(text.table.count(page) for text in self.alive)
        assert {name: page for page, name in self.pages.names.items()} == self.pages.named
        assert set(self.pages.unused) <= set(self.pages.names)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)


def test_the_end_of_what_was_read_is_forgotten_before_its_beginning() -> None:
    pages = Pages(4)
    names = contents(list(range(4 * PAGE)))
    table = [pages.take() for _ in names]
    for page, name in zip(table, names, strict=True):
        pages.name(page, name)
    pages.give_back(table)
    pages.take()
    assert len(pages.find(names)) == 3


def test_a_page_of_another_beginning_is_another_page() -> None:
    same = list(range(PAGE))
    assert contents([0] * PAGE + same)[1] != contents([1] * PAGE + same)[1]
    assert contents([*same, 7])[0] == content(same)
    assert contents(same * 3, contents(same)) == contents(same * 3)


def test_no_page_is_left() -> None:
    pages = Pages(1)
    pages.take()
    with pytest.raises(NoPages):
        pages.take()
