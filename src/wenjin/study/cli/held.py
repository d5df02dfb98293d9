"""The models that lie in a data folder, seen from outside: names and sizes, without the library that opens them."""

import os
from dataclasses import dataclass
from pathlib import Path

from wenjin.kit.text import Text
from wenjin.study.store.places import Places

MANIFEST = "manifest.json"  # with it a model is whole


@dataclass(frozen=True, slots=True)
class Held:
    """`whole`: it was laid to its end. What was left by a command that was killed begins with a dot."""

    name: str
    bytes: int
    whole: bool


def models(here: Places) -> list[Held]:
    """Every model on the shelf; what is left of a command that was stopped, too."""
    folder = here.data / "models"
    found = [path for path in sorted(folder.iterdir()) if path.is_dir()] if folder.is_dir() else []
    return [Held(path.name, weight(path), (path / MANIFEST).is_file()) for path in found if not path.is_symlink()]


def weight(folder: Path) -> int:
    """Bytes of all files below; no link is followed."""
    total = 0
    for root, _, files in os.walk(folder):
        total += sum(os.lstat(os.path.join(root, file)).st_size for file in files)
    return total


def told(found: list[Held]) -> Text:
    """smollm2 98.4 MB, mine 1.2 GB (broken)."""
    zh, en = [], []
    for one in found:
        size = f"{one.name} {one.bytes / 1e9:.2f} GB" if one.bytes >= 1e9 else f"{one.name} {one.bytes / 1e6:.1f} MB"
        zh.append(size if one.whole else f"{size}（不完整）")
        en.append(size if one.whole else f"{size} (not whole)")
    return Text("、".join(zh), ", ".join(en))
