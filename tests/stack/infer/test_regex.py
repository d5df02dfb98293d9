"""A text is accepted if and only if re accepts it; what is no regular expression is refused by a sentence."""

import random
import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.stack.infer.automaton import Automaton
from wenjin.stack.infer.language import ConstraintError
from wenjin.stack.infer.regex import Dialect, parse

LETTERS = "ab-]^.é月🙂\n "
ATOMS = st.one_of(
    st.sampled_from(["a", "b", "月", "🙂", "é", ".", r"\d", r"\w", r"\S", r"\n", r"\.", r"\x61", r"\u6708", " "]),
    st.sampled_from(["[ab]", "[^a]", "[a-c月-有]", r"[\d\-]", "[]a]", r"[^\s🙂]", "[a-]", "[é-🙂]", r"[\x61-\u0062]"]),
)
REPEATS = st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{1,3}", "{0}", "{2,}", "{,2}", "*?", "{1,2}?"])
PATTERNS = st.recursive(
    st.tuples(ATOMS, REPEATS).map("".join),
    lambda inner: st.one_of(
        st.lists(inner, min_size=0, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map("|".join).map("({})".format),
        st.tuples(inner, REPEATS).map(lambda two: f"(?:{two[0]}){two[1]}"),
    ),
    max_leaves=6,
)
TEXTS = st.text(LETTERS + "c2", max_size=8)


def accepts(automaton: Automaton, text: str) -> bool:
    state = automaton.start
    for byte in text.encode():
        state = automaton.step(state, byte)
    return automaton.complete[state]


def test_a_text_is_accepted_if_and_only_if_re_accepts_it(count: Callable[[int], int]) -> None:
    @settings(max_examples=count(3000), deadline=None)
    @given(pattern=PATTERNS, texts=st.lists(TEXTS, min_size=1, max_size=20))
    def check(pattern: str, texts: list[str]) -> None:
        automaton, theirs = Automaton(parse(pattern)), re.compile(pattern, re.ASCII)
        for text in ["", *texts]:
            assert accepts(automaton, text) == bool(theirs.fullmatch(text)), (pattern, text)

    check()


def test_what_the_automaton_writes_matches(count: Callable[[int], int]) -> None:
    @settings(max_examples=count(2000), deadline=None)
    @given(pattern=PATTERNS, seed=st.integers(0, 99))
    def check(pattern: str, seed: int) -> None:
        automaton, dice, raw = Automaton(parse(pattern)), random.Random(seed), bytearray()
        state = automaton.start
        for _ in range(200):
            onward = [byte for byte in range(256) if automaton.step(state, byte)]
            if not onward or (automaton.complete[state] and dice.random() < 0.3):
                break
            raw.append(dice.choice(onward))
            state = automaton.step(state, raw[-1])
        if automaton.complete[state]:
            assert re.fullmatch(pattern, raw.decode(), re.ASCII), (pattern, raw)
        else:
            assert onward, "a dead end"

    check()


EDGED = st.tuples(st.sampled_from(["", "^", "(^|a)", "(?:^b|)"]), PATTERNS, st.sampled_from(["", "$", "(a|$)"]))


def test_anchors_and_any_place_are_those_of_search(count: Callable[[int], int]) -> None:
    @settings(max_examples=count(1000), deadline=None)
    @given(parts=st.lists(EDGED.map("".join), min_size=1, max_size=2), texts=st.lists(TEXTS, max_size=10))
    def check(parts: list[str], texts: list[str]) -> None:
        pattern = "|".join(parts)
        anywhere, whole = Automaton(parse(pattern, anywhere=True)), Automaton(parse(pattern))
        theirs = re.compile(pattern.replace("$", r"\Z"), re.ASCII)  # theirs ends before a last line break too
        for text in ["", "a", "b", *texts]:
            assert accepts(anywhere, text) == bool(theirs.search(text)), (pattern, text)
            assert accepts(whole, text) == bool(theirs.fullmatch(text)), (pattern, text)

    check()


@pytest.mark.parametrize(
    ("pattern", "dialect", "good", "bad"),
    [
        (r"\d+", "python", ["0", "42"], ["", "４２", "4a"]),
        (r".", "python", ["\r", "月"], ["\n", ""]),
        (r".", "ecma", ["月"], ["\n", "\r", "\u2028"]),
        (r"\s", "python", [" ", "\v"], ["\u3000", "\ufeff"]),
        (r"\s", "ecma", [" ", "\u3000", "\ufeff"], ["\u200b"]),
        (r"\S", "ecma", ["月"], ["\u3000", " "]),
        (r"[^]", "ecma", ["\n", "月"], ["", "ab"]),
        (r"a[]", "ecma", [], ["a", ""]),
        (r"\/\-\$", "ecma", ["/-$"], ["\\/-$"]),
        (r"(?<year>\d{4})-(?P<month>\d\d)", "python", ["2024-05"], ["2024-5"]),
        (r"x{,2}", "ecma", ["x{,2}"], ["xx"]),
        (r"x{,2}|{|a}|x{y}", "python", ["", "xx", "{", "a}", "x{y}"], ["xxx"]),
        (r"[\b]\0", "ecma", ["\b\0"], [r"\b0"]),
        (r"\A(ab)\Z", "python", ["ab"], ["xab"]),
        ("[\U0001f600-\U0001f64f]{2}", "python", ["🙂🙃"], ["🙂", "月月"]),
        (r"[\ud7ff]", "ecma", ["\ud7ff"], ["\ue000"]),
        (r"[^a]", "python", ["\U0010ffff", "\ue000", "\0"], ["a"]),
    ],
)
def test_by_hand(pattern: str, dialect: Dialect, good: list[str], bad: list[str]) -> None:
    if not good:
        with pytest.raises(ConstraintError, match="No text fits"):
            Automaton(parse(pattern, dialect=dialect))
        return
    automaton = Automaton(parse(pattern, dialect=dialect))
    assert [text for text in good if not accepts(automaton, text)] == []
    assert [text for text in bad if accepts(automaton, text)] == []


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("a(b", "is not closed"),
        ("a)b", "closes no group"),
        ("[ab", "too early"),
        ("a\\", "too early"),
        ("*a", "nothing to repeat"),
        ("a**", "repeat of a repeat"),
        ("(?=a)", r"\(\?= is not supported"),
        ("(?<!a)b", "is not supported"),
        ("(?i)a", r"\(\?i is not supported"),
        ("(?>a)", "is not supported"),
        ("a*+", "is not supported"),
        (r"(a)\1", r"\\1 is not supported"),
        (r"\bword", r"\\b is not supported"),
        (r"\p{L}", r"\\p is not supported"),
        ("a^b", "in the middle"),
        ("(a$)*", "in the middle"),
        ("^*", "cannot be repeated"),
        ("[z-a]", "ends before it begins"),
        (r"[\d-z]", "end of a range"),
        ("a{3,2}", "most is below"),
        ("a{99999}", "more than 10000 repeats"),
        (r"\x4", "hex digits"),
        ("\ud800", "surrogate"),
        ("(?P<1>a)", "name of a group"),
    ],
)
def test_what_is_not_supported_is_refused_by_name_in_both_languages(pattern: str, told: str) -> None:
    with pytest.raises(ConstraintError, match=told) as refused:
        parse(pattern)
    assert re.search("[\u4e00-\u9fff]", refused.value.zh)


@pytest.mark.parametrize(
    "pattern",
    [
        "((a{1000}){1000}){1000}",
        "(((((a{100}){100}){100}){100}){100}){0}",
        "(a|b)*a(a|b){20}",
        "(.|..)*x.{18}y",
        "(a?){9999}" + "a" * 9999,
        "(" * 200 + ")" * 200,
        "a" * 30_000,
        "[^a]{9999}",
    ],
)
def test_a_hostile_pattern_is_refused_in_a_moment(pattern: str) -> None:
    begun = time.process_time()
    with pytest.raises(ConstraintError):
        Automaton(parse(pattern))
    assert time.process_time() - begun < 10


def test_repeats_of_the_empty_text_come_to_an_end() -> None:
    for pattern in ("(a*)*", "(a?){50}", "((|a)+)+", "(()*)*a"):
        automaton, theirs = Automaton(parse(pattern)), re.compile(pattern)
        for n in range(4):
            assert accepts(automaton, "a" * n) == bool(theirs.fullmatch("a" * n))
