"""A topic as a Jupyter notebook that runs from top to bottom: the lesson, its examples, its labs, its exercises.

    text       the lesson's Markdown, its recorded numbers filled in, its links to other notebooks
    {run}      a code cell with the output that was recorded
    {code}     lines of the library, as text
    {figure}   the chart or picture of the recorded run, attached to the cell
    {lab}      what it asks, and a cell that runs it as `wenjin lab run` does (notebook.lab)
    {exercise} the task, a cell with the starter, and a cell that asks the judge about it (notebook.check)

The form is nbformat 4.5. Left out: aside folds, knobs, marks of checked formulas, cards. A lab or exercise that the
lesson does not name stands at the end.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from markdown_it.token import Token

from wenjin.kit.lab import Frame, Picture, Point
from wenjin.kit.text import Language, Text
from wenjin.study.cli.publishing import picture
from wenjin.study.course import dialect
from wenjin.study.course import lesson as lessons
from wenjin.study.course.graph import Course, Exercise, Lab, Topic
from wenjin.study.course.lesson import ASIDE, FENCE, HEADING, INLINE_CODE
from wenjin.study.course.listing import ListingError, Listings
from wenjin.study.course.page import Context

MARK = "# wenjin exercise"  # the first words of a cell that holds an answer; its id follows
LINK = re.compile(r"\[([^\]\[]*)\]\(([^)\s]+)\)")
CHECKED = re.compile(r'(\$\$)\s*\{check="\w+"\}')
Sheets = Callable[[Exercise], str]  # the answer sheet of an exercise that is not answered by a program

HEAD = Text(
    "这是问津课程里“{title}”的笔记本。请用装了问津的 Python 作内核（`.venv/bin/python`），从上往下运行。"
    "判题和实验在另外的进程里进行；作答记在你的学习记录里，实验的运行不记。课文按 CC BY 4.0 许可。",
    "This is the notebook of “{title}” in the course Wenjin. Its kernel is the Python that has Wenjin "
    "(`.venv/bin/python`); run it from top to bottom. Answers are judged and labs are run in processes of their own; "
    "answers go into your record, runs from here do not. The text is licensed under CC BY 4.0.",
)
EXERCISE, LAB = Text("练习：{title}", "Exercise: {title}"), Text("实验：{title}", "Lab: {title}")
ANSWER = Text("在下面作答，再运行后一格判题。", "Answer below, then run the cell after it for the verdict.")
HINTS = Text("提示：终端里用 `wenjin hint {id}`。", "For a hint, `wenjin hint {id}` in a terminal.")
LISTED = Text("{name}，库里的原文：", "{name}, as it stands in the library:")
REST = Text("其余的练习和实验", "More exercises and labs")


class Builder:
    """The cells of one notebook, in order."""

    def __init__(self, topic: Topic, course: Course, language: Language, sheets: Sheets) -> None:
        self.topic, self.course, self.language, self.sheets = topic, course, language, sheets
        self.context = Context(language, course=course, topic=topic)
        self.listings = Listings()
        self.cells: list[dict[str, Any]] = []
        self._text: list[str] = []
        self._done: set[str] = set()

    def build(self) -> dict[str, Any]:
        assert self.topic.folder is not None
        self._add("markdown", HEAD[self.language].format(title=self.topic.title[self.language]))
        self._add("code", f'from wenjin.study.cli.notebook import check, lab, speak\n\nspeak("{self.language}")')
        lines = lessons.path(self.topic.folder, self.language).read_text(encoding="utf-8").lstrip("\ufeff").splitlines()
        self._lesson(iter(lines))
        rest = [e for e in self.topic.exercises if e.written and e.id not in self._done]
        labs = [one for one in self.topic.labs if one.written and one.id not in self._done]
        if rest or labs:
            self._add("markdown", f"## {REST[self.language]}")
        for one in labs:
            self._lab(one, {}, "")
        for exercise in rest:
            self._exercise(exercise)
        spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
        about: dict[str, Any] = {"kernelspec": spec, "language_info": {"name": "python"}}
        about |= {"title": self.topic.title[self.language], "wenjin": {"topic": self.topic.id, "lang": self.language}}
        return {"nbformat": 4, "nbformat_minor": 5, "metadata": about, "cells": self.cells}

    def _lesson(self, lines: Iterator[str]) -> None:
        number = 0
        for line in lines:
            number += 1
            if fence := FENCE.match(line.strip()):
                body = list(_until(lines, fence["mark"]))
                number += len(body) + 1
                told = dialect.directive(Token("fence", "", 0, info=fence["info"]))
                if told is None:
                    self._text += [line, *body, fence["mark"]]
                else:
                    self._directive(told, "\n".join(body), number)
            elif aside := ASIDE.match(line):
                self._text.append(f"#### {self._line(aside['title'], number)}")
            elif line.strip() and set(line.strip()) == {":"} and len(line.strip()) >= 3:
                self._text.append("")
            elif heading := HEADING.match(line):
                if len(heading["level"]) <= 2:
                    self._flush()
                if heading["anchor"]:
                    self._text += [f'<a id="{heading["anchor"]}"></a>', ""]
                self._text.append(f"{heading['level']} {self._line(heading['text'], number)}")
            else:
                self._text.append(self._line(line, number))
        self._flush()

    def _line(self, line: str, number: int) -> str:
        """A line of running text: numbers filled in, links led to where they lead here; code is left alone."""

        def fill(found: re.Match[str]) -> str:
            return found[0] if found[1] else self.context.number(found[2], found[3], found[4] or "", number)

        filled = CHECKED.sub(r"\1", dialect.NUMBER.sub(fill, line))
        parts, at = [], 0
        for code in INLINE_CODE.finditer(filled):
            parts += [LINK.sub(self._led, filled[at : code.start()]), code[0]]
            at = code.end()
        return "".join(parts) + LINK.sub(self._led, filled[at:])

    def _led(self, link: re.Match[str]) -> str:
        words, target = link[1], link[2]
        if re.match(r"#|https?:|mailto:", target):
            return link[0]
        if target.startswith("exercises/"):
            return f"[{words}](#exercise-{target.removeprefix('exercises/')})"
        topic, _, anchor = target.partition("#")
        found = self.course.topics.get(topic)
        if found is None or not found.written:
            return words
        return f"[{words}]({topic}.ipynb{'#' + anchor if anchor else ''})"

    def _directive(self, told: dialect.Directive, body: str, line: int) -> None:
        name = told.words[0] if told.words else ""
        match told.name:
            case "run":
                record = self.context.recorded(name)
                self._add("code", body, id=f"run-{name}", output=str(record.get("output", "")))
            case "code":
                self._listing(name)
            case "exercise":
                self._exercise(next(one for one in self.topic.exercises if one.name == name))
            case "lab":
                found = next(one for one in self.topic.labs if one.name == name)
                text = "\n".join(self._line(row, line) for row in body.splitlines())
                if found.written:
                    self._lab(found, told.options, text)
                elif text:
                    self._text += ["", text, ""]
            case "figure":
                self._figure(name, told.words[1], told.options.get("alt", ""))
            case "knob":
                self._text += ["", *(self._line(row, line) for row in body.splitlines()), ""]

    def _listing(self, target: str) -> None:
        try:
            cited = self.listings.cite(target)
        except ListingError:
            return
        name = f"`{cited.module}:{cited.name}`" if cited.name else f"`{cited.module}`"
        self._text += ["", LISTED[self.language].format(name=name), "", "```python", cited.text.rstrip(), "```", ""]

    def _figure(self, source: str, chart: str, alt: str) -> None:
        lab = next((one for one in self.topic.labs if one.name == source.partition(":")[2]), None)
        if lab is None or lab.reference is None:
            return
        self._flush()
        for frame in lab.reference.frames:
            if isinstance(frame, Picture) and frame.name == chart:
                data, kind = frame.data, f"image/{'svg+xml' if frame.kind == 'svg' else 'png'}"
                break
        else:
            texts = lab.texts.charts.get(chart) if lab.texts else None
            names = {n: text[self.language] for n, text in texts.series.items()} if texts else {}
            drawn = charts(lab.reference.frames, names).get(chart)
            if drawn is None:
                return
            data, kind = drawn.encode(), "image/svg+xml"
        file = f"{chart}.{'png' if kind.endswith('png') else 'svg'}"
        attached = {file: {kind: base64.b64encode(data).decode()}}
        self._add("markdown", f"![{alt}](attachment:{file})", attachments=attached)

    def _lab(self, lab: Lab, options: Mapping[str, str], text: str) -> None:
        assert lab.texts is not None
        assert lab.form is not None
        self._done.add(lab.id)
        title = LAB[self.language].format(title=lab.texts.title[self.language])
        asks = text or lab.texts.asks[self.language]
        self._add("markdown", f'<a id="lab-{lab.name}"></a>\n\n#### {title}\n\n{asks}')
        given = "".join(f", {name}={value!r}" for name, value in lab.form.read(options).items() if name in options)
        self._add("code", f"lab({lab.id!r}{given})", id=f"lab-{lab.name}")

    def _exercise(self, exercise: Exercise) -> None:
        assert exercise.title is not None
        assert exercise.task is not None
        self._done.add(exercise.id)
        title = EXERCISE[self.language].format(title=exercise.title[self.language])
        said = f"{ANSWER[self.language]} {HINTS[self.language].format(id=exercise.id)}"
        task = CHECKED.sub(r"\1", exercise.task[self.language].strip())
        self._add("markdown", f'<a id="exercise-{exercise.name}"></a>\n\n#### {title}\n\n{task}\n\n*{said}*')
        text = exercise.starter if exercise.code else f"answer = r'''\n{self.sheets(exercise)}'''"
        self._add("code", f"{MARK} {exercise.id}\n{text.rstrip()}", id=f"answer-{exercise.name}")
        given = "" if exercise.code else ", answer"
        self._add("code", f"check({exercise.id!r}{given})", id=f"check-{exercise.name}")

    def _flush(self) -> None:
        text, self._text = "\n".join(self._text).strip(), []
        if text:
            self._add("markdown", text)

    def _add(
        self, kind: str, source: str, *, id: str = "", output: str = "", attachments: Mapping[str, Any] | None = None
    ) -> None:
        if self._text:
            self._flush()
        id = id or f"text-{len(self.cells)}"
        if any(cell["id"] == id for cell in self.cells):
            id = f"{id}-{len(self.cells)}"
        cell: dict[str, Any] = {"cell_type": kind, "id": id[:64], "metadata": {}, "source": source}
        if kind == "code":
            said = [{"output_type": "stream", "name": "stdout", "text": output}] if output else []
            cell |= {"execution_count": None, "outputs": said}
        elif attachments:
            cell["attachments"] = dict(attachments)
        self.cells.append(cell)


def notebook(topic: Topic, course: Course, language: Language, sheets: Sheets) -> dict[str, Any]:
    """The notebook of a topic that has a lesson."""
    return Builder(topic, course, language, sheets).build()


def charts(frames: tuple[Frame, ...] | list[Frame], names: Mapping[str, str]) -> dict[str, str]:
    """Each chart of a run as a picture of its own."""
    found: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for frame in frames:
        if isinstance(frame, Point):
            for name, value in frame.y.items():
                if abs(value) < 1e300:
                    found.setdefault(frame.chart, {}).setdefault(names.get(name, name), []).append((frame.x, value))
    return {
        chart: picture(chart, lines, [row for line in lines.values() for row in line]) for chart, lines in found.items()
    }


def _until(lines: Iterator[str], mark: str) -> Iterator[str]:
    for line in lines:
        bare = line.strip()
        if bare.startswith(mark) and set(bare) == {mark[0]}:
            return
        yield line
