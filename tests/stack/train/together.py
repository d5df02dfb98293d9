"""A worker of test_torchrun.py: `together.py FOLDER DEATHS`; what it finds goes into FOLDER, one file a life and rank.

DEATHS lists points of a run; each life of the group but the last ends at one of them. The last life ends the run, and
then rank 1 is killed once more.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from tests.stack.train.tiny import Data, Net, fingerprint, optimizers
from wenjin.stack.files import safetensors
from wenjin.stack.train import snapshot
from wenjin.stack.train.checkpoint import Keeper
from wenjin.stack.train.data_parallel import Group, Sharded
from wenjin.stack.train.loop import fit

STEPS = 20


def die(folder: Path) -> None:
    (folder / "died").write_text(str(time.time()))
    os.kill(os.getpid(), signal.SIGKILL)


def run(group: Group, folder: Path | None = None, *, shards: bool = False, **given: Any) -> Net:
    """20 steps of the tiny net; each rank begins with weights of its own, which must not matter."""
    net = Net(seed=group.rank, dropout=0)
    loss = Sharded(net, net.loss, net.blocks) if shards else net.loss
    keeper = Keeper(folder, config={}) if folder else None
    if shards:  # a look between steps leaves the shards as they were
        given |= {"evaluate": lambda: float(loss(next(Data()))), "evaluate_every": 4, "save_every": 4}
    list(fit(net, loss, Data(group=group), optimizers(net), group=group, keeper=keeper, **({"steps": STEPS} | given)))
    return net


def sums(group: Group) -> bool:
    """Do buckets add up to what single messages do, for any sizes?"""
    luck = torch.Generator().manual_seed(group.rank)
    several = [torch.randn(size, generator=luck) for size in (3, 0, 5000, 1, 7_000_000, 2)]
    pairs = [[torch.nn.Parameter(torch.zeros_like(one)) for one in several] for _ in range(2)]
    for side in pairs:
        for p, gradient in zip(side, several, strict=True):
            p.grad = gradient.clone()
    group.sum_gradients(pairs[0])
    group.sum_gradients_plainly(pairs[1])
    return all(torch.equal(a.grad, b.grad) for a, b in zip(*pairs, strict=True))


def poisoned(group: Group) -> list[Any]:
    """NaN in the loss of rank 1 alone, at step 5; and in its gradient at step 9."""
    net = Net(dropout=0)
    calls = 0

    def loss(batch: tuple[Tensor, Tensor]) -> Tensor:
        nonlocal calls
        calls += 1
        found = net.loss(batch)
        if group.rank == 1 and calls == 9:
            found.register_hook(lambda slope: slope * float("nan"))
        return found * float("nan") if group.rank == 1 and calls == 5 else found

    records = list(fit(net, loss, Data(group=group), optimizers(net), group=group, steps=12))
    skipped = [(r.step, event.facts["why"]) for r in records for event in r.events if event.name == "skipped"]
    return [skipped, fingerprint(net.head)]


class Mortal(Group):
    """A group whose member dies while gradients travel."""

    def sum_gradients(self, parameters: Any) -> None:
        if DEATH == "gradients" and self.rank == 1 and Net.calls == 9:
            die(FOLDER)
        super().sum_gradients(parameters)


class Doomed(Keeper):
    """A keeper that dies before or after its checkpoint gets its name."""

    def save(self, step: int, tree: Any) -> Path:
        if DEATH == "saving" and step == 12:
            (self.folder / ".new-0").mkdir()
            die(FOLDER)
        path = super().save(step, tree)
        if DEATH == "saved" and step == 16:
            die(FOLDER)
        return path


def mortal(group: Group) -> list[Any]:
    net = Net(seed=group.rank, dropout=0)
    Net.calls = 0

    def loss(batch: tuple[Tensor, Tensor]) -> Tensor:
        Net.calls += 1
        if DEATH == "loss" and group.rank == 1 and Net.calls == 7:
            die(FOLDER)
        return net.loss(batch)

    keeper = Doomed(FOLDER / "mortal", config={})
    records = []
    for record in fit(
        net, loss, Data(group=group), optimizers(net), group=group, steps=STEPS, keeper=keeper, save_every=4
    ):
        records.append(record)
        if DEATH == "between" and group.rank == 1 and len(records) == 3:
            die(FOLDER)
    safetensors.save(FOLDER / f"mortal-{group.rank}.safetensors", snapshot.weights(net))
    return [records[0].step, [event.name for event in records[0].events]]


def main() -> None:
    torch.set_num_threads(1)
    group = Group.join(minutes=2)
    (FOLDER / "port").write_text(os.environ["MASTER_PORT"])
    told: dict[str, Any] = {}
    if LIFE == 0:
        once, twice = run(group), run(group)
        told["repeats"] = fingerprint(once.head) == fingerprint(twice.head)
        safetensors.save(FOLDER / f"together-{group.rank}.safetensors", snapshot.weights(once))
        run(group, FOLDER / "shards", shards=True, steps=11)
        sharded = run(group, FOLDER / "shards", shards=True)
        told["held"] = sum(p.to_local().numel() for p in sharded.parameters())
        safetensors.save(FOLDER / f"shards-{group.rank}.safetensors", snapshot.weights(sharded))
        told["sums"], told["poisoned"] = sums(group), poisoned(group)
        (FOLDER / f"first-{group.rank}.json").write_text(json.dumps(told))
    members = Mortal(group.rank, group.size, group.device)
    (FOLDER / f"life-{LIFE}-{group.rank}.json").write_text(json.dumps(mortal(members)))
    dist.barrier()
    if group.rank == 1:
        die(FOLDER)
    group.leave()
    time.sleep(60)  # killed by the launcher long before


if __name__ == "__main__":
    FOLDER, LIFE = Path(sys.argv[1]), int(os.environ["TORCHELASTIC_RESTART_COUNT"])
    deaths = [word for word in sys.argv[2].split(",") if word]
    DEATH = dict(enumerate(deaths)).get(LIFE, "")
    main()
