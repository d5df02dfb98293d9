"""All runs of a data folder: the queue, the log and the files as one, for whoever asks and for whoever works on them.

Nothing runs here.
"""

import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from wenjin.kit.lab import Frame
from wenjin.kit.text import Text
from wenjin.study.course.digest import digest, library_digest
from wenjin.study.course.graph import Course, Lab
from wenjin.study.labs import holder
from wenjin.study.labs.book import Run, book, record
from wenjin.study.labs.session import frames_of
from wenjin.study.store.jobs import Job
from wenjin.study.store.log import Event, happened
from wenjin.study.store.owner import SharedLog
from wenjin.study.store.places import Places
from wenjin.study.store.runs import Runs

NO_LAB = Text(
    "没有名为 {name} 的实验；用 wenjin lab list 看全部实验。",
    "There is no lab called {name}; wenjin lab list shows them all.",
)
NO_RUN = Text(
    "没有编号为 {run} 的运行；用 wenjin runs list 看全部运行。", "There is no run {run}; see wenjin runs list."
)
CHANGED = Text(
    "自那以后{what}改过了，保存的状态已经对不上，不能继续；请用同样的参数重新运行。",
    "Since then {what} changed, so the kept state no longer fits; run it anew with the same arguments.",
)
NOTHING_LEFT = Text(
    "这个实验接着 {lab} 的结果做：先把那个实验跑一次，停在半路也可以。",
    "This lab goes on from what {lab} leaves: run that lab first; a run that was stopped will do.",
)
LAB_FILE, LIBRARY = Text("实验的代码", "the lab's code"), Text("它用到的库代码", "the library code that it uses")


class RunError(Exception):
    """What was asked of a run makes no sense now; `text` says why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class Records:
    """`me` names this process and this object in the queue."""

    def __init__(self, log: SharedLog, course: Course, places: Places) -> None:
        self.log, self.course, self.places = log, course, places
        self.jobs, self.runs = log.jobs, Runs(places)
        self.me = f"{holder.me()} {uuid4().hex[:8]}"

    def job(self, run: str) -> Job | None:
        return next((job for job in self.jobs.all() if job.id == run), None)

    def known(self, run: str) -> Run:
        known = book(self.log.events("run")).get(run)
        if known is None:
            raise RunError(NO_RUN.format(run=run[:40]))
        return known

    def gone(self, job: Job) -> bool:
        """Whether nobody works on it."""
        if job.holder in ("", self.me):
            return not job.holder
        return not holder.alive(job.holder.rpartition(" ")[0], job.beat, time.time())

    def changed(self, known: Run, lab: Lab) -> Text | None:
        """Why what the run kept cannot be used any more."""
        now = code_of(lab)
        parts = [told for name, told in (("lab", LAB_FILE), ("library", LIBRARY)) if known.code.get(name) != now[name]]
        if not known.code or not parts:
            return None
        what = Text("和".join(part.zh for part in parts), " and ".join(part.en for part in parts))
        return CHANGED.format(what=what)

    def told(self, lab: str, run: str, what: str, **data: Any) -> Event:
        return happened("run", lab, {"run": run, "what": what, **data})

    def lab(self, name: str) -> Lab:
        """The written lab of this name. Raises RunError."""
        found = self.course.lab(name)
        if found is None or found.form is None:
            raise RunError(NO_LAB.format(name=name))
        return found

    def taken(self, lab: Lab) -> dict[str, Path]:
        """What the last run of the lab that this one goes on from has left. Raises RunError where there is nothing."""
        if lab.texts is None or not lab.texts.takes:
            return {}
        source = self.lab(f"{lab.topic}/{lab.texts.takes}")
        leaves = source.texts.leaves if source.texts else ()
        for run in reversed(book(self.log.events("run")).values()):
            kept = self.runs.kept(run.id) if run.lab == source.id else {}
            if all(name in kept for name in leaves):
                return {name: kept[name] for name in leaves}
        raise RunError(NOTHING_LEFT.format(lab=source.id))

    def frames(self, run: str) -> list[Frame]:
        """What is to be seen of it now: from its file, or, where that is gone, from the record."""
        frames = frames_of(self.runs.all(run))
        known = None if frames else book(self.log.events("run")).get(run)
        return known.frames if known is not None else frames

    def end_waiting(self, job: Job) -> bool:
        """A run that nobody works on leaves the queue."""
        known = self.known(job.id)
        told = self.told(job.lab, job.id, "stopped", **spent(known), frames=record(self.frames(job.id)))
        return self.jobs.end(job.id, job.holder, told)


def spent(known: Run) -> dict[str, Any]:
    return {"seconds": known.seconds, "memory": known.memory}


def code_of(lab: Lab) -> dict[str, str]:
    """The hashes of its code; of nothing where its file is gone, which its worker will tell."""
    assert lab.file is not None
    text = lab.file.read_text(encoding="utf-8") if lab.file.is_file() else ""
    return {"lab": digest(text), "library": library_digest(text)}
