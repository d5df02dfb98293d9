"""The labs as pages and commands see them: submit, stop, resume and remark on runs, and see them.

A server's runner works on whatever waits in the queue, also on what a killed process left. A command's runner (`only`)
works on its own run alone, and only while no server does.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from wenjin.kit.lab import Frame
from wenjin.kit.text import Text
from wenjin.study.course.digest import digest
from wenjin.study.course.form import as_kept
from wenjin.study.course.graph import Course
from wenjin.study.labs.book import Run, book
from wenjin.study.labs.records import Records, RunError
from wenjin.study.labs.work import Work
from wenjin.study.store.jobs import Job
from wenjin.study.store.owner import SharedLog
from wenjin.study.store.places import Places

NOT_RUNNING = Text("运行 {run} 已经结束，不用再停。", "The run {run} is over; there is nothing to stop.")
NOT_STOPPED = Text(
    "运行 {run} 没有停下，不能继续；可以继续的是停下或出错的运行。",
    "The run {run} cannot go on: only one that was stopped, or that failed, can.",
)


@dataclass(frozen=True, slots=True)
class Following:
    """Rows of a run from a cursor on; `over`: it is not in the queue any more, and nothing comes after these."""

    rows: list[dict[str, Any]]
    after: int
    over: bool


class Runner:
    """Thread-safe. `start` begins to work on the queue; before it, and after `close`, it only answers.

    only  the one run that this process may work on
    """

    def __init__(self, log: SharedLog, course: Course, places: Places, *, only: str | None = None) -> None:
        self.records = Records(log, course, places)
        self._work = Work(self.records, only)

    def start(self) -> None:
        """Begin to work on the queue, in a thread of its own."""
        self._work.start()

    def close(self) -> None:
        """End what runs here, keeping its state: it waits in the queue for the next process."""
        self._work.close()

    # ---- what a learner does ----

    def submit(
        self, lab: str, arguments: Mapping[str, Any], prediction: Mapping[str, str] | None = None, id: str | None = None
    ) -> str:
        """Put a run into the queue and return its id. `arguments` are those that the lab's form read; others are
        refused with the form's FormError. Raises RunError where there is no such lab, or nothing that it takes.

        id  32 hexadecimal digits that whoever asks has drawn: asking again with the same is the same run
        """
        found = self.records.lab(lab)
        assert found.form is not None
        self.records.taken(found)
        read = found.form.read(found.form.words(arguments))
        asked = {"arguments": as_kept(read), "prediction": dict(prediction or {})}
        id = id or uuid4().hex
        self.records.runs.folder(id)  # refuses what is no id
        asking = replace(self.records.told(found.id, id, "queued", **asked), id=digest(f"queued {id}")[:32])
        self.records.jobs.submit(Job(id, found.id, asked, self.records.me), asking)
        self._work.wake.set()
        return id

    def stop(self, run: str) -> None:
        """End it, keeping its state: it is over within two seconds. One that waits leaves the queue."""
        job = self.records.job(run)
        if job is None:
            self.records.known(run)
            raise RunError(NOT_RUNNING.format(run=run[:8]))
        if not self.records.gone(job) or not self.records.end_waiting(job):
            self.records.jobs.ask_to_stop(run)
            self._work.stops.add(run)

    def resume(self, run: str, *, force: bool = False) -> None:
        """Let a stopped or failed run go on from its kept state; one that other code kept only by `force`, which the
        record then says."""
        known = self.records.known(run)
        if known.state not in ("stopped", "failed") or self.records.job(run) is not None:
            raise RunError(NOT_STOPPED.format(run=run[:8]))
        changed = self.records.changed(known, self.records.lab(known.lab))
        if changed is not None and not force:
            raise RunError(changed)
        asked: dict[str, Any] = {"arguments": dict(known.arguments), "prediction": dict(known.prediction)}
        asked["forced"] = changed is not None
        self._work.stops.discard(run)
        self.records.jobs.submit(
            Job(run, known.lab, asked, self.records.me), self.records.told(known.lab, run, "queued", **asked)
        )
        self._work.wake.set()

    def remark(self, run: str, text: str) -> None:
        """Keep the learner's own words on a run; they replace the earlier ones."""
        self.records.log.append(self.records.told(self.records.known(run).lab, run, "remark", remark=text))

    # ---- what there is to see ----

    def runs(self) -> dict[str, Run]:
        """All runs, the newest last."""
        waiting = {job.id for job in self.records.jobs.all() if self.records.gone(job)}
        runs = book(self.records.log.events("run"))
        return {id: replace(run, state="queued") if id in waiting else run for id, run in runs.items()}

    def run(self, run: str) -> Run | None:
        return self.runs().get(run)

    def place(self, run: str) -> int | None:
        """0: it runs; 1: it is the next; None: it is not in the queue."""
        jobs = self.records.jobs.all()
        running = sum(not self.records.gone(job) for job in jobs)
        order = [job.id for job in sorted(jobs, key=self.records.gone)]
        return order.index(run) + (0 if running else 1) if run in order else None

    def rows(self, run: str, after: int = 0) -> Following:
        """What its file holds from the cursor on. Raises ValueError for what is no run's id."""
        over = self.records.job(run) is None  # asked before the file is read, or the last rows could be missed
        found = self.records.runs.read(run, after)
        return Following(found.rows, found.after, over and found.after == after)

    def frames(self, run: str) -> list[Frame]:
        """What is to be seen of it now: from its file, or, where that is gone, from the record."""
        return self.records.frames(run)

    def follow(self, run: str, after: int = 0) -> Iterator[dict[str, Any]]:
        """Its rows as they come, until it is over."""
        while True:
            found = self.rows(run, after)
            yield from found.rows
            if found.over:
                return
            if not found.rows:
                time.sleep(0.1)
            after = found.after
