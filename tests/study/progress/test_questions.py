"""Questions and summaries are what the events say, whatever their order in time; an issue tells nothing personal."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.study.course.graph import Course
from wenjin.study.course.load import load
from wenjin.study.progress import outline
from wenjin.study.progress.issue import issue
from wenjin.study.progress.questions import Questions, questions
from wenjin.study.progress.state import state
from wenjin.study.progress.summary import Weeks, days_of, of_unit, of_week, week_of, weeks
from wenjin.study.store.log import Event, happened

START = datetime(2026, 11, 16, 9, tzinfo=UTC)  # the Monday of 2026-W47
TOPICS = ("self-attention", "tokenization", "gone")


@pytest.fixture(scope="module")
def course() -> Course:
    return load(coverage=False)


def asked(text: str, at: datetime = START, place: str = "self-attention#why-sqrt-d", **more: str) -> Event:
    return happened("question", place, {"what": "asked", "text": text, **more}, at)


def after(question: Event, what: str, at: datetime = START, **more: str) -> Event:
    return happened("question", question.subject, {"what": what, "question": question.id, **more}, at)


def test_a_question_is_asked_answered_opened_again_removed_and_brought_back() -> None:
    one = asked("why?", tried="nothing", language="en", version="1", lesson="abc")
    events = [one]
    for what, standing in (
        ("answered", "answered"),
        ("reopened", "open"),
        ("answered", "answered"),
        ("removed", "removed"),
        ("restored", "answered"),
    ):
        events.append(after(one, what, **({"text": f"since {len(events)}"} if what == "answered" else {})))
        assert questions(events)[one.id].state == standing
    told = questions(events)[one.id]
    assert (told.place, told.tried, told.answer) == ("self-attention#why-sqrt-d", "nothing", "since 3")
    stranger = happened("question", one.subject, {"what": "answered", "question": "unknown", "text": "x"})
    assert questions([*events, stranger]) == questions(events)


def life(seed: int, many: int = 300) -> list[Event]:
    """Some weeks of somebody, with what belongs to no course, and reviews taken back."""
    dice = random.Random(seed)
    events: list[Event] = []
    at = START
    for number in range(many):
        at += timedelta(minutes=dice.randrange(600))
        topic = dice.choice(TOPICS)
        kind = dice.choice(["attempt", "review", "undo", "run", "note", "question", "hint", "question2"])
        data: dict[str, Any] = {}
        subject = f"{topic}/x"
        if kind == "attempt":
            data = {"verdict": dice.choice(["pass", "wrong", "error"]), "name": dice.choice([None, "slip"])}
        elif kind == "review":
            subject, data = dice.choice(["", "mistake:"]) + subject, {"rating": dice.randrange(1, 5), "ms": 1}
        elif kind == "undo":
            last = next((e for e in reversed(events) if e.kind == "review" and e.at.date() == at.date()), None)
            if last is None or any(e.kind == "undo" and e.data["event"] == last.id for e in events):
                continue
            subject, data = last.subject, {"event": last.id}
        elif kind == "run":
            data = {"run": f"{number // 20:032x}", "what": dice.choice(["queued", "started", "finished", "remark"])}
            subject = "self-attention/lab"
        elif kind == "note":
            subject, data = f"{topic}#lesson", {"text": "x"}
        elif kind == "question":
            subject, data = f"{topic}#lesson", {"what": "asked", "text": f"why {number}?"}
        elif kind == "question2":
            mine = [e for e in events if e.kind == "question" and e.data["what"] == "asked"]
            if not mine:
                continue
            events.append(after(dice.choice(mine), dice.choice(["answered", "removed", "reopened"]), at, text="so"))
            continue
        events.append(happened(kind, subject, data, at))
    return events


def test_a_week_tells_exactly_what_was_done_in_it(course: Course) -> None:
    """By counting the events themselves, without the fold."""
    zone = ZoneInfo("Asia/Shanghai")
    for seed in range(5):
        events = life(seed)
        fold = weeks(events, START.astimezone(zone))
        every = questions(events)
        undone = {e.data["event"] for e in events if e.kind == "undo"}
        for key in {week_of(e.at, zone) for e in events}:
            inside = [e for e in events if week_of(e.at, zone) == key]
            told = {one.topic: one for one in of_week(fold, every, course, key)}
            attempts = [e for e in inside if e.kind == "attempt"]
            assert sum(s.attempts for one in told.values() for s in one.scores.values()) == len(attempts)
            passes = {e.subject for e in attempts if e.data["verdict"] == "pass"}
            assert {id for one in told.values() for id, s in one.scores.items() if s.passed} == passes
            reviews = [e for e in inside if e.kind == "review" and e.id not in undone]
            assert sum(one.reviews[0] for one in told.values()) == len(reviews)
            assert sum(one.reviews[1] for one in told.values()) == sum(e.data["rating"] > 1 for e in reviews)
            runs = {e.data["run"] for e in inside if e.kind == "run" and e.data["what"] in ("queued", "finished")}
            assert {run for one in told.values() for run, _, _ in one.runs} == runs
            assert {n for one in told.values() for n in one.notes} == {e.subject for e in inside if e.kind == "note"}
            still = {e.id for e in inside if e.kind == "question" and e.data["what"] == "asked"}
            still = {id for id in still if every[id].state == "open"}
            assert {q.id for one in told.values() for q in one.open} == still
            monday, sunday = days_of(key)
            assert (sunday - monday).days == 6


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 300))
def test_a_fold_that_was_kept_goes_on_as_if_it_had_not_stopped(seed: int, cut: int) -> None:
    events = life(seed, 150)
    whole, first, asking = weeks(events, START), Weeks(UTC), Questions()
    for event in events[:cut]:
        first.take(event)
        asking.take(event)
    again = Weeks.from_dict(json.loads(json.dumps(first.as_dict())), UTC)
    asking = Questions.from_dict(json.loads(json.dumps(asking.as_dict())))
    for event in events[cut:]:
        again.take(event)
        asking.take(event)
    assert again == whole
    assert asking.every == questions(events)


def test_a_unit_is_all_weeks_of_its_topics_and_of_no_other(course: Course) -> None:
    events = life(3)
    told = of_unit(weeks(events, START), questions(events), course, {"tokenization"})
    assert [one.topic for one in told] == ["tokenization"]
    attempts = [e for e in events if e.kind == "attempt" and e.subject.startswith("tokenization/")]
    assert sum(score.attempts for score in told[0].scores.values()) == len(attempts)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_outline_and_the_map_hold_the_same_and_leave_the_reflection(course: Course, language: Any) -> None:
    events = [*life(1), asked("a `$d$` [link](x) <b>?" + "long " * 40)]
    told = of_week(weeks(events, START), questions(events), course, "2026-W47")
    root = outline.tree("2026-W47", told, course, language)
    leaves = [node.text for node in walk(root)]
    for drawn in (outline.markdown(root), outline.branches(root)):
        assert all(leaf in drawn for leaf in leaves)
    assert outline.TO_WRITE[language] in outline.markdown(root)
    assert outline.mermaid(root).startswith("mindmap\n")
    assert outline.mermaid(root).count('n["') == len(leaves)
    written = outline.tree("2026-W47", told, course, language, "I see **now**\n\nwhy")
    assert outline.markdown(written).endswith("I see **now**\nwhy\n")
    assert outline.TO_WRITE[language] not in outline.markdown(written)


def walk(node: outline.Node) -> list[outline.Node]:
    return [node, *(leaf for child in node.children for leaf in walk(child))]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_issue_tells_all_that_is_needed_and_nothing_personal(course: Course, language: Any) -> None:
    one = asked(
        "Why is /folk/ann/data/x.py slow?",
        tried="ran /folk/ann/work",
        language="en",
        version="0.9",
        lesson="0123456789ab",
    )
    slip = happened("attempt", "self-attention/write-attention", {"verdict": "wrong", "name": "missing-scale"})
    progress = state([one, slip], course)
    secrets = [("/folk/ann", "~"), ("/folk/ann/data", "<data>")]
    text = issue(questions([one])[one.id], course, progress, {"system": "Linux 6"}, secrets, language)
    for part in (
        "self-attention#why-sqrt-d",
        "0.9",
        "0123456789ab",
        "2026-11-16 09:00 UTC",
        "Why is <data>/x.py slow?",
        "ran ~/work",
        "`self-attention/write-attention`",
        "`missing-scale` ×1",
        "Linux 6",
    ):
        assert part in text
    assert "ann" not in text
