"""The faster precision is chosen; one that computes wrong or is not much faster is not."""

import time

import pytest
import torch
from torch import Tensor

from wenjin.stack.train.precision import choose


def slow(dtype: torch.dtype, seconds: float) -> object:
    """A product that takes so long in one type and no time in the other; the first of each is right."""

    known: dict[torch.dtype, Tensor] = {}

    def multiply(a: Tensor, b: Tensor) -> Tensor:
        if a.dtype not in known:
            known[a.dtype] = torch.mm(a, b)
        elif a.dtype == dtype:
            time.sleep(seconds)
        return known[a.dtype]

    return multiply


@pytest.mark.parametrize(("slower", "chosen"), [(torch.float32, torch.bfloat16), (torch.bfloat16, torch.float32)])
def test_the_faster_one_is_chosen(slower: torch.dtype, chosen: torch.dtype) -> None:
    found = choose(seconds=0.4, multiply=slow(slower, 0.1))
    assert found.dtype == chosen
    assert set(found.speeds) == {"float32", "bfloat16"}


def test_wrong_products_disqualify() -> None:
    def wrong(a: Tensor, b: Tensor) -> Tensor:
        return torch.mm(a, b) * (1 if a.dtype == torch.float32 else 1.1)

    found = choose(seconds=0.1, multiply=wrong)
    assert found.dtype == torch.float32
    assert set(found.speeds) == {"float32"}


def test_what_it_says_of_this_machine_is_a_measurement() -> None:
    found = choose(seconds=0.2)
    assert found.dtype in (torch.float32, torch.bfloat16)
    assert all(1e8 < speed < 1e15 for speed in found.speeds.values())
