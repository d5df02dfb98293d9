"""What a run begins with, and that the compiled form is made of the same loss."""

import math

import pytest
import torch
import torch.nn.functional as F

from wenjin.poet.dial import Machine, Plan, turned
from wenjin.poet.recipe import compilable, counted, made, objective, optimizers, schedule
from wenjin.stack.data.batches import Batch
from wenjin.stack.data.pack import gathered

V = 3000


def plan(depth: int = 2, precision: str = "float32") -> Plan:
    return turned(vocab=V, corpus=10_000, machine=Machine(1e9, precision, 1), depth=depth)


def zipf() -> torch.Tensor:
    """Counts as words have them: the n-th most frequent one occurs 1/n as often."""
    return (50_000 / torch.arange(1, V + 1)).long()[torch.randperm(V, generator=torch.Generator().manual_seed(0))]


@pytest.mark.parametrize("depth", [2, 6])
def test_the_first_guess_is_how_often_each_token_occurs(depth: int) -> None:
    counts = zipf()
    share = counts / counts.sum()
    entropy = -(share * share.clamp(min=1e-12).log()).sum().item()
    model = made(plan(depth), 1, counts)
    ids = torch.multinomial(share, 4 * 128, replacement=True, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        guess = torch.log_softmax(model(ids.view(4, 128)), dim=-1)  # (4, 128, V)
    loss = -(guess.mean(dim=(0, 1)) * share).sum().item()
    assert entropy <= loss < entropy + 0.15
    assert loss < math.log(V) - 1
    assert guess[0].std(dim=0).max() < 2  # hardly depends on what was read: nothing is written into the stream yet


def test_the_same_seed_makes_the_same_weights() -> None:
    one, two, other = (made(plan(), seed, zipf()) for seed in (1, 1, 2))
    same = [torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True)]
    assert all(same)
    assert not torch.equal(one.head, other.head)


def test_every_parameter_is_moved_by_exactly_one_optimizer() -> None:
    model = made(plan(), 1, zipf())
    muon, adam = optimizers(model, plan())
    moved = [p for one in (muon, adam) for group in one.param_groups for p in group["params"]]
    assert len(moved) == len({id(p) for p in moved}) == len(list(model.parameters()))
    assert all(p.ndim == 2 and p is not model.head for group in muon.param_groups for p in group["params"])
    factor = schedule(plan())
    assert factor(0, 0.0) < factor(plan().warmup, 0.1) == 1.0
    assert factor(10**6, 1.0) < 0.05


def test_the_loss_is_the_plain_one_and_what_is_compiled_has_its_shapes() -> None:
    model = made(plan(), 1, zipf())
    ids = torch.randint(0, V, (3, 129), generator=torch.Generator().manual_seed(2))
    targets = ids[:, 1:].clone()
    targets[0, :50] = -100
    batch = Batch(ids[:, :-1], targets, torch.zeros_like(targets))
    plain = F.cross_entropy(model(batch.inputs).flatten(0, 1), targets.flatten())
    assert objective(model)(batch).item() == pytest.approx(plain.item(), rel=1e-5)
    loss, given = compilable(plan().model, "float32", 3)
    assert given.inputs.shape == given.targets.shape == batch.inputs.shape
    assert math.isfinite(loss(given).item())


def test_counts_are_of_tokens_also_those_that_never_occur() -> None:
    found = counted(gathered([[0, 2, 2], [5]]), 8)
    assert found.tolist() == [1, 0, 2, 0, 0, 1, 0, 0]
