"""Who is read next: order, budgets, no page lost and none written by two, whatever is asked and given up."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.stack.infer.pages import PAGE, Pages
from wenjin.stack.infer.scheduler import Part, Scheduler, Text, pages_for

ASKED = st.tuples(  # length of a prompt, what it begins like, new tokens, priority, given up at some step
    st.integers(1, 150), st.integers(0, 1), st.integers(1, 90), st.integers(0, 2), st.sampled_from([None, 0, 3, 20])
)


def text(length: int, kind: int, most: int, priority: int = 0, came: int = 0) -> Text:
    return Text([kind] * length, most, (-priority, came))


def check(scheduler: Scheduler, passes: list[list[Part]]) -> None:
    pages = scheduler.pages
    parts = [part for one in passes for part in one]
    assert len({id(part.text) for part in parts}) == len(parts)
    assert sum(part.count for part in parts if part.count > 1) <= scheduler.chunk
    assert len(scheduler.running) <= scheduler.batch
    for part in parts:
        assert part.text in scheduler.running
        assert part.first == part.text.held < part.last <= len(part.text.ids)
        for page in part.text.table[part.first // PAGE : pages_for(part.last)]:
            assert pages.holders[page] == 1, "written by one, read by another"
            assert page not in pages.names
    for one in passes:
        counts = [part.count > 1 for part in one]
        assert counts == sorted(counts)
        if scheduler.fixed and one[0].first < one[0].text.prompt:
            assert len(one) == 1
            assert one[0].first % scheduler.chunk == 0
    held = {page for running in scheduler.running for page in running.table}
    assert held == set(pages.holders)


@settings(max_examples=40, deadline=None)
@given(
    asked=st.lists(ASKED, min_size=1, max_size=8), fixed=st.booleans(), prefix=st.booleans(), seed=st.integers(0, 99)
)
def test_everything_ends_and_every_page_comes_back(
    asked: list[tuple[int, int, int, int, int | None]], fixed: bool, prefix: bool, seed: int
) -> None:
    dice = random.Random(seed)
    pages = Pages(8, first=1)
    scheduler = Scheduler(pages, batch=3, chunk=PAGE, prefix=prefix, fixed=fixed)
    texts = [text(length, kind, most, priority, n) for n, (length, kind, most, priority, _) in enumerate(asked)]
    quits = {n: texts[n] for n in range(len(asked)) if asked[n][4] is not None}
    to_come, steps, ended = list(texts), 0, []
    while len(ended) < len(texts):
        while to_come and (dice.random() < 0.5 or not scheduler.running):
            scheduler.add(to_come.pop(0))
        for n, quitter in list(quits.items()):
            if asked[n][4] == steps and quitter not in to_come and quitter not in ended:
                scheduler.drop(quitter)
                ended.append(quitter)
        passes = scheduler.plan()
        check(scheduler, passes)
        assert passes or not (scheduler.running or scheduler.waiting)
        for part in [part for one in passes for part in one]:
            scheduler.read(part)
            if part.newest:
                part.text.ids.append(dice.randrange(2))
                if len(part.text.ids) - part.text.prompt == part.text.most:
                    scheduler.drop(part.text)
                    ended.append(part.text)
        steps += 1
        assert steps < 3000
    assert pages.used == 0
    assert pages.available == 8


def begun(scheduler: Scheduler, steps: int) -> list[int]:
    """Take steps; in what order texts began, by when they came."""
    order: list[int] = []
    for _ in range(steps):
        for part in [part for one in scheduler.plan() for part in one]:
            if part.text.turn[1] not in order:
                order.append(part.text.turn[1])
            scheduler.read(part)
            if part.newest:
                part.text.ids.append(1)
                if len(part.text.ids) - part.text.prompt == part.text.most:
                    scheduler.drop(part.text)
    return order


def test_higher_priority_goes_first_and_among_equals_who_came_first() -> None:
    scheduler = Scheduler(Pages(50), batch=1, chunk=64)
    for came, priority in enumerate((0, 1, 0, 2, 1)):
        scheduler.add(text(5, came, 3, priority, came))
    assert begun(scheduler, 20) == [3, 1, 4, 0, 2]


def test_a_long_first_in_line_is_not_overtaken_by_short_ones() -> None:
    scheduler = Scheduler(Pages(6), batch=8, chunk=64, prefix=False)
    scheduler.add(text(4 * PAGE - 2, 0, 1, came=0))
    scheduler.add(text(5 * PAGE, 1, 2, came=1))
    scheduler.add(text(3, 0, 1, came=2))
    first = scheduler.plan()
    assert [part.text.turn[1] for part in first[0]] == [0]
    assert [one.turn[1] for one in scheduler.waiting] == [1, 2]
    assert begun(scheduler, 40) == [0, 1, 2]


def test_a_text_that_writes_goes_on_beside_a_long_prompt() -> None:
    scheduler = Scheduler(Pages(50), batch=2, chunk=10)
    writer, reader = text(3, 0, 30, came=0), text(95, 1, 1, came=1)
    scheduler.add(writer)
    begun(scheduler, 1)
    scheduler.add(reader)
    for step in range(10):
        (parts,) = scheduler.plan()
        assert [(part.text, part.count) for part in parts] == [(writer, 1), (reader, 5 if step == 9 else 10)]
        for part in parts:
            scheduler.read(part)
        writer.ids.append(0)


def test_higher_priority_makes_the_last_in_line_wait_and_it_loses_nothing() -> None:
    scheduler = Scheduler(Pages(50), batch=1, chunk=200)
    low = text(100, 0, 40, came=0)
    scheduler.add(low)
    begun(scheduler, 5)
    scheduler.add(text(4, 1, 2, priority=1, came=1))
    assert [part.text.turn[1] for part in scheduler.plan()[0]] == [1]
    assert low in scheduler.waiting
    begun(scheduler, 2)
    (part,) = scheduler.plan()[0]
    assert part.text is low
    assert part.first == 3 * PAGE, "full pages were kept"
    assert part.last == len(low.ids) == 105


@pytest.mark.parametrize(("fixed", "shared"), [(False, 2 * PAGE), (True, 2 * PAGE)])
def test_what_begins_alike_is_read_once(fixed: bool, shared: int) -> None:
    scheduler = Scheduler(Pages(50), batch=4, chunk=2 * PAGE, fixed=fixed)
    scheduler.add(text(2 * PAGE + 5, 0, 2, came=0))
    begun(scheduler, 5)
    again = text(2 * PAGE + 9, 0, 2, came=1)
    scheduler.add(again)
    begun(scheduler, 1)
    assert again.shared == scheduler.found == shared


def test_found_pages_are_whole_pieces_where_all_is_fixed() -> None:
    scheduler = Scheduler(Pages(50), batch=4, chunk=2 * PAGE, fixed=True)
    scheduler.add(text(3 * PAGE + 5, 0, 2, came=0))
    begun(scheduler, 5)
    again = text(4 * PAGE, 0, 2, came=1)
    scheduler.add(again)
    begun(scheduler, 1)
    assert again.shared == 2 * PAGE
    with pytest.raises(ValueError, match="do not end where pages"):
        Scheduler(Pages(5), batch=1, chunk=PAGE + 1, fixed=True)
