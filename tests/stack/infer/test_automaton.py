"""Bytes of characters, rules within rules, and no way that leads nowhere."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.stack.infer.automaton import DEPTH, Automaton
from wenjin.stack.infer.bytegraph import Graph, chains, size
from wenjin.stack.infer.language import (
    ANY,
    EMPTY,
    NOTHING,
    Call,
    ConstraintError,
    Letters,
    Node,
    Repeat,
    either,
    many,
    maybe,
    others,
    row,
    united,
    word,
)


def accepts(automaton: Automaton, raw: bytes) -> bool:
    state = automaton.start
    for byte in raw:
        state = automaton.step(state, byte)
    return automaton.complete[state]


EDGES = st.sampled_from([0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xD800, 0xDFFF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF])
CODES = st.one_of(EDGES, st.integers(0, 0x10FFFF), st.integers(0, 0x900))


@settings(max_examples=100, deadline=None)
@given(a=CODES, b=CODES, tried=st.lists(CODES, max_size=10))
def test_a_range_of_characters_is_exactly_its_bytes(a: int, b: int, tried: list[int]) -> None:
    first, last = min(a, b), max(a, b)
    told = chains(Letters(((first, last),)))
    for code in {*tried, first, last, max(first - 1, 0), min(last + 1, 0x10FFFF), (first + last) // 2}:
        if 0xD800 <= code <= 0xDFFF:
            continue
        raw = chr(code).encode()
        fits = sum(
            len(chain) == len(raw) and all(low <= byte <= high for byte, (low, high) in zip(raw, chain, strict=True))
            for chain in told
        )
        assert fits == (first <= code <= last)


def test_any_character_is_any_valid_utf8_and_nothing_else(count: Callable[[int], int]) -> None:
    automaton, dice = Automaton(ANY), random.Random(0)
    for _ in range(count(20_000)):
        raw = bytes(dice.choice((0x41, 0x80, 0xBF, 0xC2, 0xE0, 0xA0, 0xED, 0xF0, 0x90, 0xF4, dice.randrange(256)))
                    for _ in range(dice.randrange(1, 5)))  # fmt: skip
        try:
            one = len(raw.decode()) == 1
        except UnicodeDecodeError:
            one = False
        assert accepts(automaton, raw) == one


BRACKETS: dict[str, Node] = {"pair": row(word("("), many(Call("pair")), word(")"))}


def test_a_rule_that_calls_itself_counts_its_brackets() -> None:
    automaton = Automaton(many(Call("pair")), BRACKETS)
    dice = random.Random(1)
    for _ in range(300):
        text = "".join(dice.choice("()") for _ in range(dice.randrange(12)))
        depth, good = 0, True
        for letter in text:
            depth += 1 if letter == "(" else -1
            good = good and depth >= 0
        assert accepts(automaton, text.encode()) == (good and depth == 0)


def test_rules_lie_in_one_another_to_a_depth_and_can_always_be_left() -> None:
    automaton = Automaton(Call("pair"), BRACKETS)
    assert accepts(automaton, b"(" * DEPTH + b")" * DEPTH)
    state = automaton.start
    for _ in range(DEPTH):
        state = automaton.step(state, ord("("))
    assert automaton.step(state, ord("(")) == 0
    assert automaton.step(state, ord(")")) != 0


def test_a_way_that_needs_more_depth_than_is_left_is_not_begun() -> None:
    """Each [ needs a pair of brackets three deep inside: it may not be opened where they no longer fit."""
    rules = {
        "a": either(row(word("["), Call("a"), Call("b"), word("]")), word("x")),
        "b": row(word("("), Call("c"), word(")")),
    }
    rules["c"] = row(word("("), Call("d"), word(")"))
    rules["d"] = word("()")
    automaton = Automaton(Call("a"), rules)
    state, opened = automaton.start, 0
    while following := automaton.step(state, ord("[")):
        state, opened = following, opened + 1
    assert opened < DEPTH
    for raw in [b"x", *[b"((()))]"] * opened]:
        for byte in raw:
            state = automaton.step(state, byte)
            assert state
    assert automaton.complete[state]


@pytest.mark.parametrize(
    "rules",
    [
        {"a": Call("a")},
        {"a": either(Call("a"), word("x"))},
        {"a": row(maybe(word("x")), Call("b")), "b": row(many(word("y")), Call("a"))},
        {"a": row(Call("b"), Call("a")), "b": maybe(word("x"))},
    ],
)
def test_a_rule_that_reads_nothing_before_itself_is_refused(rules: dict[str, Node]) -> None:
    with pytest.raises(ConstraintError, match="refers to itself"):
        Automaton(Call("a"), rules)


def test_what_no_text_fits_is_refused() -> None:
    for node in (NOTHING, row(word("a"), NOTHING), Repeat(NOTHING, 1, None), Letters(())):
        with pytest.raises(ConstraintError, match="No text fits"):
            Automaton(node)
    with pytest.raises(ConstraintError, match="No text fits"):
        Automaton(Call("a"), {"a": row(word("("), Call("a"), word(")"))})
    assert accepts(Automaton(EMPTY), b"")
    assert accepts(Automaton(Repeat(NOTHING, 0, None)), b"")


def test_bytes_that_cannot_be_written_are_not_needed() -> None:
    automaton = Automaton(many(ANY, 1), usable=frozenset(b"ab\xc3\xa9\xf4"))
    assert accepts(automaton, "abé".encode())
    assert automaton.step(automaton.start, 0xF4) == 0  # begins a character that could not be finished
    assert automaton.step(automaton.start, ord("c")) == 0


def test_the_size_is_known_before_it_is_built() -> None:
    for node in (
        word("abc"),
        Letters(others(((34, 34), (92, 92)))),
        Repeat(either(word("ab"), ANY), 3, 7),
        many(row(maybe(ANY), word("é"))),
        either(),
    ):
        assert len(Graph(node).edges) <= 1 + size(node) <= 3 * len(Graph(node).edges)
    with pytest.raises(ConstraintError, match="more than 60000 states"):
        Graph(Repeat(Repeat(Repeat(ANY, 9999, 9999), 9999, 9999), 9999, 9999))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)).map(sorted).map(tuple), max_size=6))
def test_ranges_united_and_turned_around(ranges: list[tuple[int, int]]) -> None:
    inside = {code for first, last in ranges for code in range(first, last + 1)}
    joined = united(ranges)
    assert {code for first, last in joined for code in range(first, last + 1)} == inside
    assert {code for first, last in others(joined) for code in range(first, min(last, 400) + 1)} == set(
        range(401)
    ) - inside
    assert others(others(joined)) == joined
