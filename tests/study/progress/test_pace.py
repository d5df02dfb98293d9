"""On time, early, late: said by the days between the promised end and the one that is laid today."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.study.progress.learned import NOW, someone
from wenjin.study.course.load import load
from wenjin.study.progress.pace import GRACE, TOO_MUCH, Pace, finished, following, pace, promise, remedy
from wenjin.study.progress.plan import Hours, plan
from wenjin.study.progress.ways import chosen, way
from wenjin.study.progress.work import Learner
from wenjin.study.store.log import Event, happened

COURSE = load()
HOURS = Hours(2, 4)
QMATTER = COURSE.tracks["qmatter"]


def set_to(**values: Any) -> list[Event]:
    return [happened("setting", key, {"key": key, "value": value}, NOW) for key, value in values.items()]


def begun(*tracks: str) -> list[Event]:
    """The events of somebody who chose these tracks now."""
    events = set_to(**chosen({}, COURSE, tracks))
    learner = someone(COURSE, events=events)
    return events + set_to(**promise(learner, following(learner, HOURS), tracks))


def after(days: int, events: list[Event], known: Any = ()) -> Learner:
    return someone(COURSE, known, events, NOW + timedelta(days=days))


def told(learner: Learner, track: str = "qmatter") -> Pace:
    return pace(learner, COURSE.tracks[track], following(learner, HOURS))


def test_who_has_begun_today_is_on_time() -> None:
    found = told(after(0, begun("qmatter")))
    assert (found.standing, found.late, found.own, found.done) == ("on-time", 0, None, 0)
    assert found.begun == NOW.date()
    assert found.end == found.promised == following(after(0, begun("qmatter")), HOURS).end


def test_a_track_that_was_never_begun_promises_nothing() -> None:
    found = told(after(0, set_to(track="qmatter")))
    assert (found.standing, found.promised, found.late) == ("new", None, 0)


@pytest.mark.parametrize(("days", "standing"), [(2, "on-time"), (GRACE, "on-time"), (7, "late"), (70, "late")])
def test_who_does_nothing_is_late_by_the_days_that_were_missed(days: int, standing: str) -> None:
    found = told(after(days, begun("qmatter")))
    assert found.standing == standing
    assert abs(found.late - days) <= 2, "weekends hold other hours than weekdays"
    assert found.own is None, "from nothing nothing follows"


def test_who_keeps_to_the_plan_stays_on_time() -> None:
    laid = following(after(0, begun("qmatter")), HOURS)
    known: set[str] = set()
    projects: list[Event] = []
    begun_of: dict[str, int] = {}
    for week, following_week in pairwise(laid.weeks):
        rest = {s.piece.id for later in laid.weeks if later.monday > week.monday for s in later.shares}
        ended = {s.piece for s in week.shares if s.piece.id not in rest}
        known |= {piece.id for piece in ended if piece.kind == "topic"}
        projects += [happened("project", p.id, {"what": "done"}, NOW) for p in ended if p.kind == "project"]
        days = (following_week.monday - laid.start).days
        found = told(after(days, begun("qmatter") + projects, known))
        for share in week.shares:
            begun_of[share.piece.id] = begun_of.get(share.piece.id, 0) + share.minutes
        topics = [id for id in rest & begun_of.keys() if id in COURSE.topics]
        under_way = sum(begun_of[id] for id in topics) / 60  # known is only known here, with no parts
        assert -GRACE <= found.late <= GRACE + 7 * under_way / HOURS.week, days


def test_who_is_ahead_is_early() -> None:
    found = told(after(0, begun("qmatter"), {topic for unit in QMATTER.units[:4] for topic in unit.topics}))
    assert found.standing == "early"
    assert found.late < -GRACE


def test_the_own_pace_counts_what_was_done_in_four_weeks() -> None:
    topic = COURSE.topics["python-core"]
    exercises = [e.id for e in topic.exercises if e.written]
    events = begun("qmatter")
    events += [happened("attempt", id, {"verdict": "pass"}, NOW + timedelta(days=1)) for id in exercises[:2]]
    events += [happened("attempt", exercises[0], {"verdict": "pass"}, NOW + timedelta(days=9))]
    learner = after(14, events)
    assert len(finished(learner)) == 2, "the first pass counts, once"
    found = told(learner)
    assert found.over == 14
    assert found.weekly == pytest.approx(sum(m for _, m in finished(learner)) / 60 / 2)
    assert found.own is not None
    assert found.own > found.end, "half an hour a fortnight is not the plan's pace"
    assert told(after(60, events)).done == 0, "what lies longer back says nothing of the present pace"
    events.append(happened("project", "parallel-log-analyzer", {"what": "done"}, NOW + timedelta(days=1)))
    assert told(after(14, events)).done == pytest.approx(found.done + COURSE.projects["parallel-log-analyzer"].hours)


def test_what_would_help_is_enough_and_no_more_than_needed() -> None:
    learner = after(14, begun("qmatter"))
    laid = following(learner, HOURS)
    late = pace(learner, QMATTER, laid)
    help = remedy(learner, QMATTER, laid, late)
    assert help.hours is not None
    assert late.promised is not None
    for week, enough in ((help.hours, True), (help.hours - 0.5, False)):
        scale = week / HOURS.week
        faster = plan(learner, [(QMATTER, way(learner, QMATTER, None))], Hours(2 * scale, 4 * scale), learner.today)
        assert (faster.end <= late.promised) is enough
    hopeless = after(400, begun("qmatter"))
    laid = following(hopeless, HOURS)
    assert remedy(hopeless, QMATTER, laid, pace(hopeless, QMATTER, laid)).hours is None
    weekends = Hours(0, 10)
    laid = following(hopeless, weekends)
    assert remedy(hopeless, QMATTER, laid, pace(hopeless, QMATTER, laid)).hours is None
    assert help.hours < TOO_MUCH


def test_a_shorter_path_helps_where_there_is_one() -> None:
    learner = after(7, begun("sixteen-topics"))
    track, laid = COURSE.tracks["sixteen-topics"], following(learner, HOURS)
    help = remedy(learner, track, laid, pace(learner, track, laid))
    assert {path.id for path in help.shorter} <= {"scientist", "engineer"}
    assert help.shorter


def test_a_promise_stands_until_it_is_given_anew() -> None:
    learner = after(10, begun("qmatter"))
    laid = following(learner, HOURS)
    kept = promise(learner, laid, ["qmatter"])
    assert kept["begun"] == {"qmatter": NOW.date().isoformat()}
    anew = promise(learner, laid, ["qmatter"], anew=True)
    assert anew["begun"] == {"qmatter": learner.today.isoformat()}
    assert date.fromisoformat(anew["promised"]["qmatter"]) == laid.end
    assert told(after(10, begun("qmatter") + set_to(**anew))).standing == "on-time"


@pytest.mark.parametrize("value", [None, 3, {"qmatter": "soon"}, {"qmatter": 3}, ["qmatter"]])
def test_a_promise_that_cannot_be_read_is_none(value: Any) -> None:
    assert told(after(0, set_to(track="qmatter", promised=value, begun=value))).standing == "new"
