"""A year of daily use on a course of the real size: nothing is lost, nothing comes too soon or too often."""

import math
import random
import time
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.conftest import FULL
from wenjin.study.course.graph import Course
from wenjin.study.course.load import load
from wenjin.study.memory.dice import dice
from wenjin.study.memory.model import AIM, retrievability
from wenjin.study.memory.schedule import NEW, Review, after
from wenjin.study.progress import mistakes
from wenjin.study.progress.deck import Deck, Entry, asks, lay, statistics
from wenjin.study.progress.recall import Recall, replayed
from wenjin.study.store.log import Event, happened

ZONE = timezone(timedelta(hours=8))
START = datetime(2026, 1, 1, 20, tzinfo=ZONE)
DAYS = 365 if FULL else 45
NEW_A_DAY, REVIEWS_A_DAY = 8, 40
VACATIONS = ((30, 37), (150, 172), (300, 314))
MOST = 200  # cards in a sitting, short steps among them: no sitting is to go on for ever


class Learner:
    """Remembers as the model of the scheduler says, each card a little better or worse than it thinks; misses days,
    goes away, makes mistakes in exercises and takes a new topic now and then. Keeps a record of its own."""

    def __init__(self, course: Course, seed: int) -> None:
        self.course, self.draw = course, random.Random(seed)
        self.recall, self.told = Recall(ZONE), list[Event]()
        self.now = START
        self.gift = defaultdict[str, float](lambda: math.exp(self.draw.gauss(0, 0.2)))
        self.given = defaultdict[str, list[Review]](list)  # of its own record, not of the log
        self.took: list[str] = []
        self.shown: list[tuple[str, Deck]] = []  # of this day

    def do(self, event: Event) -> None:
        self.told.append(event)
        self.recall.take(event)

    def deck(self) -> Deck:
        return lay(self.recall, self.course, self.now)

    def take(self) -> None:
        """Begin a topic with an exercise, half of the time with a mistake."""
        topic = list(self.course.topics.values())[len(self.took)]
        self.took.append(topic.id)
        exercise = topic.exercises[0].id
        if self.draw.random() < 0.5:
            self.wrong(exercise, "once-too-few")
        self.now += timedelta(minutes=2)
        self.do(happened("attempt", exercise, {"verdict": "pass"}, self.now))

    def wrong(self, exercise: str, name: str) -> None:
        self.do(happened("attempt", exercise, {"verdict": "wrong", "name": name}, self.now))
        card = mistakes.named(exercise, name)
        self.given[card].append(Review(self.now, 1))

    def rating(self, entry: Entry) -> int:
        standing = entry.standing
        if standing.last is None or standing.stability is None:
            return self.draw.choices((1, 2, 3, 4), (0.2, 0.1, 0.6, 0.1))[0]
        if standing.phase != "review":
            return 3 if self.draw.random() < 0.9 else 1
        recalled = retrievability(standing.stability * self.gift[entry.id], (self.now - standing.last).days)
        return self.draw.choices((2, 3, 4), (0.1, 0.8, 0.1))[0] if self.draw.random() < recalled else 1

    def answer(self, entry: Entry) -> None:
        self.now += timedelta(seconds=self.draw.randrange(5, 40))
        if entry.exercise is not None:
            if self.draw.random() < 0.2:
                self.wrong(entry.exercise.id, entry.mistake)
            else:
                self.do(happened("attempt", entry.exercise.id, {"verdict": "pass"}, self.now))
                self.given[entry.id].append(Review(self.now, 3))
            return
        rating = self.rating(entry)
        event = happened("review", entry.id, {"rating": rating, "ms": 9000}, self.now)
        self.do(event)
        if self.draw.random() < 0.01:  # the wrong key
            self.do(happened("undo", entry.id, {"event": event.id}, self.now))
            self.shown.pop()  # as if it had not been
        else:
            self.given[entry.id].append(Review(self.now, rating))

    def day(self, number: int) -> None:
        """One day: nothing on some, else a sitting until the queue is empty."""
        self.now = START + timedelta(days=number, minutes=self.draw.randrange(-180, 180))
        if any(first <= number < end for first, end in VACATIONS) or self.draw.random() < 0.1:
            return
        if len(self.took) < len(self.course.topics) and self.draw.random() < 0.3:
            self.take()
        self.shown = []
        while (entry := (found := self.deck()).asked()) is not None:
            self.shown.append((entry.id, found))
            assert len(self.shown) < MOST
            self.answer(entry)


@pytest.fixture(scope="module")
def course(generated_course: Path) -> Course:
    return load(generated_course)


@pytest.fixture(scope="module")
def year(course: Course) -> Learner:
    """The whole time, each day checked when it is over."""
    learner = Learner(course, seed=11)
    for name, value in (("new-a-day", NEW_A_DAY), ("reviews-a-day", REVIEWS_A_DAY)):
        learner.do(happened("setting", name, {"key": name, "value": value}, START - timedelta(hours=9)))
    for number in range(DAYS):
        learner.day(number)
        checked(learner)
    return learner


def checked(learner: Learner) -> None:
    """The load of the day is under its cap, nothing comes twice in a row, no two siblings on one day."""
    asked = [(card, found.entries[card]) for card, found in learner.shown]
    again = {card for card, entry in asked if entry.standing.phase == "review"}
    fresh = {card for card, entry in asked if entry.standing.phase == "new"}
    assert len(again) <= REVIEWS_A_DAY
    assert len(fresh) <= NEW_A_DAY
    for (last, _), (card, found) in zip(learner.shown, learner.shown[1:], strict=False):
        others = [id for id in found.queue if found.entries[id].group != found.entries[card].group]
        if last in found.entries and found.entries[last].group == found.entries[card].group:
            assert not others, f"{last} and then {card}, while {others} wait"
    groups = [entry.group for card, entry in dict(asked).items() if entry.card or card in again]
    assert len(groups) == len(set(groups)), "siblings on one day"
    for card, entry in asked:
        assert entry.standing.due is None or entry.standing.due <= learner.now + timedelta(minutes=20), card
        assert entry.standing.phase != "review" or entry.standing.due <= learner.now, f"{card} before it was due"


def test_due_dates_follow_the_rule_of_the_scheduler(year: Learner) -> None:
    entries = year.deck().entries
    followed = 0
    for card, given in year.given.items():
        if card not in entries:
            assert mistakes.is_mistake(card), f"{card} is lost"
            continue
        standing = NEW
        for review in given:
            standing = after(standing, review, dice(card), steps=not mistakes.is_mistake(card))
        assert entries[card].standing == standing, card
        followed += 1
    assert followed > DAYS / 3


def test_no_card_is_lost(year: Learner, course: Course) -> None:
    found = year.deck()
    of_topics = {f"{topic}/{card.id}" for topic in year.took for card in course.topics[topic].cards}
    assert of_topics == {id for id, entry in found.entries.items() if entry.card}
    year.now = START + timedelta(days=DAYS + 40)
    wait = {id for id, entry in year.deck().entries.items() if not entry.suspended and asks(entry, year.now)}
    assert len(wait) > REVIEWS_A_DAY, "more than a day's reviews, after six weeks away"
    for _ in range(60):  # the learner goes on, without new topics
        year.shown = []
        while (entry := (found := year.deck()).asked()) is not None:
            year.shown.append((entry.id, found))
            year.answer(entry)
        checked(year)
        wait -= {card for card, _ in year.shown}
        year.now += timedelta(days=1)
    assert not wait, "each was asked in the end"


def test_about_as_much_is_recalled_as_the_scheduler_aims_at(year: Learner) -> None:
    found = statistics(year.recall, year.deck(), year.now)
    both = found.ever.both
    assert both.part is not None
    assert both.asked > 2 * DAYS
    assert abs(both.part - AIM) < (0.04 if FULL else 0.08), both
    if FULL:
        assert found.ever.mature.asked > 200
    assert sum(found.days.values()) >= sum(len(given) for given in year.given.values()) - 2 * len(year.took)


def test_the_year_read_at_once_gives_the_same_deck(year: Learner, course: Course) -> None:
    whole = replayed(year.told, ZONE, year.now)
    assert lay(whole, course, year.now) == year.deck()
    assert statistics(whole, year.deck(), year.now) == statistics(year.recall, year.deck(), year.now)


def test_a_page_lays_the_deck_fast(year: Learner) -> None:
    took = []
    for _ in range(5):
        began = time.thread_time()
        year.deck()
        took.append(time.thread_time() - began)
    assert min(took) < 0.03, "seconds, for all cards of the course"
