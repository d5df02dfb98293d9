"""Weeks: what the log shows of each, which were judged and which skipped, through JSON at any place."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.study.progress.summary import WEEK
from wenjin.study.progress.week import (
    LONGEST,
    QUESTIONS,
    Weeks,
    evidence,
    first,
    judgeable,
    name,
    read,
    suggested,
    valid,
    weeks,
    whole,
)
from wenjin.study.store.log import Event, happened

EAST = timezone(timedelta(hours=8))
NOW = datetime(2026, 11, 20, 12, tzinfo=EAST)  # a Friday of 2026-W47


def event(kind: str, subject: str, ago: float = 0, **data: Any) -> Event:
    return happened(kind, subject, data, NOW - timedelta(days=ago))


def judged(week: str, *scores: int, ago: float = 0) -> Event:
    return event("week", week, ago, **dict(zip(QUESTIONS, scores, strict=True)), remark="so", evidence={"met": 1})


def test_a_week_shows_what_was_done_in_it() -> None:
    told = [
        event("attempt", "a/one", 9, verdict="wrong"),
        event("attempt", "a/one", 2, verdict="pass"),
        event("attempt", "a/two", 2, verdict="pass"),
        event("attempt", "b/one", 1, verdict="wrong"),
        event("attempt", "b/one", 1, verdict="wrong"),
        event("run", "a/lab", 1, run="r", what="started"),
        event("run", "a/lab", 1, run="r", what="finished"),
        event("note", "a#why", 1, text="x"),
        event("note", "a#why", 1, text="xy"),
        event("note", "c#why", 1, text="  "),
        event("review", "a/card", 1, rating=3),
        event("review", "a/card", 1, rating=1),
    ]
    before, this = weeks(told, NOW)
    assert (before.id, this.id, this.monday) == ("2026-W46", "2026-W47", date(2026, 11, 16))
    assert (before.work.tried, before.work.first, before.work.passed) == (1, 0, 0)
    work = this.work
    assert (work.attempts, work.tried, work.first, work.passed, work.labs) == (4, 2, 1, 2, 1)
    assert (work.reviews, work.recalled, work.notes, work.noted, work.met) == (2, 1, {"a#why"}, {"a"}, {"a", "b"})


def test_a_week_that_nobody_judged_is_skipped_and_this_one_is_open() -> None:
    told = [
        event("attempt", "a/one", 21, verdict="pass"),
        judged("2026-W45", 4, 5, 6, 7),
        judged("2026-W45", 5, 5, 6, 7),
    ]
    found = weeks(told, NOW)
    assert [(week.id, week.standing) for week in found] == [
        ("2026-W44", "skipped"),
        ("2026-W45", "kept"),
        ("2026-W46", "skipped"),
        ("2026-W47", "open"),
    ]
    check = found[1].check
    assert check is not None
    assert (dict(check.scores), check.remark) == (dict(zip(QUESTIONS, (5, 5, 6, 7), strict=True)), "so")
    assert [week.standing for week in weeks([], NOW)] == ["open"]


def test_the_week_turns_on_monday_at_four_in_the_morning_where_the_learner_lives() -> None:
    for hour, week in ((3, "2026-W46"), (5, "2026-W47")):
        at = datetime(2026, 11, 16, hour, tzinfo=EAST).astimezone(UTC)
        found = weeks([happened("attempt", "a/one", {"verdict": "pass"}, at)], NOW)
        assert next(w.id for w in found if w.work.attempts) == week


def test_what_is_no_check_is_left_alone() -> None:
    bad = [
        judged("2026-W99", 4, 5, 6, 7),
        judged("week", 4, 5, 6, 7),
        judged("2026-W46", 0, 5, 6, 7),
        judged("2026-W46", 4, 5, 6, 11),
    ]
    bad.append(event("week", "2026-W46", theory=4, practice=True, code=4, notes=4))
    bad.append(event("week", "2026-W46", theory=4))
    assert [week.standing for week in weeks(bad, NOW)] == ["open"]


def test_a_clock_without_a_battery_does_not_make_three_thousand_weeks() -> None:
    told = [happened("attempt", "a/one", {"verdict": "pass"}, datetime(1970, 1, 1, tzinfo=UTC))]
    assert len(weeks(told, NOW)) == LONGEST.days // 7 + 1


@settings(max_examples=100, deadline=None)
@given(st.dates(date(1980, 1, 1), date(2200, 1, 1)))
def test_a_week_has_one_name(day: date) -> None:
    week = name(day)
    assert valid(week) == week
    assert first(week) <= day < first(week) + timedelta(weeks=1)
    assert first(week).weekday() == 0


KINDS = st.sampled_from(["attempt", "run", "note", "review", "week", "hint", "project", "undo"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(KINDS, st.integers(0, 60), st.integers(0, 4), st.booleans()), max_size=30), st.integers(0, 30)
)
def test_weeks_go_through_json_at_any_place(rows: list[tuple[str, int, int, bool]], cut: int) -> None:
    told: list[Event] = []
    for kind, ago, n, right in rows:
        if kind == "week":
            told.append(judged(f"2026-W{40 + n}", n + 1, 5, 5, 5))
        elif kind == "undo":
            told.append(event("undo", "t0/x0", ago, event=next((e.id for e in told if e.kind == "review"), "none")))
        else:
            told.append(event(kind, f"t{n}/x{n % 2}", ago, verdict="pass" if right else "wrong", rating=n,
                              what=("finished", "done", "open")[n % 3], text="x" * n))  # fmt: skip
    fold = Weeks(NOW.tzinfo)
    for one in told[:cut]:
        fold.take(one)
    fold = Weeks.from_dict(fold.as_dict(), NOW.tzinfo)
    for one in told[cut:]:
        fold.take(one)
    assert fold.view(NOW) == weeks(told, NOW)


def test_the_evidence_suggests_and_says_nothing_where_there_is_none() -> None:
    nothing = evidence(weeks([], NOW)[-1].work, None, 0, None)
    assert suggested(nothing) == dict.fromkeys(QUESTIONS)
    told = [event("attempt", "a/one", 1, verdict="pass"), event("attempt", "b/one", 1, verdict="wrong")]
    shown = evidence(weeks(told, NOW)[-1].work, 0.72, 2, {"score": 88})
    assert suggested(shown) == {"theory": 7, "practice": 5, "code": 9, "notes": 1}
    assert suggested(evidence(weeks(told, NOW)[-1].work, 0.0, 2, None))["code"] == 5


def test_what_is_taken_back_is_not_counted() -> None:
    answered = [event("review", "a/card", 1, rating=3), event("review", "a/other", 0, rating=1)]
    told = [
        *answered,
        event("undo", "a/card", 0, event=answered[0].id),
        event("undo", "a/card", 0, event=answered[0].id),
        event("undo", "a/card", 0, event="never"),
        event("note", "a#why", 9, text="x"),
        event("note", "b#why", 1, text="x"),
        event("note", "b#how", 1, text="x"),
        event("note", "a#why", 0, text=" "),
        event("note", "b#how", 0, text=""),
    ]
    before, this = weeks(told, NOW)
    assert (this.work.reviews, this.work.recalled) == (1, 0)
    assert (before.work.notes, this.work.notes, this.work.noted) == (set(), {"b#why"}, {"b"})


def test_projects_are_of_the_week_in_which_they_were_done() -> None:
    told = [
        event("project", "one", 9, what="done"),
        event("project", "one", 1, what="done"),
        event("project", "two", 1, what="done"),
        event("project", "three", 1, what="done"),
        event("project", "three", 0, what="open"),
    ]
    before, this = weeks(told, NOW)
    assert (before.work.projects, this.work.projects) == ({"one"}, {"two"})
    shown = evidence(this.work, None, 0, None)
    assert (shown["projects"], suggested(shown)["practice"]) == (1, 10)


def test_what_is_of_another_day_suggests_nothing() -> None:
    told = [event("attempt", "a/one", 8, verdict="pass"), event("attempt", "b/one", 8, verdict="wrong")]
    shown = evidence(weeks(told, NOW)[0].work, 0.72, 2, {"score": 88}, NOW.date())
    assert shown["as_of"] == "2026-11-20"
    assert suggested(shown) == {"theory": None, "practice": 5, "code": 5, "notes": 1}


def test_a_week_before_the_first_can_be_judged_if_it_is_not_long_ago() -> None:
    found = weeks([event("attempt", "a/one", 8, verdict="pass")], NOW)
    assert [judgeable(found, week.id) for week in found] == list(found)
    before = judgeable(found, "2026-W45")
    assert before is not None
    assert (before.monday, before.standing, before.work.attempts) == (date(2026, 11, 2), "skipped", 0)
    assert judgeable(found, name(NOW.date() - timedelta(weeks=52))) is not None
    bad = (name(NOW.date() - timedelta(weeks=53)), "2026-W48", "2026-W99", "", "week", "２０２６-W45", "2026-W45\n")
    assert [judgeable(found, week) for week in bad] == [None] * len(bad)


@pytest.mark.parametrize("text", ["", "0", "11", "-1", "5.0", "00599", "²", "５", "9" * 5000, "five"])
def test_a_score_is_a_whole_number_from_one_to_ten(text: str) -> None:
    assert whole(text) is None
    assert [whole(str(n)) for n in range(1, 11)] == list(range(1, 11))


def test_a_remark_from_a_terminal_without_utf_8_can_be_shown() -> None:
    told = {"theory": 5, "practice": 5, "code": 5, "notes": 5, "remark": "a\udcffb"}
    kept = read(happened("week", "2026-W46", told))
    assert kept is not None
    assert kept.remark == "a?b"


def test_a_week_is_written_in_plain_digits() -> None:
    assert WEEK.fullmatch("2026-W47")
    assert not WEEK.fullmatch("２０２６-W47")
