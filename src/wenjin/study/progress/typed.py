"""A typed answer beside the expected one: a help to the learner, who still rates. Pure; nothing here is a verdict.

expected  what a card lets be typed: the code of its back, or the short literal with which its back begins
          (`dim=-1`, 42, a formula); None where the answer is a text in one's own words
compare   whether both are the same, and line by line where not. Code is the same when it parses to the same tree:
          spaces, quotation marks and comments do not count; else white space does not count
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LITERAL = re.compile(r"(?:`([^`\n]+)`|\$([^$\n]+)\$|([-−]?\d+(?:[.,]\d+)*%?))(?=\s*(?:[。.；;：:，,]|$))")
LONGEST = 60  # characters of a literal
MOST = 20_000  # of what is typed

Side = Literal["same", "typed", "expected"]


@dataclass(frozen=True, slots=True)
class Expected:
    text: str
    code: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """`lines`: each line with the side on which it stands."""

    same: bool
    lines: tuple[tuple[Side, str], ...]


def expected(kind: str, back: str) -> Expected | None:
    """What may be typed for a card of this kind with this back."""
    fence = FENCE.match(back.strip())
    if fence is not None:
        return Expected(fence[2].strip("\n"), fence[1] in ("python", "py", ""))
    literal = None if kind == "code" else LITERAL.match(back.strip())
    text = next(filter(None, literal.groups())) if literal else ""
    return Expected(text, False) if 0 < len(text) <= LONGEST else None


def compare(typed: str, wanted: Expected) -> Compared:
    typed = typed[:MOST].replace("\r\n", "\n").strip("\n")
    meant = tree(wanted.text) if wanted.code else None
    if words(typed, wanted.code) == words(wanted.text, wanted.code) or (meant is not None and tree(typed) == meant):
        return Compared(True, tuple(("same", line) for line in typed.splitlines()))
    return Compared(False, tuple(lines(typed.splitlines(), wanted.text.splitlines())))


def tree(code: str) -> str | None:
    """Its syntax tree as a text; None where it does not parse."""
    try:
        return ast.dump(ast.parse(code))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def words(text: str, code: bool) -> str:
    """A text without what does not count: white space; in a literal also marks around it and the minus of print."""
    bare = "".join(text.split())
    return bare if code else bare.strip("`$").replace("−", "-").casefold()


def lines(typed: list[str], wanted: list[str]) -> Iterator[tuple[Side, str]]:
    """Both one below the other, lines that differ only in white space once."""
    matcher = SequenceMatcher(
        None, ["".join(line.split()) for line in typed], ["".join(line.split()) for line in wanted]
    )
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            yield from (("same", line) for line in typed[a:b])
        else:
            yield from (("typed", line) for line in typed[a:b])
            yield from (("expected", line) for line in wanted[c:d])
