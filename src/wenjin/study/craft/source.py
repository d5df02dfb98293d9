"""Python files as they are read here: parsed, never imported or run. They are somebody's, so everything has a limit.

Omits   notebooks, and what is written in another language
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

LARGEST = 256 << 10  # bytes of a file
MOST = 400  # files
SKIPPED = {"node_modules", "site-packages", "__pycache__", "build", "dist", "venv", "env"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """A file. `tree` is None where it is no Python, and `fault` is the line at which that shows."""

    name: str
    lines: tuple[str, ...]
    tree: ast.Module | None
    fault: int = 0

    @property
    def test(self) -> bool:
        stem = self.name.rpartition("/")[2]
        return stem.startswith("test_") or stem.endswith("_test.py") or stem == "conftest.py"

    @property
    def module(self) -> str:
        """What an import calls it, without its packages."""
        stem = self.name.rpartition("/")[2].removesuffix(".py")
        return self.name.split("/")[-2] if stem in ("__init__", "__main__") and "/" in self.name else stem

    def functions(self) -> Iterator[Function]:
        """Every function and method, inner ones too."""
        for node in ast.walk(self.tree) if self.tree else ():
            if isinstance(node, Function):
                yield node


def parse(name: str, text: str) -> Source:
    lines = tuple(text.splitlines())
    try:
        return Source(name, lines, ast.parse(text))
    except SyntaxError as error:
        return Source(name, lines, None, error.lineno or 1)
    except (ValueError, RecursionError, MemoryError):  # a zero byte; brackets in brackets in brackets
        return Source(name, lines, None, 1)


def read(root: Path, only: Iterable[Path] | None = None) -> tuple[list[Source], int]:
    """The Python files below a folder, or that one file, in order; and how many were left out as too large or too many.
    Hidden folders, environments and links are passed by."""
    if root.is_file():
        paths = [root]
        root = root.parent
    else:
        paths = sorted(only if only is not None else walk(root))
    found, left = [], max(0, len(paths) - MOST)
    for path in paths[:MOST]:
        try:
            with path.open("rb") as file:
                data = file.read(LARGEST + 1)
        except OSError:
            left += 1
            continue
        if len(data) > LARGEST:
            left += 1
            continue
        found.append(parse(path.relative_to(root).as_posix(), data.decode("utf-8-sig", "replace")))
    return found, left


def walk(root: Path) -> Iterator[Path]:
    seen = 0
    for folder, names, files in root.walk() if hasattr(root, "walk") else _walk(root):
        names[:] = sorted(
            n for n in names if n not in SKIPPED and not n.startswith(".") and not (folder / n).is_symlink()
        )
        for name in sorted(files):
            path = folder / name
            if name.endswith(".py") and not path.is_symlink():
                yield path
        seen += len(files)
        if seen > 100 * MOST:
            return


def _walk(root: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    import os

    for folder, names, files in os.walk(root):
        yield Path(folder), names, files
