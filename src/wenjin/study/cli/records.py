"""The record as commands ask it: the same that the pages keep, with a bar where much of the log is still to be read."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wenjin.kit.text import Text

if TYPE_CHECKING:
    from wenjin.study.course.graph import Course
    from wenjin.study.store.log import Log
    from wenjin.study.store.places import Places
    from wenjin.study.web.kept import Reading
    from wenjin.study.web.record import Record

READING = Text("读学习记录", "reading your record")
PATIENCE, LOOK = 1.0, 0.2  # seconds


@contextmanager
def kept(log: "Log", course: "Course", places: "Places") -> Iterator["Record"]:
    """The record; at the end it is kept for the next command where that will save it some time."""
    from wenjin.study.web.kept import OFTEN
    from wenjin.study.web.record import Record

    record = Record(log, course, places, shown)
    try:
        yield record
    finally:
        record.close(OFTEN)


def shown(reading: "Reading") -> None:
    """Wait until all is read; a bar with the time left where that takes longer."""
    from wenjin.study.cli.archive import bar

    if reading.done.wait(PATIENCE):
        return
    with bar(READING) as told:
        while not reading.done.wait(LOOK):
            told(reading.read / max(1, reading.whole))
