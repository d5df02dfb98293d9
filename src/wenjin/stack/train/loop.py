"""The training loop. It names no model: it takes a module, a loss, batches, optimizers, and yields a record a step.

    for record in fit(model, loss, batches, [AdamW(model.parameters())], steps=1000, keeper=Keeper(folder, config={})):
        print(record.step, record.loss)

Whoever takes the records draws them as they like. When they stop taking them (close), on Ctrl-C and on SIGTERM, the
step is finished and saved; the same call goes on from there, bit by bit as if nothing had happened.

Omits    float16; losses that need several backward passes; parallel training beyond data (data_parallel.py)
Units    losses in nats a target, times in seconds
Proof    tests/stack/train/test_loop.py: equals a plain loop bit by bit; test_resume.py; test_kills.py; test_torchrun.py
"""

import contextlib
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from wenjin.stack.train.checkpoint import Keeper
from wenjin.stack.train.clock import Clock
from wenjin.stack.train.compiled import Swap
from wenjin.stack.train.data_parallel import ALONE, Group
from wenjin.stack.train.errors import CheckpointError
from wenjin.stack.train.interrupt import Interrupt
from wenjin.stack.train.optimizers import Moves
from wenjin.stack.train.records import Event, Record
from wenjin.stack.train.saving import Saving
from wenjin.stack.train.schedules import Schedule, constant
from wenjin.stack.train.step import Batches, Observe, Stepper

B = TypeVar("B")


def targets(batch: Any) -> int:
    """How many targets a batch has: of its `targets` (or "targets", "labels", or its last tensor) those not -100."""
    if isinstance(batch, Mapping):
        batch = batch["targets"] if "targets" in batch else batch["labels"]
    elif hasattr(batch, "targets"):
        batch = batch.targets
    elif not isinstance(batch, Tensor):
        batch = batch[-1]
    return int((batch != -100).sum())


def fit(
    model: nn.Module,
    loss: Callable[[B], Tensor],
    batches: Batches[B],
    optimizers: Sequence[Moves],
    *,
    steps: int | None = None,
    minutes: float | None = None,
    schedule: Schedule | None = None,
    accumulate: int = 1,
    clip: float | None = 1.0,
    count: Callable[[B], int] = targets,
    evaluate: Callable[[], float] | None = None,
    evaluate_every: int = 0,
    keeper: Keeper | None = None,
    save_every: int | None = None,
    observe: Observe | None = None,
    swap: Swap | None = None,
    group: Group = ALONE,
    force: bool = False,
) -> Generator[Record, None, None]:
    """Train until `steps` or `minutes` of training are over, from the keeper's newest checkpoint where there is one.

    loss           the mean over the targets of a batch, in nats; `count` says how many those are
    schedule       multiplies the rates that the optimizers were made with; None: constant
    accumulate     batches a step; clip: the longest gradient that is not shortened, None for any
    evaluate       after every `evaluate_every` steps (0: only at the end), with the model in evaluation mode
    save_every     steps; None: so often that a crash costs at most a minute, and 2 % of a run if that is not too dear
    observe        looks at parameters and gradients
    swap           a compiled form of the loss, taken where it is faster; a group goes without, for its ranks must agree
    force          resume also from another configuration or other code; it is noted

    Raises TrainError where the run cannot go on. CheckpointError: its checkpoint is another run's, the last one does
    not fit on the disk, or somebody else trains in its folder.
    """
    clock = Clock(steps, minutes)
    stepper = Stepper(batches, optimizers, schedule or constant(), accumulate, clip, count, observe, group)
    saving = Saving(model, optimizers, batches, clock, stepper.guard, keeper, group)
    with contextlib.ExitStack() as held:
        interrupt = held.enter_context(Interrupt())
        if keeper:
            group.agreed(lambda: held.push(_opened(keeper)) and None)
        swap = swap if group.size == 1 else None
        if swap:
            held.callback(swap.close)
        group.share_weights(model)
        events = saving.resume(force)
        while clock.done < 1:
            start = time.perf_counter()
            taken = stepper.step(clock.number + 1, clock.done, swap.choose(loss) if swap else loss)
            events += taken.events
            # The first process's clock is everybody's, and a wish of one to stop is a wish of all.
            mine = time.perf_counter() - start
            seconds, asked = group.total(mine * (group.rank == 0), float(interrupt.asked is not None))
            events += swap.took(seconds) if swap else []
            seconds, paused = clock.tick(seconds)
            events += paused

            finished, stopping = clock.done >= 1, asked > 0
            validation = None
            if evaluate and (finished or (evaluate_every and clock.number % evaluate_every == 0)):
                validation = _evaluated(model, evaluate)
            saved = None
            if (finished or stopping or saving.due(save_every)) and not stepper.guard.bad:
                saved = saving.save()
                events += [saved] if saved else []
            if finished or stopping:
                events.append(Event("finished") if finished else Event("stopped", {"why": interrupt.asked or "asked"}))
            record = Record(
                clock.number,
                taken.loss,
                taken.gradient_norm,
                taken.rate,
                taken.tokens,
                seconds,
                clock.elapsed,
                clock.done,
                clock.left,
                validation,
                tuple(events),
                taken.observed,
            )
            events = []
            try:
                yield record
            except GeneratorExit:
                if group.size == 1 and saving.last[0] < clock.number and not stepper.guard.bad:
                    saving.save()
                return
            if (finished or stopping) and saved and saved.name == "not-saved":
                raise CheckpointError(saved.facts["zh"], saved.facts["en"])
            if stopping:
                return
            if stepper.guard.hopeless:
                events = saving.roll_back()


def _opened(keeper: Keeper) -> contextlib.AbstractContextManager[None]:
    lock = keeper.held()
    lock.__enter__()
    return lock


@torch.no_grad()
def _evaluated(model: nn.Module, evaluate: Callable[[], float]) -> float:
    """What evaluate() says with the model in evaluation mode. Chance is left as it was: the run does not notice."""
    training = model.training
    model.eval()
    try:
        with torch.random.fork_rng():
            return evaluate()
    finally:
        model.train(training)
