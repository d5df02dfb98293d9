"""Processes that are killed, stopped and interrupted at any moment: nothing that was saved is lost (T1, T2, T7, T9)."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Count = Callable[[int], int]
KILLS = Path(__file__).with_name("kills.py")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, count: Count) -> dict[str, Any]:
    """What the rounds had to tell; both kinds in one process, because loading torch takes longer than they do."""
    folder = tmp_path_factory.mktemp("kills")
    done = subprocess.run(
        [sys.executable, "-P", str(KILLS), str(folder), str(count(100)), str(2 * count(50))],
        env=os.environ | {"PYTHONPATH": str(KILLS.parents[3])},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_killed_while_saving_the_last_one_is_there(told: dict[str, Any], count: Count) -> None:
    assert told["saving"]["wrong"] == []
    assert told["saving"]["found"] >= count(100) // 2


def test_stopped_at_any_moment_a_run_says_so_and_goes_on_bit_by_bit(told: dict[str, Any]) -> None:
    """Ctrl-C, SIGTERM, kill -9, SIGSTOP and on: after each the same command goes on, to the weights of a quiet run."""
    assert told["training"]["wrong"] == []
    assert "stopped" in told["training"]["ends"]
    assert told["training"]["runs"] >= 1
    assert told["training"]["longest"] < 2


def test_a_run_loads_nothing_slow_that_it_does_not_need(told: dict[str, Any]) -> None:
    """The compiler and the sharded tensors take as long to load as torch itself: the first step would wait for them."""
    assert told["loaded"] == []
