"""The small course: a whole curriculum of two topics, in which tests plant faults; snapshots of what is then said."""

import importlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType

import pytest

from tests.study.generated import generated
from wenjin.study.course.faults import Fault

SMALL = Path(__file__).parent / "course" / "small"
BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


class Curriculum:
    """A copy of the small course below `root`, to be spoiled."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for entry in root.iterdir() if root.is_dir() else ():  # the folder itself stays: the judge has it in view
            self.remove(entry.name)
        shutil.copytree(SMALL, root, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)

    def replace(self, file: str, old: str, new: str) -> None:
        """Replace a text that the file holds, everywhere in it."""
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} does not hold {old!r}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def append(self, file: str, text: str) -> None:
        with (self.root / file).open("a", encoding="utf-8") as handle:
            handle.write(text)

    def write(self, file: str, text: str | bytes) -> None:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def remove(self, file: str) -> None:
        path = self.root / file
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.fixture(scope="session")
def course_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small course lies in all tests, so that one judge serves them."""
    return tmp_path_factory.mktemp("course") / "small"


@pytest.fixture(scope="session")
def generated_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A curriculum folder with all topics of the real graph written (generated.py), to be read and not spoiled."""
    return generated(tmp_path_factory.mktemp("generated") / "course")


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """A benchmark by its name: a course that is started, worked in and killed as the figures have it."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module


@pytest.fixture
def small(course_folder: Path) -> Curriculum:
    return Curriculum(course_folder)


def spoken(faults: Iterable[Fault]) -> str:
    """Faults as they are kept in a snapshot: every word that an author may read."""
    return "".join(
        f"{fault.where}\n  {fault.what.zh}\n  → {fault.remedy.zh}\n  {fault.what.en}\n  → {fault.remedy.en}\n"
        for fault in faults
    )


@pytest.fixture
def snapshot(request: pytest.FixtureRequest) -> Callable[[Iterable[Fault]], None]:
    """Compare faults with the section of this test in the text file beside it.

    WENJIN_SNAPSHOTS=write writes the section instead; read the difference before it is committed.
    """
    file = Path(request.path).with_suffix(".txt")
    name = request.node.callspec.id if hasattr(request.node, "callspec") else request.node.name

    def compare(faults: Iterable[Fault]) -> None:
        said = spoken(faults)
        sections = _sections(file)
        if os.environ.get("WENJIN_SNAPSHOTS") == "write":
            sections[name] = said
            file.write_text("\n".join(f"== {key}\n{text}" for key, text in sections.items()), encoding="utf-8")
        assert said == sections.get(name), f"{file.name} has other words for {name}"

    return compare


@pytest.fixture
def kept(request: pytest.FixtureRequest) -> set[str]:
    """The names of the sections in the snapshot file of this test module."""
    return set(_sections(Path(request.path).with_suffix(".txt")))


def _sections(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    parts = ("\n" + file.read_text(encoding="utf-8")).split("\n== ")[1:]
    return {head: body.removesuffix("\n") + "\n" for head, _, body in (part.partition("\n") for part in parts)}
