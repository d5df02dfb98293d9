"""The dial: what follows from it is what the model has, and a dial that cannot be is refused by a sentence."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from wenjin.poet.dial import CONTEXT, DEPTHS, ENOUGH, Machine, Plan, dial, operations, parameters, reasons, turned
from wenjin.poet.errors import PoetError
from wenjin.stack.models.llama import Llama

FAST = Machine(speed=8e11, precision="bfloat16", threads=2)
VOCAB, CORPUS = 8192, 4_400_000


def plan(**given: float) -> Plan:
    return turned(vocab=VOCAB, corpus=CORPUS, machine=FAST, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("depth", [2, 5])
def test_parameters_and_operations_are_those_of_the_model(depth: int) -> None:
    model = Llama(**plan(depth=depth).model)
    assert sum(p.numel() for p in model.parameters()) == parameters(depth, VOCAB)
    with FlopCounterMode(display=False) as counted:
        model(torch.zeros(1, CONTEXT, dtype=torch.int64)).sum().backward()
    assert counted.get_total_flops() == pytest.approx(CONTEXT * operations(depth, VOCAB), rel=0.01)


def test_more_minutes_never_make_a_smaller_model_and_the_time_is_used() -> None:
    plans = [plan(minutes=minutes) for minutes in (0.1, 2, 15, 120, 1000)]
    depths = [one.depth for one in plans]
    assert depths == sorted(depths)
    assert depths[0] == DEPTHS[0]
    assert depths[-1] == DEPTHS[-1]
    for one in plans:
        assert one.steps is None
        asked = one.tokens * operations(one.depth, VOCAB) / 60
        assert asked / plans[0].minutes > 0  # type: ignore[operator]
    middle = plans[2]
    assert middle.tokens >= ENOUGH * parameters(middle.depth, VOCAB) * 0.99
    deeper = middle.tokens * operations(middle.depth, VOCAB) / operations(middle.depth + 1, VOCAB)
    assert deeper < ENOUGH * parameters(middle.depth + 1, VOCAB)


def test_a_faster_machine_reads_more_in_the_same_time() -> None:
    slow = turned(vocab=VOCAB, corpus=CORPUS, machine=Machine(1e11, "float32", 2), minutes=15)
    fast = plan(minutes=15)
    assert fast.depth >= slow.depth
    assert fast.tokens * operations(fast.depth, VOCAB) > 7 * slow.tokens * operations(slow.depth, VOCAB)


def test_depth_gives_steps_and_minutes_give_minutes() -> None:
    deep, timed = plan(depth=4), plan(minutes=3)
    assert (deep.minutes, deep.steps) == (None, deep.expected)
    assert (timed.minutes, timed.steps) == (3, None)
    assert (deep.dial, timed.dial, dial(None, None)) == ("depth 4", "3 minutes", "15 minutes")


def test_a_plan_comes_back_from_json_and_tells_every_setting() -> None:
    one = plan(minutes=2.5)
    assert Plan.from_json(one.as_json()) == one
    told = {reason.name: reason for reason in reasons(one)}
    assert told["depth"].value == str(one.depth)
    assert told["tokens"].value == f"{one.tokens:,}"
    assert all(reason.zh and reason.en for reason in told.values())


@pytest.mark.parametrize(
    "given", [{"minutes": 0}, {"minutes": -1}, {"minutes": 1e9}, {"minutes": float("nan")}, {"depth": 1}, {"depth": 99}]
)
def test_a_dial_that_cannot_be_is_refused(given: dict[str, float]) -> None:
    with pytest.raises(PoetError) as refused:
        plan(**given)
    assert refused.value.zh
    assert refused.value.en


def test_only_one_dial_at_a_time() -> None:
    with pytest.raises(PoetError):
        plan(minutes=3, depth=4)
