"""The ledger equals the plain ways, event by event, wherever it was kept and gone on from."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from wenjin.study.course.graph import Course
from wenjin.study.course.load import load
from wenjin.study.progress.days import days
from wenjin.study.progress.deck import deck, lay
from wenjin.study.progress.ledger import Ledger, ledger
from wenjin.study.progress.state import state
from wenjin.study.progress.work import learner
from wenjin.study.store.log import Event, happened

START = datetime(2026, 1, 5, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def course() -> Course:
    return load()


def life(course: Course, dice: random.Random, length: int) -> list[Event]:
    """Some weeks of a learner who does this and that, takes some of it back, and whose clock goes forward only."""
    exercises = [e.id for e in course.exercises.values() if e.written]
    cards = [f"{t.id}/{card.id}" for t in course.topics.values() for card in t.cards]
    labs = [lab.id for lab in course.labs.values() if lab.written]
    at, log = START, list[Event]()
    for n in range(length):
        at += timedelta(minutes=dice.expovariate(1 / 40))
        kind = dice.choice(["attempt", "review", "review", "undo", "run", "cards", "note", "hint", "setting"])
        match kind:
            case "attempt":
                verdict = dice.choice(["pass", "wrong", "wrong"])
                name = {"name": dice.choice(["no-scale", "labels"])} if verdict == "wrong" else {}
                log.append(happened(kind, dice.choice(exercises), {"verdict": verdict, **name}, at))
            case "review":
                log.append(happened(kind, dice.choice(cards), {"rating": dice.randint(1, 4), "ms": 900}, at))
            case "undo" if given := [e for e in log[-20:] if e.kind == "review"]:
                log.append(happened(kind, given[-1].subject, {"event": given[-1].id}, at))
            case "run":
                what = dice.choice(["queued", "started", "stopped", "finished"])
                log.append(happened(kind, dice.choice(labs), {"run": f"{n % 7:032x}", "what": what}, at))
            case "cards":
                topic = dice.choice(exercises).partition("/")[0]
                log.append(happened(kind, topic, {"topic": topic}, at))
            case "setting":
                log.append(happened(kind, "tracks", {"key": "tracks", "value": [dice.choice(list(course.tracks))]}, at))
            case _:
                log.append(happened(kind, dice.choice(exercises), {"text": "x", "number": 1}, at))
    return log


def test_a_ledger_equals_the_plain_ways(course: Course, count: Callable[[int], int]) -> None:
    for seed in range(count(60)):
        dice = random.Random(seed)
        log = life(course, dice, dice.randrange(1, 120))
        now = log[-1].at + timedelta(minutes=5)
        cut = dice.randrange(len(log))
        kept = json.loads(json.dumps(ledger(log[:cut], course, now).as_dict()))
        found = Ledger.from_dict(kept, course, now.tzinfo)
        for event in log[cut:]:
            found.take(event)
        plain = learner(log, course, now)
        assert found.learner(now).mastery == plain.mastery
        assert found.work == plain.work
        assert found.states.progress(course) == state(log, course)
        assert found.days.days == days(log, now)
        if found.recall is not None:
            assert lay(found.recall, course, now) == deck(log, course, now)


def test_what_only_the_whole_log_tells_leaves_no_cards(course: Course) -> None:
    card = next(f"{t.id}/{card.id}" for t in course.topics.values() for card in t.cards)
    first = happened("review", card, {"rating": 3}, START)
    later = [happened("review", card, {"rating": 3}, START + timedelta(days=n)) for n in (5, 10, 20)]
    undo = happened("undo", card, {"event": first.id}, START + timedelta(days=21))
    assert ledger([first, *later], course, later[-1].at).recall is not None
    assert ledger([first, *later, undo], course, undo.at).recall is None
