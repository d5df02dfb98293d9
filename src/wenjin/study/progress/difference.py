"""Two texts line by line: what went, what came, what stayed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Mark = Literal["same", "gone", "new", "skipped"]
AROUND = 2  # lines that stayed, shown beside those that did not
MOST = 4000  # lines of a text that are compared: beyond that the comparison would take seconds


@dataclass(frozen=True, slots=True)
class Line:
    """`skipped` stands for `count` lines that stayed."""

    mark: Mark
    text: str
    count: int = 1


def difference(before: str, after: str, around: int = AROUND) -> list[Line] | None:
    """What has become of `before`; nothing where they are equal; None where they are too long to be compared."""
    one, other = before.split("\n"), after.split("\n")
    if one == other:
        return []
    if max(len(one), len(other)) > MOST:
        return None
    made: list[Line] = []
    for what, a, b, c, d in SequenceMatcher(None, one, other, autojunk=len(one) > 500).get_opcodes():
        if what == "equal":
            made += _kept(one[a:b], around, first=not made, last=b == len(one) and d == len(other))
        else:
            made += [Line("gone", text) for text in one[a:b]] + [Line("new", text) for text in other[c:d]]
    return made


def _kept(lines: Sequence[str], around: int, *, first: bool, last: bool) -> list[Line]:
    """The lines that stayed, those far from any change as one."""
    head, tail = 0 if first else around, 0 if last else around
    middle = lines[head : len(lines) - tail]
    if len(middle) < 2:
        return [Line("same", text) for text in lines]
    end = lines[len(lines) - tail :]
    return [
        *(Line("same", text) for text in lines[:head]),
        Line("skipped", "", len(middle)),
        *(Line("same", text) for text in end),
    ]
