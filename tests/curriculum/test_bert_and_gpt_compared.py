"""The lab that holds masking against predicting: on the poems that are shipped it runs, stops, goes on, and tells what
is wrong with a run that was spoiled."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.curriculum.kept import Kept
from wenjin.kit.lab import Cause, Frame, Lab, Point, Progress, Table, Used, as_row, from_row, latest, levels
from wenjin.study.labs import worker

ROOT = Path(__file__).parents[2] / "src" / "wenjin" / "curriculum"
SHORT = {"steps": 24, "masked": 0.3, "rate": 0.02, "seed": 0}
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(autouse=True)
def no_corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENJIN_DATA", str(tmp_path))


@pytest.fixture
def lab() -> Lab:
    return worker.load(worker.find(ROOT, "causal-language-modeling/bert-and-gpt-compared"))


def run(lab: Lab, keep: Kept | None = None, **more: Any) -> Iterator[Frame]:
    return lab.run(keep if keep is not None else Kept(), **(SHORT | more))


def parts(lab: Lab) -> dict[str, Any]:
    return dict(lab.run.__globals__)


def causes(frames: list[Frame]) -> set[str]:
    return {frame.name for frame in frames if isinstance(frame, Cause)}


def test_it_is_stopped_goes_on_and_comes_to_the_same_end(lab: Lab) -> None:
    straight = list(run(lab))
    assert [from_row(as_row(frame)) for frame in straight[:5]] == straight[:5]
    (used,) = [frame for frame in straight if isinstance(frame, Used)]
    assert (used.id, used.fallback) == ("classical-poems", True)
    done = [frame.done for frame in straight if isinstance(frame, Progress)]
    assert done == sorted(done)
    expected = {f"{what}_{name}" for what in ("fill", "continue", "probe") for name in ("masks", "predicts")}
    assert levels(straight).keys() >= expected | {"fill_searched", "probe_untrained", "probe_counts", "alone"}
    (table,) = [frame for frame in latest(straight) if isinstance(frame, Table)]
    assert all(str(row[0]).count("□") == 1 and len(str(row[0])) == 28 for row in table.rows)

    keep = Kept()
    shown: list[Frame] = []
    going = run(lab, keep)
    for frame in going:
        shown.append(frame)
        if isinstance(frame, Point) and frame.chart == "continue" and frame.x == 50 and "masks" in frame.y:
            break
    going.close()  # type: ignore[attr-defined]
    assert keep.keys() == {"masks", "predicts"}
    shown += list(run(lab, keep))
    assert levels(shown) == levels(straight)
    points = {(f.chart, f.x) for f in latest(straight) if isinstance(f, Point)}
    assert {(f.chart, f.x) for f in latest(shown) if isinstance(f, Point)} == points


def test_the_two_are_of_one_size_and_only_one_of_them_sees_both_sides(lab: Lab) -> None:
    space = parts(lab)
    learners = {name: space["Learner"](name, 8, 60, 0.3, 0.02, 0) for name in ("masks", "predicts")}
    sizes = [sum(p.numel() for p in one.net.parameters()) for one in learners.values()]
    assert abs(sizes[0] / sizes[1] - 1) < 0.12  # of a small vocabulary; BERT has a norm and a map more
    ids = torch.randint(2, 60, (4, 28))
    blanks = torch.tensor([3, 9, 20, 26])
    later = ids.clone()
    later[:, 27] = (ids[:, 27] - 2 + 1) % 58 + 2
    moved = {name: (one.fill(ids, blanks) - one.fill(later, blanks)).abs().max() for name, one in learners.items()}
    assert moved["predicts"] == 0
    assert moved["masks"] > 1e-6
    for one in learners.values():  # going on, both see the left only, and never the answer
        shuffled = ids.scatter(1, blanks[:, None], 2)
        assert torch.equal(one.follow(ids, blanks), one.follow(shuffled, blanks))
        assert torch.equal(one.follow(ids, blanks), one.follow(later, blanks))
        assert torch.allclose(one.follow(ids, blanks).exp().sum(dim=1), torch.ones(4))


def test_nobody_sees_what_is_missing(lab: Lab) -> None:
    masks = parts(lab)["Learner"]("masks", 8, 60, 0.3, 0.02, 0)
    ids, blanks = torch.randint(2, 60, (4, 28)), torch.tensor([3, 9, 20, 26])
    assert torch.equal(masks.fill(ids, blanks), masks.fill(ids.scatter(1, blanks[:, None], 5), blanks))


def test_the_blank_is_never_the_first_nor_a_character_outside_the_table(lab: Lab) -> None:
    ids = torch.randint(1, 8, (200, 28))
    blanks = parts(lab)["chosen"](ids, 0)
    assert blanks.min() >= 1
    assert parts(lab)["there"](ids, blanks).min() >= 2


def test_the_probe_finds_what_is_there_and_nothing_else(lab: Lab) -> None:
    dice = torch.Generator().manual_seed(0)
    x, y = torch.randn(400, 12, generator=dice), torch.randn(400, 12, generator=dice)
    seven = x[:, 3] > 0
    assert parts(lab)["probed"](x, seven, y, y[:, 3] > 0) > 0.9
    assert abs(parts(lab)["probed"](x, torch.rand(400, generator=dice) > 0.5, y, y[:, 3] > 0) - 0.5) < 0.12


def spoiled(lab: Lab, **changes: Callable[..., Any]) -> set[str]:
    """What is told of a run whose learner does something else: the names of its methods and what they become."""
    learner = parts(lab)["Learner"]
    before = {name: getattr(learner, name) for name in changes}
    try:
        for name, change in changes.items():
            setattr(learner, name, change(before[name]))
        return causes(list(run(lab, steps=40)))
    finally:
        for name, method in before.items():
            setattr(learner, name, method)


def test_a_sound_run_has_no_cause_and_a_rate_that_is_too_high_is_told(lab: Lab) -> None:
    assert causes(list(run(lab, steps=40))) <= {"overfits", "samples-repeat"}
    assert "rate-too-high" in causes(list(run(lab, rate=0.6)))


def test_a_frozen_body_is_told(lab: Lab) -> None:
    def still(begin: Callable[..., None]) -> Callable[..., None]:
        def made(self: Any, *rest: Any) -> None:
            begin(self, *rest)
            self.optimizers[0].step = lambda: None  # the matrices of the blocks never move

        return made

    assert "parameters-frozen" in spoiled(lab, __init__=still)


def test_a_model_that_sees_the_future_is_told(lab: Lab) -> None:
    def unmoved(asked: Callable[..., Any]) -> Callable[..., Any]:
        def made(self: Any, rows: torch.Tensor, dice: Any) -> Any:
            inputs, labels = asked(self, rows, dice)
            return (rows, labels) if self.name == "predicts" else (inputs, labels)

        return made

    frames = []
    learner = parts(lab)["Learner"]
    before = learner.asked
    try:
        learner.asked = unmoved(before)
        frames = list(run(lab, steps=100))
    finally:
        learner.asked = before
    last = [f.y["predicts"] for f in frames if isinstance(f, Point) and f.chart == "loss" and "predicts" in f.y]
    assert last[-1] < 2  # copying is easily learned, and helps nobody:
    assert levels(frames)["continue_predicts"] > 5
