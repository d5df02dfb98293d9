"""The words of the pages, from words.toml: `words["home.title"]` is a Text. A key that is not there is an error."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wenjin.kit.text import Text

WORDS = Path(__file__).with_name("words.toml")


def load_words() -> dict[str, Text]:
    """All words, by their dotted keys."""
    return dict(flatten(tomllib.loads(WORDS.read_text(encoding="utf-8"))))


def flatten(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Text]]:
    found: list[tuple[str, Text]] = []
    for name, value in table.items():
        if set(value) == {"zh", "en"} and isinstance(value["zh"], str):
            found.append((prefix + name, Text(value["zh"], value["en"])))
        else:
            found += flatten(value, f"{prefix}{name}.")
    return found
