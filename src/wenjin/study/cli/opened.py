"""The data folder, the course and the log, opened for one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wenjin.study.cli.terminal import sentences

if TYPE_CHECKING:
    from wenjin.study.course.graph import Course
    from wenjin.study.store.owner import SharedLog
    from wenjin.study.store.places import Places


@dataclass(frozen=True, slots=True)
class Opened:
    here: "Places"
    course: "Course"
    log: "SharedLog"


@contextmanager
def opened(data: Path | None) -> Iterator[Opened]:
    """Refusals become their sentences; the log is closed at the end."""
    from wenjin.study.course.load import load
    from wenjin.study.store.owner import open_log
    from wenjin.study.store.places import places

    with sentences():
        here = places(data)
        course = load()
        log = open_log(here, role="command")
        try:
            yield Opened(here, course, log)
        finally:
            log.close()
