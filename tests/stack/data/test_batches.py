"""Batches from any position: the same with and without workers, over several processes, and across epochs."""

import json

import pytest
import torch

from wenjin.stack.data.batches import Batch, Batches
from wenjin.stack.data.pack import gathered, pack
from wenjin.stack.data.sources import DataError

DOCUMENTS = gathered([[100 * n + k for k in range(1 + n % 7)] for n in range(60)])


def same(a: Batch, b: Batch) -> bool:
    return all(torch.equal(getattr(a, name), getattr(b, name)) for name in ("inputs", "targets", "documents"))


@pytest.mark.parametrize("whole", [False, True])
def test_batches_are_the_rows_of_the_epochs_one_after_the_other(whole: bool) -> None:
    packing = pack(DOCUMENTS, length=9, whole=whole)
    batches = Batches(packing, size=5, seed=3)
    epochs = [packing.epoch(seed=3, number=n) for n in range(3)]
    inputs = torch.cat([torch.from_numpy(epoch.tokens[:, :-1]) for epoch in epochs])
    targets = torch.cat([torch.from_numpy(epoch.targets) for epoch in epochs])
    for n in range(len(inputs) // 5):
        batch = next(batches)
        assert torch.equal(batch.inputs, inputs[5 * n : 5 * n + 5].long())
        assert torch.equal(batch.targets, targets[5 * n : 5 * n + 5].long())
        assert batch.inputs.shape == batch.documents.shape == (5, 9)
    assert batches.epoch == pytest.approx(batches.number * 5 / packing.rows)


@pytest.mark.parametrize("whole", [False, True])
def test_any_position_restores_to_the_same_batches(whole: bool) -> None:
    packing = pack(DOCUMENTS, length=9, whole=whole)
    straight = Batches(packing, size=4, seed=1)
    states, made = [], []
    for _ in range(25):  # over two epochs and more
        states.append(json.loads(json.dumps(straight.state())))
        made.append(next(straight))
    for n in (0, 1, 7, 13, 24):
        again = Batches(pack(DOCUMENTS, length=9, whole=whole), size=4, seed=1)
        again.restore(states[n])
        assert all(same(next(again), batch) for batch in made[n:])
        assert again.state()["epoch"] >= 2


def test_workers_change_nothing_and_what_they_made_ahead_is_not_counted() -> None:
    packing = pack(DOCUMENTS, length=9, whole=True)
    alone, helped = Batches(packing, size=4, seed=1), Batches(packing, size=4, seed=1, workers=2)
    for _ in range(6):
        assert same(next(alone), next(helped))
        assert alone.state() == helped.state()
    middle = helped.state()
    after = [next(helped) for _ in range(3)]
    helped.restore(middle)
    assert all(same(next(helped), batch) for batch in after)


def test_ranks_share_a_batch() -> None:
    packing = pack(DOCUMENTS, length=9)
    whole = Batches(packing, size=6, seed=1)
    ranks = [Batches(packing, size=6, seed=1, rank=rank, ranks=2) for rank in range(2)]
    for _ in range(5):
        batch, shares = next(whole), [next(one) for one in ranks]
        assert torch.equal(torch.stack([share.inputs for share in shares], 1).flatten(0, 1), batch.inputs)
        assert ranks[0].state() == ranks[1].state() == whole.state()


def test_a_position_of_other_data_or_settings_is_refused_by_name() -> None:
    packing = pack(DOCUMENTS, length=9)
    state = Batches(packing, size=4, seed=1).state()
    other = gathered([[1, 2, 3]] * 40)
    for batches, name in (
        (Batches(packing, size=4, seed=2), "seed"),
        (Batches(packing, size=8, seed=1), "size"),
        (Batches(pack(DOCUMENTS, length=8), size=4, seed=1), "length"),
        (Batches(pack(DOCUMENTS, length=9, whole=True), size=4, seed=1), "whole"),
        (Batches(pack(other, length=9), size=4, seed=1), "data"),
    ):
        with pytest.raises(DataError, match=name) as refused:
            batches.restore(state)
        assert "不能接着用" in refused.value.zh


def test_a_batch_that_ranks_cannot_share_is_refused() -> None:
    with pytest.raises(DataError, match="cannot be shared by 2 processes"):
        Batches(pack(DOCUMENTS, length=9), size=5, seed=1, ranks=2)
