"""What has changed in the course: beside the last look, or the last one up to a day."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from wenjin.study.progress.news import news, waiting
from wenjin.study.store.log import Event, happened

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MARKS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["1", "2", "3"]))


def look(day: int, marks: dict[str, str]) -> Event:
    return happened("setting", "met", {"key": "met", "value": marks}, START + timedelta(days=day))


def test_before_any_look_everything_is_new() -> None:
    found = news([], {"b": "1", "a": "1"}, START)
    assert (found.met, found.new, found.changed, found.gone) == (None, ("b", "a"), (), ())


def test_the_last_look_counts_or_the_last_one_up_to_a_day() -> None:
    events = [look(0, {"a": "1"}), look(5, {"a": "1", "b": "1"}), look(9, {"a": "2", "b": "1", "old": "1"})]
    present, now = {"a": "3", "b": "1", "c": "1"}, START + timedelta(days=10)
    last = news(events, present, now)
    assert (last.new, last.changed, last.gone) == (("c",), ("a",), ("old",))
    middle = news(events, present, now, date(2026, 3, 7))
    assert middle.met == START + timedelta(days=5)
    assert (middle.new, middle.changed, middle.gone) == (("c",), ("a",), ())
    assert news(events, present, now, date(2026, 3, 1)).new == ("b", "c")
    assert news(events, present, now, date(2020, 1, 1)).met == START, "nothing is known of the time before"


def test_what_waits_is_new_or_changed_since_the_last_look_and_all_before_the_first() -> None:
    def marks() -> dict[str, str]:
        return {"a": "1", "b": "2", "c": "3"}

    def unasked() -> dict[str, str]:
        raise AssertionError("no file need be read")

    assert waiting({}, unasked) == 0
    assert waiting({"met": "spoiled"}, unasked) == 0
    assert waiting({"met": {"a": "1", "b": "1", "old": "1"}}, marks) == 2
    assert waiting({"met": marks()}, marks) == 0


@given(MARKS, MARKS)
def test_a_topic_is_new_or_changed_or_gone_or_the_same(before: dict[str, str], present: dict[str, str]) -> None:
    found = news([look(0, before)], present, START)
    told = [*found.new, *found.changed, *found.gone]
    assert len(told) == len(set(told))
    same = {topic for topic in present if before.get(topic) == present[topic]}
    assert set(told) | same == set(before) | set(present)
    assert not set(told) & same
    assert not news([look(0, before), look(1, present)], present, START + timedelta(days=1)).any
