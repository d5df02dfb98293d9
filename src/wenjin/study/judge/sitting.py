"""Sitting a paper: begin, keep the clock, judge each answer as it is kept, end. For the page and the terminal alike.

Answers are judged when they are kept and told when the paper has ended; what was typed and not kept is judged at the
end. Then each answer also becomes an attempt at its exercise (`source` "paper"), so that whatever is derived from
attempts knows of it.

What the stopwatch shows is kept as the draft `paper/ID/clock`, outside the log: an hour would be nine thousand events.
It stands while nobody holds it. What comes all the same was written meanwhile: the time since the page was handed out
counts, and where that is not known here, the answer is marked as not timed.

A page may be handed out to somebody who cannot hold the clock (a text browser, a script) and be fetched again with
nothing sent between. Within AWAY seconds that is turning the pages, and counts. After longer nobody can tell reading
from having left: counting it would take the time of one who was cut off, leaving it out would give time away. So it is
not counted, and whatever comes from then on while nobody holds the clock is marked as not timed.

Omits   what a paper holds and what it says of its topics (`progress/paper.py`, `progress/report.py`)
"""

import hashlib
import json
import threading
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
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
UNFINISHED = ("incomplete", "not-a-number", "unreadable")
MOST_CARD = 20_000  # characters of what is typed for a card


class Over(Exception):
    """The paper has ended: nothing more is taken."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields of a paper, kept or not: the answer to a question, the text for a card."""

    items: Mapping[str, bytes] = field(default_factory=dict)
    cards: Mapping[str, str] = field(default_factory=dict)


class Room:
    """The sittings of one learner, and the clocks of those that are open in this process. Thread-safe.

    `read` is the clock that counts: one that is never set. `typed` tells what stands in the fields of a sitting.
    """

    def __init__(
        self,
        log: Log,
        course: Course,
        judge: Callable[[], Judge],
        read: Callable[[], float] = time.monotonic,
        typed: Callable[[Sitting], Typed] = lambda sat: Typed(),
    ) -> None:
        self.log, self.course, self.judge, self.read, self.typed = log, course, judge, read, typed
        self._lock = threading.RLock()
        self._ending = threading.Lock()
        self._clocks: dict[str, Stopwatch] = {}
        self._left: dict[str, float] = {}  # when nobody held a clock any more, by `read`
        self._seen: dict[str, float] = {}  # when a page of it was handed out, by `read`
        self._waiting: dict[str, float] = {}  # the same while nobody has held the clock or sent anything since
        self._lapsed: set[str] = set()  # of these, time of which nothing is known has passed between two pages
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

    def enter(self, scope: Scope, seed: int) -> str:
        """The sitting of this unit or test that is open, or a new one; its id."""
        with self._lock:
            waiting = self.all().open(scope.id)
            return waiting[0].id if waiting else self.begin(scope, seed)

    def give_up(self, sat: Sitting) -> None:
        """It is over without a report, and none of its answers counts; until it is taken up again."""
        self._turn(sat, "given-up")

    def take_up(self, sat: Sitting) -> None:
        self._turn(sat, "taken-up")

    def _turn(self, sat: Sitting, what: str) -> None:
        with self._lock:
            found = self.get(sat.id)
            if found is not None and found.ended is None and found.given_up == (what == "taken-up"):
                self._append(found, {"what": what})
                sat.given_up = what == "given-up"

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
            self._waiting.pop(sat.id, None)
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

    def seen(self, sat: Sitting) -> None:
        """A page of it was handed out."""
        with self._lock:
            clock, now = self.clock(sat), self.read()
            self._seen[sat.id] = now
            if clock.holders:
                return
            before, self._waiting[sat.id] = self._waiting.get(sat.id), now
            if before is not None and now - before <= AWAY:
                self._pass(sat, before)
            elif before is not None:
                self._lapsed.add(sat.id)

    def count(self, sat: Sitting, item: str | None = None) -> None:
        """Something typed has come. Where nobody holds the clock, the time since the page was handed out counts, or
        since the clock was let go; where neither is known here, the answer is marked, and time counts from now."""
        with self._lock:
            if self.clock(sat).holders:
                return
            since = [known[sat.id] for known in (self._seen, self._left) if sat.id in known]
            if item is not None and (not since or sat.id in self._lapsed):
                self.untimed(sat, [item])
            self._waiting.pop(sat.id, None)
            self._seen[sat.id] = self.read()
            if since:
                self._pass(sat, max(since))

    def _pass(self, sat: Sitting, since: float) -> None:
        """The time since then counts, though nobody held the clock."""
        clock, now = self.clock(sat), self.read()
        late = now - since - clock.left
        clock.known(clock.spent + now - since)
        if late >= 0:
            self._ended.setdefault(sat.id, now - late)
        self.keep(sat.id)

    def untimed(self, sat: Sitting, items: Iterable[str]) -> None:
        """Write down that these were answered while the clock stood."""
        new = sorted(set(items) - sat.untimed)
        if new:
            self._append(sat, {"what": "untimed", "items": new})
            sat.untimed |= set(new)

    def late(self, sat: Sitting) -> bool:
        """Is the time up, the moment in which the answer under the pen still arrives included?"""
        if not self.clock(sat).over:
            return False
        return self.read() - self._ended.setdefault(sat.id, self.read()) > GRACE

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

    def answer(
        self, sat: Sitting, item: str, given: bytes, *, confirmed: bool = False, last: bool = False
    ) -> dict[str, Any]:
        """Judge and keep an answer; the verdict. Raises Over when the time was up before it came. `last`: the paper is
        being handed in, so one that is not finished does not take the place of one that was kept."""
        now = self._takes(sat, item)
        verdict, kept = self._judge(sat, item, given, confirmed)
        if verdict["name"] not in (*UNJUDGED, *(UNFINISHED if last and item in now.answers else ())):
            self._append(sat, kept)
        return verdict

    def _judge(self, sat: Sitting, item: str, given: bytes, confirmed: bool) -> tuple[dict[str, Any], dict[str, Any]]:
        """The verdict, and what is written of it."""
        exercise, variant = self.course.exercises[item], dict(sat.items)[item]
        document = numbered(exercise, given, variant)
        verdict = self.judge().judge(item, document, variant=variant, seed=variant, confirmed=confirmed)
        told = {k: verdict[k] for k in ("verdict", "name", "feedback", "section", "ms", "tier", "passed", "total")}
        return verdict, {"what": "answered", "item": item, "answer": readable(document), **told}

    def type(self, sat: Sitting, card: str, text: str) -> None:
        """Keep what was typed for a card. Raises Over."""
        self._takes(sat)
        self._append(sat, {"what": "answered", "card": card, "answer": text[:MOST_CARD]})

    def rate(self, sat: Sitting, card: str, rating: int) -> None:
        """The learner's own rating of what they typed, once the paper has ended."""
        if sat.ended is not None and card in sat.cards and rating in (1, 2, 3, 4):
            self.log.append(happened("paper", sat.id, {"what": "rated", "card": card, "rating": rating}))

    def _append(self, sat: Sitting, data: dict[str, Any], spent: float | None = None) -> None:
        spent = self.clock(sat).spent if spent is None else spent
        self.log.append(happened("paper", sat.id, {**data, "spent": round(spent, 3)}))

    def _takes(self, sat: Sitting, item: str | None = None) -> Sitting:
        """Where it stands, if an answer still counts: the one under the pen when the time is over does, for a moment.
        Raises Over."""
        now = self.get(sat.id)
        if now is None or now.ended is not None or now.given_up:
            raise Over
        self.count(now, item)
        if self.late(now):
            raise Over
        return now

    # ---- its end ----

    def over(self, sat: Sitting) -> bool:
        """Is the time up, the moment of grace included? Then the sitting is ended."""
        if sat.ended is not None:
            return True
        if sat.given_up or not self.clock(sat).over:
            return False
        if self.late(sat) or not self.clock(sat).holders:
            self.end(sat, "time")
            return True
        return False

    def end(self, sat: Sitting, why: str) -> None:
        """Judge what was typed and not kept; then write the attempts and the end, all of it or nothing."""
        with self._ending:
            found = self.get(sat.id)
            if found is None or found.ended is not None or found.given_up:
                return
            spent = found.spent  # the time of the judge is not the learner's
            self._gather(found, spent)
            with self._lock:
                found = self.get(sat.id)
                assert found is not None
                told = [event for event in self.log.events("paper", sat.id) if "item" in event.data]
                last = {event.data["item"]: event for event in told if event.data.get("name") not in UNJUDGED}
                ended = {"what": "ended", "of": found.of, "right": found.right, "all": len(found.items), "why": why}
                end = happened("paper", sat.id, ended | {"spent": round(spent, 3)})
                self.log.extend([*(as_attempt(event, dict(found.items)) for event in last.values()), end])
                self.keep(sat.id)
        sat.ended, sat.why = datetime.now(UTC), why

    def _gather(self, sat: Sitting, spent: float) -> None:
        """Answers that were typed and not kept. One that is not finished does not take the place of one that is."""
        typed = self.typed(sat)
        for item, given in typed.items.items():
            before = sat.answers.get(item)
            if before and before.text == readable(numbered(self.course.exercises[item], given, dict(sat.items)[item])):
                continue
            verdict, kept = self._judge(sat, item, given, confirmed=False)
            if before is None or verdict["name"] not in (*UNJUDGED, *UNFINISHED):
                self._append(sat, kept, spent)
        for card, text in typed.cards.items():
            if card not in sat.typed or sat.typed[card].text != text:
                self._append(sat, {"what": "answered", "card": card, "answer": text[:MOST_CARD]}, spent)


def page_of(id: str, n: int) -> str:
    """Where the fields of a paper's n-th page are kept while they are typed; the cards are the page behind the last
    question."""
    return f"paper/{id}/{n}"


def as_attempt(event: Event, variants: Mapping[str, int]) -> Event:
    """The attempt that an answer on a paper is. Its id is the answer's, hashed: written twice, it is one."""
    item = str(event.data["item"])
    told = ("verdict", "name", "feedback", "section", "ms", "tier", "passed", "total", "answer")
    data = {key: event.data.get(key) for key in told}
    data |= {"exercise": item, "source": "paper", "paper": event.subject, "variant": variants.get(item, 0)}
    id = hashlib.sha256(f"attempt of {event.id}".encode()).hexdigest()[:32]
    return Event(id, event.at, "attempt", item, data)


def readable(document: bytes) -> str:
    """An answer as it is kept."""
    return document.decode("utf-8", "replace")[:KEPT]


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
