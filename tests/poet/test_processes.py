"""Several processes train one poet: the weights are those of one process, a death costs nothing, Ctrl-C ends all."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch import Tensor

from wenjin.poet.data import prepare
from wenjin.poet.places import Places
from wenjin.poet.tokenizer import learn
from wenjin.stack.files import safetensors

TOGETHER = Path(__file__).with_name("together.py")
ENVIRON = os.environ | {"OMP_NUM_THREADS": "1", "WENJIN_LANG": "en", "PYTHONPATH": str(TOGETHER.parents[2] / "src")}
NEAR = 1e-4  # of a weight: Muon's steps are rounded to float32, and 20 of them made 1.4e-5 of that on one processor
SLOWEST = 300  # seconds on a machine that has much else to do
LAUNCH = [sys.executable, "-P", "-m", "wenjin.stack.train.elastic", "--workers", "2", "--restarts", "0", "--", "-P"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The excerpt, prepared, and a small tokenizer."""
    places = Places(tmp_path_factory.mktemp("data"))
    for _ in prepare(places.corpus, data=places.data, excerpt=True):
        pass
    for _ in learn(places, size=400):
        pass
    assert places.data is not None
    return places.data


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which one process, and two in three ways, have left what they reached."""
    out = tmp_path_factory.mktemp("out")
    one = subprocess.Popen([sys.executable, "-P", str(TOGETHER), str(data), str(out)], env=ENVIRON)
    subprocess.run([*LAUNCH, str(TOGETHER), str(data), str(out)], env=ENVIRON, check=True, timeout=SLOWEST)
    assert one.wait(SLOWEST) == 0
    return out


def weights(trained: Path, name: str, rank: int = 0) -> dict[str, Tensor]:
    return safetensors.load(trained / f"{name}-{rank}.safetensors")


def held(trained: Path, name: str) -> float:
    return float(safetensors.read_header(trained / f"{name}-0.safetensors").metadata["held"])


@pytest.mark.parametrize("way", ["once", "shards"])
def test_two_processes_reach_the_weights_of_one(trained: Path, way: str) -> None:
    one, two = weights(trained, "alone"), weights(trained, way)
    assert one.keys() == two.keys()
    assert max(float((two[name] - one[name]).norm() / one[name].norm()) for name in one) <= NEAR
    assert held(trained, way) == pytest.approx(held(trained, "alone"), rel=1e-5)


def test_both_hold_the_same_and_a_repeat_is_bit_equal(trained: Path) -> None:
    for way in ("once", "shards"):
        first, second = weights(trained, way), weights(trained, way, 1)
        assert all(torch.equal(first[name], second[name]) for name in first), way
    once, twice = weights(trained, "once"), weights(trained, "twice")
    assert all(torch.equal(once[name], twice[name]) for name in once)


def pretrain(data: Path, *words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-P", "-m", "wenjin.cli", "poet", "pretrain", "--data", str(data), *words]
    return subprocess.Popen(command, env=ENVIRON, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def steps(records: Path) -> list[int]:
    lines = records.read_text(encoding="utf-8").splitlines() if records.is_file() else []
    return [json.loads(line).get("step", 0) for line in lines[1:-1]]


def until(records: Path, more: int, process: "subprocess.Popen[str]") -> None:
    """Wait until so many lines more stand in the log."""
    before, began = len(steps(records)), time.monotonic()
    while len(steps(records)) < before + more:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - began < SLOWEST
        time.sleep(0.05)


def workers(launcher: int) -> list[int]:
    """Its child processes that train, by rank."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                environ = (folder / "environ").read_bytes().split(b"\0") if parent == launcher else []
            except OSError:  # ended in between
                continue
            found |= {int(word[5:]): int(folder.name) for word in environ if word.startswith(b"RANK=")}
    return [found[rank] for rank in sorted(found)]


def test_after_a_death_all_go_on_from_the_last_checkpoint_and_ctrl_c_ends_all(data: Path) -> None:
    """Also with --again, which begins anew once only."""
    home = Places(data).home("mortal")
    process = pretrain(data, "--name", "mortal", "--minutes", "3", "--processes", "2", "--shard", "--again")
    while not list(home.checkpoints.glob("step-*")):
        until(home.records, 1, process)
    first = workers(process.pid)
    os.kill(first[1], signal.SIGKILL)
    began = time.monotonic()
    while not (again := workers(process.pid)) or again == first or len(again) < 2:
        assert time.monotonic() - began < SLOWEST
        time.sleep(0.1)
    until(home.records, 2, process)
    process.send_signal(signal.SIGINT)
    printed, said = process.communicate(timeout=SLOWEST)
    assert process.returncode == 130, said
    assert printed == ""
    assert said.count("stopped and saved") == 1
    assert said.count("going on from step") == 1
    assert "Traceback" not in said
    assert not [pid for pid in [*first, *again] if Path(f"/proc/{pid}").exists()]
    assert (home.model / "config.json").is_file()  # it can write as it is
    assert steps(home.records) == sorted(steps(home.records)) or "going on" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--processes", "2", "--minutes", "1", "--depth", "2"], "Choose one of"),
        (["--shard", "--minutes", "1"], "add --processes 2"),
    ],
)
def test_what_is_refused_is_said_once_and_nobody_starts_again(data: Path, words: list[str], told: str) -> None:
    process = pretrain(data, "--name", "refused", *words)
    printed, said = process.communicate(timeout=SLOWEST)
    assert (process.returncode, printed) == (1, "")
    assert said.count(told) == 1, said
    assert "Traceback" not in said
