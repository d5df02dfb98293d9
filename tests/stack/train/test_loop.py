"""The loop equals a plain one bit by bit, and no bad number ever reaches the weights unseen (T6)."""

import math
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.stack.train.tiny import Data, Net, fingerprint, optimizers
from wenjin.stack.train.checkpoint import Keeper, newest
from wenjin.stack.train.clock import Clock
from wenjin.stack.train.data_parallel import ALONE
from wenjin.stack.train.errors import TrainError
from wenjin.stack.train.guard import Guard
from wenjin.stack.train.interrupt import Interrupt
from wenjin.stack.train.loop import fit, targets
from wenjin.stack.train.optimizers import AdamW
from wenjin.stack.train.records import Record
from wenjin.stack.train.saving import Saving
from wenjin.stack.train.schedules import cosine

Batch = tuple[Tensor, Tensor]
CLIP = 2.2  # between the gradients of this run


def test_equals_a_plain_loop_bit_by_bit() -> None:
    ours, plain = Net(), Net()
    torch.manual_seed(1)
    run = fit(ours, ours.loss, Data(), [AdamW(ours.parameters(), 0.02)], steps=12, schedule=cosine(3), clip=CLIP)
    records = list(run)

    torch.manual_seed(1)
    optimizer = torch.optim.AdamW(plain.parameters(), 0.02, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    data, clipped = Data(), 0
    for step in range(12):
        factor = min(1, (step + 1) / 4) * (0.1 + 0.9 * (1 + math.cos(math.pi * step / 12)) / 2)
        optimizer.param_groups[0]["lr"] = 0.02 * factor
        loss = plain.loss(next(data))
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(plain.parameters(), CLIP)
        optimizer.step()
        optimizer.zero_grad()
        clipped += norm.item() > CLIP
        assert (records[step].loss, records[step].gradient_norm) == (loss.item(), norm.item())
        assert records[step].rate == pytest.approx(factor)
    assert 0 < clipped < 12
    assert fingerprint(ours) == fingerprint(plain)


class Joined(Data):
    """Two batches of Data as one."""

    def __next__(self) -> Batch:
        first, second = super().__next__(), super().__next__()
        return torch.cat((first[0], second[0])), torch.cat((first[1], second[1]))


def test_micro_batches_equal_one_large_batch() -> None:
    """Also where they hold different numbers of targets, which a mean of means would get wrong."""
    apart, joined = Net(dropout=0), Net(dropout=0)
    several = list(fit(apart, apart.loss, Data(), optimizers(apart), steps=6, accumulate=2))
    at_once = list(fit(joined, joined.loss, Joined(), optimizers(joined), steps=6))
    data = Data()
    assert targets(next(data)) != targets(next(data))
    for a, b in zip(several, at_once, strict=True):
        assert a.tokens == b.tokens
        assert a.loss == pytest.approx(b.loss, rel=1e-6)
    for x, y in zip(apart.parameters(), joined.parameters(), strict=True):
        torch.testing.assert_close(x, y, rtol=1e-4, atol=1e-6)


def test_a_run_tells_what_it_does(tmp_path: Path) -> None:
    net, seen = Net(), []

    class Look:
        def batch(self, batch: Any) -> None:
            seen.append("batch")

        def before(self, step: int) -> None:
            assert net.embed.weight.grad is not None
            seen.append(f"before {step}")

        def after(self, step: int) -> Mapping[str, Any] | None:
            return {"looked": step} if step == 2 else None

    def evaluate() -> float:
        assert not net.training
        assert not torch.is_grad_enabled()
        torch.rand(5)  # must not move the run's own chance
        return 7.5

    plain = Net()
    losses = [record.loss for record in fit(plain, plain.loss, Data(), optimizers(plain), steps=4)]
    net = Net()
    run = fit(
        net,
        net.loss,
        Data(),
        optimizers(net),
        steps=4,
        evaluate=evaluate,
        evaluate_every=3,
        keeper=Keeper(tmp_path, config={}),
        save_every=2,
        observe=Look(),
    )
    records = list(run)
    assert [record.loss for record in records] == losses
    assert net.training
    assert [record.validation for record in records] == [None, None, 7.5, 7.5]
    assert [record.observed for record in records] == [{}, {"looked": 2}, {}, {}]
    assert seen[:4] == ["batch", "before 1", "batch", "before 2"]
    assert [[event.name for event in record.events] for record in records] == [[], ["saved"], [], ["saved", "finished"]]
    assert [record.done for record in records] == [0.25, 0.5, 0.75, 1]
    data = Data()
    assert [record.tokens for record in records] == [targets(next(data)) for _ in range(4)]
    assert records[-1].elapsed == pytest.approx(sum(record.seconds for record in records))
    assert records[-1].left == 0
    assert list(fit(net, net.loss, Data(), optimizers(net), steps=4, keeper=Keeper(tmp_path, config={}))) == []


def test_a_run_by_minutes_ends_by_the_clock() -> None:
    net = Net()
    records = list(fit(net, net.loss, Data(), optimizers(net), minutes=0.002))
    assert records[-1].done == 1
    assert records[-2].done < 1
    assert records[-1].elapsed >= 0.12
    assert records[0].left == pytest.approx(0.12 - records[0].elapsed)


def test_the_clock_does_not_count_sleep() -> None:
    clock = Clock(None, 10)
    for _ in range(10):
        clock.tick(2.0)
    seconds, [event] = clock.tick(602.0)
    assert (seconds, event.name, event.facts) == (2.0, "paused", {"seconds": 600.0})
    assert clock.tick(19.0) == (19.0, [])  # slow, and no sleep
    assert clock.elapsed == 41
    assert clock.done == pytest.approx(41 / 600)
    with pytest.raises(ValueError, match="one of them"):
        Clock(None, None)
    with pytest.raises(ValueError, match="one of them"):
        Clock(5, 5.0)


@pytest.mark.parametrize(("minutes", "cost", "interval"), [(200, 0.1, 60), (15, 0.1, 18), (15, 2.0, 40), (1, 0.0, 1.2)])
def test_a_crash_costs_a_minute_or_two_percent(minutes: float, cost: float, interval: float) -> None:
    """And saving never more than a twentieth of the time."""
    net, clock = Net(), Clock(None, minutes)
    saving = Saving(net, optimizers(net), Data(), clock, Guard(), None, ALONE)
    saving.cost = cost
    while not saving.due(None):
        clock.tick(0.1)
    assert clock.elapsed == pytest.approx(interval, abs=0.11)


class Poisoned:
    """A net whose loss, gradient or weights go wrong at given calls of the loss."""

    def __init__(self, how: str, at: set[int]) -> None:
        self.net, self.how, self.at, self.calls = Net(), how, at, 0

    def loss(self, batch: Batch) -> Tensor:
        self.calls += 1
        if self.calls not in self.at:
            return self.net.loss(batch)
        match self.how:
            case "loss is nan":
                return self.net.loss(batch) * math.nan
            case "loss is infinite":
                return self.net.loss(batch) + math.inf
            case "gradient is nan":
                loss = self.net.loss(batch)
                loss.register_hook(lambda slope: slope * math.nan)
                return loss
            case "loss times ten":
                return self.net.loss(batch) * 20
            case "weights are nan":
                with torch.no_grad():
                    self.net.blocks[0].weight[3, 3] = math.nan
        return self.net.loss(batch)


PLACES = {
    "loss is nan": "loss-not-finite",
    "loss is infinite": "loss-not-finite",
    "gradient is nan": "gradient-not-finite",
    "loss times ten": "loss-times-ten",
    "weights are nan": "loss-not-finite",
}


def finite(folder: Path) -> bool:
    found = newest(folder)
    return found is not None and all(held.float().isfinite().all() for held in found.weights.values())


@pytest.mark.parametrize("how", PLACES)
def test_one_bad_step_is_seen_at_once_and_skipped(tmp_path: Path, how: str) -> None:
    """A weight that is not a number stays so: after three bad steps the run goes back, and on with other data."""
    bad = Poisoned(how, {12})
    net = bad.net
    states, records = [], []
    keeper = Keeper(tmp_path, config={})
    for record in fit(net, bad.loss, Data(), optimizers(net), steps=20, keeper=keeper, save_every=5):
        records.append(record)
        states.append({name: p.detach().clone() for name, p in net.named_parameters()})
    told = {record.step: [event.name for event in record.events] for record in records}
    [skipped] = [event for event in records[11].events if event.name == "skipped"]
    assert records[11].step == 12
    assert skipped.facts["why"] == PLACES[how]
    if how == "weights are nan":
        assert [record.step for record in records[:16]] == [*range(1, 15), 11, 12]
        assert [event.name for event in records[14].events] == ["rolled-back"]
        assert records[14].events[0].facts == {"to": 10}
    else:
        assert all(torch.equal(states[10][name], states[11][name]) for name in states[0])
        assert [record.step for record in records] == list(range(1, 21))
        assert all("rolled-back" not in names for names in told.values())
    assert all(p.isfinite().all() for p in net.parameters())
    assert finite(tmp_path)
    assert records[-1].events[-1].name == "finished"


def test_without_a_way_back_a_broken_run_ends_with_a_sentence(tmp_path: Path) -> None:
    bad = Poisoned("weights are nan", {12})
    with pytest.raises(TrainError, match="no checkpoint to go back to") as told:
        list(fit(bad.net, bad.loss, Data(), optimizers(bad.net), steps=20))
    assert "检查点" in told.value.zh
    # Going back helps no run whose loss is always broken: it gives up.
    bad = Poisoned("loss is nan", set(range(12, 100)))
    keeper = Keeper(tmp_path, config={})
    with pytest.raises(TrainError, match="going back did not help"):
        list(fit(bad.net, bad.loss, Data(), optimizers(bad.net), steps=20, keeper=keeper, save_every=5))
    assert bad.calls < 40
    assert finite(tmp_path)


def test_weights_that_broke_unseen_are_never_saved(tmp_path: Path) -> None:
    """They break after the last look at the loss, right before the save."""
    net = Net()

    class Break:
        def batch(self, batch: Any) -> None: ...
        def before(self, step: int) -> None: ...
        def after(self, step: int) -> None:
            if step == 10 and self.first:
                self.first = False
                with torch.no_grad():
                    net.blocks[0].weight[0, 0] = math.inf

        first = True

    keeper = Keeper(tmp_path, config={})
    run = fit(net, net.loss, Data(), optimizers(net), steps=20, keeper=keeper, save_every=5, observe=Break())
    told: list[tuple[int, list[str]]] = []
    for record in run:
        told.append((record.step, [event.name for event in record.events]))
        assert finite(tmp_path) or record.step < 5
    assert told[9:11] == [(10, ["not-saved"]), (6, ["rolled-back"])]
    assert told[-1] == (20, ["saved", "finished"])


class Short(Data):
    def __next__(self) -> Batch:
        if self.number == 3:
            raise StopIteration
        return super().__next__()


class Empty(Data):
    def __next__(self) -> Batch:
        ids, target = super().__next__()
        return ids, target.fill_(-100)


@pytest.mark.parametrize(("data", "said"), [(Short, "data ended"), (Empty, "no target")])
def test_data_that_will_not_do_get_a_sentence(data: Callable[[], Data], said: str) -> None:
    net = Net()
    with pytest.raises(TrainError, match=said):
        list(fit(net, net.loss, data(), optimizers(net), steps=9))


def test_targets_are_counted_wherever_they_stand() -> None:
    good, ignored = torch.tensor([[1, 2, 3]]), torch.tensor([[1, -100, 3]])
    assert targets(good) == 3
    assert targets((good, ignored)) == 2
    assert targets({"input_ids": good, "labels": ignored}) == 2
    assert targets({"inputs": good, "targets": ignored}) == 2


def test_a_closed_run_lets_go(tmp_path: Path) -> None:
    """Of the folder and of Ctrl-C."""
    before = signal.getsignal(signal.SIGINT)
    net = Net()
    run: Iterator[Record] = fit(net, net.loss, Data(), optimizers(net), steps=9, keeper=Keeper(tmp_path, config={}))
    next(run)
    assert signal.getsignal(signal.SIGINT) is not before
    del run
    assert signal.getsignal(signal.SIGINT) is before
    with Keeper(tmp_path, config={}).held():
        pass


def test_a_second_ctrl_c_does_not_wait() -> None:
    with Interrupt() as interrupt:
        signal.raise_signal(signal.SIGTERM)
        assert interrupt.asked == "terminated"
        signal.raise_signal(signal.SIGINT)
        assert interrupt.asked == "interrupt"
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_wish_to_stop_ends_the_step_and_says_so(tmp_path: Path, number: signal.Signals) -> None:
    """Also when it comes while the step is being computed, or its record drawn."""
    for inside in (True, False):
        net, records = Net(), []

        def loss(batch: Batch, net: Net = net, records: list[Record] = records, inside: bool = inside) -> Tensor:
            if inside and len(records) == 3:
                signal.raise_signal(number)
            return net.loss(batch)

        keeper = Keeper(tmp_path / f"{inside}", config={})
        for record in fit(net, loss, Data(), optimizers(net), steps=50, keeper=keeper, save_every=40):
            records.append(record)
            if not inside and len(records) == 3:
                signal.raise_signal(number)
        assert len(records) == 4
        assert [event.name for event in records[-1].events] == ["saved", "stopped"]
        found = keeper.newest()
        assert found is not None
        assert found.tree["progress"]["step"] == 4
