"""The programs of a lesson as steps to be typed by hand, and where what was typed first departs from a step.

A step is one statement of a {run} block, without its comments. `departure` compares the syntax, in which names that
the program itself binds may be others, as long as they are so everywhere; whether another syntax means the same is for
a run to show (judge/beside.py). Pure.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from wenjin.study.course.lesson import Lesson

MOST = 20_000  # characters of what is typed for one step
LOCAL = (
    ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
)


@dataclass(frozen=True, slots=True)
class Block:
    """A program of a lesson: below which question it stands, and its steps."""

    name: str
    section: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Departure:
    """`line` of what was typed, from 1; the pieces that differ, as they stand there."""

    line: int
    typed: str
    wanted: str


def blocks(lesson: Lesson) -> list[Block]:
    """The programs of a lesson in its order; those that do not parse are left to `course check`."""
    found = []
    for question in lesson.questions:
        for directive in question.directives:
            if directive.kind == "run" and directive.argument:
                made = steps(directive.body)
                found += [Block(directive.argument, question.anchor, made)] if made else []
    return found


def steps(program: str) -> tuple[str, ...]:
    """Its statements, each as it is written, without the lines that hold nothing but a comment."""
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError):
        return ()
    lines = program.splitlines()
    found = []
    for node in tree.body:
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
        kept = [line.rstrip() for line in lines[first - 1 : node.end_lineno]]
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring
        whole = "\n".join(line for line in kept if line and not line.lstrip().startswith("#"))
        found.append(whole if same(whole, "\n".join(kept)) else "\n".join(kept))
    return tuple(found)


def same(typed: str, wanted: str) -> bool:
    """Do both parse to the same tree?"""
    one, other = tree(typed), tree(wanted)
    return one is not None and other is not None and ast.dump(one) == ast.dump(other)


def tree(code: str) -> ast.Module | None:
    try:
        return ast.parse(code[:MOST])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@dataclass
class Names:
    """Which name of the listing was typed as which."""

    typed: dict[str, str] = field(default_factory=dict)  # of the listing -> as typed
    wanted: dict[str, str] = field(default_factory=dict)  # as typed -> of the listing

    def agree(self, typed: str, wanted: str) -> bool:
        if wanted not in self.typed and typed not in self.wanted:
            self.typed[wanted], self.wanted[typed] = typed, wanted
        return self.typed.get(wanted) == typed

    def inner(self, typed: ast.AST, wanted: ast.AST) -> "Names":
        """Those in a scope of its own, where what it binds itself is not yet named."""
        mine, theirs = bound([typed]), bound([wanted])
        return Names(
            {name: other for name, other in self.typed.items() if name not in theirs},
            {name: other for name, other in self.wanted.items() if name not in mine},
        )


def departure(typed: str, wanted: str, before: Iterable[tuple[str, str]] = ()) -> Departure | None:
    """Where the typed step first departs from the wanted one. `before`: the pairs (typed, wanted) of earlier steps,
    whose names count. None when nothing differs but names; what does not parse departs in its first line."""
    mine, theirs = tree(typed), tree(wanted)
    if mine is None or theirs is None:
        return Departure(1, typed, wanted)
    pairs = [(a, b) for a, b in ((tree(a), tree(b)) for a, b in before) if a and b]
    own = (bound(a for a, _ in [*pairs, (mine, theirs)]), bound(b for _, b in [*pairs, (mine, theirs)]))
    names = Names()
    for a, b in pairs:
        next(_departures(a, b, names, own), None)
    found = next(_departures(mine, theirs, names, own), None)
    if found is None:
        return None
    here, there, near = found
    return Departure(getattr(here or near, "lineno", 1), segment(typed, here), segment(wanted, there))


def bound(trees: Iterable[ast.AST]) -> set[str]:
    """The names that programs bind themselves: only these may be others."""
    found: set[str] = set()
    for one in trees:
        for node in ast.walk(one):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                found.add(node.id)
            elif isinstance(node, ast.arg):
                found.add(node.arg)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.alias):
                found.add(node.asname or node.name.partition(".")[0])
            elif isinstance(node, ast.ExceptHandler) and node.name:
                found.add(node.name)
    return found


Pair = tuple[ast.AST | None, ast.AST | None, ast.AST]  # as typed, as wanted; near what it is, where one is missing
Own = tuple[set[str], set[str]]


def _departures(a: ast.AST, b: ast.AST, names: Names, own: Own) -> Iterator[Pair]:
    """The places at which two trees differ, outermost cause first met; a name counts as itself or as its renaming."""
    if type(a) is not type(b):
        yield a, b, a
        return
    inner = names.inner(a, b) if isinstance(a, LOCAL) else names
    for key in a._fields:
        one, other = getattr(a, key, None), getattr(b, key, None)
        scope = names if key in ("name", "decorator_list") else inner
        if isinstance(one, list) and isinstance(other, list):
            for x, y in zip(one, other, strict=False):
                if isinstance(x, ast.AST) and isinstance(y, ast.AST):
                    yield from _inside(a, b, x, y, scope, own)
                elif x != y:
                    yield a, b, a
            if len(one) != len(other):
                more, fewer = one[len(other) :], other[len(one) :]
                near = next(filter(_placed, reversed(one)), a)
                extra, missing = next(filter(_node, more), None), next(filter(_node, fewer), None)
                yield (extra, missing, near) if extra or missing else (a, b, near)
        elif isinstance(one, ast.AST) and isinstance(other, ast.AST):
            yield from _inside(a, b, one, other, scope, own)
        elif isinstance(one, str) and isinstance(other, str) and _renamable(a, key):
            free = one in own[0] and other in own[1]
            if not (scope.agree(one, other) if free else one == other):
                yield a, b, a
        elif one != other and key not in ("type_comment", "kind"):
            yield a, b, a


def _inside(a: ast.AST, b: ast.AST, x: ast.AST, y: ast.AST, names: Names, own: Own) -> Iterator[Pair]:
    """Below one field; what has no place of its own, an operator, is told as the node that holds it."""
    for found, wanted, near in _departures(x, y, names, own):
        if found is not None and not _placed(found):
            yield a, b, a
        else:
            yield found, wanted, near if _placed(near) else a


def _placed(node: ast.AST) -> bool:
    return hasattr(node, "lineno")


def _node(value: object) -> bool:
    return isinstance(value, ast.AST)


def _renamable(node: ast.AST, key: str) -> bool:
    return (isinstance(node, ast.Name) and key == "id") or (
        key in ("name", "arg", "asname")
        and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.arg | ast.ExceptHandler)
    )


def segment(code: str, node: ast.AST | None) -> str:
    """What stands in the code for a node, its first line."""
    found = ast.get_source_segment(code, node) if node is not None and hasattr(node, "lineno") else None
    return (found or "").split("\n")[0]
