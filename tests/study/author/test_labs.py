"""`course record` keeps a lab's run with its bands; `course check` refuses a record that no longer fits."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from wenjin.study.author import labs
from wenjin.study.course.faults import Faults
from wenjin.study.course.load import load

TOPIC = "counting/doubling/topic.toml"
LAB, WORDS = "counting/doubling/labs/growth.py", "counting/doubling/labs/growth.toml"
RECORD = "counting/doubling/recorded/lab_growth.json"
PROGRAM = '''"""How fast a number grows that doubles."""

import math
from collections.abc import Iterator

from wenjin.kit.lab import Band, Claim, Frame, Keep, Lab, Level, Point, Progress, Table, Used


def growth(keep: Keep, steps: int = 4, seed: int = 0) -> Iterator[Frame]:
    yield Used("numbers", "the numbers themselves", steps, "0" * 64)
    for n in range(steps):
        yield Point("size", n, {"size": 2.0**n})
        yield Progress(n + 1, steps)
    yield Level("rate", math.log(2) + seed / 1000)
    yield Table("sizes", ("step", "size"), tuple((n, 2**n) for n in range(steps)))


lab = Lab(growth, expect=(Band("rate"),), claims=(Claim("doubles", lambda level: abs(level["rate"] - 0.69) < 0.02),))
'''
TEXTS = """format = 1
title = { zh = "增长", en = "Growth" }
asks = { zh = "长多快？", en = "How fast does it grow?" }

[parameter.steps]
title = { zh = "步数", en = "Steps" }
[parameter.seed]
title = { zh = "种子", en = "Seed" }
[chart.size]
title = { zh = "大小", en = "Size" }
x = { zh = "步", en = "step" }
y = { zh = "大小", en = "size" }
series = { size = { zh = "大小", en = "size" } }
[level.rate]
title = { zh = "速率", en = "Rate" }
[table.sizes]
title = { zh = "各步", en = "Each step" }
columns = { step = { zh = "步", en = "step" }, size = { zh = "大小", en = "size" } }
[claim.doubles]
text = { zh = "每步翻倍", en = "It doubles at each step" }
"""


KEPT: list[bytes] = []  # the record, made once


@pytest.fixture
def grown(small, tmp_path: Path):
    """The small course with its lab written and recorded."""
    small.write(LAB, PROGRAM)
    small.write(WORDS, TEXTS)
    if not KEPT:
        assert record(small.root, tmp_path) == (["lab_growth"], [])
        KEPT.append((small.root / RECORD).read_bytes())
    small.write(RECORD, KEPT[0])
    return small


def record(root: Path, data: Path) -> tuple[list[str], list[str]]:
    """(what was recorded, faults)"""
    faults = Faults(root)
    done = labs.record(load(root).topics["doubling"], root, data, (), lambda text: None, faults)
    return done, [fault.what.en for fault in faults.found]


def check(root: Path) -> list[str]:
    course, faults = load(root), Faults(root)
    labs.check(course.topics["doubling"], course, faults)
    return [fault.what.en for fault in faults.found]


def test_a_record_holds_the_run_of_the_first_seed_and_the_bands_of_all(grown) -> None:
    assert check(grown.root) == []
    row = json.loads((grown.root / RECORD).read_text(encoding="utf-8"))
    assert row["seeds"] == [0, 1, 2, 3, 4]
    assert row["arguments"] == {"steps": 4, "seed": 0}
    low, high = row["bands"]["rate"]
    assert (low, high) == pytest.approx((0.693147 - 0.004, 0.697147 + 0.004), abs=1e-5)
    assert [frame["frame"] for frame in row["frames"]] == ["used", "point", "point", "point", "point", "level", "table"]
    assert row["data"] == {"numbers": "0" * 64}
    lab = load(grown.root).lab("growth")
    assert lab is not None
    assert lab.reference is not None
    assert lab.reference.levels == {"rate": 0.693147}


CHANGES: dict[str, tuple[str, str, str, str]] = {
    "stale": (LAB, "2.0**n", "2.0 ** n", "The lab growth was edited after its record."),
    "no-record": (RECORD, "", "", "The lab growth has no record."),
    "not-a-record": (RECORD, '"kind": "lab"', '"kind": "run"', "This is not the record of a run: format 1, kind run."),
    "other-data": (TOPIC, 'data = ["numbers"]', "data = []", "topic.toml names ; the record read numbers."),
    "too-slow": (TOPIC, "minutes = 0.5", "minutes = 0.0001", "The recorded run took"),
    "no-words-for-a-chart": (WORDS, "chart.size", "chart.sice", "The run has size, and there are no words for it."),
    "no-words-for-a-series": (WORDS, "series = { size", "series = { sice", "The run has size, and there are no words"),
    "no-words-for-a-level": (WORDS, "level.rate", "level.speed", "The run has rate, and there are no words for it."),
    "no-words-for-a-claim": (WORDS, "claim.doubles", "claim.triples", "The run has doubles, and there are no words"),
    "no-words-for-a-column": (
        WORDS,
        "columns = { step",
        "columns = { stop",
        "The run has step, and there are no words",
    ),
    "bad-format": (WORDS, "[table.sizes]", 'format = "zz"\n[table.sizes]', "zz is no format"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_no_longer_fits_is_refused(grown, name: str) -> None:
    file, old, new, told = CHANGES[name]
    grown.replace(file, old, new) if old else grown.remove(file)
    if name == "not-a-record":
        from wenjin.study.course.load import read

        found = [fault.what.en for fault in read(grown.root)[1].found]
    else:
        found = check(grown.root)
    assert any(fault.startswith(told) for fault in found), found


def test_a_claim_that_the_record_does_not_bear_out_is_refused(small, tmp_path: Path) -> None:
    small.write(LAB, PROGRAM.replace("< 0.02", "< 0"))
    small.write(WORDS, TEXTS)
    assert record(small.root, tmp_path)[1] == []
    assert check(small.root) == ["The record does not bear out the claim doubles."]


def test_a_run_on_a_fallback_is_no_record(small, tmp_path: Path) -> None:
    small.write(LAB, PROGRAM.replace('"0" * 64)', '"0" * 64, fallback=True)'))
    small.write(WORDS, TEXTS)
    assert record(small.root, tmp_path) == ([], ["numbers is not there; a fallback was read."])
    assert not (small.root / RECORD).exists()


def test_a_lab_that_fails_keeps_its_old_record(grown, tmp_path: Path) -> None:
    before = (grown.root / RECORD).read_bytes()
    grown.replace(LAB, "for n in range(steps):", "for n in range(1 // (3 - seed)):")
    done, faults = record(grown.root, tmp_path)
    assert done == []
    assert len(faults) == 1
    assert "ZeroDivisionError" in faults[0]
    assert (grown.root / RECORD).read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("steps: int = 4", "steps: list = []", "The type of steps is no form"),
        ("def growth", "def grow", "There is no function growth."),
        ("yield Used", "yield (Used", "This is not Python"),
    ],
)
def test_a_lab_without_a_form_is_refused_where_it_stands(small, old: str, new: str, told: str) -> None:
    from wenjin.study.course.load import read

    small.write(LAB, PROGRAM.replace(old, new))
    small.write(WORDS, TEXTS)
    (fault,) = read(small.root)[1].found
    assert fault.what.en.startswith(told)
    assert fault.where.startswith(f"{LAB}:")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("parameter.seed", "parameter.sead", "The lab has no parameter sead."),
        ("[claim.doubles]", "[claim.doubles]\nshout = 1", "The field shout is unknown."),
        ('en = "Growth"', "en = 1", "It should be a text in quotes; it is 1."),
        (
            "[parameter.steps]",
            '[[prediction]]\nid = "p"\nabout = "speed"\nanswer = "c"\nquestion = { zh = "？", en = "?" }\n'
            'options = [{ key = "a", text = { zh = "甲", en = "A" } }]\n\n[parameter.steps]',
            "about names speed.",
        ),
    ],
)
def test_words_of_a_lab_are_held_against_its_form(small, old: str, new: str, told: str) -> None:
    from wenjin.study.course.load import read

    small.write(LAB, PROGRAM)
    small.write(WORDS, TEXTS.replace(old, new))
    assert told in [fault.what.en for fault in read(small.root)[1].found]


def test_the_whole_check_passes_with_a_lab_and_a_figure(grown, check_small: Callable[..., list[object]]) -> None:
    for language in ("zh", "en"):
        file = f"counting/doubling/lesson.{language}.md"
        figure = '```{figure} lab:growth size alt="size"\n```\n\n{{ lab_growth.rate:.2f }}\n\n```{lab} growth steps=4'
        grown.replace(file, "```{lab} growth steps=4", figure)
    assert check_small() == []
    grown.replace("counting/doubling/lesson.zh.md", "lab_growth.rate", "lab_growth.speed")
    grown.replace("counting/doubling/lesson.en.md", "lab_growth.rate", "lab_growth.speed")
    assert {fault.what.en for fault in check_small()} == {"lab_growth has no speed."}  # type: ignore[attr-defined]
