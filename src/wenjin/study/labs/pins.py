"""Runs that are pinned to notes: a line of the note that leads to the run, and an event of both.

    pin  subject topic#anchor  {"run": id}

The line is the note's own: whoever takes it out has taken the pin out.
"""

from collections.abc import Iterable

from wenjin.kit.text import Language, Text
from wenjin.study.course.graph import Lab
from wenjin.study.labs.book import Run
from wenjin.study.store.log import happened
from wenjin.study.store.notes import Note, Notes

LINE = Text("实验 [{title}，{at}](/runs/{run})：{levels}", "Run [{title}, {at}](/runs/{run}): {levels}")
MOST = 3  # results told in the line


def pin(notes: Notes, run: Run, lab: Lab | None, topic: str, anchor: str, language: Language) -> Note:
    """Pin a run to a note, below what stands there; once. Raises StoreError."""
    there = notes.of(topic, language).get(anchor)
    if there is None or address(run) not in there.text:
        there = notes.add(topic, anchor, line(run, lab, language), language)
        notes.log.append(happened("pin", there.id, {"run": run.id}))
    return there


def pinned(notes: Iterable[Note], run: Run) -> list[Note]:
    """The notes in which a run stands."""
    return [note for note in notes if address(run) in note.text]


def line(run: Run, lab: Lab | None, language: Language) -> str:
    """What the note says of the run: where it is, when it was asked for, its first results."""
    texts = lab.texts if lab else None
    told = []
    for name, value in list(run.levels.items())[:MOST]:
        words = texts.levels.get(name) if texts else None
        title = words.title[language] if words else name
        told.append(f"{title} {format(value, words.format if words else '.4g')}")
    title = lab.title[language] if lab and lab.title else run.lab
    levels = ("，" if language == "zh" else ", ").join(told) or run.state
    at = f"{run.at.astimezone():%Y-%m-%d %H:%M}"
    return LINE.format(title=title.replace("[", "(").replace("]", ")"), at=at, run=run.id, levels=levels)[language]


def address(run: Run) -> str:
    return f"(/runs/{run.id})"
