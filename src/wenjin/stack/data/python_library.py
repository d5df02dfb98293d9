"""The source of Python's own standard library, as it stands on this machine.

It is always there, so nothing is fetched; it differs from one Python to the next, so nothing is pinned: its SHA-256 is
taken of what is read.

Omits   tests, installed packages, modules written in C, and what lies in archives
Source  Python itself
Proof   tests/stack/data/test_text_readers.py: what is read compiles, and json is the module json
"""

import os
import sys
import sysconfig
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wenjin.stack.data.files import packed, unpacked
from wenjin.stack.data.sources import DataError

OTHERS = {"__pycache__", "site-packages", "dist-packages", "test", "tests", "idle_test", "_bundled", "lib-dynload"}
TITLE = f"Python {sys.version_info[0]}.{sys.version_info[1]}.{sys.version_info[2]}"


@dataclass(frozen=True, slots=True)
class Module:
    """`name`: the file, as in json/decoder.py."""

    name: str
    text: str

    @property
    def key(self) -> str:
        return self.name


def kept(library: Path | None = None) -> bytes:
    """All modules, in the order of their names. Raises DataError."""
    library = library or Path(sysconfig.get_path("stdlib"))
    names = [path.relative_to(library).as_posix() for path in _modules(library)]
    if not names:
        raise DataError(
            f"{library} 里没有 Python 标准库的源代码。", f"{library} does not hold the source of Python's library."
        )
    return packed((name, _text(library / name)) for name in sorted(names))


def size(library: Path | None = None) -> int:
    """Bytes of all modules."""
    return sum(path.stat().st_size for path in _modules(library or Path(sysconfig.get_path("stdlib"))))


def read(text: str) -> Iterator[Module]:
    for name, held in unpacked(text):
        yield Module(name, held)


def _modules(library: Path) -> Iterator[Path]:
    for folder, below, files in os.walk(library):
        below[:] = [name for name in below if name not in OTHERS]
        yield from (Path(folder, name) for name in files if name.endswith(".py"))


def _text(path: Path) -> str:
    """A module as text, in the encoding that it declares."""
    try:
        with tokenize.open(path) as file:
            return file.read()
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise DataError(f"{path} 读不了：{error}。", f"{path} cannot be read: {error}.") from error
