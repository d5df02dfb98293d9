"""What holds for the syllabus as a whole, written topics and planned ones alike: its validator.

Loading (load.py) already refuses broken files and dangling ids. Here stands what makes the rows good: questions that
ask, sittings of the right length, tracks that meet topics in order, coverage without a gap. Pure: a course in,
faults out.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from wenjin.kit.text import Text
from wenjin.study.course import coverage
from wenjin.study.course.faults import Faults
from wenjin.study.course.graph import Course, Exercise, Lab, Topic, Track, Unit
from wenjin.study.course.links import home
from wenjin.study.course.order import closure, depths

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
DEFINITION = re.compile(r"什么是|What (is|are) [\w -]+\?$")
MODULE = re.compile(r"stack(\.[a-z][a-z0-9_]*){2}")
CAPSTONES = 4
MINUTES = range(30, 91)
LAB_MINUTES = 5
CARDS = range(6, 13)


def check(course: Course, faults: Faults) -> None:
    """Everything that the syllabus promises of its rows."""
    for topic in course.topics.values():
        _topic(topic, home(topic, course), faults)
    _connected(course, faults)
    for track in course.tracks.values():
        _track(track, faults)
    _shelves(course, faults)
    _unused(course, faults)
    coverage.check(course, faults)


def counts(course: Course) -> list[str]:
    """The size of the course, in lines of text."""
    topics, projects = course.topics.values(), course.projects.values()
    labs = [lab for topic in topics for lab in topic.labs]
    exercises = [exercise for topic in topics for exercise in topic.exercises]
    depth = depths(course.topics)
    deepest = max(depth, key=lambda key: depth[key], default="-")
    written, hours = sum(topic.written for topic in topics), sum(topic.minutes for topic in topics) / 60
    return [
        f"topics {len(topics)} ({written} written), hours {hours:.0f}",
        f"prerequisites {sum(len(t.prerequisites) for t in topics)}, longest way {depth.get(deepest, 0)} ({deepest})",
        f"exercises {len(exercises)}, misconceptions {sum(len(e.misconceptions) for e in exercises)}",
        f"labs {len(labs)}, minutes to run them all on two cores {sum(lab.minutes for lab in labs):.0f}",
        f"cards {sum(topic.wanted_cards for topic in topics)}",
        f"projects {len(projects)}, acceptance results {sum(len(project.acceptance) for project in projects)}",
        f"features {len(course.features)}, resources {len(course.resources)}, data sources {len(course.sources)}",
        f"coverage items {len(course.coverage)}",
        *(_track_counts(track, course) for track in course.tracks.values()),
    ]


def _track_counts(track: Track, course: Course) -> str:
    """Also how many prerequisites a track leaves to be offered in time, and how many it never meets itself."""
    met = track.topics
    early = sum(before not in met[:n] for n, key in enumerate(met) for before in course.topics[key].prerequisites)
    outside = len(closure(met, course.topics)) - len(set(met))
    return (
        f"track {track.id}: units {len(track.units)}, topics {len(met)}, paths {len(track.paths)}, "
        f"prerequisites from outside {outside}, offered in time {early}"
    )


def _topic(topic: Topic, where: str, faults: Faults) -> None:
    _slug(where, topic.id, faults)
    for name, text in (("title", topic.title), ("question", topic.question)):
        _english(where, name, text, faults)
    if not CHINESE.search(topic.question.zh):
        what = Text("question.zh 不是中文。", "question.zh is not Chinese.")
        faults.add(where, what, Text("用中文写出这个问题。", "Write the question in Chinese."))
    if "？" not in topic.question.zh or "?" not in topic.question.en:
        what = Text("驱动问题没有发问。", "The driving question does not ask.")
        faults.add(where, what, Text("写成一个真正的问句。", "Make it a question, with its question mark."))
    if DEFINITION.match(topic.question.zh) or DEFINITION.match(topic.question.en):
        what = Text("驱动问题只是在问定义。", "The driving question only asks for a definition.")
        faults.add(where, what, Text("问一个会让人卡住的为什么。", "Ask a why on which learners get stuck."))
    _within(where, "minutes", topic.minutes, MINUTES, faults)
    _within(where, "cards", topic.wanted_cards, CARDS, faults)
    for name, ids in (("prerequisites", topic.prerequisites), ("library", topic.library)):
        _once(where, name, ids, faults)
    if not topic.library:
        _empty(where, "library", faults)
    for module in topic.library:
        if not MODULE.fullmatch(module):
            what = Text(f"library 里的 {module} 不是模块名。", f"{module} in library is no module.")
            faults.add(where, what, Text("写成 stack.包.模块。", "Write it as stack.package.module."))
    _once(where, "exercise, lab", [e.name for e in topic.exercises] + [lab.name for lab in topic.labs], faults)
    if not topic.exercises or not topic.labs:
        what = Text("至少要有一个练习和一个实验。", "A topic needs at least one exercise and one lab.")
        faults.add(where, what, Text("补上缺的那个。", "Add what is missing."))
    for exercise in topic.exercises:
        _exercise(exercise, f"{where}, exercise {exercise.name}", faults)
    for lab in topic.labs:
        _lab(lab, f"{where}, lab {lab.name}", faults)


def _exercise(exercise: Exercise, where: str, faults: Faults) -> None:
    _slug(where, exercise.name, faults)
    _once(where, "misconceptions", exercise.misconceptions, faults)
    if not exercise.misconceptions:
        _empty(where, "misconceptions", faults)
    for name in exercise.misconceptions:
        _slug(where, name, faults)


def _lab(lab: Lab, where: str, faults: Faults) -> None:
    _slug(where, lab.name, faults)
    _once(where, "data", lab.data, faults)
    if not lab.data:
        _empty(where, "data", faults)
    if not 0 < lab.minutes <= LAB_MINUTES:
        what = Text(f"实验要 {lab.minutes} 分钟。", f"The lab takes {lab.minutes} minutes.")
        remedy = Text(
            f"让默认参数在 {LAB_MINUTES} 分钟内跑完。", f"Choose defaults that finish within {LAB_MINUTES} minutes."
        )
        faults.add(where, what, remedy)


def _connected(course: Course, faults: Faults) -> None:
    """One can walk from any topic to any other along prerequisites, in either direction."""
    near: dict[str, set[str]] = {key: set() for key in course.topics}
    for topic in course.topics.values():
        for before in topic.prerequisites:
            near[topic.id].add(before)
            near[before].add(topic.id)
    reached: set[str] = set()
    waiting = list(near)[:1]
    while waiting:
        key = waiting.pop()
        if key not in reached:
            reached.add(key)
            waiting.extend(near[key])
    for key in course.topics:
        if key not in reached:
            what = Text("与其余主题不相连。", "It is not connected with the other topics.")
            remedy = Text("写上它的先修，或让后面的主题以它为先修。", "Give it a prerequisite, or make it one.")
            faults.add(home(course.topics[key], course), what, remedy)


def _track(track: Track, faults: Faults) -> None:
    where = f"tracks/{track.id}.toml"
    for name, text in (("title", track.title), ("audience", track.audience), ("idea", track.idea)):
        _english(where, name, text, faults)
    _once(where, "unit", [unit.id for unit in track.units], faults)
    _once(where, "path", [path.id for path in track.paths], faults)
    _once(where, "stage_test", [test.id for test in track.stage_tests], faults)
    met: list[str] = []
    for unit in track.units:
        _unit(unit, met, f"{where}, unit {unit.id}", faults)
        met.extend(unit.topics)


def _unit(unit: Unit, met: Sequence[str], where: str, faults: Faults) -> None:
    for name, text in (("title", unit.title), ("checkpoint", unit.checkpoint), ("part", unit.part)):
        if text is not None:
            _english(where, name, text, faults)
    for name, number in (("topics", len(unit.topics)), ("tasks", len(unit.tasks)), ("resources", len(unit.resources))):
        if not number:
            _empty(where, name, faults)
    _once(where, "topics", unit.topics, faults)
    _once(where, "resources", unit.resources, faults)
    for key in unit.topics:
        if key in met:
            what = Text(f"{key} 前面的单元已经学过。", f"{key} was met in an earlier unit.")
            faults.add(where, what, Text("把它移到 revisits。", "List it under revisits."))
    for key in unit.revisits:
        if key not in met:
            what = Text(f"revisits 写了 {key}，但前面还没学过。", f"It revisits {key} before that is met.")
            faults.add(
                where, what, Text("把它移到 topics，或调整单元顺序。", "List it under topics, or reorder units.")
            )
    for task in unit.tasks:
        if not task.does:
            _empty(f"{where}, task {task.title.en}", "does", faults)


def _shelves(course: Course, faults: Faults) -> None:
    """Projects, features, resources and data."""
    capstones = [project for project in course.projects.values() if project.kind == "capstone"]
    if len(capstones) != CAPSTONES:
        what = Text(f"毕业项目有 {len(capstones)} 个。", f"There are {len(capstones)} capstones.")
        remedy = Text(f"应当正好 {CAPSTONES} 个。", f"There should be {CAPSTONES}.")
        faults.add("syllabus/projects.toml", what, remedy)
    for project in course.projects.values():
        where = f"syllabus/projects.toml, project {project.id}"
        _english(where, "title", project.title, faults)
        _english(where, "brief", project.brief, faults)
        _once(where, "topics", project.topics, faults)
        _once(where, "acceptance", [result.id for result in project.acceptance], faults)
        for name, number in (("milestones", len(project.milestones)), ("acceptance", len(project.acceptance))):
            if not number:
                _empty(where, name, faults)
    for feature in course.features.values():
        _english(f"syllabus/features.toml, feature {feature.id}", "title", feature.title, faults)
    for resource in course.resources.values():
        _english(f"syllabus/resources.toml, resource {resource.id}", "title", resource.title, faults)
        _english(f"syllabus/resources.toml, resource {resource.id}", "why", resource.why, faults)
    for data in course.sources.values():
        where = f"syllabus/data.toml, data {data.id}"
        _english(where, "holds", data.holds, faults)
        _english(where, "origin", data.origin, faults)
        if data.kind == "own-files" and data.fallback is None:
            what = Text("学习者未必有它，却没有替身。", "A learner may lack it, and it has no stand-in.")
            faults.add(where, what, Text("写上 fallback。", "Add a fallback."))
    shelves: tuple[tuple[str, Mapping[str, object]], ...] = (
        ("projects.toml, project", course.projects),
        ("features.toml, feature", course.features),
        ("resources.toml, resource", course.resources),
        ("data.toml, data", course.sources),
        ("topics.toml, stage", course.stages),
    )
    for file, shelf in shelves:
        for key in shelf:
            _slug(f"syllabus/{file} {key}", key, faults)


def _unused(course: Course, faults: Faults) -> None:
    """Nothing stands on a shelf that no topic, lab or track takes from it."""
    topics, tracks, projects = course.topics.values(), course.tracks.values(), course.projects.values()
    tasks = [reference for track in tracks for unit in track.units for task in unit.tasks for reference in task.does]
    data = {key for topic in topics for lab in topic.labs for key in lab.data}
    data |= {key for project in projects for key in project.data}
    data |= {source.fallback.en for source in course.sources.values() if source.fallback}
    on_units = {key for track in tracks for unit in track.units for key in unit.resources}
    modules = {module.rpartition(".")[0] for topic in topics for module in topic.library}
    shelves: tuple[tuple[str, Mapping[str, object], set[str]], ...] = (
        ("syllabus/topics.toml, topic", course.topics, {key for track in tracks for key in track.topics}),
        ("syllabus/topics.toml, stage", course.stages, {topic.stage for topic in topics}),
        ("syllabus/topics.toml, module", course.modules, modules),
        ("syllabus/data.toml, data", course.sources, data),
        ("syllabus/resources.toml, resource", course.resources, on_units | {k for t in tracks for k in t.resources}),
        ("syllabus/projects.toml, project", course.projects, {r.removeprefix("project:") for r in tasks}),
    )
    for name, shelf, used in shelves:
        for key in shelf:
            if key not in used:
                what = Text("没有任何地方用到它。", "It is used nowhere.")
                faults.add(f"{name} {key}", what, Text("用上它，或删去它。", "Use it, or drop it."))


def _english(where: str, name: str, text: Text, faults: Faults) -> None:
    if CHINESE.search(text.en):
        what = Text(f"{name}.en 里有中文。", f"{name}.en holds Chinese.")
        faults.add(where, what, Text("英文另写一遍，不要夹中文。", "Write the English as English."))


def _slug(where: str, key: str, faults: Faults) -> None:
    if not SLUG.fullmatch(key):
        what = Text(f"{key} 不是 kebab-case。", f"{key} is not kebab-case.")
        faults.add(where, what, Text("只用小写英文、数字和连字符。", "Use lower-case letters, digits and hyphens."))


def _once(where: str, name: str, ids: Iterable[str], faults: Faults) -> None:
    for key, times in Counter(ids).items():
        if times > 1:
            what = Text(f"{name} 里 {key} 出现了 {times} 次。", f"{name} names {key} {times} times.")
            faults.add(where, what, Text("只留一次。", "Name it once."))


def _within(where: str, name: str, value: int, bounds: range, faults: Faults) -> None:
    if value not in bounds:
        what = Text(f"{name} 是 {value}。", f"{name} is {value}.")
        least, most = bounds[0], bounds[-1]
        faults.add(where, what, Text(f"应在 {least} 到 {most} 之间。", f"It should be from {least} to {most}."))


def _empty(where: str, name: str, faults: Faults) -> None:
    what = Text(f"{name} 是空的。", f"{name} is empty.")
    faults.add(where, what, Text("至少写一项。", "Name at least one."))
