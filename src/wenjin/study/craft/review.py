"""The review of a folder: its remarks, and one score with its parts. Pure, from sources.

Each part begins with 100. What it loses is in proportion to the program: a long one is not worse for being long.

    tests        the share of modules that no test imports, and of tests that cannot fail; all of it without any test
    style        five points for each remark in a hundred lines; a program of less counts as a hundred
    types        the share of public functions that are not annotated as a whole
    complexity   the share of functions with a remark
    duplication  the share of lines that stand there twice, doubled
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wenjin.study.craft.checks import Part, Remark, public, remarks
from wenjin.study.craft.source import Source
from wenjin.study.craft.texts import RULES

WEIGHTS: Mapping[Part, int] = {"tests": 25, "style": 20, "types": 20, "complexity": 20, "duplication": 15}
OF_ANSWERS: tuple[Part, ...] = (
    "style",
    "complexity",
    "duplication",
)  # the course gives an answer's tests and signature


@dataclass(frozen=True, slots=True)
class Review:
    """`score` and each of `parts` are 0 to 100; `left` counts files that were too large or too many."""

    files: int
    lines: int
    left: int
    score: int
    parts: Mapping[Part, int]
    remarks: tuple[Remark, ...]

    def as_dict(self) -> dict[str, Any]:
        rows = []
        for one in self.remarks:
            rule = RULES[one.rule]
            row = {"part": one.part, "rule": one.rule, "file": one.file, "line": one.line, "what": one.what}
            told = {
                "says": rule.says.format(what=one.what).as_dict(),
                "why": rule.why.as_dict(),
                "example": rule.example,
            }
            rows.append(row | told)
        return {
            "files": self.files,
            "lines": self.lines,
            "left": self.left,
            "score": self.score,
            "parts": {str(part): score for part, score in self.parts.items()},
            "remarks": rows,
        }


def review(sources: Sequence[Source], left: int = 0, parts: Iterable[Part] = tuple(WEIGHTS)) -> Review:
    """The review of a program, as far as these parts go."""
    wanted = tuple(parts)
    found = [one for one in remarks(sources) if one.part in wanted]
    lines = sum(len(source.lines) for source in sources)
    scores = {part: round(100 * (1 - min(1.0, loss(part, sources, found, lines)))) for part in wanted}
    weight = sum(WEIGHTS[part] for part in wanted)
    total = round(sum(WEIGHTS[part] * scores[part] for part in wanted) / weight) if sources else 100
    return Review(len(sources), lines, left, total, scores, tuple(found))


def loss(part: Part, sources: Sequence[Source], found: Sequence[Remark], lines: int) -> float:
    """What a part loses, as a share; more than 1 is all of it."""
    mine = [one for one in found if one.part == part]
    functions = [(s, f) for s in sources for f in s.functions()]
    match part:
        case "style":
            return 5 * len(mine) / max(100, lines)
        case "types":
            return len(mine) / max(1, sum(public(f) for s, f in functions if not s.test))
        case "complexity":
            return len({(one.file, one.line) for one in mine}) / max(1, len(functions))
        case "duplication":
            return 2 * sum(one.lines for one in mine) / max(1, lines)
        case "tests":
            if any(one.rule == "no-tests" for one in mine):
                return 1.0
            modules = sum(not s.test and any(public(f) for f in s.functions()) for s in sources)
            written = sum(s.test and f.name.startswith("test") for s, f in functions)
            return len(mine) / max(1, modules + written)
