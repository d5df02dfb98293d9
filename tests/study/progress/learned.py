"""Learners for tests of plan, pace and Today: any set of topics may be known, without a long log that shows it."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from hypothesis import strategies as st

from wenjin.study.course.graph import Course, Track
from wenjin.study.progress.mastery import Evidence, Mastery
from wenjin.study.progress.work import Learner, Work
from wenjin.study.store.log import Event

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)  # a Monday


def holds(topic: str, standing: str, value: float, at: datetime = NOW) -> Mastery:
    shown = () if standing == "unknown" else (Evidence("e", "attempt", topic, at, 1.0, value),)
    return Mastery(topic, value, 0.5, standing, shown)  # type: ignore[arg-type]


def someone(course: Course, known: Collection[str] = (), events: Iterable[Event] = (), now: datetime = NOW) -> Learner:
    """A learner who knows these topics and has done what the events say."""
    work = Work(now.tzinfo)
    for event in events:
        work.take(event)
    held = {id: holds(id, "known", 0.9) if id in known else holds(id, "unknown", 0.0) for id in course.topics}
    return Learner(course, work, held, now)


@st.composite
def knowing(draw: st.DrawFn, course: Course) -> frozenset[str]:
    """Any topics; sometimes only some that lie together, as where a learner has come to."""
    names = list(course.topics)
    if draw(st.booleans()):
        return frozenset(names[: draw(st.integers(0, len(names)))])
    return frozenset(draw(st.lists(st.sampled_from(names), unique=True, max_size=len(names))))


def tracks(course: Course) -> st.SearchStrategy[Track]:
    return st.sampled_from(list(course.tracks.values()))
