"""What has changed in the course since the learner met it last. Pure, from events and the marks of what is written now.

    setting   subject met   {"key": "met", "value": {topic: mark}}     the written topics, as they stood when looked at

A mark stands for what a learner meets of a topic (course/marks.py): another mark, another content. Omits what an author
did to it: the lesson says that.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from wenjin.study.progress.deck import Happening, day_of


@dataclass(frozen=True, slots=True)
class News:
    """`met`: when the course that is compared with was looked at; None when none was, and then all of it is new. Topics
    in the order of the course; `gone`: those that are not written any more."""

    met: datetime | None
    new: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]

    @property
    def any(self) -> bool:
        return bool(self.new or self.changed or self.gone)


def news(events: Iterable[Happening], marks: Mapping[str, str], now: datetime, since: date | None = None) -> News:
    """What is new beside the last look; with `since` beside the last one of that day or before. `now` has the learner's
    time zone. Without a look so early the first one there was counts: nobody knows what stood there before."""
    looks = [
        event
        for event in events
        if (event.kind, event.subject) == ("setting", "met") and isinstance(event.data.get("value"), Mapping)
    ]
    early = [event for event in looks if since is None or day_of(event.at, now) <= since]
    found = early[-1] if early else looks[0] if looks else None
    return beside(found.data["value"] if found else {}, marks, found.at if found else None)


def beside(before: Mapping[str, str], marks: Mapping[str, str], met: datetime | None = None) -> News:
    """What is new beside the marks of another time."""
    return News(
        met,
        tuple(topic for topic in marks if topic not in before),
        tuple(topic for topic, mark in marks.items() if before.get(topic, mark) != mark),
        tuple(topic for topic in before if topic not in marks),
    )


def waiting(settings: Mapping[str, Any], marks: Callable[[], Mapping[str, str]]) -> int:
    """How many topics are new or have changed since the last look. To a newcomer nothing is, and no mark is needed."""
    before = settings.get("met")
    if not isinstance(before, Mapping):
        return 0
    found = beside(before, marks())
    return len(found.new) + len(found.changed)
