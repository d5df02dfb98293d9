"""What the log has left of each card: where it stands, whether it was set aside; and the answers of the last two days.
Pure, from events.

    review     subject topic/card   {"rating": 1 … 4, "ms": …}     an answer; the same event twice is one
    bury       subject card         {"card": …}                    not asked again on this day
    suspend    subject card         {"card": …}                    not asked until it is taken back
    unsuspend  subject card         {"card": …}
    undo       subject card         {"event": id of one of these}  that one counts no more
    cards      subject topic        {"topic": …}                   the learner takes a topic's cards
    attempt    subject exercise     {"verdict", "name"}            takes its topic's cards; begins and reviews mistakes
    setting    subject new-a-day, reviews-a-day  {"value": n}

`Recall` takes one event after another and keeps as much as there are cards, days and answers of two days: what is older
cannot be undone without reading the log again. It then raises `Replay`, as it does when the clock was set back by more
than a day (`memory/clock` then looks at all readings at once); `replayed` is that reading, plainly of the whole log.
A card forgotten eight times after it had been learned is a leech: it is suspended, and again after every fourth time
more.

Proof   tests/study/progress/test_recall.py: both ways agree on logs of any kind
Omits   a log that brings the same event twice more than two days apart: the store keeps an id once
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Literal, Protocol, get_args

from wenjin.study.memory import schedule
from wenjin.study.memory.clock import DAY, Reading, believed, still
from wenjin.study.memory.dice import dice
from wenjin.study.memory.schedule import Review, Standing
from wenjin.study.progress import mistakes, state
from wenjin.study.progress.retention import Days, count

RECENT = timedelta(days=2)  # within which a review may be taken back
AT_ONCE = timedelta(0)
NIGHT = timedelta(hours=4)
WINDOW = timedelta(days=2)
LEECH, MORE = 8, 4
LIMITS = ("new-a-day", "reviews-a-day")
What = Literal["bury", "suspend", "unsuspend", "tried"]  # by hand; tried: an attempt that left the question open
BY_HAND = get_args(What)[:3]


class Happening(state.Happening, Protocol):
    """What is read of an event."""

    @property
    def id(self) -> str: ...
    @property
    def at(self) -> datetime: ...


class Replay(Exception):
    """What is kept does not tell: read the whole log again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A review that counts: its event, its card, how it was rated, when (as far as the clock is believed)."""

    event: str
    card: str
    rating: int
    reading: Reading


@dataclass(frozen=True, slots=True)
class Act:
    """Something else that was done to a card."""

    event: str
    card: str
    what: What
    reading: Reading


Deed = Answer | Act


@dataclass(frozen=True, slots=True)
class Kept:
    """
    standing   where it stands; sure: whether the time of its last answer is believed
    suspended  set aside until it is taken back
    begun      when it was answered first
    tried      of a mistake that is due: an attempt has failed since; passes: those over a long interval
    """

    standing: Standing = schedule.NEW
    sure: bool = True
    suspended: bool = False
    begun: datetime | None = None
    tried: bool = False
    passes: int = 0

    @property
    def gone(self) -> bool:
        """A mistake that was passed often enough."""
        return self.passes >= mistakes.PASSES


NOTHING = Kept()


def after(kept: Kept, deed: Deed) -> Kept:
    """A card after one more deed."""
    if isinstance(deed, Act):
        if deed.what == "tried":
            return replace(kept, tried=True)
        return kept if deed.what == "bury" else replace(kept, suspended=deed.what == "suspend")
    passes, at, steps = 0, deed.reading.at, not mistakes.is_mistake(deed.card)
    if not steps:
        kept = NOTHING if kept.gone else kept
        passes = mistakes.long_passes(kept.passes, kept.standing, at, deed.rating)
    found = schedule.after(kept.standing, Review(at, deed.rating), dice(deed.card), steps)
    forgotten = found.lapses > kept.standing.lapses
    leech = forgotten and found.lapses >= LEECH and (found.lapses - LEECH) % MORE == 0
    return Kept(found, deed.reading.sure, kept.suspended or leech, kept.begun or at, False, passes)


@dataclass(slots=True)
class Recall:
    """
    zone      where the learner lives: a day of the tallies ends there at four
    clock     the newest reading; ceiling: the first later one that could make readings believed that now are not
    current   each card as it stands; before: as it stood before the deeds that can still be undone, where there are any
    recent    those deeds, in order; undone: what was taken back of late, and when; unmet: what was before it was there
    topics    whose cards were taken; limits: what was set
    days      the tallies of the deeds that cannot be undone any more
    """

    zone: tzinfo | None
    clock: datetime | None = None
    ceiling: datetime | None = None
    current: dict[str, Kept] = field(default_factory=dict)
    before: dict[str, Kept] = field(default_factory=dict)
    recent: deque[Deed] = field(default_factory=deque)
    undone: dict[tuple[str, str], datetime] = field(default_factory=dict)
    unmet: set[tuple[str, str]] = field(default_factory=set)
    topics: set[str] = field(default_factory=set)
    limits: dict[str, Any] = field(default_factory=dict)
    days: Days = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)  # the events of `recent`
    _of: dict[str, list[str]] = field(default_factory=dict)  # the mistakes of each exercise
    _came: dict[Deed, Kept] = field(default_factory=dict, compare=False)  # what those deeds led to, where it is known

    def take(self, event: Happening) -> None:
        """One more event. Raises Replay when only the whole log tells what it does."""
        reading = Reading(self.present(event.at))
        if event.kind == "undo":
            self._undo(event.subject, str(event.data.get("event")), reading.at)
        else:
            self._put(event, reading)
        self.clock = reading.at
        self._settle()

    def present(self, now: datetime) -> datetime:
        """This reading of the clock as far as it is believed. Raises Replay when that takes the whole log."""
        at = now if self.clock is None or not AT_ONCE < self.clock - now <= DAY else self.clock  # as `still` has it
        if (self.clock is not None and at < self.clock) or (self.ceiling is not None and at >= self.ceiling):
            raise Replay
        return at

    def tallies(self) -> Days:
        """The tallies of each day, with the deeds that can still be undone."""
        days = {day: tally.copy() for day, tally in self.days.items()}
        standing = dict[str, Kept]()
        for deed in self.recent:
            kept = standing.get(deed.card, self.before.get(deed.card, NOTHING))
            self._count(days, kept, deed)
            standing[deed.card] = after(kept, deed)
        return days

    def _put(self, event: Happening, reading: Reading) -> None:
        match event.kind:
            case "setting" if event.subject in LIMITS:
                self.limits[event.subject] = event.data.get("value")
            case "cards" | "attempt":
                self.topics.add(event.subject.partition("/")[0])
                if event.kind == "attempt":
                    self._attempt(event, reading)
            case "review" if event.data.get("rating") in schedule.RATINGS:
                if not mistakes.is_mistake(event.subject):  # an attempt reviews it
                    self._do(Answer(event.id, event.subject, event.data["rating"], reading))
            case "bury" | "suspend" | "unsuspend":
                self._do(Act(event.id, event.subject, event.kind, reading))

    def _attempt(self, event: Happening, reading: Reading) -> None:
        mine = [(card, self.current[card]) for card in self._of.get(event.subject, ())]
        open = {card: (kept.standing, kept.tried) for card, kept in mine if kept.standing.reviews and not kept.gone}
        if event.id in self._known:
            return
        for card, rating in list(mistakes.said(event.subject, event.data, reading.at, open)):
            if rating:
                self._do(Answer(event.id, card, rating, reading), several=True)
            else:
                self._do(Act(event.id, card, "tried", reading), several=True)

    def _do(self, deed: Deed, several: bool = False) -> None:
        if not several and (deed.event in self._known or self._taken_back(deed)):
            return
        if mistakes.is_mistake(deed.card) and deed.card not in self.current:
            self._of.setdefault(mistakes.parts(deed.card)[0], []).append(deed.card)
        kept = self.current.get(deed.card, NOTHING)
        self.before.setdefault(deed.card, kept)
        self.current[deed.card] = self._came[deed] = after(kept, deed)
        self.recent.append(deed)
        self._known.add(deed.event)

    def _taken_back(self, deed: Deed) -> bool:
        key = (deed.card, deed.event)
        if key in self.unmet:
            self.unmet.remove(key)
            self.undone[key] = deed.reading.at
        return key in self.undone

    def _undo(self, card: str, event: str, at: datetime) -> None:
        if (card, event) in self.undone or (card, event) in self.unmet:
            return
        if card not in self.current:
            self.unmet.add((card, event))
            return
        found = [deed for deed in self.recent if (deed.card, deed.event) == (card, event)]
        if not found:
            raise Replay
        if not undoable(found[0]):
            return
        self.recent.remove(found[0])
        self._known.discard(event)
        self.undone[card, event] = at
        kept, left = self.before[card], [deed for deed in self.recent if deed.card == card]
        self._came.pop(found[0], None)
        for deed in left:
            kept = self._came[deed] = after(kept, deed)
        if left or kept != NOTHING:
            self.current[card] = kept
        else:
            del self.current[card]
        if not left:
            del self.before[card]

    def _settle(self) -> None:
        """Let go of what cannot be undone any more, a day's worth at a time."""
        oldest = self.recent[0].reading.at if self.recent else next(iter(self.undone.values()), None)
        if self.clock is None or oldest is None or self.clock - oldest < WINDOW + DAY:
            return
        since = self.clock - WINDOW
        while self.recent and self.recent[0].reading.at < since:
            deed = self.recent.popleft()
            kept = self.before[deed.card]
            self._count(self.days, kept, deed)
            self.before[deed.card] = self._came.pop(deed) if deed in self._came else after(kept, deed)
            self._known.discard(deed.event)
        open = {deed.card for deed in self.recent}
        self.before = {card: kept for card, kept in self.before.items() if card in open}
        self._known |= {deed.event for deed in self.recent}  # an attempt may have told of several cards
        self.undone = {key: at for key, at in self.undone.items() if at >= since}

    def _count(self, days: Days, kept: Kept, deed: Deed) -> None:
        if isinstance(deed, Answer) and (kept.begun or not mistakes.is_mistake(deed.card)):
            day = day_of(deed.reading.at, deed.reading.at.astimezone(self.zone))
            count(days, day, None if mistakes.is_mistake(deed.card) else kept.standing, deed.rating)

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "clock": _told(self.clock),
            "ceiling": _told(self.ceiling),
            "current": {card: _kept(kept) for card, kept in self.current.items()},
            "before": {card: _kept(kept) for card, kept in self.before.items()},
            "recent": [_deed(deed) for deed in self.recent],
            "undone": [[*key, _told(at)] for key, at in self.undone.items()],
            "unmet": sorted(map(list, self.unmet)),
            "topics": sorted(self.topics),
            "limits": self.limits,
            "days": {day.isoformat(): tally for day, tally in self.days.items()},
        }

    @staticmethod
    def from_dict(row: Mapping[str, Any], zone: tzinfo | None) -> "Recall":
        made = Recall(
            zone,
            _read(row["clock"]),
            _read(row["ceiling"]),
            {card: _keep(kept) for card, kept in row["current"].items()},
            {card: _keep(kept) for card, kept in row["before"].items()},
            deque(map(_do, row["recent"])),
            {(card, event): datetime.fromisoformat(at) for card, event, at in row["undone"]},
            {(card, event) for card, event in row["unmet"]},
            set(row["topics"]),
            dict(row["limits"]),
            {date.fromisoformat(day): list(tally) for day, tally in row["days"].items()},
        )
        made._known = {deed.event for deed in made.recent}
        for card in filter(mistakes.is_mistake, made.current):
            made._of.setdefault(mistakes.parts(card)[0], []).append(card)
        return made


def undoable(deed: Deed) -> bool:
    """May the learner take it back? Not what an attempt has told of a mistake: the attempt was made."""
    return not mistakes.is_mistake(deed.card) if isinstance(deed, Answer) else deed.what in BY_HAND


def replayed(events: Iterable[Happening], zone: tzinfo | None, now: datetime | None = None) -> Recall:
    """The same from the whole log at once: the readings of its clock looked at together (and with `now` as the last),
    what is undone known beforehand."""
    told = list(events)
    return replay(lambda: told, zone, now)


def replay(events: Callable[[], Iterable[Happening]], zone: tzinfo | None, now: datetime | None = None) -> Recall:
    """The same of events that are too many to be held at once: they are gone through twice."""
    made, shown = Recall(zone), list[datetime]()
    for event in events():
        shown.append(event.at)
        if event.kind == "undo":
            made.unmet.add((event.subject, str(event.data.get("event"))))
    if now is not None:
        shown.append(now)
    if not shown:
        return made
    readings = believed(shown)
    made.clock = readings[-1].at
    for event, reading in zip(events(), readings, strict=False):
        if event.kind != "undo":
            made._put(event, reading)
    steady = still(shown)
    doubted = (at for at, reading in zip(steady, readings, strict=True) if not reading.sure and at > steady[-1])
    made.ceiling = min(doubted, default=None)
    made._settle()
    return made


def recall(events: Iterable[Happening], now: datetime) -> Recall:
    """What these events, in their order, have left: event by event, or at once where that does not do."""
    told = list(events)
    found = Recall(now.tzinfo)
    try:
        for event in told:
            found.take(event)
        found.present(now)
    except Replay:
        return replayed(told, now.tzinfo, now)
    return found


def day_of(at: datetime, now: datetime) -> date:
    """The learner's day: it ends at four in the morning."""
    return (at.astimezone(now.tzinfo) - NIGHT).date()


def _told(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at is not None else None


def _read(at: str | None) -> datetime | None:
    return datetime.fromisoformat(at) if at is not None else None


def _kept(kept: Kept) -> list[Any]:
    s = kept.standing
    scheduled = [s.phase, _told(s.due), s.stability, s.difficulty, s.step, _told(s.last), s.reviews, s.lapses]
    return [*scheduled, kept.sure, kept.suspended, _told(kept.begun), kept.tried, kept.passes]


def _keep(row: list[Any]) -> Kept:
    phase, due, stability, difficulty, step, last, reviews, lapses, sure, suspended, begun, tried, passes = row
    standing = Standing(phase, _read(due), stability, difficulty, step, _read(last), reviews, lapses)
    return Kept(standing, sure, suspended, _read(begun), tried, passes)


def _deed(deed: Deed) -> list[Any]:
    what: int | str = deed.rating if isinstance(deed, Answer) else deed.what
    return [deed.event, deed.card, what, _told(deed.reading.at), deed.reading.sure]


def _do(row: list[Any]) -> Deed:
    event, card, what, at, sure = row
    reading = Reading(datetime.fromisoformat(at), sure)
    return Answer(event, card, what, reading) if isinstance(what, int) else Act(event, card, what, reading)
