"""Works on the queue: takes the runs one after the other, watches over each, and writes down how it ended.

The queue says who runs what, so no run is begun twice; what is not over when this process ends waits there for the
next one.
"""

import logging
import threading
import time
from contextlib import suppress
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.course.graph import Lab
from wenjin.study.labs import holder
from wenjin.study.labs.book import record
from wenjin.study.labs.records import NO_LAB, Records, RunError, code_of, spent
from wenjin.study.labs.session import Result, Session, Way, frames_of
from wenjin.study.labs.verdict import basis
from wenjin.study.store.database import Closed
from wenjin.study.store.jobs import Job
from wenjin.study.store.log import StoreError
from wenjin.study.store.owner import server

POLL = 0.5  # seconds between looks at the queue
STARTS = 20  # processes that may die with a run before it is given up
log = logging.getLogger("wenjin.labs")

GIVEN_UP = Text(
    "运行它的进程接连 {n} 次意外结束，不再重试；多半是内存不够，请把决定大小的参数调小。",
    "The processes that ran it died {n} times in a row, so it is given up; most likely the memory ran out: make the "
    "arguments that set the size smaller.",
)


UNFORESEEN = Text(
    "运行时出了没有料到的错（{error}），经过记在日志里（wenjin where 说在哪里）；可以再运行一次。",
    "Something unforeseen went wrong while it ran ({error}); the log file tells of it (see wenjin where). Run it "
    "again.",
)


class Work:
    """
    only   the one run that this process may work on; None: all
    stops  runs that the learner wants to end
    wake   set when there may be something new in the queue
    """

    def __init__(self, records: Records, only: str | None) -> None:
        self.records, self._only = records, only
        self.closing, self.wake = threading.Event(), threading.Event()
        self.stops: set[str] = set()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in a thread of its own."""
        if self._thread is None and not self.closing.is_set():
            self._thread = threading.Thread(target=self._work, name="labs", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End what runs here, keeping its state."""
        self.closing.set()
        self.wake.set()
        if self._thread is not None:
            self._thread.join(5.0)
            self._thread = None

    def _work(self) -> None:
        while not self.closing.is_set():
            try:
                job = self._next()
                if job is not None:
                    self._do(job)
                    continue
            except Closed:  # the log was closed first: whoever comes next goes on
                return
            except Exception as error:
                log.exception("working on the queue failed")
                self._give_up(error)
            self.wake.wait(POLL)
            self.wake.clear()

    def _next(self) -> Job | None:
        """The run to begin now, if there is one."""
        jobs = self.records.jobs.all()
        if self._only is not None and server(self.records.places) is not None:
            return None
        if any(not self.records.gone(job) for job in jobs):
            return None
        for job in jobs:
            if job.wish and self.records.end_waiting(job):
                continue
            if self._only in (None, job.id):
                return job
            if holder.alive(job.sender.rpartition(" ")[0], 0.0, time.time()):
                return None  # it waits before ours, and the command that sent it will run it
        return None

    def _do(self, job: Job) -> None:
        """Take the run and work on it until it is over, or is somebody else's."""
        records = self.records
        lab, known = records.course.lab(job.lab), records.known(job.id)
        kept = bool(records.runs.kept(job.id))
        forced = job.asked.get("forced", False)
        changed = records.changed(known, lab) if kept and lab is not None and not forced else None
        code = dict(known.code) if changed is not None or lab is None else code_of(lab)
        dead = [other.holder for other in records.jobs.all() if records.gone(other)]
        event = records.told(job.lab, job.id, "resumed" if kept else "started", code=code)
        if not records.jobs.take(job.id, records.me, instead_of=job.holder, dead=dead, now=time.time(), event=event):
            return
        why = GIVEN_UP.format(n=job.starts) if job.starts >= STARTS else changed
        if lab is None or why is not None:
            self._over(job, "failed", why=(why or NO_LAB.format(name=job.lab)).as_dict(), **spent(known))
            return
        try:
            data = records.places.data
            root, taken = records.course.root, records.taken(lab)
            session = Session(records.runs, job.id, root, lab.id, job.asked["arguments"], data, taken)
        except (StoreError, RunError) as error:
            self._over(job, "failed", why=error.text.as_dict(), **spent(known))
            return
        self._ended(job, lab, code, session.work(_Wish(self, job.id)))

    def _ended(self, job: Job, lab: Lab, code: dict[str, str], result: Result) -> None:
        took = {"seconds": round(result.seconds, 2), "memory": result.memory}
        frames = frames_of(self.records.runs.all(job.id))
        match result.way:
            case "whole":
                predictions = lab.texts.predictions if lab.texts else ()
                judged_by = basis(lab.reference, predictions, job.asked["arguments"], frames, code)
                claims = dict(result.claims)
                self._over(job, "finished", **took, frames=record(frames), claims=claims, basis=judged_by)
                self.records.runs.forget_kept(job.id, but=lab.texts.leaves if lab.texts else ())
            case "failed":
                why = result.why.as_dict() if result.why else None
                self._over(job, "failed", **took, frames=record(frames), why=why, output=result.output)
            case "stop":
                self._over(job, "stopped", **took, frames=record(frames))
            case "release":
                self.records.jobs.release(job.id, self.records.me)
        self.stops.discard(job.id)

    def _over(self, job: Job, what: str, **data: Any) -> None:
        """Out of the queue, with its record. A disk that is full now may have room later: until then it is ours."""
        event = self.records.told(job.lab, job.id, what, **data)
        while True:
            try:
                self.records.jobs.end(job.id, self.records.me, event)
                return
            except StoreError as error:
                log.error("the end of run %s is not recorded yet: %s", job.id, error)
                if self.closing.wait(2.0):
                    return

    def _give_up(self, error: Exception) -> None:
        """After something that nobody foresaw: no run stays in the hands of a runner that does not work on it."""
        why = error.text if isinstance(error, StoreError) else UNFORESEEN.format(error=type(error).__name__)
        with suppress(StoreError, Closed):
            for job in self.records.jobs.all():
                if job.holder == self.records.me:
                    self._over(job, "failed", why=why.as_dict(), **spent(self.records.known(job.id)))


class _Wish:
    """Asked by the session a few times a second: must it end? It also says that we live."""

    def __init__(self, work: Work, run: str) -> None:
        self._work, self._run = work, run
        self._looked = self._beat = time.monotonic()
        self._told = False  # that it came on

    def __call__(self, session: Session) -> Way | None:
        work, now = self._work, time.monotonic()
        if self._run in work.stops:
            return "stop"
        if work.closing.is_set():
            return "release"
        try:
            if now - self._beat >= holder.BEAT or session.came_on > self._told:
                self._beat, self._told = now, session.came_on
                if not work.records.jobs.beat(self._run, work.records.me, time.time(), well=self._told):
                    return "lost"
            if now - self._looked >= POLL:
                self._looked = now
                job = work.records.job(self._run)
                if job is None or job.holder != work.records.me:
                    return "lost"
                return "stop" if job.wish else None
        except StoreError as error:
            log.warning("run %s goes on, though the store does not answer: %s", self._run, error)
        return None
