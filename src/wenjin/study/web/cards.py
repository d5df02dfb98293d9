"""The learner's cards as the pages and the terminal show them: the deck laid anew when something happened or time
passed, from what the record has kept of each card."""

from datetime import UTC, datetime

from wenjin.study.course.graph import Course
from wenjin.study.progress.deck import Deck, Entry, lay, statistics
from wenjin.study.progress.recall import BY_HAND, LIMITS
from wenjin.study.progress.retention import Statistics
from wenjin.study.store.log import Event, Log, StoreError, happened
from wenjin.study.web.kept import StillReading
from wenjin.study.web.record import Record

FRESH = 30.0  # seconds for which a deck that nothing was added to is shown as it is


class Cards:
    def __init__(self, log: Log, course: Course, record: Record) -> None:
        self.log, self.course, self.record = log, course, record
        self._laid: tuple[tuple[object, ...], Deck] | None = None

    def deck(self, new_a_day: int | None = None) -> Deck:
        now = datetime.now().astimezone()
        key = (self.record.state, new_a_day, int(now.timestamp() / FRESH))
        laid = self._laid
        if laid is None or laid[0] != key:
            laid = key, self.record.recall(now, lambda found: lay(found, self.course, now, new_a_day))
            self._laid = laid
        return laid[1]

    def statistics(self) -> Statistics:
        now = datetime.now().astimezone()
        return self.record.recall(now, lambda found: statistics(found, lay(found, self.course, now), now))

    def due(self) -> int:
        """How many cards are asked now; 0 where the store fails or is still being read, so that the page which says so
        can be shown."""
        try:
            return 0 if self.record.reading else len(self.deck().queue)
        except (StoreError, StillReading):
            return 0

    def entry(self, card: str) -> Entry | None:
        return self.deck().entries.get(card)

    def rate(self, card: str, rating: int, id: str, ms: int | None = None, seen: int | None = None) -> bool:
        """Keep an answer; False when there is no such card (a mistake is answered by an attempt). Sent again with its
        `id` it counts once. `seen`: how many reviews it was given after; when there are more by now, another window was
        quicker, and it does not count."""
        entry = self.entry(card)
        if entry is None or entry.card is None:
            return False
        if seen in (None, entry.standing.reviews):
            took = {} if ms is None else {"ms": ms}
            self.log.append(Event(id, datetime.now(UTC), "review", entry.id, {"rating": rating, **took}))
        return True

    def set_aside(self, card: str, what: str) -> bool:
        """bury, suspend or unsuspend a card; False when there is no such card."""
        if what not in BY_HAND or self.entry(card) is None:
            return False
        self.log.append(happened(what, card, {"card": card}))
        return True

    def limit(self, name: str, value: int) -> None:
        """Set a limit of the day, where it is another than before."""
        assert name in LIMITS
        deck = self.deck()
        if value != (deck.new_a_day if name == LIMITS[0] else deck.reviews_a_day):
            self.log.append(happened("setting", name, {"key": name, "value": value}))

    def undo(self, event: str | None) -> str | None:
        """Take back the last thing done to a card today, and only that one; its card."""
        last = self.deck().last
        if last is None or event not in (None, last.event):
            return None
        self.log.append(happened("undo", last.card, {"event": last.event}))
        return last.card

    def take(self, topic: str) -> bool:
        """Take the cards of a topic into the reviews; False when it has none."""
        if topic not in self.course.topics or not self.course.topics[topic].cards:
            return False
        self.log.append(happened("cards", topic, {"topic": topic}))
        return True
