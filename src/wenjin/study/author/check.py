"""`wenjin course check`: everything that can be wrong with a course, said with what, where and the remedy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.author import code, content, labs, lessons
from wenjin.study.course import syllabus
from wenjin.study.course.faults import Fault, Faults, nearest
from wenjin.study.course.graph import Course, Topic
from wenjin.study.course.links import home
from wenjin.study.course.listing import Listings
from wenjin.study.course.load import read
from wenjin.study.course.maths import Maths
from wenjin.study.course.passes import read_dated, read_passes, read_pitfalls
from wenjin.study.judge.client import JudgeError

Prove = Callable[[str, float], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Tools:
    """What a check needs from outside.

    prove  the judge's proof of an exercise: (id, share of pairs of mistakes) -> faults
    say    told what is being done, as it goes on
    today  statements whose day of review lies before it are faults
    """

    maths: Maths
    listings: Listings
    prove: Prove
    say: Callable[[Text], None]
    today: date


def check(root: Path, tools: Tools, topics: Sequence[str] = (), pairs: float = 1.0) -> list[Fault]:
    """The faults of the course below `root`: of the syllabus, and of the given topics, by default all that stand."""
    tools.say(Text("课程的文件与大纲", "files of the course and syllabus"))
    course, faults = read(root)
    if not faults.found:
        syllabus.check(course, faults)
    for topic in _chosen(course, topics, faults):
        before = len(faults.found)
        check_topic(topic, course, tools, pairs, faults)
        found = len(faults.found) - before
        tools.say(
            Text(f"{topic.id}：{found} 处要改", f"{topic.id}: {found} to mend")
            if found
            else Text(f"{topic.id}：通过", f"{topic.id}: good")
        )
    return faults.found


def _chosen(course: Course, names: Sequence[str], faults: Faults) -> list[Topic]:
    standing = [topic for topic in course.topics.values() if topic.folder]
    for name in names:
        if name not in course.topics:
            what = Text("没有这个主题。", "There is no such topic.")
            faults.add(name, what, nearest(name, tuple(course.topics)))
        elif course.topics[name].folder is None:
            what = Text("这个主题还没有文件夹。", "This topic has no folder yet.")
            remedy = Text(f"用 wenjin course new {name} 建一个。", f"Lay it with wenjin course new {name}.")
            faults.add(name, what, remedy)
    return [topic for topic in standing if not names or topic.id in names]


def check_topic(topic: Topic, course: Course, tools: Tools, pairs: float, faults: Faults) -> None:
    """One topic that has a folder. While only labs stand there, only these and its facts are held against it."""
    assert topic.folder is not None
    if not topic.written:
        labs.check(topic, course, faults)
        return
    folder = topic.folder
    content.facts(topic, home(topic, course), faults)
    tools.say(Text(f"{topic.id}：课文", f"{topic.id}: lesson"))
    read_lessons = lessons.check(topic, faults)
    zh, en = read_lessons.get("zh"), read_lessons.get("en")
    anchors = list(dict.fromkeys(question.anchor for question in zh.questions if question.anchor)) if zh else []
    tools.say(Text(f"{topic.id}：公式与引用", f"{topic.id}: formulas and listings"))
    for language, lesson in read_lessons.items():
        content.formulas(lesson, language, folder, tools.maths, faults)
    if zh:
        content.listings(zh, folder, tools.listings, faults)
    content.cards(topic, anchors, faults.place(folder / "cards.toml"), faults)
    pitfalls = read_pitfalls(folder, faults)
    content.pitfalls(pitfalls, anchors, faults.place(folder / "pitfalls.toml"), faults)
    content.passes(*read_passes(folder, faults), anchors, faults.place(folder / "passes.toml"), faults)
    content.dated(read_dated(folder, faults), read_lessons, tools.today, faults.place(folder / "dated.toml"), faults)
    if zh and en:
        tools.say(Text(f"{topic.id}：运行代码", f"{topic.id}: running its code"))
        code.check(topic, zh, en, pitfalls, faults)
    labs.check(topic, course, faults)
    _exercises(topic, anchors, tools, pairs, faults)


def _exercises(topic: Topic, anchors: list[str], tools: Tools, pairs: float, faults: Faults) -> None:
    for exercise in topic.exercises:
        folder = content.exercise_folder(topic, exercise)
        if not content.exercise(exercise, folder, anchors, faults):
            continue
        tools.say(Text(f"{exercise.id}：证明批改", f"{exercise.id}: proving the grader"))
        try:
            proof = tools.prove(exercise.id, pairs)
        except (JudgeError, KeyError) as error:
            what = Text(f"批改没能运行：{error}", f"The grader does not run: {error}")
            faults.add(folder / "grade.py", what, Text("改正 grade.py。", "Mend grade.py."))
            continue
        for what, remedy in dict.fromkeys((Text(**fault["what"]), Text(**fault["remedy"])) for fault in proof):
            faults.add(folder / "grade.py", what, remedy)  # the same said of several cases is said once
