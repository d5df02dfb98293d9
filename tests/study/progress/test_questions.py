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
from wenjin.study.progress.summary import Weeks, days_of, of_unit, of_week, papers, week_of, weeks
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
        kind = dice.choice(["attempt", "review", "undo", "run", "note", "question", "hint", "question2", "paper"])
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
        elif kind == "paper":
            subject, data = f"{number:032x}", {"what": "began", "of": "qmatter/pytorch", "items": [["a/b", 1]]}
            if number % 2:
                events.append(happened(kind, subject, data, at))
                at += timedelta(minutes=60)
                data = {"what": "ended", "of": "qmatter/pytorch", "right": number % 3 % 2, "all": 1}
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
            sat = papers(fold, key)
            assert {one.paper for one in sat} == {e.subject for e in inside if e.kind == "paper"}
            ended = {e.subject: e.data["right"] for e in inside if e.kind == "paper" and e.data["what"] == "ended"}
            assert {one.paper: one.right for one in sat if one.what == "ended"} == ended
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


def test_a_paper_is_told_in_the_week_and_with_its_unit_though_nothing_was_answered(course: Course) -> None:
    began = {"what": "began", "of": "qmatter/pytorch", "items": [["a/b", 1], ["a/c", 2]]}
    ended = {"what": "ended", "of": "qmatter/pytorch", "right": 0, "all": 2, "spent": 9.0, "why": "time"}
    events = [
        happened("paper", "one", began, START),
        happened("paper", "two", began | {"of": "thirty-weeks/gone"}, START),
        happened("paper", "two", {"what": "given-up"}, START),
        happened("paper", "one", ended, START + timedelta(weeks=1)),
        happened("paper", "one", {"what": "given-up"}, START + timedelta(weeks=1)),
        happened("paper", "never", {"what": "given-up"}, START),
    ]
    fold, key = weeks(events, START), week_of(START, UTC)
    assert [(one.paper, one.what, one.all) for one in papers(fold, key)] == [
        ("one", "began", 2),
        ("two", "given-up", 2),
    ]
    assert [(one.what, one.right, one.all) for one in papers(fold, of="qmatter/pytorch")] == [("ended", 0, 2)]
    again = weeks([*events, happened("paper", "two", {"what": "taken-up"}, START + timedelta(weeks=1))], START)
    assert papers(again, key)[1].what == "given-up"
    assert papers(again, week_of(START + timedelta(weeks=1), UTC))[1].what == "began"
    root = outline.tree("week", (), course, "en", papers=papers(fold, week_of(START + timedelta(weeks=1), UTC)))
    assert "Checkpoints and stage tests" in outline.markdown(root)
    assert [n.link for n in walk(root) if n.kind == "paper"] == ["/papers/one/report"]
    assert "0 of 2 right" in outline.markdown(root)
    root = outline.tree("week", (), course, "zh", papers=papers(fold, key))
    assert [outline.markdown(root).count(words) for words in ("没有交卷", "放弃了")] == [1, 1]


def test_an_emptied_note_and_an_undone_review_of_yesterday_are_told_no_more(course: Course) -> None:
    review = happened("review", "tokenization/x", {"rating": 3, "ms": 1}, START)
    events = [
        happened("note", "self-attention#lesson", {"text": "x"}, START),
        review,
        happened("note", "self-attention#lesson", {"text": " "}, START + timedelta(days=8)),
        happened("review", "tokenization/y", {"rating": 3, "ms": 1}, START + timedelta(days=1)),
        happened("undo", "tokenization/x", {"event": review.id}, START + timedelta(days=1)),
    ]
    told = [of_week(weeks(events, START), {}, course, week_of(e.at, UTC)) for e in events]
    assert [(one.topic, one.reviews) for one in told[0]] == [("tokenization", (1, 1))]
    assert told[2] == ()


def test_one_attempt_is_one_attempt(course: Course) -> None:
    score = outline.Score(1, True, "pass")
    assert outline._score("a/b", score, course, "en").text == "✓ a/b: passed, 1 attempt"
    assert outline._score("a/b", outline.Score(2), course, "zh").text == "◐ a/b：还没通过，2 次"


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
    for word in {"zh": ("最近一次：不对", "系统: Linux 6"), "en": ("the last: not right", "system: Linux 6")}[language]:
        assert word in text, "told in the reader's language"
    assert "ann" not in text
