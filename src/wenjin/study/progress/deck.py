"""The learner's cards: which are asked now, in which order, and what was answered today. Pure, from events.

    review  subject topic/card   {"rating": 1 … 4, "ms": …}     an answer; the same event twice is one
    undo    subject topic/card   {"event": id of a review}      that review counts no more
    cards   subject topic        {"topic": …}                   the learner takes a topic's cards

A topic's cards are the learner's once one of its exercises was tried, or once they were taken. A day ends at four in
the morning of the learner's time zone, which is that of `now`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Protocol

from wenjin.study.course.graph import Card, Course, Topic
from wenjin.study.memory import schedule
from wenjin.study.memory.clock import Reading, believed
from wenjin.study.memory.schedule import Dice, Review, Standing
from wenjin.study.progress import state

NEW_A_DAY = 20
REVIEWS_A_DAY = 200
AHEAD = timedelta(minutes=20)  # a short step that ends within this is taken when nothing else is left
NIGHT = timedelta(hours=4)


class Happening(state.Happening, Protocol):
    """What is read of an event."""

    @property
    def id(self) -> str: ...
    @property
    def at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A card of the learner's, and where it stands. `id` is `topic/card`."""

    id: str
    topic: Topic
    card: Card
    standing: Standing


@dataclass(frozen=True, slots=True)
class Answer:
    """A review that counts: its event, its card, how it was rated, when (as far as the clock is believed)."""

    event: str
    card: str
    rating: int
    reading: Reading


@dataclass(frozen=True, slots=True)
class Deck:
    """
    now        the present, as far as the clock is believed
    entries    the learner's cards by id, in the order of the course
    queue      the ids that are asked now: short steps, then due cards, then new ones, then steps a little early
    today      the answers of this day, in order
    begun      how many new cards were begun today; waiting: how many wait for another day
    following  when the next card is due that is not asked now; None when there is none
    """

    now: datetime
    entries: Mapping[str, Entry]
    queue: tuple[str, ...]
    today: tuple[Answer, ...]
    begun: int
    waiting: int
    following: datetime | None

    @property
    def last(self) -> Answer | None:
        """The answer that an undo takes back."""
        return self.today[-1] if self.today else None

    @property
    def all_new(self) -> int:
        """The number of new cards a day with which none has to wait today."""
        return max(NEW_A_DAY, self.begun) + self.waiting

    def left(self, *phases: schedule.Phase) -> int:
        """How many cards of these phases are asked now; of all without any."""
        return sum(not phases or self.entries[id].standing.phase in phases for id in self.queue)

    def asked(self, wish: str = "") -> Entry | None:
        """The card to ask: the one that is wished for if it is in the queue, else the first."""
        if not self.queue:
            return None
        return self.entries[wish if wish in self.queue else self.queue[0]]

    def intervals(self, entry: Entry) -> tuple[timedelta, ...]:
        """How long until it comes back, for each rating."""
        return schedule.intervals(entry.standing, self.now, dice(entry.id))


def deck(events: Iterable[Happening], course: Course, now: datetime, new_a_day: int = NEW_A_DAY) -> Deck:
    """The deck as these events, in their order, have left it."""
    past = list(events)
    *readings, present = believed([*(event.at for event in past), now])
    mine = taken(past, course)
    reviews: dict[str, list[Answer]] = {}
    day, today = day_of(present.at, now), list[Answer]()
    for answer in answers(past, readings):
        reviews.setdefault(answer.card, []).append(answer)
        if day_of(answer.reading.at, now) == day:
            today.append(answer)
    entries = {
        id: Entry(id, topic, card, standing(id, reviews.get(id, []), present.at))
        for id, (topic, card) in cards(course).items()
        if topic.id in mine or id in reviews
    }
    began = {id for id, given in reviews.items() if day_of(given[0].reading.at, now) == day}
    again = {answer.card for answer in today} - began
    steps, due, early, fresh = queues(entries, present.at)
    fresh_now = fresh[: max(0, new_a_day - len(began))]
    due = due[: max(0, REVIEWS_A_DAY - len(again))]
    queue = (*steps, *due, *fresh_now, *early)
    later = [e.standing.due for e in entries.values() if e.standing.due and e.id not in set(queue)]
    today = [answer for answer in today if answer.card in entries]
    waiting = len(fresh) - len(fresh_now)
    return Deck(present.at, entries, queue, tuple(today), len(began), waiting, min(later, default=None))


def queues(entries: Mapping[str, Entry], now: datetime) -> tuple[list[str], list[str], list[str], list[str]]:
    """What is asked: short steps that have ended, due cards, short steps that soon end, new ones."""
    dated = sorted((e.standing.due, e.id, e.standing.phase) for e in entries.values() if e.standing.due)
    steps = [id for due, id, phase in dated if phase != "review" and due <= now]
    due = [id for due, id, phase in dated if phase == "review" and due <= now]
    early = [id for due, id, phase in dated if phase != "review" and now < due <= now + AHEAD]
    return steps, due, early, [e.id for e in entries.values() if e.standing.phase == "new"]


def cards(course: Course) -> Mapping[str, tuple[Topic, Card]]:
    """All cards of the course by `topic/card`."""
    return {f"{topic.id}/{card.id}": (topic, card) for topic in course.topics.values() for card in topic.cards}


def taken(events: Iterable[Happening], course: Course) -> set[str]:
    """The topics whose cards are the learner's."""
    subjects = {event.subject for event in events if event.kind in ("attempt", "cards")}
    return {subject.partition("/")[0] for subject in subjects} & course.topics.keys()


def answers(events: Iterable[Happening], readings: Iterable[Reading]) -> Iterator[Answer]:
    """The reviews that count, each once, in their order."""
    told = list(events)
    gone = {event.data.get("event") for event in told if event.kind == "undo"}
    for event, reading in zip(told, readings, strict=True):
        if event.kind == "review" and event.id not in gone and event.data.get("rating") in schedule.RATINGS:
            gone.add(event.id)
            yield Answer(event.id, event.subject, event.data["rating"], reading)


def standing(card: str, given: list[Answer], now: datetime) -> Standing:
    """Where a card stands. One whose last answer has a time that is not believed is asked at once."""
    found = _standing(card, tuple(Review(answer.reading.at, answer.rating) for answer in given))
    sure = not given or given[-1].reading.sure
    return found if sure or found.due is None else replace(found, due=min(found.due, now))


@lru_cache(16384)
def _standing(card: str, reviews: tuple[Review, ...]) -> Standing:
    return schedule.schedule(reviews, dice(card))


def dice(card: str) -> Dice:
    """The roll of a card's n-th review: of no pattern, yet the same whenever the log is read."""

    def roll(n: int) -> float:
        return int.from_bytes(hashlib.sha256(f"{card}#{n}".encode()).digest()[:6], "big") / 2**48

    return roll


def day_of(at: datetime, now: datetime) -> date:
    """The learner's day: it ends at four in the morning."""
    return (at.astimezone(now.tzinfo) - NIGHT).date()
