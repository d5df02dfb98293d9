"""Which code a recorded number or a run belongs to: hashes of text, and of the library files that it leads to.

The files are read, never run.
"""

import ast
import hashlib
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def library_digest(code: str, package: Path = PACKAGE) -> str:
    """A hash of every file of our library that the code leads to by its imports; of nothing when it imports none.

    The words of kit are not part of it: they compute nothing that is recorded."""
    waiting, seen = _modules(code), {}
    while waiting:
        module = waiting.pop()
        path = package.joinpath(*module.split(".")[1:]).with_suffix(".py")
        if module not in seen and path.is_file():
            seen[module] = path.read_text(encoding="utf-8")
            waiting |= _modules(seen[module])
    return digest("\n".join(f"{module}\n{seen[module]}" for module in sorted(seen)))


def _modules(code: str) -> set[str]:
    """The modules of ours that the code imports by name. Code that cannot be read imports nothing."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return {module for module in found if module.startswith("wenjin.") and not module.startswith("wenjin.kit")}
