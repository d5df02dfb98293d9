"""The learner's questions as pages and commands handle them: ask, answer, open again, remove, bring back, tell.

Omits   how they are shown
"""

import hashlib
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from wenjin.kit.text import Language
from wenjin.study.course.graph import Course
from wenjin.study.course.margins import margins
from wenjin.study.progress.issue import issue
from wenjin.study.progress.questions import Question
from wenjin.study.store.log import Log, happened
from wenjin.study.store.places import Places
from wenjin.study.web.record import Record

LONGEST = 20_000  # characters of a question, of what was tried, of an answer
Deed = Literal["answered", "reopened", "removed", "restored"]


class Box:
    """Raises KeyError for a place that the course has not, or a question that nobody asked; and StoreError."""

    def __init__(self, log: Log, course: Course, version: str, record: Record) -> None:
        self.log, self.course, self.version, self.record = log, course, version, record

    def every(self) -> Mapping[str, Question]:
        return self.record.questions()

    def ask(self, topic: str, anchor: str, text: str, tried: str, language: Language) -> Question:
        """Keep a question with its place, and with which text of the lesson was read."""
        known = self.course.topics[topic]
        if anchor not in margins(known, language):
            raise KeyError(anchor)
        told = {"what": "asked", "text": text, "tried": tried, "language": language, "version": self.version}
        if known.written and known.folder:
            lesson = (known.folder / f"lesson.{language}.md").read_bytes()
            told["lesson"] = hashlib.sha256(lesson).hexdigest()[:12]
        event = happened("question", f"{topic}#{anchor}", told)
        self.log.append(event)
        return self.every()[event.id]

    def change(self, id: str, what: Deed, text: str = "") -> Question:
        """What happens to a question; an answer carries its text. What has happened already happens no second time."""
        known = self.every()[id]
        done = {
            "answered": known.state == "answered" and known.answer == text,
            "reopened": known.answered is None,
            "removed": known.removed,
            "restored": not known.removed,
        }
        if not done[what]:
            told = {"what": what, "question": id} | ({"text": text} if what == "answered" else {})
            self.log.append(happened("question", known.place, told))
        return self.every()[id]

    def issue(self, id: str, here: Places, language: Language) -> str:
        """The question as the Markdown of an issue, without what is personal."""
        return issue(self.every()[id], self.course, self.record.progress(), machine(), personal(here), language)


def machine() -> dict[str, str]:
    """What of this machine helps to see a problem again: no name of it or of its user."""
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "Python": platform.python_version(),
        "cores": str(os.cpu_count() or "?"),
        "memory": _memory(),
    }


def personal(here: Places) -> list[tuple[str, str]]:
    """Folders, and what stands in their place."""
    named = [(here.data, "<data>"), (here.workspace, "<workspace>"), (Path.home(), "~"), (Path(sys.prefix), "<python>")]
    return [(str(path), word) for path, word in named if len(path.parts) > 1]


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except (ValueError, OSError, AttributeError):
        return "?"
