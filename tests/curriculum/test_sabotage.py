"""Every lab that learns, spoiled from outside in one way: its verdict says so and names the right cause; sound, none.

The lab's own code runs, small and on what is shipped; its frames go through the worker, as rows, to the verdict and to
the words of causes.toml. Spoiled are the learning rate (thirty times), the labels (shuffled), a layer (frozen, or not
given to the optimizer) and what the inputs go through before they are learned from or judged by.

Where there is no gradient there is neither a rate nor a layer: trees and segmenters are spoiled in two ways. The
newspaper of the segmenters is not shipped; verse that is cut by its meter stands in. The poet is trained on the few
hundred poems that are shipped, which it learns by heart: that it overfits is then no false alarm.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FULL
from tests.curriculum.kept import Kept
from tests.curriculum.spoils import LABS, Spoil, Spoiled
from wenjin.kit.lab import Cause, Frame, from_row, latest
from wenjin.study.course.load import load as load_course
from wenjin.study.labs import worker
from wenjin.study.labs.causes import said
from wenjin.study.labs.verdict import RunVerdict, basis, verdict

COURSE = load_course()
SEEDS = 5
CASES = [(name, one) for name, small in LABS.items() for one in small.spoiled[: None if FULL else small.first]]
pytestmark = pytest.mark.usefixtures("one_thread")


# ---- a run, and its verdict ----


@dataclass
class Channel(Kept):
    """What a lab yields, as the platform reads it. It asks the lab to stop where it has seen enough."""

    until: int = 0
    wanted: str = ""
    stop: threading.Event = field(default_factory=threading.Event)
    frames: list[Frame] = field(default_factory=list)

    def send(self, row: dict[str, Any]) -> None:
        frame = from_row(row)
        self.frames.append(frame)
        named = isinstance(frame, Cause) and frame.name == self.wanted
        if self.until and (named or len(self.frames) >= self.until):
            self.stop.set()


def judged(name: str, seed: int, spoil: Spoil | None = None, wanted: str = "") -> RunVerdict:
    small, known = LABS[name], COURSE.lab(name)
    assert known is not None
    assert known.file is not None
    assert known.form is not None
    assert known.texts is not None
    made = worker.load(known.file)
    names = made.run.__globals__
    small.smaller(names)
    arguments = known.form.defaults | small.arguments | {"seed": seed}
    if spoil is not None:
        arguments |= spoil(names, seed) or {}
    channel = Channel(until=small.until, wanted=wanted)
    ended = worker.run(made, channel, arguments, channel.stop)  # type: ignore[arg-type]
    frames = latest(channel.frames)
    judged_by = basis(known.reference, known.texts.predictions, arguments, frames, {})
    return verdict(frames, ended.get("end", {}).get("claims", {}), {}, judged_by)


@pytest.fixture(autouse=True)
def no_corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENJIN_DATA", str(tmp_path))


@pytest.mark.parametrize(("name", "one"), CASES, ids=[f"{name.rpartition('/')[2]}, {one.way}" for name, one in CASES])
def test_a_spoiled_run_is_called_abnormal_by_its_cause(name: str, one: Spoiled, count: Callable[[int], int]) -> None:
    for seed in range(count(SEEDS)):
        found = judged(name, seed, one.spoil, one.cause)
        assert found.normal is False
        named = [cause for cause in found.causes if cause.name not in LABS[name].known]
        assert [cause.name for cause in named] == [one.cause], seed
        told = said(named[0], COURSE.causes)
        assert told.remedy is not None
        assert "{" not in f"{told.title} {told.reason} {told.remedy}"


@pytest.mark.parametrize("name", LABS)
def test_a_sound_run_is_not(name: str, count: Callable[[int], int]) -> None:
    for seed in range(count(SEEDS)):
        found = judged(name, seed)
        assert {cause.name for cause in found.causes} <= LABS[name].known, seed
        assert found.causes or found.normal is not False, seed
