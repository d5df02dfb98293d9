"""Exercises by id: finds the folder and loads its grade.py. Only the judge's own process does this."""

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from wenjin.kit.exercise import Exercise


class NoSuchExercise(KeyError):
    """The id names no folder."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """An exercise with its id and folder."""

    id: str
    folder: Path
    exercise: Exercise


class Shelf:
    """The exercises of a curriculum folder, each loaded when it is first asked for and again when its files change."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._loaded: dict[str, tuple[float, Shelved]] = {}

    def ids(self) -> list[str]:
        """Every exercise that has a grade.py, as topic/exercise."""
        found = sorted(self.root.glob("*/*/exercises/*/grade.py"))
        return [f"{p.parts[-4]}/{p.parts[-2]}".replace("_", "-") for p in found]

    def get(self, id: str) -> Shelved:
        """Raises NoSuchExercise."""
        folder = self._folder(id)
        changed = max(p.stat().st_mtime for p in folder.iterdir() if p.is_file())
        kept = self._loaded.get(id)
        if kept is None or kept[0] != changed:
            kept = (changed, Shelved(id, folder, _load(folder / "grade.py").exercise))
            self._loaded[id] = kept
        return kept[1]

    def _folder(self, id: str) -> Path:
        topic, _, name = id.replace("-", "_").partition("/")
        if topic.isidentifier() and name.isidentifier():
            for path in self.root.glob(f"*/{topic}/exercises/{name}/grade.py"):
                return path.parent
        raise NoSuchExercise(id)


def _load(path: Path) -> ModuleType:
    name = "grade_" + "_".join(path.parts[-4:-1])
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses in it look their module up
    spec.loader.exec_module(module)
    return module
