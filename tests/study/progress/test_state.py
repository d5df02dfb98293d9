"""Where a learner stands, from events alone."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.study.cli.school import course
from wenjin.study.progress.state import Standing, state
from wenjin.study.store.log import Event

COURSE = course()
IDS = list(COURSE.exercises)


def event(kind: str, subject: str, **data: Any) -> Event:
    return Event("0", datetime(2026, 1, 1, tzinfo=UTC), kind, subject, data)


def attempt(subject: str, verdict: str, name: str | None = None) -> Event:
    return event("attempt", subject, verdict=verdict, name=name)


def test_at_the_start_everything_is_new() -> None:
    progress = state([], COURSE)
    assert list(progress.exercises) == IDS
    assert all(standing == Standing() for standing in progress.exercises.values())
    assert progress.following() == IDS[0]
    assert progress.passed == 0


def test_a_failed_attempt_is_tried_and_its_mistake_counted() -> None:
    events = [attempt(IDS[0], "wrong", "averages-averages")] * 2 + [attempt(IDS[0], "error", "syntax")]
    standing = state(events, COURSE).exercises[IDS[0]]
    assert (standing.status, standing.attempts, standing.last) == ("tried", 3, "error")
    assert standing.mistakes == {"averages-averages": 2}
    assert not standing.solution_open


def test_a_pass_stays_a_pass_and_opens_the_solution() -> None:
    standing = state([attempt(IDS[0], "pass"), attempt(IDS[0], "wrong"), event("reset", IDS[0])], COURSE).exercises[
        IDS[0]
    ]
    assert (standing.status, standing.attempts, standing.last) == ("passed", 2, "wrong")
    assert standing.solution_open


def test_the_solution_opens_after_the_last_hint() -> None:
    first, second = (event("hint", IDS[1], number=n) for n in (1, 2))
    assert not state([first], COURSE).exercises[IDS[1]].solution_open
    standing = state([first, second, second], COURSE).exercises[IDS[1]]
    assert (standing.hints, standing.solution_open, standing.status) == (2, True, "new")


def test_the_next_exercise_comes_after_the_present_one_and_then_from_the_start() -> None:
    progress = state([attempt(IDS[1], "pass")], COURSE)
    assert progress.following(IDS[0]) == IDS[2]
    assert progress.following(IDS[3]) == IDS[0]
    assert state([attempt(id, "pass") for id in IDS], COURSE).following(IDS[0]) is None


def test_the_newest_setting_counts_and_unknown_events_are_left_alone() -> None:
    events = [
        event("setting", "language", value="zh"),
        event("setting", "language", value="en"),
        attempt("gone/exercise", "pass"),
        event("of a later version", IDS[0]),
    ]
    progress = state(events, COURSE)
    assert progress.settings == {"language": "en"}
    assert progress.passed == 0


ANY = st.builds(
    lambda kind, id, verdict, number: event(kind, id, verdict=verdict, number=number, name="m"),
    st.sampled_from(["attempt", "hint", "solution", "reset"]),
    st.sampled_from(IDS),
    st.sampled_from(["pass", "wrong", "error"]),
    st.integers(1, 3),
)


@given(events=st.lists(ANY, max_size=30), more=st.lists(ANY, max_size=10))
def test_more_events_never_take_anything_away(events: list[Event], more: list[Event]) -> None:
    before, after = state(events, COURSE), state(events + more, COURSE)
    for id in IDS:
        old, new = before.exercises[id], after.exercises[id]
        assert old.attempts <= new.attempts
        assert old.hints <= new.hints <= len(COURSE.exercises[id].hints)
        assert new.solution_open or not old.solution_open
        assert new.status == "passed" or old.status != "passed"
