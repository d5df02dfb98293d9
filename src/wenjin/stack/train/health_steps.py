"""Signs of trouble in a loop of one's own: how far steps move the weights, and which weights they do not move.

    steps = Steps(net)
    for ...:
        loss.backward()
        steps.before(); optimizer.step(); steps.after()
    told(unlike(x, unseen), steps.signs(), steps.unrelated(...), examine(losses), follows=FOLLOWS)

Beside health_watch.py, which judges the records of a long run, this is for a small one that keeps only its losses
(health.py). What is looked at is the observer's, on steps 1, 2, 4, 8 and every twentieth.

Omits       rows, padding, units that are dead
Units       `path`: how often the weights went their own length, all steps together
Thresholds  chosen on the labs of this course, seeds 11 to 30: the first step of a sound run moves the median matrix by
            0.01 to 0.08 of its length, at ten times its rate by 0.1 to 0.8, at thirty times by 0.3 to 2.4
Proof       tests/stack/train/test_health_steps.py; tests/curriculum/test_sabotage.py on every lab that learns
"""

import json
import math
from collections.abc import Iterator, Mapping, Set
from typing import Any

import torch
from torch import Tensor, nn

from wenjin.stack.learn import examples
from wenjin.stack.learn.examples import Sign
from wenjin.stack.train.health_observe import Observer

FAR = 0.25  # |change| / |weights| of a step
STILL, CUT = 2, 3  # observations in a row
PATH = 0.45  # before it can be said that a network does not learn: sound ones are beyond chance at 0.05 to 0.3
GUESSED, LUCK = 0.95, 0.25  # of the entropy of the labels, and right answers above chance: what no look explains

FOLLOWS: Mapping[str, Set[str]] = {  # cause -> what follows from it
    **examples.FOLLOWS,
    "inputs-unscaled": {
        *("inputs-differ", "labels-unrelated", "rate-too-high", "gradient-cut"),
        *("first-loss-uneven", "loss-rose", "nothing-moves", "overfits", "loss-not-finite"),
    },
    "inputs-differ": {"labels-unrelated", "overfits"},
    "rate-too-high": {
        *("parameters-frozen", "gradient-cut", "labels-unrelated"),
        *("loss-rose", "nothing-moves", "overfits", "loss-not-finite"),
    },
    "parameters-frozen": {"labels-unrelated", "nothing-moves"},
    "gradient-cut": {"labels-unrelated", "nothing-moves"},
    "labels-unrelated": {"nothing-moves", "loss-rose", "overfits"},
}


class Steps:
    """Watches the weights of a model from step to step."""

    def __init__(self, model: nn.Module) -> None:
        self.observer = Observer(model)
        self.step = self.looked = self.still = self.cut = 0  # the last two: observations in a row
        self.path = 0.0
        self.far: dict[str, float] = {}
        self.seen: dict[str, Any] = {}

    def before(self) -> None:
        """After the gradients and before the optimizer's step."""
        self.step += 1
        self.observer.before(self.step)

    def after(self) -> None:
        """After the optimizer's step, gradients still there."""
        if (seen := self.observer.after(self.step)) is None:
            return
        update, self.seen = seen.get("update", 0.0), seen
        self.still = self.still + 1 if seen["frozen_count"] else 0
        self.cut = self.cut + 1 if seen["cut_count"] else 0
        if math.isfinite(update):
            self.path += update * (self.step - self.looked)
        self.looked = self.step
        if not update <= FAR and not self.far:
            self.far = {"step": self.step, "update": update, "usual": FAR}

    def signs(self) -> Iterator[Sign]:
        """What the steps so far prove."""
        if self.far:
            yield "rate-too-high", self.far
        for name, what, times, enough in (
            ("parameters-frozen", "frozen", self.still, STILL),
            ("gradient-cut", "cut", self.cut, CUT),
        ):
            if times >= enough:
                facts = {"count": self.seen[f"{what}_count"], "of": self.seen["of"], "name": self.seen[what][0]}
                yield name, facts

    def unrelated(self, right: float, chance: float, margin: float = examples.MARGIN) -> Iterator[Sign]:
        """Shares of right answers, as in `examples`: after so much learning they are beyond chance."""
        if self.path >= PATH:
            yield from examples.unrelated(right, chance, margin)

    def guessed(self, loss: float, right: float, labels: Tensor) -> Iterator[Sign]:
        """On examples with these labels, (M,): a loss of who knows only how often each label occurs."""
        share = labels.bincount().double() / len(labels)
        if not loss < GUESSED * float(torch.special.entr(share).sum()):
            yield from self.unrelated(right, float(share.max()), LUCK)

    def kept(self) -> str:
        """For a run that goes on later: what was seen so far, as JSON."""
        return json.dumps([self.step, self.looked, self.still, self.cut, self.path, self.far, self.seen])

    def restore(self, kept: str) -> None:
        self.step, self.looked, self.still, self.cut, self.path, self.far, self.seen = json.loads(kept)
