"""The ledger of the log as the pages use it: kept up as events come, snapshot from time to time, so that ten years of
events cost neither a page nor a start anything."""

import hashlib
import json
import logging
import threading
from datetime import datetime
from functools import cache
from pathlib import Path

from wenjin.study.course.graph import Course
from wenjin.study.progress.ledger import Ledger, empty
from wenjin.study.progress.recall import Recall, Replay, replayed
from wenjin.study.progress.state import Progress
from wenjin.study.progress.work import Learner
from wenjin.study.store.log import Log
from wenjin.study.store.places import Places
from wenjin.study.store.snapshots import Snapshots

NAME = "ledger"
BATCH = 20_000  # events that are in memory at once
OFTEN = 500  # events after which a snapshot is written again
log_of_web = logging.getLogger("wenjin.web")


class Record:
    """Safe to use from several threads. Raises StoreError when the log does."""

    def __init__(self, log: Log, course: Course, places: Places) -> None:
        self.log, self.course = log, course
        self._snapshots = Snapshots(log, places)
        self._version = version(course)
        self._lock = threading.RLock()
        self._ledger: Ledger | None = None
        self._seq = self._kept = 0
        self._mark: str | None = None

    def ledger(self) -> Ledger:
        """What the log comes to now. It is the one ledger there is: read it, and do not keep it."""
        with self._lock:
            now = datetime.now().astimezone()
            if self._ledger is None or self._mark != self.log.mark(self._seq):
                self._ledger = self._begin(now)
            before = self._seq
            while True:
                events, seq = self.log.since(self._seq, most=BATCH)
                for event in events:
                    self._ledger.take(event)
                if seq == self._seq:
                    break
                self._seq = seq
            if self._mark is None or self._seq != before:
                self._mark = self.log.mark(self._seq)
            if self._seq - self._kept >= OFTEN:
                self._keep(self._ledger)
            return self._ledger

    def learner(self) -> Learner:
        with self._lock:
            return self.ledger().learner(datetime.now().astimezone())

    def progress(self) -> Progress:
        with self._lock:
            return self.ledger().states.progress(self.course)

    def recall(self, now: datetime) -> Recall:
        """How each card stands, as a page of `now` may show it."""
        with self._lock:
            held = self.ledger()
            if held.recall is None:
                held.recall = replayed(self.log.events(), now.tzinfo)
            try:
                held.recall.present(now)
                return held.recall
            except Replay:
                return replayed(self.log.events(), now.tzinfo, now)

    @property
    def state(self) -> tuple[int, str | None]:
        """What changes when an event has come."""
        with self._lock:
            self.ledger()
            return self._seq, self._mark

    def close(self) -> None:
        """Keep what is known, for the next start."""
        with self._lock:
            if self._ledger is not None and self._seq > self._kept:
                self._keep(self._ledger)

    def _begin(self, now: datetime) -> Ledger:
        found = self._snapshots.load(NAME, self._version)
        if found is not None:
            try:
                kept = Ledger.from_dict(json.loads(found[1]), self.course, now.tzinfo)
            except Exception:  # it is derived: whatever is wrong with it, the log is read again
                log_of_web.exception("the kept ledger cannot be read")
            else:
                self._seq = self._kept = found[0]
                return kept
        self._seq = self._kept = 0
        return empty(self.course, now.tzinfo)

    def _keep(self, held: Ledger) -> None:
        self._snapshots.save(NAME, self._version, self._seq, json.dumps(held.as_dict()).encode())
        self._kept = self._seq


def version(course: Course) -> str:
    """What a kept ledger depends on beside the log: what the course has, and how events are read."""
    has = [*course.topics, *course.exercises, *course.labs]
    has += [f"{topic.id}/{card.id}#{card.section}" for topic in course.topics.values() for card in topic.cards]
    return hashlib.sha256("\n".join([_readers(), *has]).encode()).hexdigest()[:16]


@cache
def _readers() -> str:
    study = Path(__file__).parent.parent
    files = sorted([*(study / "progress").glob("*.py"), *(study / "memory").glob("*.py")])
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
