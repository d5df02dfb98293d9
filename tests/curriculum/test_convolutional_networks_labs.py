"""The labs of convolutional networks, run small on the shipped digits: they hold, and they go on after a stop."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.curriculum.kept import Kept
from wenjin.kit.lab import Cause, Frame, Lab, Level, Picture, Progress, Table, Used, as_row, from_row, latest, levels
from wenjin.study.course.load import load as load_course
from wenjin.study.labs.worker import load as load_lab

COURSE = load_course()
NAMES = ("convolution-from-scratch", "shifted-digits")
SMALL: dict[str, dict[str, Any]] = {
    "convolution-from-scratch": {"epochs": 2, "pictures": 300},
    "shifted-digits": {"epochs": 1, "pictures": 300},
}


@pytest.fixture(autouse=True)
def no_corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENJIN_DATA", str(tmp_path))


def lab(name: str) -> Lab:
    found = COURSE.lab(f"convolutional-networks/{name}")
    assert found is not None
    assert found.file is not None
    return load_lab(found.file)


def run(name: str, kept: Kept | None = None, **arguments: Any) -> Iterator[Frame]:
    form = COURSE.lab(f"convolutional-networks/{name}").form  # type: ignore[union-attr]
    assert form is not None
    return lab(name).run(kept if kept is not None else Kept(), **(form.defaults | arguments))


def held(name: str, measured: dict[str, float]) -> dict[str, bool]:
    return {claim.name: claim.holds(measured) for claim in lab(name).claims}


def test_our_layers_are_torchs_and_a_small_lenet_learns() -> None:
    frames = list(run("convolution-from-scratch", epochs=5, pictures=1200, pool="mean"))
    measured = levels(frames)
    assert [frame.id for frame in frames if isinstance(frame, Used) and frame.fallback] == ["digits"]
    assert "elsewhere" not in measured  # the others' digits are those that it has learned from here
    found = held("convolution-from-scratch", measured | {"elsewhere": 0.0})
    assert found["same-as-torch"]
    assert found["product-is-faster"]
    assert measured["accuracy"] > 0.8
    assert measured["last_loss"] < 0.3 * measured["first_loss"]
    (table,) = [frame for frame in latest(frames) if isinstance(frame, Table)]
    assert len(table.rows) == 7
    pictures = {frame.name: frame.data for frame in frames if isinstance(frame, Picture)}
    sizes = {name: struct.unpack(">II", data[16:24]) for name, data in pictures.items()}
    assert sizes == {"digit": (228, 228), "kernels": (504, 84), "c1": (864, 144), "c3": (592, 148)}


def test_lenet_bears_more_than_the_plain_network() -> None:
    frames = list(run("shifted-digits", epochs=4))
    measured = levels(frames)
    assert measured["plain_still"] > 0.85
    assert measured["lenet_three"] > measured["plain_three"] + 0.05
    assert held("shifted-digits", measured)["lenet-loses-as-well"]
    (table,) = [frame for frame in latest(frames) if isinstance(frame, Table)]
    assert [row[0] for row in table.rows] == list(range(7))


def test_a_moved_picture_loses_what_leaves_its_frame() -> None:
    moved = lab("shifted-digits").run.__globals__["moved"]
    x = torch.arange(1.0, 10).view(1, 1, 3, 3)
    assert moved(x, 1, 0)[0, 0].tolist() == [[0, 0, 0], [1, 2, 3], [4, 5, 6]]
    assert moved(x, 0, -1)[0, 0].tolist() == [[2, 3, 0], [5, 6, 0], [8, 9, 0]]
    assert torch.equal(moved(x, 0, 0), x)


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_is_stopped_goes_on_to_the_same_end(name: str) -> None:
    straight = list(run(name, **SMALL[name]))
    whole, total = latest(straight), len(straight)
    assert [from_row(as_row(frame)) for frame in straight[:5]] == straight[:5]
    done = [frame for frame in straight if isinstance(frame, Progress)]
    assert [frame.done for frame in done] == sorted(frame.done for frame in done)
    assert done[-1].done == pytest.approx(done[-1].of)
    kept: Kept = Kept()
    shown: list[Frame] = []
    for share in (0.5, 0.7):  # stopped twice, in the middle of something
        going = run(name, kept, **SMALL[name])
        for _ in range(int(share * total)):
            shown.append(next(going))
        going.close()  # type: ignore[attr-defined]
    assert kept
    shown += list(run(name, kept, **SMALL[name]))
    ended = latest(shown)
    assert {key(frame) for frame in ended} == {key(frame) for frame in whole}
    timed = {"loops_ms", "product_ms", "times_faster"}  # times are never the same
    assert {n: v for n, v in levels(ended).items() if n not in timed} == {
        n: v for n, v in levels(whole).items() if n not in timed
    }


def key(frame: Frame) -> tuple[Any, ...]:
    row = as_row(frame)
    return (row["frame"], row.get("chart"), row.get("x"), row.get("name"), row.get("id"))


def test_a_rate_that_is_too_high_is_told() -> None:
    frames = list(run("convolution-from-scratch", epochs=3, pictures=500, rate=0.1))
    (cause,) = [frame for frame in latest(frames) if isinstance(frame, Cause) and frame.name == "rate-too-high"]
    assert float(cause.facts["update"]) > float(cause.facts["usual"])


def test_extreme_arguments_come_to_an_end() -> None:
    frames = run("shifted-digits", epochs=1, pictures=100, practice=6)
    assert any(isinstance(frame, Level) for frame in frames)
