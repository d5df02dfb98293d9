"""Clocks that are wrong for a while: what is believed never goes back, and what was right stays as it was."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenjin.study.memory.clock import believed

START = datetime(2026, 3, 1, tzinfo=UTC)
NOTHING = timedelta(0)
HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)
OFFSETS = st.sampled_from([0, 0, 0, 1, -1, -3600, 86000, -86400, -90000, 365 * 86400, -365 * 86400, -20000 * 86400])


@given(st.lists(st.tuples(st.integers(0, 10**6), OFFSETS), min_size=1, max_size=40))
def test_time_never_goes_back_and_belief_is_marked(steps: list[tuple[int, int]]) -> None:
    true, shown = START, []
    for seconds, offset in steps:
        true += timedelta(seconds=seconds)
        shown.append(true + timedelta(seconds=offset))
    found = believed(shown)
    times = [reading.at for reading in found]
    assert times == sorted(times)
    assert found[-1].sure
    for reading, was in zip(found, shown, strict=True):
        if reading.sure:
            assert NOTHING <= reading.at - was <= DAY


def test_a_right_clock_is_left_alone() -> None:
    shown = [START, START, START + HOUR, START + 40 * DAY]
    assert [reading.at for reading in believed(shown)] == shown


@pytest.mark.parametrize("jump", [10 * YEAR, -YEAR, -56 * YEAR])
def test_a_while_of_wrong_time_is_placed_between_what_is_right(jump: timedelta) -> None:
    right = [START + n * DAY for n in range(10)]
    wrong = [START + 9 * DAY + jump + n * HOUR for n in (1, 2, 3)]
    later = [START + n * DAY for n in (10, 11, 12, 13)]
    found = believed([*right, *wrong, *later])
    assert [reading.at for reading in found if reading.sure] == right + later
    assert [reading.at for reading in found if not reading.sure] == [START + 9 * DAY + n * HOUR for n in (0, 1, 2)]


@pytest.mark.parametrize("back", [HOUR, DAY])
def test_a_clock_set_back_by_a_day_stands_still_and_then_goes_on(back: timedelta) -> None:
    found = believed([START, START + DAY, START + DAY - back, START + 3 * DAY])
    assert [reading.at for reading in found] == [START, START + DAY, START + DAY, START + 3 * DAY]
    assert all(reading.sure for reading in found)


def test_a_clock_that_is_set_back_for_good_keeps_the_spacing_of_the_past() -> None:
    past = [START, START + DAY, START + 4 * DAY]
    found = believed([*past, START - YEAR, START - YEAR + 2 * DAY])
    assert [reading.at - found[0].at for reading in found] == [NOTHING, DAY, 4 * DAY, 4 * DAY, 6 * DAY]
    assert [reading.sure for reading in found] == [False, False, False, True, True]
