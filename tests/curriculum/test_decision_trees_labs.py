"""The lab on one tree and many: its claims hold when it is run small, and it goes on after a stop."""

import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.curriculum.kept import Kept
from wenjin.kit.lab import Frame, Lab, Level, Picture, Progress, Table, Used, as_row, from_row, latest, levels
from wenjin.study.course.load import load as load_course
from wenjin.study.labs.worker import load as load_lab

COURSE = load_course()
NAME = "one-tree-or-many"
SMALL: dict[str, Any] = {"trees": 12, "depths": (1, 4, 10), "folds": 2, "halves": 4}


@pytest.fixture(autouse=True)
def no_corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENJIN_DATA", str(tmp_path))


def lab() -> Lab:
    found = COURSE.lab(NAME)
    assert found is not None
    assert found.file is not None
    return load_lab(found.file)


def run(kept: Kept | None = None, grove: int = 6, **arguments: Any) -> Iterator[Frame]:
    """A run with fewer trees on each half, which is most of the work of a small one."""
    form = COURSE.lab(NAME).form  # type: ignore[union-attr]
    assert form is not None
    made = lab()
    sys.modules[made.run.__module__].GROVE = grove  # type: ignore[attr-defined]
    return made.run(kept if kept is not None else Kept(), **(form.defaults | arguments))


def test_a_forest_beats_the_best_tree_and_knows_how_good_it_is() -> None:
    frames = list(run(grove=24, trees=50, depths=(2, 4, 10), folds=3, halves=6))
    measured = levels(frames)
    held = {claim.name: claim.holds(measured) for claim in lab().claims}
    assert held == dict.fromkeys(held, True)
    assert [frame.id for frame in frames if isinstance(frame, Used)] == ["breast-cancer", "wine"]
    assert not any(frame.fallback for frame in frames if isinstance(frame, Used))
    reference = COURSE.lab(NAME).reference  # type: ignore[union-attr]
    assert reference is not None
    for name in ("cancer_best", "cancer_forest", "wine_forest"):
        low, high = reference.bands[name]
        assert 2 * low - high <= measured[name] <= 2 * high - low, name


def test_a_run_that_is_stopped_goes_on_to_the_same_end() -> None:
    whole = list(run(**SMALL))
    kept = Kept()
    for share in (0.3, 0.7):
        going = run(kept, **SMALL)
        for _ in range(int(share * len(whole))):
            next(going)
        going.close()  # type: ignore[attr-defined]
    assert kept
    ended = latest(run(kept, **SMALL))
    assert [as_row(frame) for frame in ended] == [as_row(frame) for frame in latest(whole)]


def test_frames_are_rows_progress_ends_at_its_end_and_seeds_differ() -> None:
    frames = list(run(**SMALL, seed=1))
    shown = [frame for frame in frames if not isinstance(frame, Table)]
    assert [from_row(as_row(frame)) for frame in shown] == shown
    done = [frame for frame in frames if isinstance(frame, Progress)]
    assert [frame.done for frame in done] == sorted(frame.done for frame in done)
    assert done[-1].done == done[-1].of
    assert levels(frames) != levels(run(**SMALL, seed=2))


def test_pictures_can_be_drawn_and_are_told_in_both_languages() -> None:
    pictures = [frame for frame in run(**SMALL) if isinstance(frame, Picture)]
    assert [picture.name for picture in pictures] == ["tree", "forest"]
    for picture in pictures:
        drawing = ET.fromstring(picture.data)
        assert drawing.tag.endswith("svg")
        assert len(picture.data) < 30_000
        assert "恶性" in picture.alt.zh
        assert "malignant" in picture.alt.en


def test_extreme_arguments_come_to_an_end() -> None:
    few: dict[str, Any] = {"trees": 10, "depths": (1,), "folds": 2, "halves": 4}
    many: dict[str, Any] = {"trees": 10, "depths": (30, 2, 2), "folds": 20, "halves": 4}
    assert any(isinstance(frame, Level) for frame in run(**few))
    assert any(isinstance(frame, Level) for frame in run(**many))
