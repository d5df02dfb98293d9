"""The words of the pages: `words["home.title"]` is a Text. A key that is not there is an error.

Chinese and English, each an original, in `words/`, a file for each page. A key that a page asks for and that is not
there, or that no page asks for, fails a test. Names in braces are filled in.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.course import tables

WORDS = Path(__file__).with_name("words")


def load_words() -> dict[str, Text]:
    """All words, by their dotted keys."""
    files = sorted(WORDS.glob("*.toml"))
    return dict(pair for file in files for pair in flatten(tables.parse(file.read_text(encoding="utf-8"))))


def flatten(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Text]]:
    found: list[tuple[str, Text]] = []
    for name, value in table.items():
        if set(value) == {"zh", "en"} and isinstance(value["zh"], str):
            found.append((prefix + name, Text(value["zh"], value["en"])))
        else:
            found += flatten(value, f"{prefix}{name}.")
    return found
