"""When a run is saved, how it goes on from what was saved, and how it goes back when its weights were spoiled.

Proof   tests/stack/train/test_resume.py, test_loop.py
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from wenjin.stack.train import checkpoint, snapshot
from wenjin.stack.train.checkpoint import Keeper
from wenjin.stack.train.clock import Clock
from wenjin.stack.train.data_parallel import Group
from wenjin.stack.train.errors import CheckpointError, NotFiniteError, TrainError
from wenjin.stack.train.guard import PATIENCE, Guard
from wenjin.stack.train.optimizers import Moves
from wenjin.stack.train.records import Event
from wenjin.stack.train.step import Batches

LOST = 60.0, 0.02  # what a crash may cost: at most so many seconds, at most this share of the run
CHEAP = 20.0  # training seconds for each second of saving, at least
ROLLS = 3  # times that a run goes back to the same checkpoint before it is given up


class Saving:
    """The checkpoints of a run that is going on. Every process calls the same methods; the first one writes."""

    def __init__(
        self,
        model: nn.Module,
        optimizers: Sequence[Moves],
        batches: Batches[Any],
        clock: Clock,
        guard: Guard,
        keeper: Keeper | None,
        group: Group,
    ) -> None:
        self.model, self.optimizers, self.batches, self.clock, self.guard = model, optimizers, batches, clock, guard
        self.keeper, self.group = keeper, group
        self.names = snapshot.named(model, optimizers)
        self.last = (0, 0.0)  # step and elapsed seconds of the last save
        self.cost = 0.0  # seconds that it took
        self.rolls = 0

    def due(self, every: int | None) -> bool:
        """Is it time? Judged by what all processes know alike."""
        if every is not None:
            return self.clock.number % every == 0
        whole = self.clock.seconds or self.clock.elapsed + self.clock.left
        return self.clock.elapsed - self.last[1] >= max(min(LOST[0], LOST[1] * whole), CHEAP * self.cost)

    def save(self) -> Event | None:
        """Write a checkpoint and tell so; one that does not fit is told too, and the one before it stays.

        None where there is no keeper. NaN in the weights is no matter of the disk: the guard gives them up.
        """
        if self.keeper is None:
            return None
        keeper, tree, start = self.keeper, self.tree(), time.perf_counter()
        try:
            path = self.group.agreed(lambda: keeper.save(self.clock.number, tree))
        except NotFiniteError as error:
            self.guard.bad = PATIENCE
            return Event("not-saved", {"zh": error.zh, "en": error.en})
        except CheckpointError as error:
            return Event("not-saved", {"zh": error.zh, "en": error.en})
        finally:
            (self.cost,) = self.group.total((time.perf_counter() - start) / self.group.size)
        self.last, self.rolls = (self.clock.number, self.clock.elapsed), 0
        return Event("saved", {"step": self.clock.number, "seconds": self.cost, "path": str(path)})

    def resume(self, force: bool) -> list[Event]:
        """Go on from the newest checkpoint that is whole. Raises CheckpointError where it is another run's."""
        found, told = self._newest(force)
        if found is not None:
            tree = checkpoint.read(found)
            self._put(tree)
            self._put_place(tree)
            self.clock.elapsed = tree["progress"]["elapsed"]
            self.last = (self.clock.number, self.clock.elapsed)
            told.append(Event("resumed", {"step": self.clock.number, "path": str(found)}))
        return told

    def roll_back(self) -> list[Event]:
        """Back to the newest checkpoint, and on with the data that follow. Raises TrainError where that is no help."""
        found, told = self._newest(force=True) if self.keeper else (None, [])
        self.rolls += 1
        if found is None or self.rolls > ROLLS:
            raise TrainError(
                f"第 {self.clock.number} 步起损失一再失常，没有检查点可以退回，或退回也没有用。"
                "把学习率调低，或查看这一段数据，再重新开始。",
                f"From step {self.clock.number} on the loss is broken again and again, and there is no checkpoint to "
                "go back to, or going back did not help. Lower the learning rate, or look at the data there, and start "
                "again.",
            )
        self._put(checkpoint.read(found))
        return [*told, Event("rolled-back", {"to": self.clock.number})]

    def tree(self) -> dict[str, Any]:
        """All that the run depends on; see snapshot.py."""
        return {
            "weights": snapshot.weights(self.model),
            "optimizers": [snapshot.memory(optimizer, self.names) for optimizer in self.optimizers],
            "progress": {"step": self.clock.number, "elapsed": self.clock.elapsed, "guard": self.guard.state()},
            "ranks": self.group.gathered({"data": self.batches.state(), "luck": snapshot.luck()}),
        }

    def _newest(self, force: bool) -> tuple[Path | None, list[Event]]:
        """Chosen by the first process, so that all take the same."""
        if self.keeper is None:
            return None, []
        keeper = self.keeper

        def choose() -> tuple[Path | None, list[Event]]:
            found = keeper.newest(force=force)
            told = [
                Event("refused-checkpoint", {"path": str(path), "zh": error.zh, "en": error.en})
                for path, error in keeper.refused
            ]
            if found and force and found.forced:
                told.append(Event("forced", found.forced[-1]))
            return (found.path if found else None), told

        return self.group.agreed(choose)

    def _put(self, tree: Mapping[str, Any]) -> None:
        snapshot.put_weights(self.model, tree["weights"])
        for optimizer, saved in zip(self.optimizers, tree["optimizers"], strict=True):
            snapshot.put_memory(optimizer, saved, self.names)
        self.clock.number = tree["progress"]["step"]
        self.guard.restore(tree["progress"]["guard"])

    def _put_place(self, tree: Mapping[str, Any]) -> None:
        """Where the data stand and what chance will say: of this rank, or of the first where their number changed."""
        ranks = tree["ranks"]
        mine = ranks[self.group.rank] if len(ranks) == self.group.size else ranks[0]
        self.batches.restore(mine["data"])
        snapshot.put_luck(mine["luck"])
