"""What a learner did, as an append-only log; and the drafts of answers not yet given.

Everything shown is derived from these events, so an event is a fact about the past and is never changed. Its id is
made by whoever saw it happen: a writer that does not know whether an event arrived sends it again, and it counts once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import uuid4

from wenjin.kit.text import Text


class StoreError(Exception):
    """The store cannot do what was asked: one sentence that says what, where, and what to do."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class Damaged(StoreError):
    """The database cannot be read: what is left is to put a backup in its place."""


class Conflict(Exception):
    """A draft was written elsewhere in the meantime; `current` is what stands there now."""

    def __init__(self, current: "Draft") -> None:
        super().__init__(f"{current.subject}: another window has saved revision {current.revision}")
        self.current = current


@dataclass(frozen=True, slots=True)
class Event:
    """
    id       32 hexadecimal digits, drawn once where the event happened
    at       when it happened by the clock of that machine, in UTC; order in the log does not depend on it
    kind     attempt, hint, solution, reset, setting
    subject  what it happened to: an exercise's id, a setting's key
    data     the facts, as JSON
    """

    id: str
    at: datetime
    kind: str
    subject: str
    data: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return {"id": self.id, "at": at, "kind": self.kind, "subject": self.subject, "data": dict(self.data)}

    @staticmethod
    def from_dict(row: Mapping[str, Any]) -> "Event":
        return Event(row["id"], datetime.fromisoformat(row["at"]), row["kind"], row["subject"], row["data"])


def happened(kind: str, subject: str, data: Mapping[str, Any], at: datetime | None = None) -> Event:
    """A new event, with an id of its own, of this moment if no other is given."""
    return Event(uuid4().hex, at or datetime.now(UTC), kind, subject, data)


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer as it was typed last. `revision` counts its versions from 1."""

    subject: str
    text: str
    revision: int


class Log(Protocol):
    """The one interface to the store. Calls may come from any thread; each raises StoreError when it fails."""

    def append(self, event: Event) -> None:
        """Returns only after the event would survive a power cut. The same id twice is one event."""

    def events(self, kind: str | None = None, subject: str | None = None) -> list[Event]:
        """In the order in which they were appended. Whoever needs one kind asks for one: years of them are many."""

    def since(self, seq: int, kind: str | None = None, most: int | None = None) -> tuple[list[Event], int]:
        """The events after number `seq` (0: from the first), and the number to go on from.

        That number is the log's last; with `most`, the last of so many events. Nothing comes later below a number that
        was told.
        """

    def mark(self, seq: int) -> str | None:
        """The id of event number `seq`: what tells whether a number was taken from this log."""

    def count(self, after: int = 0) -> int:
        """How many events there are behind number `after`."""

    def extend(self, events: Sequence[Event]) -> int:
        """Append all of them or none; returns how many were new."""

    def draft(self, subject: str) -> Draft | None: ...

    def drafts(self, after: str = "", most: int | None = None) -> list[Draft]:
        """All drafts by subject, those behind `after`."""

    def adopt(self, drafts: Sequence[Draft]) -> int:
        """Keep drafts as they are where there are none of their subject; returns of how many that was so."""

    def save_draft(self, subject: str, text: str, revision: int) -> Draft:
        """Replace revision `revision` (0: there was none) and return the new one; Conflict if another stands there.

        Saving the text that stands there already is no conflict, so a writer may repeat itself.
        """

    def close(self) -> None: ...
