"""How far a run is: by steps or by minutes, whichever its length was given in.

Omits   evaluation and saving: their time belongs to nobody's training
Units   seconds
Proof   tests/stack/train/test_loop.py: sleep does not count; a run by minutes ends by the clock
"""

from collections import deque
from statistics import fmean, median

from wenjin.stack.train.records import Event

ASLEEP = 60.0, 10.0  # a step of so many seconds and so many times the usual one: the machine slept, or was stopped
RECENT = 20


class Clock:
    """`number` steps are done; they took `elapsed` seconds, those of earlier processes of the same run included."""

    def __init__(self, steps: int | None, minutes: float | None) -> None:
        if (steps is None) == (minutes is None):
            raise ValueError(f"a run is as long as its steps or its minutes, one of them; got {steps=} {minutes=}")
        self.steps, self.seconds = steps, None if minutes is None else 60 * minutes
        self.number, self.elapsed = 0, 0.0
        self.recent: deque[float] = deque(maxlen=RECENT)

    @property
    def done(self) -> float:
        """The share of the run that lies behind."""
        if self.steps is not None:
            return min(1.0, self.number / self.steps) if self.steps else 1.0
        return min(1.0, self.elapsed / self.seconds) if self.seconds else 1.0

    @property
    def left(self) -> float:
        """Seconds that probably lie ahead."""
        if self.steps is None:
            return max(0.0, (self.seconds or 0.0) - self.elapsed)
        return max(0, self.steps - self.number) * (fmean(self.recent) if self.recent else 0.0)

    def tick(self, seconds: float) -> tuple[float, list[Event]]:
        """A step took so long. Returns what counts of it: sleep does not."""
        events = []
        usual = median(self.recent) if self.recent else seconds
        if seconds > max(ASLEEP[0], ASLEEP[1] * usual):
            events, seconds = [Event("paused", {"seconds": seconds - usual})], usual
        self.number += 1
        self.elapsed += seconds
        self.recent.append(seconds)
        return seconds, events
