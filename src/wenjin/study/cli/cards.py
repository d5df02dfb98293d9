"""The learner's cards as rows of a package of Anki: the deck's standing, with the answers that led there."""

from collections.abc import Iterable
from datetime import datetime

from wenjin.kit.text import Language
from wenjin.study.course.graph import Course
from wenjin.study.memory import schedule
from wenjin.study.memory.dice import dice
from wenjin.study.progress.deck import deck
from wenjin.study.store.anki import Answered, Row
from wenjin.study.store.log import Event


def rows(
    events: Iterable[Event], course: Course, language: Language, now: datetime, topic: str | None = None
) -> list[Row]:
    """In the order of the course. Cards that repeat an exercise stay: only the course can ask them."""
    events = list(events)
    undone = {event.data.get("event") for event in events if event.kind == "undo"}
    answers: dict[str, list[Event]] = {}
    for event in events:
        if event.kind == "review" and event.id not in undone:
            answers.setdefault(event.subject, []).append(event)
    found = []
    for entry in deck(events, course, now).entries.values():
        if entry.card is None or topic not in (None, entry.topic.id):
            continue
        title, stage = entry.topic.title[language], entry.topic.stage
        found.append(
            Row(
                entry.id,
                title,
                entry.card.front[language],
                entry.card.back[language],
                (f"wenjin::{stage}::{entry.topic.id}", f"wenjin::{entry.card.kind}"),
                entry.standing,
                entry.suspended,
                answered(entry.id, answers.get(entry.id, ())),
            )
        )
    return found


def answered(card: str, events: Iterable[Event]) -> tuple[Answered, ...]:
    """The answers of a card; a clock that was set back stands still here, as Anki knows no time before the last."""
    standing, last, found = schedule.NEW, None, []
    for event in events:
        rating, ms = event.data.get("rating"), event.data.get("ms", 0)
        if rating not in schedule.RATINGS:
            continue
        last = max(last, event.at) if last else event.at
        standing = schedule.after(standing, schedule.Review(last, rating), dice(card))
        found.append(Answered(last, rating, int(ms) if isinstance(ms, int | float) else 0, standing))
    return tuple(found)
