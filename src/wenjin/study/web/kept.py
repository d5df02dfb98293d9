"""A fold of the log that is kept up as events come, with a snapshot from time to time: ten years of events cost neither
a page nor a start anything.

A few events are read at once, by whoever looks. Many (a new version, an import, a copy put back) are read in a thread
of their own; whoever looks meanwhile waits as `waits` says, and can be told how much is read. Snapshots on the way let
the next process go on from there, however this one ends.
"""

import hashlib
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from wenjin.study.store.log import Event, Log
from wenjin.study.store.places import Places
from wenjin.study.store.snapshots import Snapshots

BATCH = 2000  # events that are in memory at once; more than these are read in a thread
OFTEN = 500  # events after which a snapshot is written again
MIDWAY = 100_000  # the same while many are read
PATIENCE = 2.0  # seconds that a page may be waited for
ENDING = 10.0  # seconds that a thread may take to stop
IMPORTS = re.compile(r"^from wenjin\.study\.(progress|memory)(?:\.(\w+))? import (.+)$", re.MULTILINE)
log_of_web = logging.getLogger("wenjin.web")

T = TypeVar("T")


class Fold(Protocol):
    def take(self, event: Event) -> None: ...
    def as_dict(self) -> dict[str, Any]: ...


F = TypeVar("F", bound=Fold)


class Reading:
    """Many events being read. `read` of `whole`; `done` is set at the end, also when it failed with `error`."""

    def __init__(self, read: int, whole: int) -> None:
        self.read, self.whole, self._before = read, whole, read
        self._begun = time.monotonic()
        self.done, self.stopped = threading.Event(), threading.Event()
        self.error: BaseException | None = None

    @property
    def left(self) -> float | None:
        """Seconds until all is read, at the speed so far; None before there is one."""
        done = self.read - self._before
        return (time.monotonic() - self._begun) / done * max(0, self.whole - self.read) if done else None


class StillReading(Exception):
    """It takes longer than a page should be waited for. `reading` tells how far it is."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(f"{reading.read} of {reading.whole} events are read")
        self.reading = reading


class Kept(Generic[F]):
    """Safe to use from several threads. Raises StoreError when the log does.

    name, version  of its snapshots
    empty, load    the fold of a log without events, and one that was kept; each for where the learner lives
    mend           what only the whole log tells, once all is read: given the fold, all events anew each time it is
                   called, and whether only to say that there is something to mend
    waits          how whoever looks waits for a reading: it returns, and is called again, or raises
    """

    def __init__(
        self,
        log: Log,
        places: Places,
        name: str,
        version: str,
        empty: Callable[[tzinfo | None], F],
        load: Callable[[Mapping[str, Any], tzinfo | None], F],
        waits: Callable[[Reading], None],
        mend: Callable[[F, Callable[[], Iterator[Event]] | None], bool] = lambda fold, events: False,
    ) -> None:
        self.log, self.waits = log, waits
        self._name, self._version, self._empty, self._load, self._mend = name, version, empty, load, mend
        self._snapshots = Snapshots(log, places)
        self._lock = threading.RLock()
        self._fold: F | None = None  # the reading's alone while there is one
        self._reading: Reading | None = None
        self._seq = self._saved = 0
        self._mark: str | None = None

    def look(self, view: Callable[[F], T], waits: Callable[[Reading], None] | None = None) -> T:
        """What `view` makes of the fold as it is now. It is the one fold there is and is changed by the next event, so
        nothing of it may be handed out that is not a copy."""
        while True:
            with self._lock:
                reading = self._advance()
                if reading is None:
                    assert self._fold is not None
                    return view(self._fold)
            (waits or self.waits)(reading)

    @property
    def settled(self) -> bool:
        """Has the log been read, but for what came of late?"""
        return self._fold is not None and self._reading is None

    @property
    def reading(self) -> bool:
        """Is much being read just now, so that looking would have to wait?"""
        under_way = self._reading
        return under_way is not None and not under_way.done.is_set()

    @property
    def state(self) -> tuple[int, str | None]:
        """What changes when an event has come."""
        return self.look(lambda fold: (self._seq, self._mark))

    def all(self) -> Iterator[Event]:
        """All events, a batch at a time."""
        seq = 0
        while True:
            events, last = self.log.since(seq, most=BATCH)
            yield from events
            if len(events) < BATCH:
                return
            seq = last

    def close(self, often: int = 1) -> None:
        """Keep what is known for the next start, where so many events came since the last time."""
        reading = self._reading
        if reading is not None:
            reading.stopped.set()
            reading.done.wait(ENDING)
        with self._lock:
            ended = self._reading is None or self._reading.done.is_set()
            if ended and self._fold is not None and self._seq - self._saved >= often:
                self._save()

    def _advance(self) -> Reading | None:
        """Up to the newest event; or the reading that is under way."""
        if self._reading is not None:
            if not self._reading.done.is_set():
                return self._reading
            error, self._reading = self._reading.error, None
            if error is not None:
                raise error
        more = self._take()
        assert self._fold is not None
        if more or self._mend(self._fold, None):
            whole = self.log.count()
            self._reading = reading = Reading(whole - self.log.count(self._seq), whole)
            threading.Thread(target=self._read, args=(reading,), daemon=True, name=f"read {self._name}").start()
            return reading
        if self._seq - self._saved >= OFTEN:
            self._save()
        return None

    def _take(self) -> int:
        """One batch. How many it was where there may be more behind it; 0 where that was all."""
        if self._fold is None or self._mark != (self.log.mark(self._seq) if self._seq else None):
            self._begin()  # the first time, or the log is another one by now
        assert self._fold is not None
        events, seq = self.log.since(self._seq, most=BATCH)
        try:
            for event in events:
                self._fold.take(event)
        except BaseException:
            self._fold = None  # it has taken some of them
            raise
        if events:
            self._seq, self._mark = seq, events[-1].id
        return len(events) if len(events) == BATCH else 0

    def _read(self, reading: Reading) -> None:
        try:
            while not reading.stopped.is_set() and (count := self._take()):
                reading.read += count
                if self._seq - self._saved >= MIDWAY:
                    self._save()
            if not reading.stopped.is_set():
                assert self._fold is not None
                reading.read = reading.whole
                self._mend(self._fold, self.all)
                if self._seq > self._saved:
                    self._save()
        except BaseException as error:
            reading.error = error
            self._fold = None
        finally:
            reading.done.set()

    def _begin(self) -> None:
        now = datetime.now().astimezone()
        self._seq, self._mark, self._fold = 0, None, None
        found = self._snapshots.load(self._name, self._version)
        if found is not None:
            try:
                self._fold = self._load(json.loads(found[1]), now.tzinfo)
                self._seq, self._mark = found[0], self.log.mark(found[0])
            except Exception:  # it is derived: whatever is wrong with it, the log is read again
                log_of_web.exception("the kept %s cannot be read", self._name)
        self._saved = self._seq
        if self._fold is None:
            self._fold = self._empty(now.tzinfo)

    def _save(self) -> None:
        assert self._fold is not None
        body = json.dumps(self._fold.as_dict(), separators=(",", ":")).encode()
        self._snapshots.save(self._name, self._version, self._seq, body)
        self._saved = self._seq


def shortly(reading: Reading) -> None:
    """How a page waits."""
    if not reading.done.wait(PATIENCE):
        raise StillReading(reading)


def until_read(reading: Reading) -> None:
    """How one waits who cannot be sent away."""
    reading.done.wait()


@cache
def readers(module: str) -> str:
    """A digest of how events are read: of this module of `progress`, and of all it leans on there and in `memory`."""
    study = Path(__file__).parent.parent
    waiting, seen = [f"progress/{module}"], dict[str, bytes]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            with suppress(FileNotFoundError):  # a name that is no module
                seen[name] = (study / f"{name}.py").read_bytes()
                for room, known, names in IMPORTS.findall(seen[name].decode()):
                    waiting += [f"{room}/{each}" for each in ([known] if known else re.findall(r"\w+", names))]
    return hashlib.sha256(b"".join(seen[name] for name in sorted(seen))).hexdigest()
