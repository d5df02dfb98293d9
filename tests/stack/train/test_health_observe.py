"""Each field of an observation on a model, a batch or a loader made to have it."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wenjin.stack.data.batches import Batch
from wenjin.stack.train.health_observe import Observer, entropy, next_of, sees_the_future, split

V, D, T, B = 50, 16, 12, 8


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the products are tiny: threads would wait for each other
    yield
    torch.set_num_threads(threads)


class Small(nn.Module):
    """Mean of the tokens so far, or of all: a causal model, or one that is not."""

    def __init__(self, *, causal: bool = True) -> None:
        super().__init__()
        self.causal = causal
        self.token, self.up, self.head = nn.Embedding(V, D), nn.Linear(D, 4 * D), nn.Linear(4 * D, V, bias=False)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.token(ids)  # (B, T, D)
        x = x.cumsum(1) if self.causal else x.sum(1, keepdim=True).expand_as(x)
        y: Tensor = self.head(F.relu(self.up(x)))
        return y


def rows(seed: int) -> Tensor:
    return torch.randint(V, (B, T + 1), generator=torch.Generator().manual_seed(seed))


def watched(model: Small, steps: int = 24, parameters: Any = None, **told: Any) -> list[dict[str, Any]]:
    """The observations of a short run."""
    optimizer = torch.optim.AdamW(model.parameters() if parameters is None else parameters, lr=1e-3)
    observer = Observer(model, [optimizer], every=8, classes=V, **told)
    seen = []
    for step in range(1, steps + 1):
        ids = rows(step)
        observer.batch(ids)
        F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].reshape(-1)).backward()  # type: ignore[no-untyped-call]
        observer.before(step)
        optimizer.step()
        found = observer.after(step)
        assert (found is not None) == (step in (1, 2, 4) or step % 8 == 0)
        seen += [found] if found is not None else []
        model.zero_grad()
    return seen


def test_a_sound_model_has_nothing_to_be_told() -> None:
    torch.manual_seed(0)
    *_, last = watched(Small())
    assert last["frozen_count"] == last["cut_count"] == 0
    assert last["of"] == 4
    assert "dead" not in last
    assert "future" not in last
    assert last["near"] == 0
    assert last["rows"] == last["distinct"] == 24 * B
    assert last["age"] == 24
    assert last["shifted"] == 1
    assert 1e-4 < last["update"] < 0.1
    assert last["unigram"] == pytest.approx(math.log(V), abs=0.03)


def test_the_update_is_the_change_over_the_weights() -> None:
    """By hand: plain descent with rate 0.5 on w = (3, 4), gradient (1, 0): |change| 0.5, |w| 5."""
    model = nn.Linear(2, 1, bias=False)
    model.weight.data = torch.tensor([[3.0, 4.0]])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    observer = Observer(model, [optimizer], every=1)
    model(torch.tensor([1.0, 0.0])).sum().backward()
    observer.before(1)
    optimizer.step()
    found = observer.after(1)
    assert found is not None
    assert found["update"] == pytest.approx(0.1)


@pytest.mark.parametrize("how", ["flag", "left out"])
def test_parameters_that_stand_still_are_named(how: str) -> None:
    model = Small()
    if how == "flag":
        model.up.requires_grad_(False)
        last = watched(model, parameters=[p for p in model.parameters() if p.requires_grad])[-1]
    else:
        last = watched(model, parameters=[*model.token.parameters(), *model.head.parameters()])[-1]
    assert last["frozen"] == ["up.weight", "up.bias"]
    assert last["frozen_count"] == 2
    assert last["cut_count"] == 0
    model = Small()
    model.up.requires_grad_(False)
    meant = watched(
        model, parameters=[p for p in model.parameters() if p.requires_grad], still={"up.weight", "up.bias"}
    )
    assert meant[-1]["frozen_count"] == 0


def test_a_gradient_that_is_cut_is_named() -> None:
    model = Small()
    model.up.register_forward_hook(lambda module, inputs, output: output.detach())
    last = watched(model)[-1]
    assert last["cut"] == ["token.weight", "up.weight", "up.bias"]
    assert last["frozen_count"] == 0


def test_units_that_are_off_for_every_input_are_counted() -> None:
    model = Small()
    with torch.no_grad():
        model.up.bias[:16] = -1000
    seen = watched(model)
    assert seen[-1]["dead"] == {"up.weight": 0.25}  # the head's table of tokens is not looked at
    assert not any("dead" in one for one in seen[:-1])  # one look is none


@pytest.mark.parametrize(("causal", "share"), [(True, 0.0), (False, 1.0)])
def test_a_model_that_sees_the_future_is_found_out(causal: bool, share: float) -> None:
    torch.manual_seed(1)
    model = Small(causal=causal)
    assert sees_the_future(model, rows(0)) == share
    assert watched(model, logits=model)[-1]["future"] == share


def test_asking_leaves_chance_as_it_was() -> None:
    class Noisy(Small):
        def forward(self, ids: Tensor) -> Tensor:
            return F.dropout(super().forward(ids), 0.5)

    torch.manual_seed(2)
    before = torch.get_rng_state()
    sees_the_future(Noisy(), rows(0))
    model_made = torch.get_rng_state()
    torch.set_rng_state(before)
    Noisy()
    assert torch.equal(torch.get_rng_state(), model_made)


@pytest.mark.parametrize(
    ("draw", "near"),
    [
        (lambda n: rows(n), 0.0),  # always new
        (lambda n: rows(n // 4), 0.75),  # each batch four times
        (lambda n: rows(n // 2), 0.5),  # and twice
        (lambda n: rows(n % 30), 0.0),  # epochs of 30 batches, in order
    ],
)
def test_rows_that_come_back_shortly_are_told_from_epochs(draw: Any, near: float) -> None:
    observer = Observer(Small())
    for n in range(40):
        observer.batch(draw(n))
    observer.rows.told()
    for n in range(40, 120):
        observer.batch(draw(n))
    assert observer.rows.told()["near"] == pytest.approx(near)


def test_epochs_in_another_order_each_are_not_near() -> None:
    observer = Observer(Small())
    dice = torch.Generator().manual_seed(0)
    data = torch.randint(V, (240, T + 1), generator=dice)
    for _ in range(6):
        for some in torch.randperm(240, generator=dice).split(B):
            observer.batch(data[some])
    told = observer.rows.told()
    assert told["distinct"] == 240
    assert told["near"] < 0.1


def test_a_loader_that_fills_the_same_memory_again_does_not_repeat_itself() -> None:
    observer, memory = Observer(Small()), torch.empty(B, T + 1, dtype=torch.long)
    for n in range(30):
        observer.batch(memory.copy_(rows(n)))
    assert observer.rows.told()["distinct"] == 30 * B


def test_rows_of_several_lengths_are_told_apart() -> None:
    observer = Observer(Small())
    for width in (5, 9, 5, 9):
        observer.batch(rows(0)[:, :width])
    told = observer.rows.told()
    assert told["rows"] == 4 * B
    assert told["distinct"] == 2 * B


def test_padding_that_counts_is_counted_and_ignored_padding_is_not() -> None:
    inputs = torch.ones(B, T, dtype=torch.long)
    targets = inputs.clone()
    targets[:, T // 2 :] = 0
    observer = Observer(Small(), pad=0)
    observer.batch((inputs, targets))
    assert observer.padding == (B * T // 2, B * T)
    observer = Observer(Small(), pad=0)
    observer.batch((inputs, targets.masked_fill(targets == 0, -100)))
    assert observer.padding == (0, B * T // 2)


def test_targets_that_are_the_inputs_shifted_by_one_are_told_from_others() -> None:
    ids = rows(0)
    assert next_of(ids[:, :-1], ids[:, 1:], -100) == 1.0
    assert next_of(ids, ids[:, 1:], -100) == 1.0
    some = ids[:, 1:].clone()
    some[:, ::2] = -100
    assert next_of(ids[:, :-1], some, -100) == 1.0
    mixed = next_of(ids[:, :-1], ids[:, 1:].flip(0), -100)
    assert mixed is not None
    assert mixed < 0.2
    assert next_of(ids, ids[:, 0], -100) is None  # one target a row
    assert next_of(ids, torch.full_like(ids, -100), -100) is None


def test_batches_of_several_kinds_are_understood() -> None:
    ids, targets = rows(0)[:, :-1], rows(0)[:, 1:]
    for batch in ((ids, targets), {"input_ids": ids, "labels": targets}, [ids, targets], Batch(ids, targets, ids)):
        a, b = split(batch)
        assert a is ids
        assert b is targets
    a, b = split(rows(0))
    assert b is not None
    assert torch.equal(b, targets)
    for other in (torch.rand(3, 4), torch.ones(3), "words", None, (torch.rand(2, 2), targets)):
        assert split(other) == (None, None)


def test_the_entropy_of_a_sample_is_that_of_its_source() -> None:
    """A thousand draws from 200 equal chances: counted plainly the entropy is a tenth too low."""
    counts = torch.bincount(torch.randint(200, (1000,), generator=torch.Generator().manual_seed(0)))
    assert entropy(counts) == pytest.approx(math.log(200), abs=0.03)
    shares = counts[counts > 0] / 1000
    assert float(-(shares * shares.log()).sum()) < math.log(200) - 0.07
