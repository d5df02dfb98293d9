"""Runs the labs that wait in the queue, one at a time, and knows every run.

A server's runner takes whatever waits, also what a killed process left: it goes on from the kept state. A command's
runner (`only`) takes its own run alone, and only while no server does. What is not over when the process ends waits
in the queue for the next one. The queue, not this object, says who runs what: no run is begun twice.
"""

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from wenjin.kit.lab import Frame
from wenjin.kit.text import Text
from wenjin.study.course.digest import digest, library_digest
from wenjin.study.course.graph import Course, Lab
from wenjin.study.labs import holder
from wenjin.study.labs.book import Run, book, record
from wenjin.study.labs.session import Result, Session, Way, frames_of
from wenjin.study.labs.verdict import basis
from wenjin.study.store.database import Closed
from wenjin.study.store.jobs import Job
from wenjin.study.store.log import Event, StoreError, happened
from wenjin.study.store.owner import SharedLog, server
from wenjin.study.store.places import Places
from wenjin.study.store.runs import Runs

POLL = 0.5  # seconds between looks at the queue
STARTS = 20  # processes that may die with a run before it is given up
log = logging.getLogger("wenjin.labs")

NO_LAB = Text(
    "没有名为 {name} 的实验；用 wenjin lab list 看全部实验。",
    "There is no lab called {name}; wenjin lab list shows them all.",
)
NO_RUN = Text(
    "没有编号为 {run} 的运行；用 wenjin runs list 看全部运行。", "There is no run {run}; see wenjin runs list."
)
NOT_RUNNING = Text("运行 {run} 已经结束，不用再停。", "The run {run} is over; there is nothing to stop.")
NOT_STOPPED = Text(
    "运行 {run} 没有停下，不能继续；可以继续的是停下或出错的运行。",
    "The run {run} cannot go on: only one that was stopped, or that failed, can.",
)
CHANGED = Text(
    "自那以后{what}改过了，保存的状态已经对不上，不能继续；请用同样的参数重新运行。",
    "Since then {what} changed, so the kept state no longer fits; run it anew with the same arguments.",
)
LAB_FILE, LIBRARY = Text("实验的代码", "the lab's code"), Text("它用到的库代码", "the library code that it uses")
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


class RunError(Exception):
    """What was asked of a run makes no sense now; `text` says why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


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
        self._log, self._course, self._places = log, course, places
        self._jobs, self._runs = log.jobs, Runs(places)
        self._me, self._only = f"{holder.me()} {uuid4().hex[:8]}", only
        self._closing, self._wake = threading.Event(), threading.Event()
        self._stops: set[str] = set()
        self._thread: threading.Thread | None = None

    # ---- what a learner does ----

    def submit(
        self, lab: str, arguments: Mapping[str, Any], prediction: Mapping[str, str] | None = None, id: str | None = None
    ) -> str:
        """Put a run into the queue and return its id. `arguments` are those that the lab's form read; others are
        refused with the form's FormError. Raises RunError where there is no such lab.

        id  32 hexadecimal digits that whoever asks has drawn: asking again with the same is the same run
        """
        found = self._course.lab(lab)
        if found is None or found.form is None:
            raise RunError(NO_LAB.format(name=lab))
        read = found.form.read(found.form.words(arguments))
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in read.items()}
        asked = {"arguments": plain, "prediction": dict(prediction or {})}
        id = id or uuid4().hex
        self._runs.folder(id)  # refuses what is no id
        asking = replace(self._told(found.id, id, "queued", **asked), id=digest(f"queued {id}")[:32])
        self._jobs.submit(Job(id, found.id, asked, self._me), asking)
        self._wake.set()
        return id

    def stop(self, run: str) -> None:
        """End it, keeping its state: it is over within two seconds. One that waits leaves the queue."""
        job = self._job(run)
        if job is None:
            self._known(run)
            raise RunError(NOT_RUNNING.format(run=run[:8]))
        if not self._gone(job) or not self._end_waiting(job):
            self._jobs.ask_to_stop(run)
            self._stops.add(run)

    def resume(self, run: str, *, force: bool = False) -> None:
        """Let a stopped or failed run go on from its kept state; one that other code kept only by `force`, which the
        record then says."""
        known = self._known(run)
        if known.state not in ("stopped", "failed") or self._job(run) is not None:
            raise RunError(NOT_STOPPED.format(run=run[:8]))
        lab = self._course.lab(known.lab)
        if lab is None:
            raise RunError(NO_LAB.format(name=known.lab))
        changed = self._changed(known, lab)
        if changed is not None and not force:
            raise RunError(changed)
        asked: dict[str, Any] = {"arguments": dict(known.arguments), "prediction": dict(known.prediction)}
        asked["forced"] = changed is not None
        self._stops.discard(run)
        self._jobs.submit(Job(run, known.lab, asked, self._me), self._told(known.lab, run, "queued", **asked))
        self._wake.set()

    def remark(self, run: str, text: str) -> None:
        """Keep the learner's own words on a run; they replace the earlier ones."""
        self._log.append(self._told(self._known(run).lab, run, "remark", remark=text))

    # ---- what there is to see ----

    def runs(self) -> dict[str, Run]:
        """All runs, the newest last."""
        waiting = {job.id for job in self._jobs.all() if self._gone(job)}
        runs = book(self._log.events("run"))
        return {id: replace(run, state="queued") if id in waiting else run for id, run in runs.items()}

    def run(self, run: str) -> Run | None:
        return self.runs().get(run)

    def place(self, run: str) -> int | None:
        """0: it runs; 1: it is the next; None: it is not in the queue."""
        jobs = self._jobs.all()
        running = sum(not self._gone(job) for job in jobs)
        order = [job.id for job in sorted(jobs, key=self._gone)]
        return order.index(run) + (0 if running else 1) if run in order else None

    def rows(self, run: str, after: int = 0) -> Following:
        """What its file holds from the cursor on. Raises ValueError for what is no run's id."""
        over = self._job(run) is None  # asked before the file is read, or the last rows could be missed
        found = self._runs.read(run, after)
        return Following(found.rows, found.after, over and found.after == after)

    def frames(self, run: str) -> list[Frame]:
        """What is to be seen of it now: from its file, or, where that is gone, from the record."""
        frames = frames_of(self._runs.all(run))
        known = None if frames else self.run(run)
        return list(known.frames) if known is not None else frames

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

    # ---- the work ----

    def start(self) -> None:
        """Begin to work on the queue, in a thread of its own."""
        if self._thread is None and not self._closing.is_set():
            self._thread = threading.Thread(target=self._work, name="labs", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End what runs here, keeping its state: it waits in the queue for the next process."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5.0)
            self._thread = None

    def _work(self) -> None:
        while not self._closing.is_set():
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
            self._wake.wait(POLL)
            self._wake.clear()

    def _next(self) -> Job | None:
        """The run to begin now, if there is one."""
        jobs = self._jobs.all()
        if self._only is not None and server(self._places) is not None:
            return None
        if any(not self._gone(job) for job in jobs):
            return None
        for job in jobs:
            if job.wish and self._end_waiting(job):
                continue
            if self._only in (None, job.id):
                return job
            if holder.alive(job.sender.rpartition(" ")[0], 0.0, time.time()):
                return None  # it waits before ours, and the command that sent it will run it
        return None

    def _do(self, job: Job) -> None:
        """Take the run and work on it until it is over, or is somebody else's."""
        lab, known = self._course.lab(job.lab), self._known(job.id)
        kept = bool(self._runs.kept(job.id))
        forced = job.asked.get("forced", False)
        changed = self._changed(known, lab) if kept and lab is not None and not forced else None
        code = dict(known.code) if changed is not None or lab is None else _code(lab)
        dead = [other.holder for other in self._jobs.all() if self._gone(other)]
        began = self._told(job.lab, job.id, "resumed" if kept else "started", code=code)
        if not self._jobs.take(job.id, self._me, instead_of=job.holder, dead=dead, now=time.time(), event=began):
            return
        why = GIVEN_UP.format(n=job.starts) if job.starts >= STARTS else changed
        if lab is None or why is not None:
            self._over(job, "failed", why=(why or NO_LAB.format(name=job.lab)).as_dict(), **_spent(known))
            return
        try:
            session = Session(self._runs, job.id, self._course.root, lab.id, job.asked["arguments"], self._places.data)
        except StoreError as error:
            self._over(job, "failed", why=error.text.as_dict(), **_spent(known))
            return
        self._ended(job, lab, code, session.work(_Wish(self, job.id)))

    def _ended(self, job: Job, lab: Lab, code: dict[str, str], result: Result) -> None:
        spent = {"seconds": round(result.seconds, 2), "memory": result.memory}
        frames = frames_of(self._runs.all(job.id))
        match result.way:
            case "whole":
                predictions = lab.texts.predictions if lab.texts else ()
                judged_by = basis(lab.reference, predictions, job.asked["arguments"], frames, code)
                claims = dict(result.claims)
                self._over(job, "finished", **spent, frames=record(frames), claims=claims, basis=judged_by)
                self._runs.forget_kept(job.id)
            case "failed":
                why = result.why.as_dict() if result.why else None
                self._over(job, "failed", **spent, frames=record(frames), why=why, output=result.output)
            case "stop":
                self._over(job, "stopped", **spent, frames=record(frames))
            case "release":
                self._jobs.release(job.id, self._me)
        self._stops.discard(job.id)

    def _over(self, job: Job, what: str, **data: Any) -> None:
        """Out of the queue, with its record. A disk that is full now may have room later: until then it is ours."""
        event = self._told(job.lab, job.id, what, **data)
        while True:
            try:
                self._jobs.end(job.id, self._me, event)
                return
            except StoreError as error:
                log.error("the end of run %s is not recorded yet: %s", job.id, error)
                if self._closing.wait(2.0):
                    return

    def _give_up(self, error: Exception) -> None:
        """After something that nobody foresaw: no run stays in the hands of a runner that does not work on it."""
        why = error.text if isinstance(error, StoreError) else UNFORESEEN.format(error=type(error).__name__)
        with suppress(StoreError, Closed):
            for job in self._jobs.all():
                if job.holder == self._me:
                    self._over(job, "failed", why=why.as_dict(), **_spent(self._known(job.id)))

    def _end_waiting(self, job: Job) -> bool:
        """A run that nobody works on leaves the queue."""
        known = self._known(job.id)
        told = self._told(job.lab, job.id, "stopped", **_spent(known), frames=record(self.frames(job.id)))
        return self._jobs.end(job.id, job.holder, told)

    # ---- small answers ----

    def _job(self, run: str) -> Job | None:
        return next((job for job in self._jobs.all() if job.id == run), None)

    def _known(self, run: str) -> Run:
        known = book(self._log.events("run")).get(run)
        if known is None:
            raise RunError(NO_RUN.format(run=run[:40]))
        return known

    def _gone(self, job: Job) -> bool:
        """Whether nobody works on it."""
        if job.holder in ("", self._me):
            return not job.holder
        return not holder.alive(job.holder.rpartition(" ")[0], job.beat, time.time())

    def _changed(self, known: Run, lab: Lab) -> Text | None:
        """Why what the run kept cannot be used any more."""
        now = _code(lab)
        parts = [told for name, told in (("lab", LAB_FILE), ("library", LIBRARY)) if known.code.get(name) != now[name]]
        if not known.code or not parts:
            return None
        zh, en = "和".join(part.zh for part in parts), " and ".join(part.en for part in parts)
        return Text(CHANGED.zh.format(what=zh), CHANGED.en.format(what=en))

    def _told(self, lab: str, run: str, what: str, **data: Any) -> Event:
        return happened("run", lab, {"run": run, "what": what, **data})


class _Wish:
    """Asked by the session a few times a second: must it end? It also says that we live."""

    def __init__(self, runner: Runner, run: str) -> None:
        self._runner, self._run = runner, run
        self._looked = self._beat = time.monotonic()
        self._told = False  # that it came on

    def __call__(self, session: Session) -> Way | None:
        runner, now = self._runner, time.monotonic()
        if self._run in runner._stops:
            return "stop"
        if runner._closing.is_set():
            return "release"
        try:
            if now - self._beat >= holder.BEAT or session.came_on > self._told:
                self._beat, self._told = now, session.came_on
                if not runner._jobs.beat(self._run, runner._me, time.time(), well=self._told):
                    return "lost"
            if now - self._looked >= POLL:
                self._looked = now
                job = runner._job(self._run)
                if job is None or job.holder != runner._me:
                    return "lost"
                return "stop" if job.wish else None
        except StoreError as error:
            log.warning("run %s goes on, though the store does not answer: %s", self._run, error)
        return None


def _spent(known: Run) -> dict[str, Any]:
    return {"seconds": known.seconds, "memory": known.memory}


def _code(lab: Lab) -> dict[str, str]:
    """The hashes of its code; of nothing where its file is gone, which its worker will tell."""
    assert lab.file is not None
    text = lab.file.read_text(encoding="utf-8") if lab.file.is_file() else ""
    return {"lab": digest(text), "library": library_digest(text)}
