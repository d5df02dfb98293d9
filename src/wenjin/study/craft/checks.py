"""What is remarked about a program: tests, style, types, complexity, duplication. Pure: sources in, remarks out.

Each rule is one that a reader of the code feels, none is a matter of taste in layout; `texts.py` says of each why, and
shows it done better.
"""

import ast
import builtins
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from wenjin.study.craft.source import Function, Source

Part = Literal["tests", "style", "types", "complexity", "duplication"]
WIDE = 120  # characters
BRANCHES, NESTED, LONG, ARGUMENTS = 10, 4, 60, 7
SAME, WEIGHT = 4, 40  # statements in a row that are the same, and nodes of the tree in them
SNAKE = re.compile(r"_*[a-z][a-z0-9_]*|_+")
CAMEL = re.compile(r"_*[A-Z][A-Za-z0-9]*")
DECIDES = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.IfExp,
    ast.comprehension,
    ast.match_case,
)
NESTS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
SHADOWED = {n for n in dir(builtins) if n.islower() and not n.startswith("_")} - {
    "copyright",
    "credits",
    "license",
    "id",
}


@dataclass(frozen=True, slots=True)
class Remark:
    """`what` it is about: a name, a number, another place. `lines`: how many it weighs, in duplication."""

    part: Part
    rule: str
    file: str
    line: int
    what: str = ""
    lines: int = 0


def remarks(sources: Sequence[Source]) -> list[Remark]:
    """All of them, by file and line."""
    found = [*tests(sources), *duplication(sources)]
    for source in sources:
        found += [*style(source), *types(source), *complexity(source)]
    return sorted(found, key=lambda one: (one.file, one.line, one.rule))


# ---- style ----


def style(source: Source) -> Iterator[Remark]:
    def at(rule: str, line: int, what: str = "") -> Remark:
        return Remark("style", rule, source.name, line, what)

    if source.tree is None:
        yield at("unreadable", source.fault)
        return
    for number, line in enumerate(source.lines, 1):
        if len(line) > WIDE:
            yield at("long-line", number, str(len(line)))
    used = {node.id for node in ast.walk(source.tree) if isinstance(node, ast.Name)} | exported(source.tree)
    for node in ast.walk(source.tree):
        match node:
            case ast.ExceptHandler(type=None):
                yield at("bare-except", node.lineno)
            case ast.ExceptHandler(body=[ast.Pass()]):
                yield at("swallowed", node.lineno)
            case ast.ImportFrom(names=[ast.alias(name="*")], module=module):
                yield at("star-import", node.lineno, module or "")
            case ast.Import() | ast.ImportFrom() if not source.name.endswith("__init__.py"):
                for alias in node.names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
                    if bound not in used and not future:
                        yield at("unused-import", node.lineno, bound)
            case ast.Compare(
                ops=[ast.Eq() | ast.NotEq()], comparators=[ast.Constant(value=None | True | False as value)]
            ):
                yield at("equals-none", node.lineno, str(value))
            case ast.ClassDef() if not CAMEL.fullmatch(node.name) and node.name.isascii():
                yield at("name-of-a-class", node.lineno, node.name)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from signature(node, at)


def signature(node: Function, at: Callable[[str, int, str], Remark]) -> Iterator[Remark]:
    if not SNAKE.fullmatch(node.name) and node.name.isascii() and not visits(node.name):
        yield at("name-of-a-function", node.lineno, node.name)
    for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
        if isinstance(default, ast.List | ast.Dict | ast.Set):
            yield at("mutable-default", default.lineno, node.name)
    for argument in arguments(node):
        if argument.arg in SHADOWED:
            yield at("shadowed", argument.lineno, argument.arg)


def visits(name: str) -> bool:
    """Names that a framework asks for: visit_Name, setUp."""
    return name.startswith("visit_") or name in ("setUp", "tearDown", "setUpClass", "tearDownClass")


def exported(tree: ast.Module) -> set[str]:
    """The names in __all__, and those that stand in annotations written as texts."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
            found.update(re.findall(r"[A-Za-z_]\w*", node.value))
    return found


# ---- types, complexity ----


def types(source: Source) -> Iterator[Remark]:
    if source.test:
        return
    for node in source.functions():
        bare = [a.arg for a in arguments(node) if a.annotation is None and a.arg not in ("self", "cls")]
        bare += ["return"] if node.returns is None and node.name != "__init__" else []
        if bare and not node.name.startswith("_"):
            yield Remark("types", "untyped", source.name, node.lineno, f"{node.name}: {', '.join(bare[:4])}")


def complexity(source: Source) -> Iterator[Remark]:
    for node in source.functions():
        place = (source.name, node.lineno)
        if (ways := branches(node)) > BRANCHES:
            yield Remark("complexity", "branches", *place, f"{node.name}: {ways}")
        if (deep := depth(node.body)) > NESTED:
            yield Remark("complexity", "nested", *place, f"{node.name}: {deep}")
        if (long := (node.end_lineno or node.lineno) - node.lineno + 1) > LONG:
            yield Remark("complexity", "long", *place, f"{node.name}: {long}")
        if (many := len(arguments(node))) > ARGUMENTS:
            yield Remark("complexity", "arguments", *place, f"{node.name}: {many}")


def branches(node: Function) -> int:
    """McCabe's number: the decisions in it, and one. Those of functions inside it are theirs."""
    inside: list[ast.AST] = []
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        inside.append(waiting.pop())
        waiting += [one for one in ast.iter_child_nodes(inside[-1]) if not isinstance(one, Function)]
    both = sum(len(one.values) - 1 for one in inside if isinstance(one, ast.BoolOp))
    return 1 + both + sum(isinstance(one, DECIDES) for one in inside)


def depth(body: Sequence[ast.stmt]) -> int:
    """How many blocks lie in each other. An elif is no deeper than its if."""
    deepest = 0
    waiting: list[tuple[ast.AST, int]] = [(statement, 0) for statement in body]
    while waiting:
        node, at = waiting.pop()
        at += isinstance(node, NESTS)
        deepest = max(deepest, at)
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, name, [])
            chain = name == "orelse" and isinstance(node, ast.If) and len(inner) == 1 and isinstance(inner[0], ast.If)
            if isinstance(inner, list):
                waiting += [(one, at - chain) for one in inner if isinstance(one, ast.AST)]
    return deepest


def arguments(node: Function) -> list[ast.arg]:
    a = node.args
    return [*a.posonlyargs, *a.args, *filter(None, [a.vararg]), *a.kwonlyargs, *filter(None, [a.kwarg])]


# ---- tests, duplication ----


def tests(sources: Sequence[Source]) -> Iterator[Remark]:
    """Whether there are any, whether each module has one that imports it, whether each test can fail."""
    ours = [s for s in sources if not s.test and s.tree is not None and any(public(f) for f in s.functions())]
    theirs = [s for s in sources if s.test and s.tree is not None]
    if ours and not any(f.name.startswith("test") for s in theirs for f in s.functions()):
        yield Remark("tests", "no-tests", ours[0].name, 1, str(len(ours)))
        return
    named = {name for s in theirs for name in imported(s)}
    for source in ours:
        if source.module not in named:
            yield Remark("tests", "untested", source.name, 1, source.module)
    for source in theirs:
        for node in source.functions():
            if node.name.startswith("test") and not asserts(node):
                yield Remark("tests", "cannot-fail", source.name, node.lineno, node.name)


def public(node: Function) -> bool:
    return not node.name.startswith("_")


def imported(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree) if source.tree else ():
        if isinstance(node, ast.Import):
            yield from (part for alias in node.names for part in alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            yield from (node.module or "").split(".")
            yield from (alias.name for alias in node.names)


def asserts(node: Function) -> bool:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assert | ast.Raise):
            return True
        if isinstance(inner, ast.Call):
            name = inner.func.attr if isinstance(inner.func, ast.Attribute) else getattr(inner.func, "id", "")
            if name.startswith(("assert", "raises", "warns", "fail", "check", "expect")):
                return True
    return False


def duplication(sources: Sequence[Source]) -> Iterator[Remark]:
    """Runs of statements that stand twice, whatever their variables are called; each only at its second place."""
    seen: dict[str, tuple[str, int]] = {}
    taken: set[tuple[str, int]] = set()
    for source in sources:
        for body in blocks(source):
            forms = [form(statement) for statement in body]
            at = 0
            while at + SAME <= len(body):
                run = body[at : at + SAME]
                key = "\n".join(text for text, _ in forms[at : at + SAME])
                place = (source.name, run[0].lineno)
                if sum(n for _, n in forms[at : at + SAME]) < WEIGHT or place in taken:
                    at += 1
                elif (other := seen.setdefault(key, place)) != place:
                    end = run[-1].end_lineno or run[-1].lineno
                    taken.add(place)
                    lines = end - run[0].lineno + 1
                    yield Remark("duplication", "twice", *place, f"{other[0]}:{other[1]}", lines)
                    at += SAME
                else:
                    at += 1


def blocks(source: Source) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(source.tree) if source.tree else ():
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list) and len(body) >= SAME and not isinstance(node, ast.ClassDef):
                yield [s for s in body if not isinstance(s, ast.Import | ast.ImportFrom)]


def form(statement: ast.stmt) -> tuple[str, int]:
    """A statement with its own variables numbered in the order in which they come; and how many nodes it has."""
    names: dict[str, int] = {}
    parts, nodes = [], 0
    for node in ast.walk(statement):
        nodes += 1
        if isinstance(node, ast.Name):
            parts.append(f"name{names.setdefault(node.id, len(names))}")
        elif isinstance(node, ast.arg):
            parts.append(f"name{names.setdefault(node.arg, len(names))}")
        elif isinstance(node, ast.Constant):
            parts.append(repr(node.value)[:80])
        else:
            parts.append(type(node).__name__ + getattr(node, "attr", ""))
    return " ".join(parts), nodes
