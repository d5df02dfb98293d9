"""A checkpoint is all there or not at all, and nothing that was touched is ever used (T1, T5, T7, T8)."""

import json
import math
import os
import pickle
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.stack.train.tiny import Data, Net, optimizers
from wenjin.stack.train import tree
from wenjin.stack.train.checkpoint import Keeper, newest, steps
from wenjin.stack.train.errors import CheckpointError
from wenjin.stack.train.loop import fit
from wenjin.stack.train.manifest import differences, sources

Count = Callable[[int], int]


def content(step: int) -> dict[str, Any]:
    return {"weights": {"w": torch.arange(6.0).view(2, 3) + step}, "step": step, "luck": {"bytes": torch.ones(5)}}


def saved(folder: Path, *numbers: int) -> Keeper:
    keeper = Keeper(folder, config={"depth": 6})
    for number in numbers:
        keeper.save(number, content(number))
    return keeper


def test_two_are_kept_and_the_newest_is_read(tmp_path: Path) -> None:
    keeper = saved(tmp_path, 1, 2, 10)
    assert [path.name for path in steps(tmp_path)] == ["step-00000002", "step-00000010"]
    found = keeper.newest()
    assert found is not None
    assert found.tree["step"] == 10
    torch.testing.assert_close(found.weights["w"], content(10)["weights"]["w"])


def damage(path: Path, how: str, dice: random.Random) -> Path:
    """Flip one bit of, or cut, one file of a checkpoint; which one and where is chance. Returns the file."""
    file = dice.choice(sorted(path.iterdir()))
    data = bytearray(file.read_bytes())
    at = dice.randrange(len(data))
    if how == "flip":
        data[at] ^= 1 << dice.randrange(8)
    else:
        del data[at:]
    file.write_bytes(data)
    return file


@pytest.mark.parametrize(("how", "full"), [("flip", 50), ("cut", 20)])
def test_what_was_touched_is_refused_by_name_and_the_one_before_is_used(
    tmp_path: Path, count: Count, how: str, full: int
) -> None:
    dice = random.Random(how)
    for n in range(2 * count(full)):
        folder = tmp_path / str(n)
        keeper = saved(folder, 1, 2)
        touched = damage(steps(folder)[-1], how, dice)
        found = keeper.newest()
        assert found is not None
        assert found.tree["step"] == 1
        [(path, error)] = keeper.refused
        assert path == touched.parent
        assert str(touched) in error.en
        assert str(touched) in error.zh
        keeper.save(2, content(2))  # the run goes on, and replaces it
        assert keeper.newest() is not None
        assert keeper.refused == []


class Trap:
    """What reading a pickle of it would do."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return Path.touch, (Path(os.environ["TRAP"]),)  # type: ignore[return-value]


@pytest.mark.parametrize(
    "name", ["optimizer.pt", "weights.safetensors", "rest.safetensors", "state.json", "manifest.json"]
)
def test_a_foreign_pickle_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("TRAP", str(tmp_path / "sprung"))
    keeper = saved(tmp_path / "run", 1, 2)
    last = steps(tmp_path / "run")[-1]
    (last / name).write_bytes(pickle.dumps(Trap()))
    found = keeper.newest()
    assert found is not None
    assert found.tree["step"] == 1
    [(_, error)] = keeper.refused
    assert f"{last / name}" in error.en
    assert "not opened" in error.en
    assert not (tmp_path / "sprung").exists()
    pickle.loads((last / name).read_bytes())  # the trap works
    assert (tmp_path / "sprung").exists()


def test_what_is_not_finished_or_not_there_is_no_checkpoint(tmp_path: Path) -> None:
    assert newest(tmp_path / "none") is None
    keeper = saved(tmp_path, 1)
    (steps(tmp_path)[0] / "rest.safetensors").unlink()
    assert keeper.newest() is None
    assert "rest.safetensors cannot be read" in keeper.refused[0][1].en
    (steps(tmp_path)[0] / "manifest.json").unlink()
    assert keeper.newest() is None
    assert "was not finished" in keeper.refused[0][1].en


def test_another_configuration_or_other_code_is_refused_with_every_difference(tmp_path: Path) -> None:
    first = Keeper(tmp_path, config={"depth": 6, "rates": {"muon": 0.02}}, code={"a.py": "1" * 64, "b.py": "2" * 64})
    first.save(1, content(1))
    other = Keeper(tmp_path, config={"depth": 8, "rates": {"muon": 0.02, "adamw": 0.1}}, code={"a.py": "3" * 64})
    with pytest.raises(CheckpointError) as told:
        other.newest()
    for text in (told.value.zh, told.value.en):
        for line in ("config.depth: 6 → 8", "config.rates.adamw: – → 0.1", "code.a.py: ", "code.b.py: "):
            assert line in text
    assert "rates.muon" not in told.value.en
    assert other.newest(force=True) is not None
    other.save(2, content(2))
    manifest = json.loads((steps(tmp_path)[-1] / "manifest.json").read_text().splitlines()[0])
    assert manifest["forced"][0]["step"] == 1
    assert "config.depth: 6 → 8" in manifest["forced"][0]["differences"]
    assert other.newest() is not None  # from here on it is the run's own configuration


def test_a_file_that_changed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    package = tmp_path / "small_package"
    package.mkdir()
    for name in ("__init__", "a", "b"):
        (package / f"{name}.py").write_text(name)
    before = sources("small_package")
    assert sorted(before) == [f"small_package/{name}.py" for name in ("__init__", "a", "b")]
    (package / "a.py").write_text("a = 1")
    [line] = differences({"code": before}, {"code": sources("small_package")})
    assert line.startswith("code.small_package/a.py: ")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("where", ["weights", "luck"])
def test_numbers_that_are_not_finite_are_never_saved(tmp_path: Path, where: str, value: float) -> None:
    keeper = saved(tmp_path, 1)
    bad = content(2)
    bad[where][next(iter(bad[where]))].view(-1)[3] = value
    with pytest.raises(CheckpointError, match="NaN or infinity"):
        keeper.save(2, bad)
    assert [path.name for path in steps(tmp_path)] == ["step-00000001"]


FULL_DISK = """
import sys
from pathlib import Path
import torch
from tests.stack.train.tiny import Data, Net, optimizers
from wenjin.stack.train.checkpoint import Keeper, newest
from wenjin.stack.train.errors import CheckpointError
from wenjin.stack.train.loop import fit
torch.set_num_threads(1)
ballast = Path(sys.argv[1], "ballast")
def fill():
    with ballast.open("wb", buffering=0) as file:
        try:
            while True: file.write(bytes(1024))
        except OSError:
            pass
for ending in ("mended", "full"):
    folder, net = Path(sys.argv[1], ending), Net()
    try:
        for record in fit(
            net, net.loss, Data(), optimizers(net), steps=9, keeper=Keeper(folder, config={}), save_every=2
        ):
            print(record.step, *(event.name for event in record.events))
            if record.step in (3, 7): fill()
            if record.step == 5 or (record.step == 8 and ending == "mended"): ballast.unlink()
    except CheckpointError as error:
        print(error.zh, error.en, sep="\\n")
    print(newest(folder).tree["progress"]["step"])
"""


def test_a_full_disk_costs_a_sentence_and_the_run_goes_on(tmp_path: Path) -> None:
    """Full from step 3 to 5, and again from 7: until it is mended at 8, or to the end."""
    shell = 'set -e; mount -t tmpfs -o size=1m none "$0"; exec "$1" -P -c "$2" "$0"'
    command = ["unshare", "--map-root-user", "--mount", "bash", "-c", shell]
    done = subprocess.run(
        [*command, str(tmp_path), sys.executable, FULL_DISK],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stderr == ""
    told = done.stdout.splitlines()
    common = ["1", "2 saved", "3", "4 not-saved", "5", "6 saved", "7", "8 not-saved"]
    assert told[:10] == [*common, "9 saved finished", "9"]
    assert told[10:19] == [*common, "9 not-saved finished"]
    assert "磁盘已满" in told[19]
    assert "The disk is full" in told[20]
    assert told[21] == "6"


def test_one_run_is_never_started_twice(tmp_path: Path) -> None:
    def start() -> Any:
        net = Net()
        return fit(net, net.loss, Data(), optimizers(net), steps=3, keeper=Keeper(tmp_path, config={}))

    first = start()
    next(first)
    told: list[CheckpointError] = []

    def second() -> None:  # another process would hold another lock; so does another opening of the file
        try:
            next(start())
        except CheckpointError as error:
            told.append(error)

    thread = threading.Thread(target=second)
    thread.start()
    thread.join()
    assert "Another process is training" in told[0].en
    first.close()
    assert [record.step for record in start()] == [2, 3]


keys = st.text(max_size=5) | st.integers()
values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
tensors = st.integers(0, 9).map(lambda n: torch.arange(n))
trees = st.recursive(
    values | tensors,
    lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(keys, inner),
    max_leaves=12,
)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and torch.equal(a, b)
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return type(a) is type(b) and (a == b or (a != a and b != b))


@given(trees)
def test_any_tree_comes_back(given: Any) -> None:
    parts, table = tree.split(given)
    assert same(given, tree.join(json.loads(json.dumps(parts)), table))


def test_ways_that_read_alike_keep_their_tensors_apart() -> None:
    given = {"a": {"b.c": torch.ones(1)}, "a.b": {"c": torch.zeros(2)}, "": [torch.ones(3)], 0: torch.zeros(4)}
    parts, table = tree.split(given)
    assert len(table) == 4
    assert same(given, tree.join(json.loads(json.dumps(parts)), table))


def test_what_no_file_can_hold_is_named() -> None:
    with pytest.raises(TypeError, match=r"optimizers\.0 is a set"):
        tree.split({"optimizers": [{1, 2}]})
