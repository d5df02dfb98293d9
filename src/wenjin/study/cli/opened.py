"""The data folder, the course and the log, opened for one command."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from wenjin.study.cli.records import kept
from wenjin.study.cli.terminal import sentences

if TYPE_CHECKING:
    from wenjin.study.course.graph import Course
    from wenjin.study.store.owner import SharedLog
    from wenjin.study.store.places import Places
    from wenjin.study.web.record import Record


@dataclass(frozen=True)
class Opened:
    here: "Places"
    course: "Course"
    log: "SharedLog"
    _open: ExitStack

    @cached_property
    def record(self) -> "Record":
        """What the log comes to."""
        return self._open.enter_context(kept(self.log, self.course, self.here))


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
        with closing(log), ExitStack() as stack:
            yield Opened(here, course, log, stack)
