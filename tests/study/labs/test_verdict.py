"""The verdict on a run: bands where the arguments are comparable, causes always, and what it stood on stays kept."""

import math
from datetime import UTC, datetime

from wenjin.kit.lab import Cause, Frame, Level, Picture, Point, Progress, Table, Used, as_row, from_row
from wenjin.kit.text import Text
from wenjin.study.course.graph import CauseTexts
from wenjin.study.course.lab import Answer, Prediction, Reference
from wenjin.study.labs.book import POINTS, book, compare, record, thinned
from wenjin.study.labs.causes import said
from wenjin.study.labs.verdict import RunVerdict, basis, verdict
from wenjin.study.store.log import Event

CODE = {"lab": "a", "library": "b"}
DATA = Used("coins", "generated", 3, "c")
REFERENCE = Reference(
    lab_sha256="a",
    library_sha256="b",
    data={"coins": "c"},
    seeds=(0, 1, 2, 3, 4),
    bands={"loss": (1.0, 2.0)},
    arguments={"width": 8, "lengths": [1, 2], "seed": 0},
    frames=(Level("loss", 1.5),),
    seconds=1.0,
    machine="here",
)
WORDS = Text("", "")
ASKED = (Prediction("p", WORDS, "loss", "falls", (Answer("falls", WORDS), Answer("rises", WORDS))),)
SAME = {"width": 8, "lengths": (1, 2), "seed": 9}


def judged(
    *frames: Frame,
    claims: dict[str, bool | None] | None = None,
    arguments: dict[str, object] = SAME,
    reference: Reference | None = REFERENCE,
    code: dict[str, str] = CODE,
    prediction: dict[str, str] | None = None,
) -> RunVerdict:
    stands_on = basis(reference, ASKED, arguments, frames, code)
    return verdict(frames, claims or {}, prediction or {}, stands_on)


def test_a_level_in_its_band_is_normal_whatever_the_seed() -> None:
    found = judged(DATA, Level("loss", 1.9), Level("other", 5.0), claims={"falls": True})
    assert found.normal is True
    assert [(level.name, level.inside) for level in found.levels] == [("loss", True), ("other", None)]
    assert found.text().en.startswith("A normal run")


def test_what_lies_outside_or_was_not_measured_or_is_no_number_is_not_normal() -> None:
    for frames in ([Level("loss", 2.1)], [], [Level("loss", math.nan)], [Level("loss", math.inf)]):
        found = judged(DATA, *frames)
        assert found.normal is False
        assert found.outside == ["loss"]
        assert "the loss lies outside" in found.text({"loss": Text("损失", "the loss")}).en
        assert not found.changed


def test_other_arguments_are_shown_and_not_judged_but_a_cause_always_speaks() -> None:
    other = SAME | {"width": 16}
    found = judged(DATA, Level("loss", 9.0), arguments=other, claims={"falls": False})
    assert (found.normal, found.comparable, found.levels[0].low) == (None, False, 1.0)
    assert "unjudged" in found.text().en
    found = judged(DATA, Level("loss", 9.0), Cause("loss-rose"), arguments=other)
    assert found.normal is False
    assert "1 known cause" in found.text().en
    assert judged(Level("loss", 1.5), reference=None).normal is None
    assert "No run of this lab is recorded" in judged(reference=None).text().en


def test_a_claim_that_fails_is_not_normal_and_changed_code_or_data_is_told() -> None:
    found = judged(DATA, Level("loss", 1.5), claims={"falls": False, "cannot": None})
    assert (found.normal, found.failed) == (False, ["falls"])
    assert judged(DATA, Level("loss", 1.5), claims={"cannot": None}).normal is True
    changed = judged(DATA, Level("loss", 9.0), code={"lab": "x", "library": "b"})
    assert changed.changed
    assert "differ from the recorded" in changed.text().en
    assert judged(Used("coins", "another", 3, "d", fallback=True), Level("loss", 1.5)).changed


def test_the_prediction_stands_beside_the_answer() -> None:
    for chosen, right in (("falls", True), ("rises", False)):
        [foretold] = judged(DATA, Level("loss", 1.5), prediction={"p": chosen}).predictions
        assert (foretold.chosen, foretold.answer, foretold.right, foretold.about) == (chosen, "falls", right, "loss")
    [skipped] = judged(DATA, Level("loss", 1.5)).predictions
    assert (skipped.chosen, skipped.right) == (None, None)


def event(n: int, what: str, **data: object) -> Event:
    return Event(f"{n:032x}", datetime(2026, 3, 1, 12, n, tzinfo=UTC), "run", "t/l", {"run": "r", "what": what} | data)


def test_the_book_is_derived_from_the_log() -> None:
    frames = [Progress(1, 1), DATA, Point("c", 1, {"s": 2.0}), Level("loss", 1.5), Table("t", ("n",), ((1,),))]
    kept = record([*frames, Picture("p", "svg", b"", WORDS)])
    events = [
        event(0, "queued", arguments={"width": 8, "lengths": [1, 2], "seed": 3}, prediction={"p": "falls"}),
        event(1, "started", code=CODE),
        event(2, "stopped", seconds=2.0, memory=5),
        event(3, "queued", arguments={}, prediction={}),
        event(4, "resumed", code=CODE),
        Event("f" * 32, datetime(2026, 3, 1, tzinfo=UTC), "attempt", "t/e", {}),
        event(5, "remark", remark="one"),
    ]
    run = book(events)["r"]
    assert (run.state, run.seed, run.verdict, run.remark) == ("running", 3, None, "one")
    assert run.began == events[1].at
    stands_on = basis(REFERENCE, ASKED, run.arguments, frames, CODE)
    events += [event(6, "finished", seconds=7.0, memory=9, frames=kept, claims={"falls": True}, basis=stands_on)]
    run = book([*events, event(7, "remark", remark="two")])["r"]
    assert (run.state, run.seconds, run.memory, run.remark, run.ended) == ("finished", 7.0, 9, "two", events[-1].at)
    assert run.verdict is not None
    assert (run.verdict.normal, run.verdict.predictions[0].right) == (True, True)
    assert (run.levels, run.data, run.curve) == ({"loss": 1.5}, [DATA], {"c": [frames[2]]})
    assert [type(frame) for frame in run.frames] == [Used, Level, Table, Point]


def test_a_run_that_failed_says_why_until_it_goes_on() -> None:
    events = [
        event(0, "queued", arguments={"seed": 0}),
        event(1, "started", code=CODE),
        event(2, "failed", seconds=1.0, memory=1, frames=[], why={"zh": "坏", "en": "bad"}, output="boom"),
    ]
    run = book(events)["r"]
    assert (run.state, run.why, run.output) == ("failed", Text("坏", "bad"), "boom")
    assert book([*events, event(3, "queued", arguments={}), event(4, "resumed", code=CODE)])["r"].why is None


def test_the_record_thins_a_long_curve_and_keeps_its_ends() -> None:
    points = [Point("c", n, {"s": float(n)}) for n in range(5000)]
    kept = thinned(points)
    assert len(kept) == POINTS
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    rows = record([*points, *(Point("d", n, {"s": 0.0}) for n in range(10))])
    assert len(rows) == POINTS + 10
    assert [from_row(row) for row in rows[:POINTS]] == kept


def test_two_runs_stand_side_by_side() -> None:
    runs = []
    for width, level in ((8, "loss"), (16, "other")):
        rows = [as_row(Level("both", width)), as_row(Level(level, 1.0))]
        runs.append(
            book(
                [
                    event(0, "queued", arguments={"width": width, "seed": 0}),
                    event(
                        1, "finished", seconds=1.0, memory=1, frames=rows, claims={}, basis=basis(None, (), {}, (), {})
                    ),
                ]
            )["r"]
        )
    both = compare(*runs)
    assert both.arguments == (("width", 8, 16, False), ("seed", 0, 0, True))
    assert both.levels == (("both", 8, 16), ("loss", 1.0, None), ("other", None, 1.0))


def test_a_cause_speaks_with_its_facts() -> None:
    texts = CauseTexts(
        "rose", Text("第 {step} 步", "step {step}, {loss:.2f}"), Text("太大", "too high"), Text("小", "less")
    )
    told = said(Cause("rose", {"step": 40.0, "loss": 2}), {"rose": texts})
    assert told.title == Text("第 40 步", "step 40, 2.00")
    assert (told.reason, told.remedy) == (texts.reason, texts.remedy)
    assert said(Cause("rose", {}), {"rose": texts}).title == texts.title
    assert said(Cause("odd", {"n": 0.25}), {}).title.en == "odd (n 0.25)"
