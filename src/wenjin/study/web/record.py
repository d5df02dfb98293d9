"""What the log comes to, as pages and commands ask for it: each answer is a copy, made while nothing changes.

The ledger holds what most pages need; the diary, which grows with the weeks, is read when a page of weeks asks for it.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import TypeVar

from wenjin.study.course.graph import Course, Topic
from wenjin.study.progress import diary, ledger
from wenjin.study.progress.days import Day
from wenjin.study.progress.diary import Diary
from wenjin.study.progress.ledger import Ledger
from wenjin.study.progress.mastery import Mastery, of_topic
from wenjin.study.progress.paper import Sittings
from wenjin.study.progress.passes import Read
from wenjin.study.progress.questions import Question
from wenjin.study.progress.recall import Recall, Replay, replay
from wenjin.study.progress.state import Progress
from wenjin.study.progress.week import Week
from wenjin.study.progress.work import Learner
from wenjin.study.store.log import Event, Log
from wenjin.study.store.places import Places
from wenjin.study.web.kept import Kept, Reading, readers, shortly, until_read

T = TypeVar("T")


class Record:
    """Safe to use from several threads. Raises StoreError when the log does, and what `waits` raises."""

    def __init__(self, log: Log, course: Course, places: Places, waits: Callable[[Reading], None] = shortly) -> None:
        self.log, self.course = log, course
        self._ledger: Kept[Ledger] = Kept(
            log,
            places,
            "ledger",
            version(course),
            lambda zone: ledger.empty(course, zone),
            lambda row, zone: Ledger.from_dict(row, course, zone),
            waits,
            mend,
        )
        self._diary: Kept[Diary] = Kept(log, places, "diary", readers("diary"), diary.empty, Diary.from_dict, waits)
        self._set_back: tuple[tuple[int, str | None], Recall] | None = None

    def learner(self, now: datetime | None = None) -> Learner:
        """The learner as of now."""
        return self._ledger.look(lambda held: held.learner(now or datetime.now().astimezone()))

    def mastery(self, topic: Topic) -> Mastery:
        """That of one topic as of now; `learner` has all."""
        return self._ledger.look(lambda held: of_topic(held.evidences, topic, datetime.now().astimezone()))

    def progress(self) -> Progress:
        return self._ledger.look(lambda held: held.states.progress(self.course))

    def days(self) -> Mapping[date, Day]:
        return self._ledger.look(lambda held: held.days.copy())

    def questions(self) -> Mapping[str, Question]:
        """All questions by id, those that are removed too."""
        return self._ledger.look(lambda held: dict(held.questions.every))

    def sittings(self) -> Sittings:
        return self._ledger.look(lambda held: Sittings(dict(held.sittings.sat)))

    def passes(self) -> Mapping[str, Read]:
        """How each topic was read again."""
        return self._ledger.look(lambda held: held.passes.copy())

    def recall(self, now: datetime, view: Callable[[Recall], T]) -> T:
        """What `view` makes of how each card stands, as a page of `now` may show it."""

        def seen(held: Ledger) -> T:
            assert held.recall is not None
            try:
                held.recall.present(now)
                return view(held.recall)
            except Replay:
                return view(self._before(now))

        return self._ledger.look(seen)

    def weeks(self, now: datetime) -> tuple[Week, ...]:
        """Every week from the first to the one of `now`, and how it was judged."""
        return self._diary.look(lambda held: held.checks.copy().view(now))

    def diary(self, view: Callable[[Diary], T]) -> T:
        """What `view` makes of the weeks."""
        return self._diary.look(view)

    def settle(self) -> None:
        """Wait until the log is read, however long that takes."""
        self._ledger.look(lambda held: None, until_read)

    @property
    def settled(self) -> bool:
        return self._ledger.settled

    @property
    def reading(self) -> bool:
        """Is much being read just now, so that asking would have to wait?"""
        return self._ledger.reading

    @property
    def state(self) -> tuple[int, str | None]:
        """What changes when an event has come."""
        return self._ledger.state

    def close(self, often: int = 1) -> None:
        """Keep what is known, for the next start."""
        self._ledger.close(often)
        self._diary.close(often)

    def _before(self, now: datetime) -> Recall:
        """How the cards stand where the clock was set back: reckoned once, until something happens."""
        state = self._ledger.state
        if self._set_back is not None and self._set_back[0] == state:
            try:
                self._set_back[1].present(now)
                return self._set_back[1]
            except Replay:
                pass
        self._set_back = state, replay(self._ledger.all, now.tzinfo, now)
        return self._set_back[1]


def mend(held: Ledger, events: Callable[[], Iterator[Event]] | None) -> bool:
    """The cards, where only the whole log tells how they stand."""
    if held.recall is not None:
        return False
    if events is not None:
        held.recall = replay(events, held.days.zone)
    return True


def version(course: Course) -> str:
    """What a kept ledger depends on beside the log: what the course has, and how events are read."""
    has = [*course.topics, *course.exercises, *course.labs]
    has += [f"{topic.id}/{card.id}" for topic in course.topics.values() for card in topic.cards]
    return hashlib.sha256("\n".join([readers("ledger"), *has]).encode()).hexdigest()[:16]
