"""What was done on which day: by hand, and as properties of any log."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wenjin.study.progress.days import Day, Days, calendar, days, habit, level
from wenjin.study.store.log import Event, happened

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday
CHINA = timezone(timedelta(hours=8))


def event(kind: str, minutes: float, **data: Any) -> Event:
    return happened(kind, "any", data, NOON + timedelta(minutes=minutes))


def test_a_morning_by_hand() -> None:
    log = [
        event("attempt", 0, verdict="wrong"),
        event("attempt", 10, verdict="pass"),  # ten minutes on
        event("review", 10.5),
        event("run", 20, what="queued"),
        event("run", 21, what="finished"),  # the machine's doing
        event("note", 120),  # after lunch
        event("setting", 121),
    ]
    found = days(log, NOON)
    assert found == {date(2026, 3, 4): Day(2, 1, 1, 1, 1, 0, 120 + 600 + 30 + 570 + 120)}


def test_a_night_belongs_to_the_day_before_where_the_learner_lives() -> None:
    late = happened("review", "any", {}, datetime(2026, 3, 4, 19, 30, tzinfo=UTC))  # 3:30 on the fifth in China
    assert list(days([late], NOON.astimezone(CHINA))) == [date(2026, 3, 4)]
    assert list(days([late], NOON)) == [date(2026, 3, 4)]
    later = happened("review", "any", {}, datetime(2026, 3, 4, 20, 30, tzinfo=UTC))
    assert list(days([later], NOON.astimezone(CHINA))) == [date(2026, 3, 5)]


def test_a_review_that_is_taken_back_is_no_deed_of_its_day() -> None:
    one, other = event("review", 0, rating=3), event("review", 1, rating=3)
    back = event("undo", 2, event=other.id)
    assert days([one, other, back, back], NOON)[date(2026, 3, 4)].reviews == 1
    gone = days([one, event("undo", 2, event=one.id)], NOON)
    assert (gone[date(2026, 3, 4)].deeds, habit(gone, date(2026, 3, 4)).studied) == (0, 0)


def test_a_habit_by_hand() -> None:
    today = date(2026, 3, 4)
    done = [today - timedelta(days=n) for n in (0, 1, 2, 10, 40, 41, 42, 43)]
    found = habit({day: Day(attempts=1, seconds=3600) for day in [*done, today + timedelta(days=3)]}, today)
    assert (found.studied, found.all, found.longest, found.last) == (4, 8, 4, today)
    assert found.hours == (3.0, 4.0, 8.0)  # Monday to Wednesday; four weeks; all
    assert habit({}, today).last is None


def test_a_calendar_ends_with_this_week() -> None:
    today = date(2026, 3, 4)
    weeks = calendar({today: Day(reviews=7)}, today, weeks=2)
    assert [len(week) for week in weeks] == [7, 7]
    assert weeks[0][0][0] == date(2026, 2, 23)
    assert weeks[1][2] == (today, Day(reviews=7))
    assert [told for _, told in weeks[1][3:]] == [None] * 4
    assert [level(n) for n in (0, 1, 5, 15, 29, 30)] == [0, 1, 2, 3, 3, 4]


MOMENTS = st.lists(st.tuples(st.sampled_from(["attempt", "review", "note", "hint"]), st.floats(-1e5, 1e5)), max_size=40)


@given(MOMENTS, st.integers(0, 40))
def test_a_fold_goes_on_from_where_it_was_kept(moments: list[tuple[str, float]], cut: int) -> None:
    log = [event(kind, minutes) for kind, minutes in moments]
    first = Days(UTC)
    for one in log[:cut]:
        first.take(one)
    second = Days.from_dict(json.loads(json.dumps(first.as_dict())), UTC)
    for one in log[cut:]:
        second.take(one)
    whole = days(log, NOON)
    assert second.days == whole
    assert sum(day.deeds for day in whole.values()) == sum(kind != "hint" for kind, _ in moments)
    assert all(0 <= day.seconds <= 900 * day.deeds for day in whole.values())
