"""The watch over a run's numbers: a step that would spoil the weights is not taken.

    losses so far about 4.0, and now     NaN -> "loss-not-finite"     51.2 -> "loss-times-ten"     3.9 -> nothing

One bad step is skipped: its batch was bad. Three in a row mean that the weights are: the run goes back to its last
checkpoint, and on with other data. All ranks see the same loss and the same gradient, so they judge alike.

Omits   slow trouble, which is told by health.py and left to the learner
Units   losses in nats
Proof   tests/stack/train/test_loop.py: NaN, infinity and tenfold losses put in at five places
"""

import math
from collections import deque
from statistics import median
from typing import Any

PATIENCE = 3  # bad steps in a row before the weights are to blame
TIMES = 10.0
KNOWN = 8  # losses that must have been seen before one can be unusual
MEMORY = 32


class Guard:
    """Remembers the last good losses. Its state belongs into a checkpoint: it decides which steps are taken."""

    def __init__(self) -> None:
        self.good: deque[float] = deque(maxlen=MEMORY)
        self.bad = 0  # steps in a row

    @property
    def usual(self) -> float:
        return median(self.good) if self.good else math.nan

    @property
    def hopeless(self) -> bool:
        return self.bad >= PATIENCE

    def judge(self, loss: float, gradient_norm: float) -> str | None:
        """Why this step must not be taken; None where it may."""
        why = None
        if not math.isfinite(loss):
            why = "loss-not-finite"
        elif not math.isfinite(gradient_norm):
            why = "gradient-not-finite"
        elif len(self.good) >= KNOWN and loss > TIMES * abs(self.usual):
            why = "loss-times-ten"
        if why is None:
            self.good.append(loss)
        self.bad = 0 if why is None else self.bad + 1
        return why

    def state(self) -> dict[str, Any]:
        return {"good": list(self.good), "bad": self.bad}

    def restore(self, state: dict[str, Any]) -> None:
        self.good, self.bad = deque(state["good"], maxlen=MEMORY), state["bad"]
