"""A compiled loss is taken where it is faster and left where it is not; a run without a compiler goes on."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.conftest import FULL
from tests.stack.train.tiny import Data, Net, optimizers
from wenjin.stack.train.compiled import Swap
from wenjin.stack.train.loop import fit
from wenjin.stack.train.records import Event

BUILD = "tests.stack.train.test_compiled:build"


def build(**settings: Any) -> tuple[Any, Any]:
    """What the other process compiles: the loss of the tiny net, and a batch of its shape."""
    net = Net(**settings)
    return net.loss, next(Data())


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Swap says where compiled code goes by a variable of the process; it must not outlive the test."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "")
    yield
    torch._dynamo.reset()


def wait(swap: Swap, loss: Any) -> int:
    """Steps that are taken until the compiled form is there."""
    steps, end = 0, time.monotonic() + 300
    while swap.choose(loss) is loss and swap.state == "making":
        assert swap.took(1.0) == []
        assert time.monotonic() < end
        steps += 1
        time.sleep(0.1)
    return steps


def tried(swap: Swap, loss: Any, eager: float, compiled: float) -> list[Event]:
    """Steps of so many seconds each way, until it has chosen; what it tells then."""
    for _ in range(20):
        if told := swap.took(eager if swap.choose(loss) is loss else compiled):
            return told
    raise AssertionError("it never chose")


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")  # what torch's compiler itself still uses
def test_a_run_swaps_while_it_goes_and_the_next_one_knows(tmp_path: Path) -> None:
    """With a real compiler at the full depth; the short one traces alone, which shows the same ways."""
    backend = "inductor" if FULL else "eager"
    net = Net(dropout=0)
    swap = Swap(BUILD, {"dropout": 0}, tmp_path, backend=backend)
    assert wait(swap, net.loss) > 0
    batch = next(Data())
    torch.testing.assert_close(swap.choose(net.loss)(batch), net.loss(batch))  # loaded, and right
    assert swap.took(3.0) == []  # the step that loads is not counted
    [event] = tried(swap, net.loss, eager=0.5, compiled=0.3)
    assert event == Event("compiled", {"used": "compiled", "seconds": 3.0, "eager": 0.5, "compiled": 0.3})
    assert swap.choose(net.loss) is swap.compiled

    plain, swapped = Net(dropout=0), Net(dropout=0)
    expected = [record.loss for record in fit(plain, plain.loss, Data(), optimizers(plain), steps=6)]
    again = Swap(BUILD, {"dropout": 0}, tmp_path, backend=backend)
    records = list(fit(swapped, swapped.loss, Data(), optimizers(swapped), steps=6, swap=again))
    assert [record.loss for record in records] == pytest.approx(expected, rel=1e-4)
    assert [event.name for event in records[0].events] == ["compiled"]  # at the first step
    assert again.process is None

    other = Swap(BUILD, {"dropout": 0.5}, tmp_path, backend=backend)
    assert other.verdict != again.verdict


def test_the_slower_form_is_not_taken_not_even_tried_again(tmp_path: Path) -> None:
    swap = Swap(BUILD, {}, tmp_path, backend="eager")
    loss = Net().loss
    swap.state = "trying"  # as once it is loaded
    swap.compiled, swap.loaded = torch.compile(loss, backend="eager"), 2.0
    [event] = tried(swap, loss, eager=0.3, compiled=0.5)
    assert event.facts["used"] == "eager"
    assert swap.choose(loss) is loss
    again = Swap(BUILD, {}, tmp_path, backend="eager")
    assert again.choose(loss) is loss
    [event] = again.took(0.3)
    assert event.facts == json.loads(again.verdict.read_text())
    assert again.choose(loss) is loss
    assert again.process is None


def test_where_nothing_compiles_the_run_says_why_and_goes_on(tmp_path: Path) -> None:
    net = Net()
    swap = Swap("tests.stack.train.test_compiled:missing", {}, tmp_path)
    events: list[Event] = []
    for record in fit(net, net.loss, Data(), optimizers(net), steps=10_000, swap=swap):
        events += record.events
        if events:
            break
        time.sleep(0.05)
    assert [event.name for event in events] == ["not-compiled"]
    assert "missing" in events[0].facts["why"]


def test_a_run_that_ends_ends_its_compiler(tmp_path: Path) -> None:
    net = Net()
    swap = Swap(BUILD, {}, tmp_path)
    run = fit(net, net.loss, Data(), optimizers(net), steps=9, swap=swap)
    next(run)
    assert swap.process is not None
    assert swap.process.poll() is None
    run.close()
    assert swap.process.poll() is not None
