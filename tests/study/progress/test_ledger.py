"""The ledger equals the plain ways, event by event, wherever it was kept and gone on from."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from wenjin.study.course.graph import Course
from wenjin.study.course.load import load
from wenjin.study.course.passes import PASSES
from wenjin.study.progress import summary, week
from wenjin.study.progress.days import days
from wenjin.study.progress.deck import deck, lay
from wenjin.study.progress.diary import Diary, empty
from wenjin.study.progress.ledger import Ledger, ledger
from wenjin.study.progress.paper import sittings
from wenjin.study.progress.passes import passes
from wenjin.study.progress.questions import questions
from wenjin.study.progress.state import state
from wenjin.study.progress.week import weeks
from wenjin.study.progress.work import learner
from wenjin.study.store.log import Event, happened

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
KINDS = ("attempt", "review", "review", "undo", "run", "cards", "note", "hint", "setting", "question", "paper", "pass",
         "explain", "week")  # fmt: skip


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
        kind = dice.choice(KINDS)
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
            case "question":
                asked = [e for e in log if e.kind == "question" and e.data["what"] == "asked"]
                what = dice.choice(["asked", "answered", "reopened", "removed", "restored"]) if asked else "asked"
                more = {"question": dice.choice(asked).id} if what != "asked" else {}
                log.append(happened(kind, "self-attention#why-sqrt-d", {"what": what, "text": "?"} | more, at))
            case "paper":
                began = {"what": "began", "of": "qmatter/x", "seed": n, "minutes": 5, "items": [["a/b", 1]]}
                ended = {"what": "ended", "of": "qmatter/x", "right": 1, "all": 1, "spent": 3.0, "why": "time"}
                data = dice.choice([began | {"cards": [], "untested": []}, ended])
                log.append(happened(kind, f"{n % 3:012x}", data, at))
            case "pass":
                data = {"pass": dice.choice(PASSES), "what": dice.choice(["begun", "done"])}
                log.append(happened(kind, dice.choice(list(course.topics)), data, at))
            case "explain":
                log.append(happened(kind, dice.choice(list(course.topics)), {"missing": ["x"][: n % 2]}, at))
            case "week":
                scores = dict.fromkeys(("theory", "practice", "code", "notes"), dice.randint(1, 10))
                log.append(happened(kind, week.name(at.date()), scores, at))
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
        assert found.questions.every == questions(log)
        assert found.sittings == sittings(log)
        assert found.passes.topics == passes(log)
        if found.recall is not None:
            assert lay(found.recall, course, now) == deck(log, course, now)


def test_a_diary_equals_the_plain_ways(course: Course, count: Callable[[int], int]) -> None:
    for seed in range(count(60)):
        dice = random.Random(seed)
        log = life(course, dice, dice.randrange(1, 120))
        now = log[-1].at + timedelta(minutes=5)
        cut = dice.randrange(len(log))
        fold = empty(now.tzinfo)
        for event in log[:cut]:
            fold.take(event)
        found = Diary.from_dict(json.loads(json.dumps(fold.as_dict())), now.tzinfo)
        for event in log[cut:]:
            found.take(event)
        assert found.checks.view(now) == weeks(log, now)
        assert found.done == summary.weeks(log, now)


def test_what_was_handed_out_stays_as_it_was(course: Course) -> None:
    log = life(course, random.Random(3), 400)
    now = log[-1].at
    found = ledger(log[:200], course, now)
    shown = found.learner(now), found.days.copy(), found.passes.copy()
    before = repr(shown)
    for event in log[200:]:
        found.take(event)
    assert repr(shown) == before
    assert found.learner(now).work != shown[0].work


def test_what_only_the_whole_log_tells_leaves_no_cards(course: Course) -> None:
    card = next(f"{t.id}/{card.id}" for t in course.topics.values() for card in t.cards)
    first = happened("review", card, {"rating": 3}, START)
    later = [happened("review", card, {"rating": 3}, START + timedelta(days=n)) for n in (5, 10, 20)]
    undo = happened("undo", card, {"event": first.id}, START + timedelta(days=21))
    assert ledger([first, *later], course, later[-1].at).recall is not None
    assert ledger([first, *later, undo], course, undo.at).recall is None
