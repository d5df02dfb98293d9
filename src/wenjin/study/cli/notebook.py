"""What the cells of an exported notebook call: `check` asks the judge, `lab` runs a lab, `speak` chooses the language.

The kernel forms no verdict: the answer's text goes to the judge's process, and a lab runs in one of its own. An answer
goes into the learner's record, as `wenjin check` has it; a run does not.
"""

import atexit
import html
import sys
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any
from uuid import uuid4

from wenjin.kit.lab import Frame, Picture, Progress, levels
from wenjin.kit.text import Language, Text, visible
from wenjin.study.cli import terminal
from wenjin.study.cli.notebooks import MARK, charts
from wenjin.study.course.form import as_kept
from wenjin.study.course.graph import Course
from wenjin.study.course.load import load
from wenjin.study.course.panels import picture
from wenjin.study.judge.attempt import attempt
from wenjin.study.judge.client import Judge, local_judge
from wenjin.study.labs.client import End, Kept, Working
from wenjin.study.labs.records import code_of
from wenjin.study.labs.verdict import RunVerdict, basis, verdict
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

NO_CELL = Text(
    "还没有运行过以“{mark} {id}”开头的那一格：请先运行它，再判题。",
    "The cell that begins with “{mark} {id}” has not been run yet: run it first, then ask for the verdict.",
)
NO_EXERCISE = Text("没有名为 {id} 的练习。", "There is no exercise called {id}.")
NO_LAB = Text("没有名为 {id} 的实验。", "There is no lab called {id}.")
FIRST = Text(
    "这个实验接着 {takes} 所留下的做：请先运行那一格。",
    "This lab goes on from what {takes} leaves: run that cell first.",
)
FAILED = Text("这次运行没有结束：{why}", "The run did not come to its end: {why}")
_language: Language = terminal.language()
_left: dict[str, dict[str, bytes]] = {}  # what labs left in this kernel for the labs that go on from them


def speak(language: Language) -> None:
    """The language of what is said from here on."""
    global _language
    _language = language


class Answered:
    """The verdict on an answer, to be read; `result` is what the judge said."""

    def __init__(self, result: Mapping[str, Any], topic: str, language: Language) -> None:
        self.result, self._topic, self._language = result, topic, language

    def __repr__(self) -> str:
        from rich.console import Console

        out = Console(width=100, highlight=False, markup=False, emoji=False, no_color=True)
        with out.capture() as said:
            out.print(terminal.verdict(self.result, f"{self._topic}.ipynb", self._language))
        return said.get().rstrip()


class Ran:
    """A run of a lab, to be read: its verdict, its results, and its charts where pictures can be shown."""

    def __init__(
        self, frames: list[Frame], verdict: RunVerdict, titles: Mapping[str, Text], language: Language
    ) -> None:
        self.frames, self.verdict, self._titles, self._language = frames, verdict, titles, language
        self.levels = levels(frames)

    def __repr__(self) -> str:
        named = {name: self._titles[name][self._language] if name in self._titles else name for name in self.levels}
        rows = [f"{named[name]}: {value:.6g}" for name, value in self.levels.items()]
        return "\n".join([self.verdict.text(self._titles)[self._language], *rows])

    def _repr_html_(self) -> str:
        drawn = [one.replace("<svg ", '<svg width="640" ', 1) for one in charts(self.frames, {}).values()]
        drawn += [picture(one, one.alt[self._language]) for one in self.frames if isinstance(one, Picture)]
        return f"<pre>{html.escape(repr(self))}</pre>\n" + "\n".join(drawn)


def check(exercise: str, answer: str | None = None) -> Answered:
    """The verdict on the answer cell of an exercise as it was run last, or on a sheet that was filled in."""
    found = course().exercise(exercise)
    if found is None:
        raise LookupError(NO_EXERCISE.format(id=exercise)[_language])
    text = _cell(found.id) if answer is None else answer
    log = open_log(places(), role="command")
    try:
        result = attempt(judge(), log, found.id, text.encode("utf-8", "replace"), source="notebook")
    finally:
        log.close()
    return Answered(result, found.topic, _language)


def lab(name: str, **arguments: Any) -> Ran:
    """Run a lab with these arguments and its defaults, in a process of its own. Interrupting the kernel ends it."""
    found = course().lab(name)
    if found is None or found.form is None or found.texts is None:
        raise LookupError(NO_LAB.format(id=name)[_language])
    given = as_kept(found.form.read(found.form.words(arguments)))
    takes = f"{found.topic}/{found.texts.takes}" if found.texts.takes else ""
    if takes and takes not in _left:
        raise LookupError(FIRST.format(takes=takes)[_language])
    frames: list[Frame] = []
    left: dict[str, bytes] = {}
    end, began = End(), monotonic()
    with TemporaryDirectory() as folder:
        taken = {name: Path(folder, str(n)) for n, name in enumerate(_left.get(takes, {}))}
        for name, file in taken.items():
            file.write_bytes(_left[takes][name])
        order = Working(course().root, found.id, given, run=uuid4().hex, data=places().data, kept=taken)
        with closing(order) as working:
            for message in working.messages():
                if isinstance(message, Kept):
                    data = b"".join(message.pieces)
                    if message.name in found.texts.leaves:
                        left[message.name] = data
                elif isinstance(message, End):
                    end = message
                else:
                    frames.append(message)
                    if isinstance(message, Progress) and monotonic() - began > 2:
                        _tell(message, monotonic() - began)
    if not end.whole:
        raise RuntimeError(FAILED.format(why=end.why or visible(working.said))[_language])
    _left[found.id] = left
    judged = verdict(frames, end.claims, {}, basis(found.reference, (), given, frames, code_of(found)))
    texts = found.texts
    titles = {name: one.title for name, one in texts.levels.items()} | {n: one.text for n, one in texts.claims.items()}
    return Ran(frames, judged, titles, _language)


@cache
def course() -> Course:
    return load(coverage=False)


@cache
def judge() -> Judge:
    """The judge of this kernel; it is started once and ends with it."""
    started = local_judge()
    atexit.register(started.close)
    return started


def _cell(exercise: str) -> str:
    """The text of the answer cell, as the kernel ran it last."""
    cells = sys.modules["__main__"].__dict__.get("In", [])
    mark = f"{MARK} {exercise}"
    for source in reversed(cells):
        if source.split("\n", 1)[0].strip() == mark:
            return str(source)
    raise LookupError(NO_CELL.format(mark=MARK, id=exercise)[_language])


def _tell(progress: Progress, took: float) -> None:
    part = min(1.0, progress.done / progress.of) if progress.of else 0.0
    left = f"{took * (1 - part) / part:.0f} s" if part else ""
    print(f"\r{100 * part:3.0f} %  {left}     ", end="", file=sys.stderr, flush=True)
