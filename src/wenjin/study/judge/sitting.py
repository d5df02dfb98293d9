"""Sitting a paper: begin, keep the clock, judge each answer as it is kept, end. For the page and the terminal alike.

Answers are judged when they are kept and told when the paper has ended. On its end each judged answer also becomes an
attempt at its exercise (`source` "paper"), so that whatever is derived from attempts knows of it.

What the stopwatch shows is kept as the draft `paper/ID/clock`, outside the log: an hour would be nine thousand events.

Omits   what a paper holds and what it says of its topics (`progress/paper.py`, `progress/report.py`)
"""

import hashlib
import json
import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from wenjin.study.course.graph import Course, Exercise
from wenjin.study.judge.attempt import KEPT
from wenjin.study.judge.client import Judge
from wenjin.study.progress import paper
from wenjin.study.progress.paper import Scope, Sitting, Sittings
from wenjin.study.progress.stopwatch import BEAT, Stopwatch
from wenjin.study.store.log import Conflict, Event, Log, StoreError, happened

AWAY = 10.0  # seconds without anybody after which opening the paper again is written down
GRACE = 5.0  # seconds after the end in which the answer that was being written still arrives
UNJUDGED = ("judge-fault", "unknown-exercise", "unconfined")
MOST_CARD = 20_000  # characters of what is typed for a card


class Over(Exception):
    """The paper has ended: nothing more is taken."""


class Room:
    """The sittings of one learner, and the clocks of those that are open in this process. Thread-safe.

    `read` is the clock that counts: one that is never set.
    """

    def __init__(
        self,
        log: Log,
        course: Course,
        judge: Callable[[], Judge],
        read: Callable[[], float] = time.monotonic,
    ) -> None:
        self.log, self.course, self.judge, self.read = log, course, judge, read
        self._lock = threading.RLock()
        self._clocks: dict[str, Stopwatch] = {}
        self._left: dict[str, float] = {}  # when nobody held a clock any more, by `read`
        self._ended: dict[str, float] = {}  # when the time of a sitting was over, by `read`
        self._beating: threading.Thread | None = None

    # ---- which there are ----

    def scopes(self) -> Mapping[str, Scope]:
        return paper.scopes(self.course)

    def all(self) -> Sittings:
        return paper.sittings(self.log.events("paper"))

    def get(self, id: str) -> Sitting | None:
        """A sitting with its time brought up to what the clock has counted."""
        found = paper.sitting(self.log.events("paper", id), id)
        if found is not None and found.ended is None:
            found.spent = max(found.spent, self.clock(found).spent)
        return found

    def begin(self, scope: Scope, seed: int) -> str:
        """A new sitting; its id."""
        id = uuid4().hex[:12]
        self.log.append(happened("paper", id, paper.paper(self.course, scope, seed).began()))
        return id

    # ---- its time ----

    def clock(self, sat: Sitting) -> Stopwatch:
        """The stopwatch of an open sitting, at what was kept last."""
        with self._lock:
            clock = self._clocks.get(sat.id)
            if clock is None:
                clock = self._clocks[sat.id] = Stopwatch(self.read, sat.limit, min(sat.spent, sat.limit))
            if not clock.holders:
                clock.known(self._kept(sat.id))
            return clock

    @contextmanager
    def open(self, sat: Sitting) -> Iterator[Stopwatch]:
        """The time counts while this lasts; several at once count once."""
        self.hold(sat)
        try:
            yield self._clocks[sat.id]
        finally:
            self.release(sat.id)

    def hold(self, sat: Sitting) -> Stopwatch:
        with self._lock:
            clock = self.clock(sat)
            away = self.read() - self._left.get(sat.id, float("-inf"))
            if not clock.holders and away > AWAY:
                self.log.append(happened("paper", sat.id, {"what": "resumed", "spent": round(clock.spent, 3)}))
            clock.hold()
            if self._beating is None or not self._beating.is_alive():
                self._beating = threading.Thread(target=self._beat, daemon=True, name="paper")
                self._beating.start()
            return clock

    def release(self, id: str) -> None:
        with self._lock:
            clock = self._clocks[id]
            clock.release()
            if not clock.holders:
                self._left[id] = self.read()
                self.keep(id)

    def _beat(self) -> None:
        """Keep what the clocks show until nobody holds one."""
        while True:
            with self._lock:
                held = [id for id, clock in self._clocks.items() if clock.holders]
                if not held:
                    self._beating = None
                    return
                for id in held:
                    self.keep(id)
            time.sleep(BEAT)

    def keep(self, id: str) -> None:
        """Put on the disk what the clock shows. A disk that refuses costs only what it did not take."""
        clock = self._clocks[id]
        try:
            draft = self.log.draft(f"paper/{id}/clock")
            if draft is not None:
                clock.known(float(draft.text))
            self.log.save_draft(f"paper/{id}/clock", f"{clock.spent:.3f}", draft.revision if draft else 0)
        except (StoreError, Conflict, ValueError):
            return

    def _kept(self, id: str) -> float:
        try:
            draft = self.log.draft(f"paper/{id}/clock")
            return float(draft.text) if draft is not None else 0.0
        except ValueError:
            return 0.0

    # ---- its answers ----

    def answer(self, sat: Sitting, item: str, given: bytes, *, confirmed: bool = False) -> dict[str, Any]:
        """Judge and keep an answer; the verdict. Raises Over when the time was up before it came."""
        self._takes(sat)
        exercise, variant = self.course.exercises[item], dict(sat.items)[item]
        document = numbered(exercise, given, variant)
        verdict = self.judge().judge(item, document, variant=variant, seed=variant, confirmed=confirmed)
        if verdict["name"] not in UNJUDGED:
            told = {k: verdict[k] for k in ("verdict", "name", "feedback", "section", "ms", "tier", "passed", "total")}
            text = document.decode("utf-8", "replace")[:KEPT]
            self._append(sat, {"what": "answered", "item": item, "answer": text, **told})
        return verdict

    def type(self, sat: Sitting, card: str, text: str) -> None:
        """Keep what was typed for a card. Raises Over."""
        self._takes(sat)
        self._append(sat, {"what": "answered", "card": card, "answer": text[:MOST_CARD]})

    def rate(self, sat: Sitting, card: str, rating: int) -> None:
        """The learner's own rating of what they typed, once the paper has ended."""
        if sat.ended is not None and card in sat.cards and rating in (1, 2, 3, 4):
            self.log.append(happened("paper", sat.id, {"what": "rated", "card": card, "rating": rating}))

    def _append(self, sat: Sitting, data: dict[str, Any]) -> None:
        self.log.append(happened("paper", sat.id, {**data, "spent": round(self.clock(sat).spent, 3)}))

    def _takes(self, sat: Sitting) -> None:
        """Whether an answer still counts: the one under the pen when the time is over does, for a moment."""
        now = self.get(sat.id)
        if now is None or now.ended is not None:
            raise Over
        if self.clock(now).over and self.read() - self._ended.setdefault(sat.id, self.read()) > GRACE:
            raise Over

    # ---- its end ----

    def over(self, sat: Sitting) -> bool:
        """Is the time up, the moment of grace included? Then the sitting is ended."""
        if sat.ended is not None:
            return True
        if not self.clock(sat).over:
            return False
        if self.read() - self._ended.setdefault(sat.id, self.read()) > GRACE or not self.clock(sat).holders:
            self.end(sat, "time")
            return True
        return False

    def end(self, sat: Sitting, why: str) -> None:
        """Write the attempts, then the end. A crash between them loses nothing: the same attempts count once."""
        with self._lock:
            found = self.get(sat.id)
            if found is None or found.ended is not None:
                return
            told = [event for event in self.log.events("paper", sat.id) if "item" in event.data]
            for event in {event.data["item"]: event for event in told}.values():  # the last answer to each
                self.log.append(as_attempt(event, dict(found.items)))
            ended = {"what": "ended", "of": found.of, "right": found.right, "all": len(found.items), "why": why}
            self.log.append(happened("paper", sat.id, ended | {"spent": round(found.spent, 3)}))
            self.keep(sat.id)
        sat.ended, sat.why = datetime.now(UTC), why


def as_attempt(event: Event, variants: Mapping[str, int]) -> Event:
    """The attempt that an answer on a paper is. Its id is the answer's, hashed: written twice, it is one."""
    item = str(event.data["item"])
    told = ("verdict", "name", "feedback", "section", "ms", "tier", "passed", "total", "answer")
    data = {key: event.data.get(key) for key in told}
    data |= {"exercise": item, "source": "paper", "paper": event.subject, "variant": variants.get(item, 0)}
    id = hashlib.sha256(f"attempt of {event.id}".encode()).hexdigest()[:32]
    return Event(id, event.at, "attempt", item, data)


def numbered(exercise: Exercise, given: bytes, variant: int) -> bytes:
    """An answer to the numbers of the paper, whatever numbers its file names. What is no document is the judge's to
    refuse."""
    if exercise.code:
        return given
    try:
        text = given.decode("utf-8-sig")
        document = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
        return json.dumps({"variant": variant, "answer": document["answer"]}, ensure_ascii=False).encode()
    except (ValueError, KeyError, TypeError, RecursionError):
        return given
