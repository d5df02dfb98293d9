"""The poet's labs, on the poems that are shipped: they learn, stop, go on, and leave a poet that writes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.curriculum.kept import Kept
from wenjin.kit.lab import Cause, Frame, Lab, Level, Point, Progress, Table, Used, latest, levels
from wenjin.poet.errors import PoetError
from wenjin.study.labs import worker

ROOT = Path(__file__).parents[2] / "src" / "wenjin" / "curriculum"
SHORT = {"minutes": 0.1, "depth": 2, "title": "春", "form": "5x4", "seed": 0}


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One thread, and a data folder with nothing in it."""
    monkeypatch.setenv("WENJIN_DATA", str(tmp_path))
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def lab(name: str) -> Lab:
    return worker.load(worker.find(ROOT, f"causal-language-modeling/{name}"))


def run(name: str, keep: Kept, **arguments: Any) -> Iterator[Frame]:
    return lab(name).run(keep, **arguments)


def test_it_learns_is_stopped_goes_on_and_leaves_a_poet_that_writes() -> None:
    keep = Kept()
    first = []
    stopped = run("poet", keep, **SHORT)
    for frame in stopped:
        first.append(frame)
        if isinstance(frame, Point) and frame.x == 3:
            break
    stopped.close()  # type: ignore[attr-defined]
    assert {"lines", "checkpoint"} <= keep.keys()

    frames = list(run("poet", keep, **SHORT))
    steps = [frame.x for frame in frames if isinstance(frame, Point) and frame.x > 0]  # at 0 stand the n-grams
    assert steps[0] == 4  # not from the beginning
    assert steps == sorted(set(steps))
    whole = latest([*first, *frames])
    (used,) = [frame for frame in whole if isinstance(frame, Used)]
    assert (used.id, used.fallback, used.rows) == ("classical-poems", True, 320)
    found = levels(whole)
    assert found.keys() >= {"gram_2", "gram_3", "gram_4", "gram_5", "loss", "perplexity", "form", "rhyme"}
    losses = [frame.y["training"] for frame in whole if isinstance(frame, Point) and frame.x > 0]
    assert min(losses) < losses[0]  # of some three hundred poems it soon knows all by heart: held-out loss may rise
    (samples,) = [frame for frame in whole if isinstance(frame, Table)]
    assert all(len(str(row[-1])) > 4 for row in samples.rows)
    assert isinstance(whole[0], Progress)
    assert {frame.name for frame in whole if isinstance(frame, Cause)} <= {"overfits", "slow", "too-repetitive"}

    written = list(run("write", keep, title="月亮与火车", form="7x4", poems=2, seed=1))
    tables = [frame for frame in written if isinstance(frame, Table)]
    lengths = [sum(len(str(row[1])) for row in table.rows) for table in tables]
    assert lengths == sorted(lengths)  # they come character by character
    assert len(tables) > 10
    assert len(tables[-1].rows) == 2
    assert {frame.name for frame in written if isinstance(frame, Level)} == {"form", "rhyme"}


def test_what_is_no_title_is_refused_before_time_is_spent() -> None:
    with pytest.raises(PoetError, match="A title has"):
        list(run("poet", Kept(), **SHORT | {"title": " "}))
