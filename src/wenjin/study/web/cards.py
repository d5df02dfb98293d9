"""The learner's cards as the pages show them: the deck, laid out anew when the log has grown or time has passed."""

from datetime import UTC, datetime

from wenjin.study.course.graph import Course
from wenjin.study.progress.deck import NEW_A_DAY, Deck, deck
from wenjin.study.store.log import Event, Log, StoreError, happened

FRESH = 30.0  # seconds for which a deck that nothing was added to is shown as it is


class Cards:
    def __init__(self, log: Log, course: Course) -> None:
        self.log, self.course = log, course
        self._laid: tuple[tuple[int, int, int], Deck] | None = None

    def deck(self, new_a_day: int = NEW_A_DAY) -> Deck:
        events = self.log.events()
        now = datetime.now().astimezone()
        key = (len(events), new_a_day, int(now.timestamp() / FRESH))
        laid = self._laid
        if laid is None or laid[0] != key:
            laid = self._laid = key, deck(events, self.course, now, new_a_day)
        return laid[1]

    def due(self) -> int:
        """How many cards are asked now; 0 where the store fails, so that the page which says so can be shown."""
        try:
            return len(self.deck().queue)
        except StoreError:
            return 0

    def rate(self, card: str, rating: int, id: str, ms: int | None = None, seen: int | None = None) -> bool:
        """Keep an answer; False when there is no such card. Sent again with its `id` it counts once. `seen`: how many
        reviews it was given after; when there are more by now, another window was quicker, and it does not count."""
        entry = self.deck().entries.get(card)
        if entry is None:
            return False
        if seen in (None, entry.standing.reviews):
            took = {} if ms is None else {"ms": ms}
            self.log.append(Event(id, datetime.now(UTC), "review", entry.id, {"rating": rating, **took}))
        return True

    def undo(self, event: str | None) -> str | None:
        """Take back the last answer of today, and only that one; its card."""
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
