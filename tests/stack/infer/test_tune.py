"""What is chosen by measuring."""

import os
import time
from collections.abc import Iterator

import pytest
import torch

from wenjin.stack.infer.fast import fast
from wenjin.stack.infer.tune import counts, processors, seconds, threads
from wenjin.stack.models.llama import Llama


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_the_best_time_of_each_way_is_found() -> None:
    times = seconds({"short": lambda: time.sleep(0.001), "long": lambda: time.sleep(0.02)}, rounds=3)
    assert 0.001 <= times["short"] < times["long"]


def test_counts_of_threads_grow_by_steps_and_end_with_all() -> None:
    assert counts(1) == [1]
    assert counts(7) == [1, 2, 3, 4, 6, 7]
    assert counts(16) == [1, 2, 3, 4, 6, 8, 12, 16]


def test_processors_are_those_this_process_may_run_on() -> None:
    assert 1 <= processors() <= (os.cpu_count() or 1)


def test_a_count_of_threads_is_chosen_and_set() -> None:
    model = fast(Llama(vocab=11, dim=16, layers=1, heads=2, hidden=16, context=16), kernels="torch")
    assert threads(model, most=2) == torch.get_num_threads() in (1, 2)
