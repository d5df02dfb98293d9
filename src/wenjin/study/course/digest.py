"""Which code a recorded number or a run belongs to: hashes of text, and of the library files that it leads to.

The files are read, never run. Besides what is imported by name there are the readers of corpora, which the library
imports when a corpus is loaded (stack/data/readers.py): those count whose corpus the code names, in the program itself
or in a file that it leads to. Where a corpus can be loaded and none is named, all count.
"""

import ast
import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2]
BY_NAME = "wenjin.stack.data.readers"  # whoever leads here can load a corpus
CORPORA = "stack/data/sources.toml"  # says who reads it


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def library_digest(code: str, package: Path = PACKAGE) -> str:
    """A hash of every file of our library that the code leads to; of nothing when it imports none.

    The words of kit are not part of it: they compute nothing that is recorded."""
    seen = library(code, package)
    return digest("\n".join(f"{module}\n{seen[module]}" for module in sorted(seen)))


def library(code: str, package: Path = PACKAGE) -> dict[str, str]:
    """The modules of ours that the code leads to, with their texts."""
    seen: dict[str, str] = {}
    waiting, words = _modules(code), _words(code)
    while waiting:
        for module in waiting:
            path = package.joinpath(*module.split(".")[1:]).with_suffix(".py")
            seen[module] = path.read_text(encoding="utf-8") if path.is_file() else ""
            words |= _words(seen[module])
        waiting = {found for module in waiting for found in _modules(seen[module])} - seen.keys()
        if not waiting and BY_NAME in seen:
            readers = _readers(package)
            named = {readers[word] for word in readers.keys() & words} or set(readers.values())
            waiting = named - seen.keys()
    return {module: text for module, text in seen.items() if text}


def _modules(code: str) -> set[str]:
    """The modules of ours that the code imports by name. Code that cannot be read imports nothing."""
    found: set[str] = set()
    for node in _nodes(code):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return {module for module in found if module.startswith("wenjin.") and not module.startswith("wenjin.kit")}


def _words(code: str) -> set[str]:
    """The texts that stand in the code."""
    return {node.value for node in _nodes(code) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _nodes(code: str) -> list[ast.AST]:
    try:
        return list(ast.walk(ast.parse(code)))
    except SyntaxError:
        return []


def _readers(package: Path) -> Mapping[str, str]:
    """Corpus -> the module that reads it."""
    rows = tomllib.loads((package / CORPORA).read_text(encoding="utf-8"))["source"]
    return {row["id"]: f"wenjin.stack.data.{row['reader']}" for row in rows}
