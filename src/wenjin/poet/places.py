"""Where the poets live: below the data folder, beside the corpora.

    <data folder>/corpora/verse/            the prepared verse (data.py)
    <data folder>/poet/tokenizer.json       its tokenizer (tokenizer.py)
    <data folder>/poet/compiled/            compiled training steps, so that only the first run pays for them
    <data folder>/poet/poets/<name>/        one poet:
        settings.json                       all that it was made with
        records.jsonl                       a line a step (stack/train/records.py)
        checkpoints/                        from which training goes on
        model/                              config.json, model.safetensors, tokenizer.json: transformers opens it
        samples.jsonl, measured.json        what it wrote, and the figures
        card.html, card.md                  its report card

Nothing is made here: who writes makes the folder.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from wenjin.poet.errors import PoetError
from wenjin.stack.data.keep import corpora

NAME = re.compile(r"[A-Za-z0-9一-鿿][A-Za-z0-9一-鿿._-]{0,39}")
USUAL = "poet"  # the poet that is meant where none is named


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one poet."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def settings(self) -> Path:
        return self.folder / "settings.json"

    @property
    def records(self) -> Path:
        return self.folder / "records.jsonl"

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def model(self) -> Path:
        return self.folder / "model"

    @property
    def samples(self) -> Path:
        return self.folder / "samples.jsonl"

    @property
    def measured(self) -> Path:
        return self.folder / "measured.json"


@dataclass(frozen=True, slots=True)
class Places:
    """`data`: the data folder; None: WENJIN_DATA, else the system's usual one."""

    data: Path | None = None

    @property
    def corpus(self) -> Path:
        return corpora(self.data) / "verse"

    @property
    def root(self) -> Path:
        return corpora(self.data).parent / "poet"

    @property
    def tokenizer(self) -> Path:
        return self.root / "tokenizer.json"

    @property
    def compiled(self) -> Path:
        return self.root / "compiled"

    def home(self, name: str = USUAL) -> Home:
        """Raises PoetError for what cannot be a folder's name."""
        if not NAME.fullmatch(name):
            raise PoetError(
                f"诗人的名字 {name[:40]!r} 用不了：要 1 到 40 个字母、数字、汉字、点、横线，以字母、数字或汉字开头。",
                f"{name[:40]!r} cannot be a poet's name: use 1 to 40 letters, digits, Han characters, dots and dashes, "
                "beginning with a letter, a digit or a Han character.",
            )
        return Home(self.root / "poets" / name)

    def poets(self) -> list[Home]:
        """All poets that have a model to write with, the newest last."""
        folder = self.root / "poets"
        homes = [Home(path) for path in folder.iterdir()] if folder.is_dir() else []
        return sorted(
            (home for home in homes if (home.model / "config.json").is_file()),
            key=lambda home: (home.model / "config.json").stat().st_mtime,
        )
