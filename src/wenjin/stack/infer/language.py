"""What texts may be: a language, written as a tree of characters, sequences, choices, repeats and calls of rules.

    [0-9]{1,2}     Repeat(Letters(((48, 57),)), 1, 2)
    a|bc           Either((word("a"), word("bc")))
    "value"        Call("value"), a rule that may call itself: nesting without an end

infer/regex.py and infer/schema.py write such trees, infer/automaton.py reads them.

Omits    captures, intersections, complements, anything that looks at a text twice
Proof    tests/stack/infer/test_regex.py and test_schema.py
"""

from collections.abc import Iterable
from dataclasses import dataclass

HIGHEST = 0x10FFFF
Ranges = tuple[tuple[int, int], ...]  # code points first..last, in order, apart from one another


class ConstraintError(Exception):
    """A pattern or schema that cannot be followed, said in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Letters:
    """One character out of these; none at all where there are no ranges."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Row:
    """One after the other; the empty text where there are no parts."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of these; no text at all where there are none."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`least` to `most` times, without an end where `most` is None."""

    part: "Node"
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Call:
    """What the rule of this name says."""

    rule: str


Node = Letters | Row | Either | Repeat | Call

EMPTY = Row(())
NOTHING = Either(())  # no text is in it
ANY = Letters(((0, HIGHEST),))


def word(text: str) -> Row:
    """This text and no other."""
    return Row(tuple(Letters(((ord(letter), ord(letter)),)) for letter in text))


def row(*parts: Node) -> Row:
    return Row(parts)


def either(*parts: Node) -> Either:
    return Either(parts)


def maybe(part: Node) -> Repeat:
    return Repeat(part, 0, 1)


def many(part: Node, least: int = 0) -> Repeat:
    return Repeat(part, least, None)


def united(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The same code points, in order, apart from one another."""
    kept: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if kept and first <= kept[-1][1] + 1:
            kept[-1] = (kept[-1][0], max(kept[-1][1], last))
        else:
            kept.append((first, last))
    return tuple(kept)


def others(ranges: Ranges) -> Ranges:
    """All code points that are not among these."""
    kept, next_ = [], 0
    for first, last in ranges:
        if first > next_:
            kept.append((next_, first - 1))
        next_ = last + 1
    return (*kept, (next_, HIGHEST)) if next_ <= HIGHEST else tuple(kept)
