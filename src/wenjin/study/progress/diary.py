"""All that is known of single weeks, in one fold: the weekly checks, and what was done in each. Pure.

Apart from the ledger, since it grows with the years and only the pages of weeks look at it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from wenjin.study.progress import summary, week
from wenjin.study.progress.recall import Happening


@dataclass(slots=True)
class Diary:
    """`checks`: how each week was judged, with what the log shows of it; `done`: what was done in it, by topic."""

    checks: week.Weeks
    done: summary.Weeks

    def take(self, event: Happening) -> None:
        self.checks.take(event)
        self.done.take(event)

    def as_dict(self) -> dict[str, Any]:
        return {"checks": self.checks.as_dict(), "done": self.done.as_dict()}

    @staticmethod
    def from_dict(row: Mapping[str, Any], zone: tzinfo | None) -> "Diary":
        return Diary(week.Weeks.from_dict(row["checks"], zone), summary.Weeks.from_dict(row["done"], zone))


def empty(zone: tzinfo | None) -> Diary:
    """The diary of a log without events."""
    return Diary(week.Weeks(zone), summary.Weeks(zone))
