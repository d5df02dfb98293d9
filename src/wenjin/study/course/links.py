"""Every id in the course leads somewhere, and the prerequisites form no circle."""

from collections.abc import Iterable, Mapping
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.course.faults import Faults, nearest
from wenjin.study.course.graph import Course, Topic, Track
from wenjin.study.course.order import cycles


def check(course: Course, faults: Faults, *, coverage: bool = True) -> None:
    for topic in course.topics.values():
        _topic(topic, course, faults)
        if coverage:
            _known(home(topic, course), "covers", topic.covers, course.coverage, faults)
    for track in course.tracks.values():
        _track(track, course, faults)
    for project in course.projects.values():
        where = f"syllabus/projects.toml, project {project.id}"
        _known(where, "topics", project.topics, course.topics, faults)
        _known(where, "data", project.data, course.sources, faults)
    for circle in cycles(course.topics):
        way = " → ".join(circle)
        faults.add(
            home(course.topics[circle[0]], course),
            Text(f"先修绕成了一个圈：{way}。", f"The prerequisites go in a circle: {way}."),
            Text("删去其中一条先修。", "Drop one of these prerequisites."),
        )


def home(topic: Topic, course: Course) -> str:
    """Where a topic's facts stand."""
    if topic.folder is None:
        return f"syllabus/topics.toml, topic {topic.id}"
    return (topic.folder / "topic.toml").relative_to(course.root).as_posix()


def work(course: Course) -> dict[str, object]:
    """Whatever carries a task: exercises and labs as `topic/name`, projects as `project:id`."""
    done: dict[str, object] = {f"project:{key}": project for key, project in course.projects.items()}
    for topic in course.topics.values():
        done |= {exercise.id: exercise for exercise in topic.exercises}
        done |= {lab.id: lab for lab in topic.labs}
    return done


def _topic(topic: Topic, course: Course, faults: Faults) -> None:
    where = home(topic, course)
    _known(where, "stage", (topic.stage,), course.stages, faults)
    _known(where, "prerequisites", topic.prerequisites, course.topics, faults)
    for module in topic.library:
        _known(where, "library", (module.rpartition(".")[0],), course.modules, faults)
    for lab in topic.labs:
        _known(f"{where}, lab {lab.name}", "data", lab.data, course.sources, faults)
        if lab.texts and lab.texts.takes:
            leaving = {other.name: other for other in topic.labs if other.texts and other.texts.leaves}
            _known(f"{where}, lab {lab.name}", "takes", (lab.texts.takes,), leaving, faults)


def _track(track: Track, course: Course, faults: Faults) -> None:
    where = f"tracks/{track.id}.toml"
    carried = work(course)
    units = {unit.id: unit for unit in track.units}
    for unit in track.units:
        spot = f"{where}, unit {unit.id}"
        _known(spot, "topics", unit.topics, course.topics, faults)
        _known(spot, "revisits", unit.revisits, course.topics, faults)
        _known(spot, "resources", unit.resources, course.resources, faults)
        for task in unit.tasks:
            _known(f"{spot}, task {task.title.en}", "does", task.does, carried, faults)
    _known(where, "resources", track.resources, course.resources, faults)
    _known(where, "capstones", track.capstones, course.projects, faults)
    for path in track.paths:
        _known(f"{where}, path {path.id}", "units", path.units, units, faults)
        _known(f"{where}, path {path.id}", "projects", path.projects, course.projects, faults)
    for test in track.stage_tests:
        _known(f"{where}, stage test {test.id}", "units", test.units, units, faults)
        _known(f"{where}, stage test {test.id}", "projects", test.projects, course.projects, faults)


def _known(where: str, field: str, ids: Iterable[str], known: Mapping[str, Any], faults: Faults) -> None:
    for key in ids:
        if key not in known:
            what = Text(f"{field} 写了 {key}，但没有这个 id。", f"{field} names {key}, and there is no such id.")
            faults.add(where, what, nearest(key, tuple(known)))
