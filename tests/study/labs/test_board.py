"""An exported run is read back whole: by TensorBoard's own reader, and as a table."""

import csv
import io
import math
import struct
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from wenjin.kit.lab import Cause, Frame, Level, Point
from wenjin.study.labs.board import LEVELS, archive, event_file, table
from wenjin.study.labs.book import Run

RUN = Run(
    "0123456789abcdef" * 2,
    "adding/walk",
    {"steps": 20, "strides": [1, 2], "word": "=1+1"},
    {},
    datetime(2026, 11, 22, 8, tzinfo=UTC),
    "finished",
    claims={"stays": True, "far": False},
    basis={"bands": {}, "recorded": False, "comparable": False, "changed": False, "answers": {}},
    remark='太大了, "so big"\n- next: smaller',
)
NUMBER = st.floats(width=32) | st.floats()
NAMES = st.sampled_from(["loss", "误差", "a b"])
POINT = st.builds(Point, NAMES, st.integers(-5, 10**12).map(float), st.dictionaries(NAMES, NUMBER, min_size=1))
FRAMES = st.lists(POINT | st.builds(Level, NAMES, NUMBER), max_size=30)


def opened(run: Run, frames: list[Frame], folder: Path) -> EventAccumulator:
    name, data = event_file(run, frames)
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    found = EventAccumulator(str(file.parent), size_guidance={"scalars": 0, "tensors": 0})
    found.Reload()
    return found


def single(value: float) -> float:
    """As 32 bits hold it."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


@given(FRAMES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_tensorboard_finds_every_value(tmp_path_factory: pytest.TempPathFactory, frames: list[Frame]) -> None:
    found = opened(RUN, frames, tmp_path_factory.mktemp("board"))
    wanted: dict[str, dict[int, float]] = {}
    last: dict[tuple[str, float], Point] = {(f.chart, f.x): f for f in frames if isinstance(f, Point)}
    for (chart, x), point in last.items():
        for series, value in point.y.items():
            wanted.setdefault(f"{chart}/{series}", {})[int(x)] = single(value)
    for frame in frames:
        if isinstance(frame, Level):
            wanted[LEVELS + frame.name] = {0: single(frame.value)}
    assert set(found.Tags()["scalars"]) == set(wanted)
    for tag, values in wanted.items():
        read = [(event.step, event.value, event.wall_time) for event in found.Scalars(tag)]
        assert [step for step, _, _ in read] == sorted(values)
        assert all(same(value, values[step]) for step, value, _ in read), tag
        assert {at for _, _, at in read} == {RUN.at.timestamp()}


def test_where_x_is_no_whole_number_the_step_is_the_place(tmp_path: Path) -> None:
    found = opened(RUN, [Point("rate", x, {"loss": x}) for x in (0.5, 0.1, 2.0)], tmp_path)
    assert [(e.step, e.value) for e in found.Scalars("rate/loss")] == [(0, single(0.1)), (1, 0.5), (2, 2.0)]


def test_arguments_verdict_and_remark_are_texts(tmp_path: Path) -> None:
    found = opened(RUN, [], tmp_path)
    texts = {tag: found.Tensors(tag)[0].tensor_proto.string_val[0].decode() for tag in found.Tags()["tensors"]}
    assert "| steps | 20 |" in texts["arguments"]
    assert texts["remark"] == RUN.remark
    assert "\n\n" in texts["verdict"]
    metadata = found.SummaryMetadata("arguments")
    assert metadata.plugin_data.plugin_name == "text"


def test_exported_twice_it_is_the_same_and_names_no_machine() -> None:
    import socket

    files = [event_file(RUN, [Level("a", 1.0)])]
    assert archive(files) == archive([event_file(RUN, [Level("a", 1.0)])])
    assert socket.gethostname().encode() not in files[0][1] + files[0][0].encode()
    assert zipfile.ZipFile(io.BytesIO(archive(files))).namelist() == [files[0][0]]


def test_the_table_has_every_value_in_long_format() -> None:
    frames: list[Frame] = [
        Point("loss", 1, {"a": 0.1, "b": 2.5}),
        Point("loss", 2, {"a": 1e-300}),
        Level("end", float("nan")),
        Cause("spike", {"at": 3}),
    ]
    other = replace(RUN, id="f" * 32, remark="", arguments={})
    rows = list(csv.DictReader(io.StringIO(table([(RUN, frames), (other, [])]))))
    mine = [row for row in rows if row["run"] == RUN.id]
    points = {(r["series"], float(r["x"])): float(r["value"]) for r in mine if r["what"] == "point"}
    assert points == {("a", 1): 0.1, ("b", 1): 2.5, ("a", 2): 1e-300}
    told = {(r["what"], r["name"]): r["value"] for r in mine if r["what"] != "point"}
    assert math.isnan(float(told["level", "end"]))
    assert told["argument", "steps"] == "20"
    assert told["argument", "strides"] == "[1, 2]"
    assert told["argument", "word"] == "'=1+1", "a table program would run it"
    assert told["verdict", "normal"]
    assert (told["claim", "stays"], told["claim", "far"]) == ("holds", "fails")
    assert told["remark", ""] == RUN.remark
    assert told["cause", "spike"] == '{"at": 3}'
    assert {r["what"] for r in rows if r["run"] == other.id} == {"verdict", "claim"}
