"""Two processes over gloo: one model, bit-equal repeats, shards, deaths, and an end that says who died (T4, T6)."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.stack.train.tiny import Data, Net, optimizers
from wenjin.stack.files import safetensors
from wenjin.stack.train.loop import fit

Count = Callable[[int], int]
TOGETHER = Path(__file__).with_name("together.py")
POINTS = ["gradients", "saving", "loss", "between", "saved"]


@dataclass
class Done:
    """How a group of two ended that was killed at some points, restarted each time, and killed once too often."""

    folder: Path
    deaths: int
    code: int
    said: str
    seconds: float  # from the last death to the end of the launcher


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, count: Count) -> Done:
    """One launch for all tests here: starting processes is what costs time."""
    folder = tmp_path_factory.mktemp("together")
    deaths = POINTS[: count(5)]
    launcher = ["-m", "wenjin.stack.train.elastic", "--workers", "2", "--restarts", str(len(deaths))]
    ended = subprocess.run(
        [sys.executable, "-P", *launcher, "--", "-P", str(TOGETHER), str(folder), ",".join(deaths)],
        env=os.environ | {"PYTHONPATH": str(TOGETHER.parents[3]), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    seconds = time.time() - float((folder / "died").read_text())
    return Done(folder, len(deaths), ended.returncode, ended.stderr, seconds)


def weights(done: Done, name: str) -> dict[str, Tensor]:
    """The same on both ranks, buffers aside: each counts its own tokens."""
    both = [safetensors.load(done.folder / f"{name}-{rank}.safetensors") for rank in (0, 1)]
    for held in both:
        held.pop("seen")
    assert all(torch.equal(both[0][key], both[1][key]) for key in both[0])
    return both[0]


def first(done: Done, rank: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((done.folder / f"first-{rank}.json").read_text())
    return found


@pytest.fixture(scope="module")
def alone() -> dict[str, Tensor]:
    """The weights after the same 20 steps of one process that takes whole batches."""
    net = Net(dropout=0)
    list(fit(net, net.loss, Data(), optimizers(net), steps=20))
    return {name: p.detach() for name, p in net.named_parameters()}


@pytest.mark.parametrize("how", ["together", "shards", "mortal"])
def test_two_processes_reach_the_weights_of_one(done: Done, alone: dict[str, Tensor], how: str) -> None:
    """Whether they hold the whole model, or a share each and a resume on the way, or died on the way."""
    found = weights(done, how)
    assert found.keys() == alone.keys()
    for name, single in alone.items():
        assert (found[name] - single).norm() <= 1e-5 * single.norm()


def test_repeats_are_bit_equal_and_so_is_a_run_with_deaths(done: Done) -> None:
    assert [first(done, rank)["repeats"] for rank in (0, 1)] == [True, True]
    once, deadly = weights(done, "together"), weights(done, "mortal")
    assert all(torch.equal(once[name], deadly[name]) for name in once)


def test_buckets_add_up_like_single_messages(done: Done) -> None:
    assert [first(done, rank)["sums"] for rank in (0, 1)] == [True, True]


def test_each_holds_its_share(done: Done) -> None:
    """Of 1,264 numbers, and of no tensor twice."""
    held = [first(done, rank)["held"] for rank in (0, 1)]
    assert sum(held) == sum(p.numel() for p in Net().parameters())
    assert max(held) <= 0.6 * sum(held)


def test_a_bad_number_of_one_is_seen_by_all_at_once(done: Done) -> None:
    a, b = (first(done, rank)["poisoned"] for rank in (0, 1))
    assert a == b
    assert a[0] == [[5, "loss-not-finite"], [9, "gradient-not-finite"]]


def test_after_each_death_all_went_on_from_the_last_checkpoint(done: Done) -> None:
    for rank in (0, 1):
        begun, events = json.loads((done.folder / f"life-{done.deaths}-{rank}.json").read_text())
        assert begun > 4
        assert "resumed" in events
        for life in range(done.deaths):
            assert not (done.folder / f"life-{life}-{rank}.json").exists()


def test_restarts_spent_one_sentence_names_who_died_and_nothing_is_left(done: Done) -> None:
    assert done.code == 1
    assert done.seconds < 30
    assert "第 1 号进程被 SIGKILL 终止" in done.said
    assert "Worker 1 was ended by SIGKILL" in done.said
    left = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                line = (process / "cmdline").read_bytes()
            except OSError:  # ended in between
                continue
            left += [line] if str(done.folder).encode() in line else []
    assert left == []
    with socket.socket() as port:
        port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        port.bind(("127.0.0.1", int((done.folder / "port").read_text())))
        port.listen()
