"""What a file that is not as it should be makes a reader say."""

from pathlib import Path
from typing import Any


class FormatError(Exception):
    """A file that is not what it should be: where, and what is wrong, in Chinese and in English."""

    def __init__(self, path: Path, zh: str, en: str) -> None:
        super().__init__(f"{path}: {en}")
        self.zh, self.en = f"{path}：{zh}", f"{path}: {en}"


def show(found: Any) -> str:
    """What a file says, short, with nothing in it that could move a cursor."""
    text = ascii(found)
    return text if len(text) <= 80 else text[:77] + "..."
