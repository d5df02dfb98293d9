"""One process of one run, from its start to its end: what it says is written down, what it holds is measured, and
when it has to end it is asked, then killed. One thread reads; the caller's thread watches.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from wenjin.kit.lab import Frame, Progress, as_row, from_row, latest
from wenjin.kit.text import Text
from wenjin.study.labs import tree
from wenjin.study.labs.client import BrokenOff, End, Kept, Working
from wenjin.study.store.log import StoreError
from wenjin.study.store.runs import Runs, Writer

GRACE = 1.0  # seconds that a lab has to reach its next frame and keep its state, once it is to end
METER = 1.0  # seconds between measurements
LOOK = 0.1  # seconds between looks at whether it is to end
log = logging.getLogger("wenjin.labs")

Way = Literal["whole", "failed", "stop", "release", "lost"]
BAD_NAME = Text(
    "实验要保存的名字用不了；这是实验的毛病，请报告给作者。",
    "The lab asks to keep something under a name that cannot be used. The fault is the lab's: tell its author.",
)


@dataclass(frozen=True, slots=True)
class Result:
    """How it ended. `stop`: the learner asked for it; `release`: this process ends; `lost`: another one has the run."""

    way: Way
    seconds: float
    memory: int
    claims: Mapping[str, bool | None] = field(default_factory=dict)
    why: Text | None = None
    output: str = ""


def frames_of(rows: Iterator[dict[str, Any]]) -> list[Frame]:
    """What is to be seen after these rows of a run's file; the runner's own rows are passed over."""

    def read() -> Iterator[Frame]:
        for row in rows:
            with contextlib.suppress(ValueError):
                yield from_row(row)

    return latest(read())


class Session:
    """`root` is the course's; `data` the data folder; `taken`: files that an earlier run left for this one."""

    def __init__(
        self,
        runs: Runs,
        run: str,
        root: Path,
        lab: str,
        arguments: Mapping[str, Any],
        data: Path,
        taken: Mapping[str, Path] | None = None,
    ) -> None:
        self._runs, self._run = runs, run
        tree.end(run)  # what a killed server may have left
        meters = [row for row in runs.all(run) if row.get("frame") == "meter"]
        self._before = float(meters[-1]["seconds"]) if meters else 0.0
        self._peak = max((int(row["memory"]) for row in meters), default=0)
        self._writer: Writer = runs.writer(run)
        self._turn = threading.Lock()
        self._progress: list[tuple[float, Progress]] = []  # the first and the last, with when they came
        self._end = End()
        self._broken: Text | None = None
        self.came_on = False  # it kept something: whoever goes on will not begin where this process did
        kept = runs.kept(run)
        self._write({"frame": "begin", "from": "kept" if kept else "start", "at": datetime.now(UTC).isoformat()})
        self._began = time.monotonic()
        self._working = Working(root, lab, arguments, run=run, data=data, kept={**(taken or {}), **kept})
        self._reader = threading.Thread(target=self._read, name="lab", daemon=True)
        self._reader.start()

    def work(self, wish: Callable[["Session"], Way | None]) -> Result:
        """Until it ends, or `wish`, asked a few times a second, wants it to. Nothing of it is left then."""
        wanted: Way | None = None
        measured = 0.0
        try:
            while self._reader.is_alive() and wanted is None:
                if time.monotonic() - measured >= METER:
                    measured = time.monotonic()
                    self._measure()
                self._reader.join(LOOK)
                wanted = wish(self)
            if wanted is not None and wanted != "lost":
                self._working.ask_to_stop()
                self._reader.join(GRACE)
            self._working.kill()
            self._reader.join(GRACE)
            self._measure()
        finally:
            self._working.close()
            with contextlib.suppress(StoreError):
                self._writer.close()
        return self._result(wanted)

    def _result(self, wanted: Way | None) -> Result:
        why = self._broken or self._end.why
        unasked: Way = "release" if self._end.stopped and not self._broken else "failed"  # the machine shuts down
        way: Way = "whole" if self._end.whole and not self._broken else wanted or unasked
        told = why if way == "failed" else None
        return Result(way, self._seconds(), max(self._peak, self._end.peak), self._end.claims, told, self._working.said)

    def _read(self) -> None:
        try:
            for message in self._working.messages():
                if isinstance(message, End):
                    self._end = message
                elif isinstance(message, Kept):
                    self._writer.sync()  # a state must never be ahead of the rows that led to it
                    with contextlib.suppress(BrokenOff):
                        self._runs.save(self._run, message.name, message.pieces)
                        self.came_on = True
                else:
                    if isinstance(message, Progress):
                        self._progress = [*self._progress[:1], (time.monotonic(), message)]
                    self._write(as_row(message))
        except StoreError as error:
            self._broken = error.text
        except ValueError:
            self._broken = BAD_NAME
        except Exception:
            log.exception("reading run %s failed", self._run)
            raise
        finally:
            self._working.kill()

    def _measure(self) -> None:
        """Time, memory and time left, into the frames."""
        held = tree.memory(self._run)
        self._peak = max(self._peak, held)
        row: dict[str, Any] = {"frame": "meter", "seconds": round(self._seconds(), 2), "memory": held}
        row |= {"left": self._left(), "done": None, "of": None}
        if self._progress:
            last = self._progress[-1][1]
            row |= {"done": last.done, "of": last.of}
        try:
            self._write(row)
        except (StoreError, ValueError) as error:
            log.warning("run %s: %s", self._run, error)

    def _seconds(self) -> float:
        return self._before + time.monotonic() - self._began

    def _left(self) -> float | None:
        if len(self._progress) < 2:
            return None
        return time_left(self._progress[0], self._progress[1], time.monotonic())

    def _write(self, row: Mapping[str, Any]) -> None:
        with self._turn:
            self._writer.write(row)


def time_left(first: tuple[float, Progress], last: tuple[float, Progress], now: float) -> float | None:
    """Seconds until all is done, at the speed between two moments; None while nothing has moved."""
    (began, start), (then, reached) = first, last
    if reached.done <= start.done or then <= began:
        return None
    rate = (reached.done - start.done) / (then - began)
    return round(max(0.0, (reached.of - reached.done) / rate - (now - then)), 1)
