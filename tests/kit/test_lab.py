"""Frames survive the way over JSON, what is no frame is refused, and later frames replace earlier ones."""

import json
import math

import numpy as np
import pytest

from wenjin.kit.lab import (
    BadRow,
    Band,
    Cause,
    Level,
    Picture,
    Point,
    Progress,
    Table,
    Used,
    as_row,
    from_row,
    latest,
    levels,
)
from wenjin.kit.text import Text

FRAMES = [
    Progress(3, 12),
    Point("loss", 10, {"train": 2.5, "validation": math.inf}),
    Level("loss", -math.inf),
    Table("sizes", ("width", "name", "ratio"), ((8, "小", 0.5), (16, "large", math.inf))),
    Picture("map", "svg", b"<svg/>", Text("图", "A map")),
    Cause("rises", {"times": 3, "step": 40, "name": "loss"}),
    Used("shakespeare", "a package", 40_000, "ab" * 32, fallback=True),
]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: type(frame).__name__)
def test_a_frame_survives_json_in_the_strict_sense(frame):
    assert from_row(json.loads(json.dumps(as_row(frame), allow_nan=False))) == frame


def test_a_number_that_is_none_is_a_result_too():
    back = from_row(json.loads(json.dumps(as_row(Level("loss", math.nan)), allow_nan=False)))
    assert isinstance(back, Level)
    assert math.isnan(back.value)


def test_numbers_of_an_array_become_plain_numbers():
    assert as_row(Level("loss", np.float32(0.5))) == {"frame": "level", "name": "loss", "value": 0.5}
    row = as_row(Table("t", ("n",), ((np.int64(7),),)))
    assert json.dumps(row["rows"]) == "[[7]]"


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        "level",
        {},
        {"frame": "level"},
        {"frame": "level", "name": "a", "value": True},
        {"frame": "level", "name": "a", "value": "1"},
        {"frame": "level", "name": "a", "value": 10**400},
        {"frame": "level", "name": 3, "value": 1},
        {"frame": "point", "chart": "a", "x": 1, "y": [1]},
        {"frame": "point", "chart": "a", "x": 1, "y": {"s": None}},
        {"frame": "table", "name": "a", "columns": ["n"], "rows": [[1, 2]]},
        {"frame": "table", "name": "a", "columns": ["n"], "rows": [3]},
        {"frame": "picture", "name": "a", "kind": "html", "data": "", "alt": {"zh": "", "en": ""}},
        {"frame": "picture", "name": "a", "kind": "svg", "data": "%", "alt": {"zh": "", "en": ""}},
        {"frame": "picture", "name": "a", "kind": "svg", "data": "", "alt": "b"},
        {"frame": "cause", "name": "a", "facts": {"n": {}}},
        {"frame": "exec", "name": "a"},
    ],
    ids=str,
)
def test_what_is_no_frame_is_refused(row):
    with pytest.raises(BadRow):
        from_row(row)


def test_something_else_than_a_frame_cannot_be_sent():
    with pytest.raises(TypeError, match="str"):
        as_row("loss")  # type: ignore[arg-type]


def test_the_last_frame_of_a_key_counts_and_a_points_series_are_merged():
    seen = latest(
        [
            Progress(0, 2),
            Point("loss", 1, {"train": 3.0}),
            Level("best", 3.0),
            Point("loss", 1, {"validation": 4.0}),
            Point("loss", 2, {"train": 2.0}),
            Point("loss", 1, {"train": 2.5}),
            Level("best", 2.0),
            Progress(2, 2),
        ]
    )
    assert seen == [
        Progress(2, 2),
        Point("loss", 1, {"train": 2.5, "validation": 4.0}),
        Level("best", 2.0),
        Point("loss", 2, {"train": 2.0}),
    ]
    assert levels(seen) == {"best": 2.0}


def test_a_band_holds_its_seeds_and_a_little_more():
    assert Band("loss", slack=0.5).around([1.0, 3.0, 2.0]) == pytest.approx((0.0, 4.0), abs=1e-5)
    low, high = Band("count").around([7.0, 7.0])
    assert low < 7.0 < high
    assert high - low < 1e-4
