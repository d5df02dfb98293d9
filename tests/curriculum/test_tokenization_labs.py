"""The two labs of tokenization, run small: their claims hold, and they go on after a stop.

The newspaper of the second is not shipped, so its measuring is held against verse that is cut by the rule of its
meter; its figures on the newspaper are those of the recorded run.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.curriculum.kept import Kept
from wenjin.kit.lab import Frame, Lab, Level, Picture, Progress, Table, Used, as_row, from_row, latest, levels
from wenjin.stack.data.load import load
from wenjin.stack.data.sources import DataError
from wenjin.study.course.load import load as load_course
from wenjin.study.labs.worker import load as load_lab

COURSE = load_course()
SMALL: dict[str, Any] = {"characters": 12_000, "largest": 700}


@pytest.fixture(autouse=True)
def no_corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENJIN_DATA", str(tmp_path))


def lab(name: str) -> Lab:
    found = COURSE.lab(name)
    assert found is not None
    assert found.file is not None
    return load_lab(found.file)


def scripts(kept: Kept | None = None, **arguments: Any) -> Iterator[Frame]:
    form = COURSE.lab("three-scripts").form  # type: ignore[union-attr]
    assert form is not None
    return lab("three-scripts").run(kept if kept is not None else Kept(), **(form.defaults | SMALL | arguments))


def module(name: str) -> ModuleType:
    return sys.modules[lab(name).run.__module__]


def verses() -> list[tuple[str, ...]]:
    """Lines of five characters as two words, of two and of three."""
    lines = []
    for poem in load("classical-poems", part="tang", excerpt=True).rows:
        for line in poem.lines:
            halves = line.rstrip("。").split("，")
            if len(halves) == 2 and all(len(half) == 5 for half in halves):
                lines.append(tuple(part for half in halves for part in (half[:2], half[2:])))
    return lines


def test_a_vocabulary_made_for_others_costs_more_and_loses_nothing() -> None:
    frames = list(scripts())
    measured = levels(frames)
    claims = {claim.name: claim.holds(measured) for claim in lab("three-scripts").claims}
    assert claims["every-round-trip-is-exact"]
    assert claims["own-is-cheapest"]
    assert measured["chinese_english"] < 0.4
    assert [frame.fallback for frame in frames if isinstance(frame, Used)] == [True, True, False]
    assert measured["chinese_own"] > measured["chinese_mixture"] > measured["chinese_english"]


def test_the_trees_end_in_the_tokens_of_the_word() -> None:
    trees = [frame for frame in scripts() if isinstance(frame, Picture)]
    assert [tree.name for tree in trees] == ["tree_english", "tree_chinese"]
    for tree, word in zip(trees, ("strawberry", "明月"), strict=True):
        assert tree.data.startswith(b"<svg")
        assert tree.data.endswith(b"</svg>")
        for text in (tree.alt.zh, tree.alt.en):
            assert word in text
    tokens = trees[0].alt.en.rpartition("Tokens in the end: ")[2].rstrip(".").split(" | ")
    assert "".join(tokens) == "strawberry"


def test_held_out_text_is_not_learned_from() -> None:
    part = module("three-scripts")
    corpus = load("classical-poems", part="tang", excerpt=True)
    learned, held = part.sample(corpus, 3000, 600, 0)
    assert len(learned) <= 3000
    assert len(held) <= 600
    assert not [line for line in held.split("\n") if len(line) > 20 and line in learned]


@pytest.mark.parametrize("share", [0.2, 0.6])
def test_a_run_that_is_stopped_goes_on_to_the_same_end(share: float) -> None:
    whole = list(scripts())
    kept: Kept = Kept()
    shown: list[Frame] = []
    going = scripts(kept)
    for _ in range(int(share * len(whole))):
        shown.append(next(going))
    going.close()  # type: ignore[attr-defined]
    assert kept
    assert latest([*shown, *scripts(kept)]) == latest(whole)


def test_frames_are_rows_progress_ends_at_its_end_and_seeds_differ() -> None:
    frames = list(scripts(seed=1))
    assert [from_row(as_row(frame)) for frame in frames[:5]] == frames[:5]
    done = [frame for frame in frames if isinstance(frame, Progress)]
    assert [frame.done for frame in done] == sorted(frame.done for frame in done)
    assert done[-1].done == done[-1].of
    assert levels(frames) != levels(scripts(seed=2))


def test_extreme_arguments_come_to_an_end() -> None:
    for arguments in ({"characters": 3000, "largest": 300}, {"characters": 3000, "largest": 1024, "pattern": "llama3"}):
        assert any(isinstance(frame, Level) for frame in scripts(**arguments))


def compared(kept: Kept, lines: tuple[int, ...], held: int, seed: int) -> list[Frame]:
    frames: list[Frame] = list(module("segmenters").compared(kept, verses(), lines, held, seed))
    return frames


def test_words_by_meter_are_found_by_the_tagger() -> None:
    """Verse has few words twice, but every second and fifth character ends one: tags are easy, dictionaries poor."""
    frames = compared(Kept(), (50, 300), 60, 0)
    measured = levels(frames)
    assert measured["f1_hidden"] > measured["f1_path"]
    assert measured["gain"] > -0.05
    assert measured["new_hidden"] > 2 * measured["new_path"]
    (ways,) = [frame for frame in frames if isinstance(frame, Table) and frame.name == "ways"]
    for _, precision, recall, f1, _ in ways.rows:
        assert f1 == pytest.approx(2 * float(precision) * float(recall) / (float(precision) + float(recall)))


def test_what_was_measured_is_not_measured_again() -> None:
    kept: Kept = Kept()
    first = compared(kept, (30, 60), 20, 1)
    assert compared(kept, (30, 60), 20, 1) == first
    told = json.loads(kept["told"])
    told["60"]["path"][2] = 0.125
    kept["told"] = json.dumps(told).encode()
    assert levels(compared(kept, (30, 60), 20, 1))["f1_path"] == 0.125
    assert levels(compared(Kept(), (30, 60), 20, 2)) != levels(first)


def test_without_the_newspaper_it_says_what_to_do() -> None:
    with pytest.raises(DataError, match="wenjin data add tagged-news"):
        list(lab("segmenters").run(Kept()))


@pytest.mark.parametrize("name", ["three-scripts", "segmenters"])
def test_the_recorded_run_keeps_its_claims(name: str) -> None:
    reference = COURSE.lab(name).reference  # type: ignore[union-attr]
    assert reference is not None
    measured = levels(reference.frames)
    assert [claim.name for claim in lab(name).claims if not claim.holds(measured)] == []
