"""Folders -> the frozen graph of the course.

`load()` reads `curriculum/`: the syllabus, the tracks, and the folder of each written topic. It refuses what stands
in these files against their format (unknown or missing fields, wrong types), ids that lead nowhere, cycles of
prerequisites, and a topic whose facts stand twice; everything that is wrong is said at once. What takes more than
reading these files (lessons, listings, formulas, exercises) is `wenjin course check`, in study/author.

The formats are in `files.py` (a topic's folder) and `graph.py` (the fields).
"""

from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from wenjin.kit.text import Text
from wenjin.study.course import links
from wenjin.study.course.faults import CourseError, Faults, nearest
from wenjin.study.course.folders import own_work, read_topic, topic_folders
from wenjin.study.course.graph import CauseTexts, Course, Data, Feature, Item, Project, Resource, Stage, Topic, Track
from wenjin.study.course.order import map_order
from wenjin.study.course.rows import index, read_list, read_row, read_toml

CURRICULUM = Path(__file__).resolve().parents[2] / "curriculum"
PLANNED: dict[str, Any] = {"status": "planned", "goal": None, "outside": None, "teaches": (), "sources": ()}
T = TypeVar("T")


def load(root: Path | None = None, *, coverage: bool = True) -> Course:
    """The whole course below `root` (by default the one that comes with this program).

    Raises CourseError with every fault that was found. `coverage` False leaves the list of all that is taught out: a
    learner's pages show nothing of it, and it is a third of what there is to read.
    """
    course, faults = read(root or CURRICULUM, coverage=coverage)
    if faults.found:
        raise CourseError(tuple(faults.found))
    return course


def read(root: Path, *, coverage: bool = True) -> tuple[Course, Faults]:
    """The course as far as it can be read, and all faults: for authors, who go on despite a fault."""
    faults = Faults(root)
    syllabus = root / "syllabus"
    graph = _table(syllabus / "topics.toml", ("stage", "modules", "topic"), faults)
    place = "syllabus/topics.toml,"
    stages = index(read_list(Stage, graph.get("stage", []), f"{place} stage", faults), f"{place} stage", faults)
    planned = read_list(Topic, graph.get("topic", []), f"{place} topic", faults, **PLANNED)
    written = [topic for folder in topic_folders(root, stages, faults) if (topic := read_topic(folder, faults))]
    _refuse_two_homes(planned, written, faults)
    topics = index([own_work(topic) for topic in [*planned, *written]], f"{place} topic", faults)
    tracks = [track for path in sorted((root / "tracks").glob("*.toml")) if (track := _track(path, faults))]
    course = Course(
        root=root,
        stages=MappingProxyType(stages),
        topics=MappingProxyType(map_order(topics, list(stages), tracks)),
        tracks=MappingProxyType({track.id: track for track in tracks}),
        sources=_rows(Data, syllabus / "data.toml", "data", faults),
        projects=_rows(Project, syllabus / "projects.toml", "project", faults),
        features=_rows(Feature, syllabus / "features.toml", "feature", faults),
        resources=_rows(Resource, syllabus / "resources.toml", "resource", faults),
        coverage=_rows(Item, syllabus / "coverage.toml", "item", faults) if coverage else MappingProxyType({}),
        modules=MappingProxyType(graph.get("modules", {})),
        causes=_causes(root / "causes.toml", faults),
    )
    if not faults.found:  # the id of a row that was refused would only look as if it led nowhere
        links.check(course, faults, coverage=coverage)
    return course, faults


def _table(path: Path, names: tuple[str, ...], faults: Faults) -> dict[str, Any]:
    """A file whose lists of tables have these names; empty when it cannot be read."""
    table = read_toml(path, faults) or {}
    for name in table.keys() - set(names):
        what = Text(f"有不认识的字段 {name}。", f"The field {name} is unknown.")
        faults.add(path, what, nearest(name, names))
    return table


def _rows(kind: type[T], path: Path, name: str, faults: Faults) -> MappingProxyType[str, T]:
    place = f"{faults.place(path)}, {name}"
    rows = read_list(kind, _table(path, (name,), faults).get(name, []), place, faults)
    return MappingProxyType(index(rows, place, faults))


def _causes(path: Path, faults: Faults) -> MappingProxyType[str, CauseTexts]:
    """What can be wrong with a run, by its name; a course without labs need not say."""
    table = _table(path, ("cause",), faults).get("cause", {}) if path.is_file() else {}
    rows = {key: read_row(CauseTexts, row, f"causes.toml, cause {key}", faults, id=key) for key, row in table.items()}
    return MappingProxyType({key: row for key, row in rows.items() if row is not None})


def _track(path: Path, faults: Faults) -> Track | None:
    table = read_toml(path, faults)
    track = None if table is None else read_row(Track, table, faults.place(path), faults)
    if track and track.id != path.stem:
        faults.add(
            path,
            Text(f"id 是 {track.id}，与文件名不同。", f"Its id is {track.id}, which is not the file's name."),
            Text(f"把 id 改成 {path.stem}，或给文件改名。", f"Make the id {path.stem}, or rename the file."),
        )
    return track


def _refuse_two_homes(planned: list[Topic], written: list[Topic], faults: Faults) -> None:
    rows = {topic.id for topic in planned}
    for topic in written:
        if topic.id in rows:
            faults.add(
                f"syllabus/topics.toml, topic {topic.id}",
                Text(
                    "这个主题已有自己的文件夹，却还留着一行。",
                    "The topic has a folder of its own, and still a row here.",
                ),
                Text("删去这一行：事实只住在 topic.toml 里。", "Delete the row: the facts live in topic.toml alone."),
            )
    planned[:] = [topic for topic in planned if topic.id not in {one.id for one in written}]
