"""`wenjin course new TOPIC`: a folder from the syllabus. Its row moves out of topics.toml, word for word.

What is laid is honest: nothing pretends to be written. `wenjin course check` then says what is to be done.
"""

import re
import shutil
from pathlib import Path

from wenjin.kit.text import Language, Text
from wenjin.study.course.faults import Fault, nearest
from wenjin.study.course.folders import snake
from wenjin.study.course.graph import Course, Topic
from wenjin.study.course.lesson import CLOSING

BLOCK = re.compile(r"^\[\[topic\]\]\n(?:(?!\[\[|#).*\n?)*", re.MULTILINE)
MOVED = re.compile(r"^(?:\[\[topic\]\]|id = .*|stage = .*)\n", re.MULTILINE)  # said by the folder's place instead
EMPTY = ("cards.toml", "pitfalls.toml", "passes.toml")


class NewError(Exception):
    """The topic cannot be laid; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.what.en)
        self.fault = fault


def new(course: Course, name: str) -> Path:
    """Lay the folder of a planned topic and return it. Raises NewError."""
    topic = course.topics.get(name)
    if topic is None:
        raise _refusal(name, Text("大纲里没有这个主题。", "The syllabus has no such topic."), _unwritten(course, name))
    if topic.folder is not None:
        what = Text("这个主题已经有文件夹了。", "This topic has its folder already.")
        raise _refusal(name, what, Text(f"它在 {topic.folder}。", f"It is {topic.folder}."))
    table = course.root / "syllabus" / "topics.toml"
    text = table.read_text(encoding="utf-8")
    row = next((block[0] for block in BLOCK.finditer(text) if f'\nid = "{name}"\n' in block[0]), None)
    if row is None:
        what = Text("在 topics.toml 里找不到它的一段。", "Its block in topics.toml was not found.")
        remedy = Text('让它以 [[topic]] 和 id = "…" 开头。', 'Let it begin with [[topic]] and id = "…".')
        raise _refusal(name, what, remedy)
    folder = course.root / snake(topic.stage) / snake(name)
    laid = folder.with_name(f".{folder.name}")
    try:
        _lay(laid, topic, row)
        laid.rename(folder)
    finally:
        shutil.rmtree(laid, ignore_errors=True)
    table.write_text(text.replace(row, "", 1), encoding="utf-8")
    return folder


def _lay(folder: Path, topic: Topic, row: str) -> None:
    folder.mkdir(parents=True)
    facts = MOVED.sub("", row).rstrip() + "\n"
    head = 'format = 1\nstatus = "lesson"  # the labs are still to be written; drop this line when they stand\n\n'
    (folder / "topic.toml").write_text(head + facts, encoding="utf-8")
    for language in ("zh", "en"):
        (folder / f"lesson.{language}.md").write_text(_lesson(topic, language), encoding="utf-8")
    for name in EMPTY:
        (folder / name).write_text("format = 1\n", encoding="utf-8")
    for exercise in topic.exercises:
        path = folder / "exercises" / snake(exercise.name)
        path.mkdir(parents=True)
        wanted = ", ".join(exercise.misconceptions)
        comment = f"# {exercise.asks}\n# The syllabus wants these told by name: {wanted}\n"
        (path / "mistakes.toml").write_text(comment, encoding="utf-8")


def _lesson(topic: Topic, language: Language) -> str:
    """The title, the driving question, and the headings at the end, with nothing below them."""
    sections = [f"## {topic.question[language]} {{#why}}"]
    sections += [f"## {name[language]} {{#{key}}}" for key, name in CLOSING.items()]
    return f"# {topic.title[language]}\n\n" + "\n\n".join(sections) + "\n"


def _unwritten(course: Course, name: str) -> Text:
    return nearest(name, tuple(topic.id for topic in course.topics.values() if topic.folder is None))


def _refusal(name: str, what: Text, remedy: Text) -> NewError:
    return NewError(Fault(name, what, remedy))
