"""The clock of a sitting: it runs while somebody has the paper open, and stands while nobody has. Pure.

Counted is what lies between `hold` and `release`; each window that has the paper open holds it, and several count once.
What it shows is kept every BEAT seconds (`judge/sitting.py`). When the process that counts is killed, its successor
goes on from what was kept: the gap until then counts for nobody, and of the time before it at most one beat, less than
half a second, is given back.

`read` is a clock that is never set, as time.monotonic: a day that gets an hour more changes nothing here, and the time
that a closed laptop sleeps is nobody's.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

BEAT = 0.4  # seconds


@dataclass(slots=True)
class Stopwatch:
    """`kept` seconds were counted before; `limit` is where it stops."""

    read: Callable[[], float]
    limit: float
    kept: float = 0.0
    holders: int = 0
    since: float = field(default=0.0)

    def hold(self) -> None:
        if not self.holders:
            self.since = self.read()
        self.holders += 1

    def release(self) -> None:
        if self.holders == 1:
            self.kept, self.since = self.spent, 0.0
        self.holders = max(0, self.holders - 1)

    def known(self, kept: float) -> None:
        """Another process has counted this far: time counts once, so the further of both holds."""
        if kept > self.spent:
            self.kept = min(kept, self.limit)
            self.since = self.read()

    @property
    def spent(self) -> float:
        """Seconds, at most the limit."""
        running = self.read() - self.since if self.holders else 0.0
        return min(self.kept + max(0.0, running), self.limit)

    @property
    def left(self) -> float:
        return self.limit - self.spent

    @property
    def over(self) -> bool:
        return self.left <= 0
