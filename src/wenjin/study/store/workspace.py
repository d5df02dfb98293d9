"""The learner's answers as files, in a folder of theirs that outlives every update of the course.

    <workspace>/<topic>/<exercise>.py       an answer that is a program; .toml for numbers, choices, orders, proofs
    <workspace>/.starters/<topic>/…         each starter as it was laid: what an update is compared with
    <workspace>/.history/<topic>/…          what stood in a file before it was reset, by time

Nothing here ever writes over the learner's work without keeping it.
"""

import difflib
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from wenjin.kit.text import Text
from wenjin.study.store.log import StoreError

UNUSABLE = Text(
    "练习目录里的 {where} 读写不了（{detail}）；请检查磁盘空间和权限，或用环境变量 WENJIN_WORKSPACE 换一个目录。",
    "{where} in the workspace cannot be read or written ({detail}); check space and permissions, or choose another "
    "folder with WENJIN_WORKSPACE.",
)


@dataclass(frozen=True, slots=True)
class Starter:
    """What an answer begins with. `suffix` is ".py" or ".toml"."""

    exercise: str
    suffix: str
    text: str

    @property
    def place(self) -> Path:
        """Where its file stands below the workspace: self-attention/write_attention.py."""
        topic, _, name = self.exercise.partition("/")
        return Path(topic, name.replace("-", "_") + self.suffix)


@dataclass(frozen=True, slots=True)
class Change:
    """A starter that an update of the course changed. `kept`: the learner had worked on the file, so it stays as it is;
    `difference`: from the old starter to the new, as a unified diff."""

    exercise: str
    file: Path
    kept: bool
    difference: str


class Workspace:
    """The folder and its files. Raises StoreError with a sentence when the disk refuses."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def file(self, starter: Starter) -> Path:
        return self.root / starter.place

    def lay(self, starter: Starter) -> Path:
        """The file of an exercise; made from the starter where there is none."""
        file = self.file(starter)
        if not file.exists():
            write(self._starter(starter), starter.text)
            write(file, starter.text)
        elif self._laid(starter) is None:
            write(self._starter(starter), starter.text)
        return file

    def untouched(self, starter: Starter) -> bool:
        """Does the file still hold what was laid?"""
        return self._read(self.file(starter)) in (None, self._laid(starter))

    def update(self, starter: Starter) -> Change | None:
        """After an update of the course: an untouched file gets the new starter, a worked-on one stays."""
        file, old = self.file(starter), self._laid(starter)
        now = self._read(file)
        if old is None or now is None or old == starter.text:
            return None
        kept = now not in (old, starter.text)
        if not kept:
            write(file, starter.text)
        write(self._starter(starter), starter.text)
        lines = difflib.unified_diff(
            old.splitlines(keepends=True), starter.text.splitlines(keepends=True), "before", "now", n=2
        )
        return Change(starter.exercise, file, kept, "".join(lines))

    def reset(self, starter: Starter, now: datetime) -> Path | None:
        """Lay the starter again. Returns where the text that stood there is kept, if it was worked on."""
        file = self.file(starter)
        kept = None
        old = self._read(file)
        if old is not None and old not in (self._laid(starter), starter.text):
            kept = self.root / ".history" / starter.place.with_suffix(f".{now:%Y%m%dT%H%M%S%f}{starter.suffix}")
            write(kept, old)
        write(file, starter.text)
        write(self._starter(starter), starter.text)
        return kept

    def _starter(self, starter: Starter) -> Path:
        return self.root / ".starters" / starter.place

    def _laid(self, starter: Starter) -> str | None:
        return self._read(self._starter(starter))

    def _read(self, file: Path) -> str | None:
        # A learner's file may hold any bytes; those that are no text survive a copy as they are.
        try:
            return file.read_bytes().decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(UNUSABLE.format(where=file, detail=error.strerror)) from error


def write(file: Path, text: str) -> None:
    """All of it or nothing: a full disk must not leave half a file where a whole one stood."""
    new = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(text.encode("utf-8", "surrogateescape"))
        os.replace(new, file)
    except OSError as error:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise StoreError(UNUSABLE.format(where=file, detail=error.strerror)) from error
