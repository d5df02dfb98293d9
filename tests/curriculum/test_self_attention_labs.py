"""The two labs of self-attention, run small on the shipped excerpts: their claims hold, they go on after a stop."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.curriculum.kept import Kept
from wenjin.kit.lab import Cause, Frame, Lab, Level, Progress, Table, Used, as_row, from_row, latest, levels
from wenjin.study.course.load import load as load_course
from wenjin.study.labs.worker import load as load_lab

COURSE = load_course()
NAMES = ("scale-or-saturate", "cost-of-length")


@pytest.fixture(autouse=True)
def no_corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENJIN_DATA", str(tmp_path))


def lab(name: str) -> Lab:
    found = COURSE.lab(name)
    assert found is not None
    assert found.file is not None
    return load_lab(found.file)


def run(name: str, kept: Kept | None = None, few: bool = True, **arguments: Any) -> Iterator[Frame]:
    """A run; with `few` on few definitions, which is most of the work of a small one."""
    form = COURSE.lab(name).form  # type: ignore[union-attr]
    assert form is not None
    made = lab(name)
    if few:
        sys.modules[made.run.__module__].SENSES = 1500  # type: ignore[attr-defined]
    return made.run(kept if kept is not None else Kept(), **(form.defaults | arguments))


def held(name: str, measured: dict[str, float]) -> dict[str, bool]:
    return {claim.name: claim.holds(measured) for claim in lab(name).claims}


def test_the_scale_decides_whether_a_head_learns() -> None:
    frames = list(run("scale-or-saturate", few=False, widths=(4, 64, 1024), steps=150))
    measured = levels(frames)
    assert [frame.fallback for frame in frames if isinstance(frame, Used)] == [True]
    assert held("scale-or-saturate", measured) == dict.fromkeys(held("scale-or-saturate", measured), True)
    reference = COURSE.lab("scale-or-saturate").reference  # type: ignore[union-attr]
    assert reference is not None
    for name in ("slope", "entropy_sqrt", "entropy_d"):  # what the size of the data and the steps do not change
        low, high = reference.bands[name]
        wide = high - low
        assert low - wide <= measured[name] <= high + wide, name
    assert not [frame for frame in frames if isinstance(frame, Cause)]


def test_length_costs_its_square() -> None:
    frames = list(run("cost-of-length", rounds=3))
    measured = levels(frames)
    assert held("cost-of-length", measured) == dict.fromkeys(held("cost-of-length", measured), True)
    reference = COURSE.lab("cost-of-length").reference  # type: ignore[union-attr]
    assert reference is not None
    low, high = reference.bands["memory_plain"]
    assert low <= measured["memory_plain"] <= high
    (table,) = [frame for frame in frames if isinstance(frame, Table)]
    assert [row[0] for row in table.rows] == [64, 128, 256, 512, 1024, 2048]


SMALL: dict[str, dict[str, Any]] = {
    "scale-or-saturate": {"widths": (4, 16), "width": 8, "steps": 90, "senses": 4},
    "cost-of-length": {"lengths": (32, 64, 128), "width": 8, "rounds": 3},
}


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_is_stopped_goes_on_to_the_same_end(name: str) -> None:
    straight = list(run(name, **SMALL[name]))
    whole, total = latest(straight), len(straight)
    kept: Kept = Kept()
    shown: list[Frame] = []
    for share in (0.3, 0.7):  # stopped twice, in the middle of something
        going = run(name, kept, **SMALL[name])
        for _ in range(int(share * total)):
            shown.append(next(going))
        going.close()  # type: ignore[attr-defined]
    assert kept
    assert torch.get_num_threads() >= 1
    shown += list(run(name, kept, **SMALL[name]))
    ended = latest(shown)
    assert {key(frame) for frame in ended} == {key(frame) for frame in whole}
    if name == "scale-or-saturate":  # times are never the same
        assert levels(ended) == levels(whole)


def key(frame: Frame) -> tuple[Any, ...]:
    row = as_row(frame)
    return (row["frame"], row.get("chart"), row.get("x"), row.get("name"), row.get("id"))


@pytest.mark.parametrize("name", NAMES)
def test_frames_are_rows_progress_ends_at_its_end_and_seeds_differ(name: str) -> None:
    frames = list(run(name, **SMALL[name], seed=1))
    assert [from_row(as_row(frame)) for frame in frames[:5]] == frames[:5]
    done = [frame for frame in frames if isinstance(frame, Progress)]
    assert [frame.done for frame in done] == sorted(frame.done for frame in done)
    assert done[-1].done == pytest.approx(done[-1].of)
    if name == "scale-or-saturate":
        assert levels(frames) != levels(run(name, **SMALL[name], seed=2))


def test_a_rate_that_is_too_high_is_told() -> None:
    frames = list(run("scale-or-saturate", widths=(4,), width=64, steps=80, senses=4, rate=0.03))
    assert [frame.name for frame in frames if isinstance(frame, Cause)] == ["rate-too-high"]


def test_extreme_arguments_come_to_an_end() -> None:
    for arguments in (
        {"widths": (1,), "width": 4, "steps": 40, "senses": 2},
        {"widths": (7, 3, 3), "steps": 41, "width": 5},
    ):
        assert any(isinstance(frame, Level) for frame in run("scale-or-saturate", **arguments))
    for arguments in (
        {"lengths": (32,), "rounds": 1},
        {"lengths": (64, 33, 64), "width": 8, "rounds": 1, "causal": True},
    ):
        assert any(isinstance(frame, Level) for frame in run("cost-of-length", **arguments))


def test_what_tensors_hold_is_counted_exactly() -> None:
    module = sys.modules[lab("cost-of-length").run.__module__]
    x = torch.zeros(1000)
    assert module.most_held(lambda: x * 2, x) == 4000
    assert module.most_held(lambda: ((x * 2) * 3) * 4, x) == 8000  # the first is gone when the third is made
    assert module.most_held(lambda: [x + n for n in range(5)], x) == 20_000
    assert module.most_held(lambda: x[:10], x) == 0
