"""What a topic offers beside its lesson: real error messages, the eight passes, explaining it back; and which of its
statements hold for a time only."""

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from wenjin.kit.text import Text
from wenjin.study.course.faults import Faults, nearest
from wenjin.study.course.graph import Topic
from wenjin.study.course.rows import index, read_list, read_row, read_toml

PASSES = ("question", "picture", "mathematics", "code", "data", "cost", "history", "application")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pitfall:
    """An error that people meet. `program` raises it; `message` is what Python then prints, or a part of it."""

    id: str
    message: str
    program: str
    section: str
    cause: Text
    repair: Text


@dataclass(frozen=True, slots=True)
class Pass:
    """The task of reading the topic once more with one eye: `id` is one of PASSES."""

    id: str
    task: Text


@dataclass(frozen=True, slots=True)
class Words:
    """Words by which an idea is recognized in an explanation, in either language."""

    zh: tuple[str, ...]
    en: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Idea:
    """What an explanation needs."""

    id: str
    name: Text
    words: Words


@dataclass(frozen=True, slots=True)
class KnownError:
    """What explanations get wrong, and the section that answers it."""

    id: str
    name: Text
    words: Words
    section: str


@dataclass(frozen=True, slots=True)
class Explain:
    """The rubric for explaining back."""

    prompt: Text
    ideas: tuple[Idea, ...] = field(metadata={"row": "idea"})
    errors: tuple[KnownError, ...] = field(metadata={"row": "error"})


@dataclass(frozen=True, slots=True)
class Dated:
    """A statement that the world may overtake, quoted from a section of the lesson; its author looks at it again by
    the day of review."""

    id: str
    section: str
    says: Text
    review: date


def read_pitfalls(folder: Path, faults: Faults) -> list[Pitfall]:
    """The pitfalls of a topic's folder; none where the file is not written."""
    path = folder / "pitfalls.toml"
    return _rows(Pitfall, "pitfall", _table(path, ("pitfall",), faults), path, faults)


def read_passes(folder: Path, faults: Faults) -> tuple[list[Pass], Explain | None]:
    """The passes and the rubric of a topic's folder."""
    path = folder / "passes.toml"
    table = _table(path, ("pass", "explain"), faults)
    explain = table.get("explain")
    rubric = None if explain is None else read_row(Explain, explain, f"{faults.place(path)}, explain", faults)
    return _rows(Pass, "pass", table, path, faults), rubric


def read_dated(folder: Path, faults: Faults) -> list[Dated]:
    """The time-bound statements of a topic's folder; none where the file is not written."""
    path = folder / "dated.toml"
    return _rows(Dated, "dated", _table(path, ("dated",), faults), path, faults)


def dated(topic: Topic, root: Path) -> tuple[Dated, ...]:
    """The time-bound statements of a topic; read again only when its file has changed."""
    path = topic.folder / "dated.toml" if topic.folder and topic.written else None
    return _dated(path, root, path.stat().st_mtime_ns) if path is not None and path.is_file() else ()


@lru_cache(256)
def _dated(path: Path, root: Path, _changed: int) -> tuple[Dated, ...]:
    return tuple(read_dated(path.parent, Faults(root)))


def tasks(topic: Topic, root: Path) -> tuple[tuple[Pass, ...], Explain | None]:
    """The passes and the rubric of a topic; read again only when its file has changed."""
    path = topic.folder / "passes.toml" if topic.folder and topic.written else None
    if path is None or not path.is_file():
        return (), None
    return _tasks(path, root, path.stat().st_mtime_ns)


@lru_cache(256)
def _tasks(path: Path, root: Path, _changed: int) -> tuple[tuple[Pass, ...], Explain | None]:
    found, rubric = read_passes(path.parent, Faults(root))
    return tuple(found), rubric


def _table(path: Path, names: tuple[str, ...], faults: Faults) -> dict[str, Any]:
    table = (read_toml(path, faults) or {}) if path.is_file() else {}
    for name in table.keys() - set(names):
        what = Text(f"有不认识的字段 {name}。", f"The field {name} is unknown.")
        faults.add(path, what, nearest(name, names))
    return table


def _rows(kind: type[T], name: str, table: dict[str, Any], path: Path, faults: Faults) -> list[T]:
    place = f"{faults.place(path)}, {name}"
    return list(index(read_list(kind, table.get(name, []), place, faults), place, faults).values())


@dataclass(frozen=True, slots=True)
class Explained:
    """What an explanation holds: the ideas that are there, those that are missing, the known errors in it."""

    told: tuple[Idea, ...]
    missing: tuple[Idea, ...]
    errors: tuple[KnownError, ...]

    @property
    def whole(self) -> bool:
        return not self.missing and not self.errors


def explained(rubric: Explain, text: str) -> Explained:
    """An explanation, in either language, beside the rubric: an idea counts as told when one of its words occurs."""
    said = text.lower()

    def occurs(words: Words) -> bool:
        return any(word.lower() in said for word in (*words.zh, *words.en))

    return Explained(
        tuple(idea for idea in rubric.ideas if occurs(idea.words)),
        tuple(idea for idea in rubric.ideas if not occurs(idea.words)),
        tuple(error for error in rubric.errors if occurs(error.words)),
    )
