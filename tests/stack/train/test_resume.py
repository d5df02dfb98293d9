"""A resumed run is the run itself, bit by bit; and it is that only because everything is kept (T2, T3)."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.stack.train.tiny import Data, Net, V, fingerprint, optimizers
from wenjin.stack.data.batches import Batches
from wenjin.stack.data.pack import gathered, pack
from wenjin.stack.train.checkpoint import Keeper, steps
from wenjin.stack.train.errors import CheckpointError
from wenjin.stack.train.loop import fit
from wenjin.stack.train.records import Record
from wenjin.stack.train.schedules import wsd

Count = Callable[[int], int]
STEPS = 14


class Packed(Iterator[tuple[Tensor, Tensor]]):
    """A small corpus, packed; an epoch has 5 batches, and two processes make them ahead of time."""

    def __init__(self) -> None:
        luck = np.random.default_rng(0)
        documents = gathered([luck.integers(0, V, size) for size in luck.integers(3, 9, 40)])
        self.batches = Batches(pack(documents, length=8, whole=True), size=6, seed=3, workers=2)

    def __next__(self) -> tuple[Tensor, Tensor]:
        batch = next(self.batches)
        return batch.inputs, batch.targets

    def state(self) -> dict[str, Any]:
        return self.batches.state()

    def restore(self, state: dict[str, Any]) -> None:
        self.batches.restore(state)


def start(folder: Path, net: Net, data: Any, **given: Any) -> Iterator[Record]:
    def loss(batch: tuple[Tensor, Tensor]) -> Tensor:  # all three generators have a say
        return net.loss(batch) * (1 + 0.1 * random.random() + 0.1 * np.random.random())

    keeper = Keeper(folder, config={})
    return fit(net, loss, data, optimizers(net), steps=STEPS, schedule=wsd(3), keeper=keeper, **given)


def seed(number: int) -> None:
    random.seed(number)
    np.random.seed(number)
    torch.manual_seed(number)


def whole(folder: Path, data: Any, **given: Any) -> tuple[str, list[float]]:
    net = Net()
    seed(5)
    losses = [record.loss for record in start(folder, net, data, **given)]
    return fingerprint(net), losses


@pytest.mark.parametrize(("data", "accumulate"), [(Data, 1), (Data, 3), (Packed, 2)])
def test_resumed_at_any_step_equals_unbroken(tmp_path: Path, count: Count, data: Any, accumulate: int) -> None:
    weights, losses = whole(tmp_path / "whole", data(), accumulate=accumulate)
    for step in random.Random(accumulate).sample(range(1, STEPS), count(5)):
        net = Net()
        seed(5)
        first = start(tmp_path / str(step), net, data(), accumulate=accumulate)
        told = [next(first).loss for _ in range(step)]
        first.close()
        other = Net(seed=step)  # a new process: nothing of this is what it was
        seed(step)
        told += [record.loss for record in start(tmp_path / str(step), other, data(), accumulate=accumulate)]
        assert told == losses
        assert fingerprint(other) == weights


def forget(tree: dict[str, Any], part: str) -> None:
    """Take a part out of a checkpoint: what stands there instead is what a new run would have."""
    mine = tree["ranks"][0]
    fresh = Net(seed=9)
    match part:
        case "weights":
            tree["weights"] = {
                name: held.clone() for name, held in fresh.state_dict().items() if name in tree["weights"]
            }
        case "a buffer":
            tree["weights"]["seen"] = torch.zeros((), dtype=torch.int64)
        case "memory of Muon":
            tree["optimizers"][0] = {}
        case "memory of AdamW":
            tree["optimizers"][1] = {}
        case "the place in the schedule":
            tree["progress"]["step"] -= 1
        case "the place in the data":
            mine["data"] = {"number": 0}
        case "chance of torch":
            mine["luck"]["torch"] = torch.Generator().manual_seed(1).get_state()
        case "chance of Python":
            mine["luck"]["python"] = random.Random(1).getstate()
        case "chance of NumPy":
            kind, keys, *rest = np.random.RandomState(1).get_state()
            mine["luck"]["numpy"] = (kind, np.asarray(keys).tolist(), *rest)


PARTS = (
    "nothing",
    "weights",
    "a buffer",
    "memory of Muon",
    "memory of AdamW",
    "the place in the schedule",
    "the place in the data",
    "chance of torch",
    "chance of Python",
    "chance of NumPy",
)


def test_without_any_one_part_it_is_another_run(tmp_path: Path) -> None:
    """`nothing` taken out is the control: the detour over a changed checkpoint itself changes nothing."""
    weights, _ = whole(tmp_path / "whole", Data())
    equal = {}
    for part in PARTS:
        net = Net()
        seed(5)
        first = start(tmp_path / part, net, Data())
        for _ in range(6):
            next(first)
        first.close()
        keeper = Keeper(tmp_path / part, config={})
        found = keeper.newest()
        assert found is not None
        forget(found.tree, part)
        keeper.save(6, found.tree)
        net = Net(seed=1)
        list(start(tmp_path / part, net, Data()))
        equal[part] = fingerprint(net) == weights
    assert equal == {part: part == "nothing" for part in PARTS}


def test_a_checkpoint_of_another_shape_changes_nothing(tmp_path: Path) -> None:
    whole(tmp_path, Data())
    net = Net()
    net.blocks[0] = torch.nn.Linear(32, 31, bias=False)
    before = fingerprint(net)
    with pytest.raises(CheckpointError, match=r"blocks\.0\.weight"):
        list(start(tmp_path, net, Data()))
    assert fingerprint(net) == before


def test_a_resumed_run_tells_what_was_refused_and_what_was_forced(tmp_path: Path) -> None:
    def run(length: int, force: bool = False, **config: int) -> list[Record]:
        net, keeper = Net(), Keeper(tmp_path, config=config)
        return list(fit(net, net.loss, Data(), optimizers(net), steps=length, keeper=keeper, save_every=2, force=force))

    run(4, depth=6)
    (steps(tmp_path)[-1] / "state.json").write_text("{}")
    refused, resumed = run(5, depth=6)[0].events
    assert (refused.name, resumed.name, resumed.facts["step"]) == ("refused-checkpoint", "resumed", 2)
    assert "state.json" in refused.facts["en"]
    with pytest.raises(CheckpointError, match=r"config\.depth: 6 → 8"):
        run(7, depth=8)
    forced, resumed, _ = run(7, depth=8, force=True)[0].events
    assert (forced.name, resumed.name, resumed.facts["step"]) == ("forced", "resumed", 5)
    assert forced.facts == {"step": 5, "differences": ["config.depth: 6 → 8"]}
    assert run(9, depth=8)[0].events[0].name == "resumed"  # told once, kept in the manifest
