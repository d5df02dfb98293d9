"""The lab of python-core, run small on the shipped texts: its claims hold, it goes on after a stop."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.curriculum.kept import Kept
from wenjin.kit.lab import Frame, Lab, Level, Point, Progress, Table, Used, as_row, from_row, latest, levels
from wenjin.study.course.load import load as load_course
from wenjin.study.labs.worker import load as load_lab

COURSE = load_course()
SMALL: dict[str, Any] = {"sizes": (50, 500), "rounds": 2}


@pytest.fixture(autouse=True)
def no_corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENJIN_DATA", str(tmp_path))


def lab() -> Lab:
    found = COURSE.lab("lookup-race")
    assert found is not None
    assert found.file is not None
    return load_lab(found.file)


def run(kept: Kept | None = None, **arguments: Any) -> Iterator[Frame]:
    form = COURSE.lab("lookup-race").form  # type: ignore[union-attr]
    assert form is not None
    made = lab()
    sys.modules[made.run.__module__].TEXTS = (500, 1000, 2000, 4000)  # type: ignore[attr-defined]
    return made.run(kept if kept is not None else Kept(), **(form.defaults | arguments))


def test_a_list_grows_and_a_dict_does_not() -> None:
    for _ in range(3):  # what is timed is disturbed by other programs
        frames = list(run(sizes=(1_000, 3_000, 10_000), rounds=5))
        measured = levels(frames)
        held = {claim.name: claim.holds(measured) for claim in lab().claims}
        if all(held.values()):
            break
    assert held == {claim.name: True for claim in lab().claims}
    (used,) = [frame for frame in frames if isinstance(frame, Used)]
    assert (used.id, used.fallback) == ("tagged-news", True)
    assert "shakespeare" in used.source
    (table,) = [frame for frame in frames if isinstance(frame, Table)]
    assert [row[0] for row in table.rows] == [1_000, 3_000, 10_000]
    assert measured["times_faster"] > 200


def test_what_is_counted_is_exact() -> None:
    lab()
    module = sys.modules[lab().run.__module__]
    assert module.count_in_list([*"abacba"]) == module.count_in_dict([*"abacba"]) == 3
    assert sorted(module.spread(list(map(str, range(10))), 5, seed=0)) == ["1", "3", "5", "7", "9"]
    assert module.slots_visited(["alone"], seed=0) == 1
    points = [frame for frame in run(**SMALL) if isinstance(frame, Point) and frame.chart == "slots"]
    assert [point.y["half"] for point in points] == [25.5, 250.5]
    assert all(1 <= point.y["ours"] < 2 for point in points)


def test_a_run_that_is_stopped_goes_on_to_the_same_end() -> None:
    whole = latest(run(**SMALL))
    kept = Kept()
    going = run(kept, **SMALL)
    shown = [next(going) for _ in range(16)]  # a round is twelve frames long, and one says what was read
    going.close()  # type: ignore[attr-defined]
    assert kept
    shown += list(run(kept, **SMALL))
    assert keys(latest(shown)) == keys(whole)


def keys(frames: list[Frame]) -> set[tuple[Any, ...]]:
    """Times are never the same, and whether a dict slows down is one of them."""
    rows = [as_row(frame) for frame in frames]
    return {tuple(row.get(name) for name in ("frame", "chart", "x", "name", "id")) for row in rows} - {SLOWS}


SLOWS = ("level", None, None, "slows_at", None)


def test_frames_are_rows_and_progress_ends_at_its_end() -> None:
    frames = list(run(**SMALL, seed=1))
    assert [from_row(as_row(frame)) for frame in frames[:5]] == frames[:5]
    done = [frame for frame in frames if isinstance(frame, Progress)]
    assert [frame.done for frame in done] == sorted(frame.done for frame in done)
    assert done[-1].done == pytest.approx(done[-1].of)


@pytest.mark.parametrize(
    "arguments", [{"sizes": (10, 10**6), "rounds": 1}, {"sizes": (30, 30, 2000), "rounds": 1, "pairs": True}]
)
def test_extreme_arguments_come_to_an_end(arguments: dict[str, Any]) -> None:
    assert any(isinstance(frame, Level) for frame in run(**arguments))
