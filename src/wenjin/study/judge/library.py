"""The sources of the library's modules that programs import, with what those import: read, never imported.

What a module does with files of its own (a corpus, a table) is not among them.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from wenjin.study.course.listing import PACKAGE, ROOMS


def sources(programs: Iterable[str]) -> dict[str, str]:
    """Module -> source of all that these programs need of the library, packages included."""
    found: dict[str, str] = {}
    waiting = [name for program in programs for name in imported(program)]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        source = read(name)
        if source is None:
            continue
        found[name] = source
        waiting += [name.rpartition(".")[0], *imported(source)]
    return found


def imported(program: str) -> Iterator[str]:
    """The modules of ours that a program may mean."""
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if ours(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module and ours(node.module):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(name: str) -> bool:
    parts = name.split(".")
    return parts[0] == "wenjin" and (len(parts) == 1 or parts[1] in ROOMS) and all(p.isidentifier() for p in parts)


@lru_cache(512)
def read(name: str) -> str | None:
    """The source of a module of ours; None where there is none."""
    if not ours(name):
        return None
    place = PACKAGE.joinpath(*name.split(".")[1:])
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if name.count(".") and path.is_file():
            return path.read_text(encoding="utf-8")
    return "" if place.is_dir() and Path(place).samefile(PACKAGE) else None
