"""One step of training: gradients from the micro-batches of all ranks, a look at them, and the optimizers' move.

    batches -> loss -> backward, weighed by shares of the step's targets -> sum over ranks -> sound? -> clip -> move

Sources  clipping by the norm of all gradients together: arXiv:1211.5063 (3.2)
Proof    tests/stack/train/test_loop.py: equals a plain loop bit by bit; micro-batches equal one large batch
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor

from wenjin.stack.train.data_parallel import Group
from wenjin.stack.train.errors import TrainError
from wenjin.stack.train.guard import Guard
from wenjin.stack.train.optimizers import Moves, parameters
from wenjin.stack.train.records import Event
from wenjin.stack.train.schedules import Schedule
from wenjin.stack.train.shards import here, is_sharded

B = TypeVar("B")
B_out = TypeVar("B_out", covariant=True)


class Batches(Protocol[B_out]):
    """Endless batches that know where they are: `state` is that of the next batch, which nobody took yet."""

    def __next__(self) -> B_out: ...
    def state(self) -> dict[str, Any]: ...
    def restore(self, state: dict[str, Any]) -> None: ...


class Observe(Protocol):
    """Looks at a run from inside (health_observe.Observer): at each micro-batch; before an update, when gradients are
    final and not yet clipped; and after it, when it may give what the record shall hold."""

    def batch(self, batch: Any) -> None: ...
    def before(self, step: int) -> None: ...
    def after(self, step: int) -> Mapping[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class Taken:
    """What is known of a step once it is over."""

    loss: float
    gradient_norm: float
    rate: float
    tokens: int
    events: list[Event]
    observed: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stepper(Generic[B]):
    """All that a step needs; see loop.fit()."""

    batches: Batches[B]
    optimizers: Sequence[Moves]
    schedule: Schedule
    accumulate: int
    clip: float | None
    count: Callable[[B], int]
    observe: Observe | None
    group: Group
    guard: Guard = field(default_factory=Guard)

    def step(self, number: int, done: float, loss: Callable[[B], Tensor]) -> Taken:
        """Step `number` (from 1) of a run of which the share `done` lies behind."""
        rate = self.schedule(number - 1, done)
        for group in (group for optimizer in self.optimizers for group in optimizer.param_groups):
            group["lr"] = group.setdefault("initial_lr", group["lr"]) * rate
        mean, tokens = self._backward(loss)
        moving = [p for p in parameters(self.optimizers) if p.grad is not None]
        self.group.sum_gradients(moving)
        (mean,) = self.group.total(mean)
        norm = self._norm([p.grad for p in moving if p.grad is not None])
        usual = self.guard.usual
        events, observed = [], None
        why = self.guard.judge(mean, float(norm))
        if why:
            events.append(Event("skipped", {"why": why, "loss": mean, "gradient_norm": float(norm), "usual": usual}))
        else:
            observed = self._move(number, [p.grad for p in moving if p.grad is not None], norm)
        for p in parameters(self.optimizers):
            p.grad = None
        return Taken(mean, float(norm), rate, tokens, events, observed or {})

    def _backward(self, loss: Callable[[B], Tensor]) -> tuple[float, int]:
        """Leave this rank's share of the gradients; returns its share of the mean loss, and all ranks' targets."""
        batches = [self._batch() for _ in range(self.accumulate)]
        counts = [self.count(batch) for batch in batches]
        tokens = int(self.group.total(sum(counts))[0])
        if not tokens:
            raise TrainError(
                "这一步的批次里没有一个目标词元。看看数据的填充。",
                "The batches of this step have no target at all. Look at how the data are padded.",
            )
        sharded = any(is_sharded(p) for p in parameters(self.optimizers))
        mean = torch.zeros((), dtype=torch.float64)
        for batch, targets in zip(batches, counts, strict=True):
            if self.observe:
                self.observe.batch(batch)
            if not targets and not sharded:  # shards meet in every backward pass
                continue
            value, share = loss(batch), targets / tokens
            (value * (share * self.group.size if sharded else share)).backward()  # type: ignore[no-untyped-call]
            mean += value.detach().double().cpu() * share
        return float(mean), tokens

    def _batch(self) -> B:
        try:
            return next(self.batches)
        except StopIteration:
            raise TrainError(
                "数据在训练结束之前用完了。用可以循环的批次。",
                "The data ended before the run did. Give batches that start over.",
            ) from None

    def _norm(self, gradients: list[Tensor]) -> Tensor:
        """The length of all gradients as one vector."""
        each = torch._foreach_norm([here(gradient) for gradient in gradients])
        own: Tensor = torch.linalg.vector_norm(torch.stack([norm.float() for norm in each]))
        if not any(is_sharded(gradient) for gradient in gradients):
            return own
        return torch.tensor(self.group.total(float(own) ** 2)[0] ** 0.5, dtype=torch.float32)

    def _move(self, number: int, gradients: list[Tensor], norm: Tensor) -> Mapping[str, Any] | None:
        if self.observe:
            self.observe.before(number)
        if self.clip is not None and float(norm) > self.clip:
            torch._foreach_mul_([here(gradient) for gradient in gradients], self.clip / (norm + 1e-6))
        for optimizer in self.optimizers:
            optimizer.step()
        return self.observe.after(number) if self.observe else None
