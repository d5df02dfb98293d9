"""Tables of TOML files, read once when the pages are built: JSON is read ten times as fast, and a start reads them all.

    SHA-256 of a file's text -> its table as JSON

So a file that has changed since then is read as TOML, and nothing can be out of date.
"""

import json
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from wenjin.study.course.digest import digest

DIST = Path(__file__).parents[1] / "web" / "static" / "dist"
NAME = "tables.json"


def parse(text: str) -> dict[str, Any]:
    """The table of a TOML text, each time a new one. Raises tomllib.TOMLDecodeError."""
    kept = shelf().get(digest(text))
    table: dict[str, Any] = tomllib.loads(text) if kept is None else json.loads(kept)
    return table


@cache
def shelf() -> dict[str, str]:
    """What the build has read; empty where nothing is built, or where it cannot be read."""
    try:
        name = json.loads((DIST / "manifest.json").read_text(encoding="utf-8"))["files"][NAME]
        found: dict[str, str] = json.loads((DIST / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError):
        return {}
    return found


def read_ahead(paths: Iterable[Path]) -> bytes:
    """The shelf of these files. Left out: what is no TOML, and what JSON would not give back as it was."""
    made = {}
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
            table = tomllib.loads(text)
            plain = json.dumps(table, ensure_ascii=False)
        except (ValueError, TypeError):  # a date is no JSON
            continue
        if json.loads(plain) == table:
            made[digest(text)] = plain
    return json.dumps(made, ensure_ascii=False, sort_keys=True).encode()
