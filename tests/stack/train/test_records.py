"""What is written is read; what was done again counts; half a line is no line; TensorBoard sees the numbers."""

import dataclasses
import math
import resource
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from wenjin.stack.train.board import Board
from wenjin.stack.train.errors import TrainError
from wenjin.stack.train.records import Event, Log, Record, from_json, read, to_json

PLAIN = Record(1, 4.0, 1.5, 0.5, 4096, 0.25, 0.25, 0.1, 2.25)
number = st.floats(width=32)
events = st.builds(Event, st.sampled_from(["saved", "skipped"]), st.dictionaries(st.text(), st.integers()))
records = st.builds(
    Record,
    step=st.integers(1, 10**9),
    loss=number,
    gradient_norm=number,
    validation=st.none() | number,
    events=st.lists(events).map(tuple),
    observed=st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False)),
)


@given(records)
def test_a_record_is_what_its_line_says(record: Record) -> None:
    back = from_json(to_json(record))
    for name, value in dataclasses.asdict(record).items():
        other = dataclasses.asdict(back)[name]
        assert value == other or (math.isnan(value) and math.isnan(other))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=30))
def test_a_step_done_again_counts_once(tmp_path_factory: pytest.TempPathFactory, steps: list[int]) -> None:
    """A jump back is a resume or a roll-back: all that stood from there on is replaced."""
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    with Log(path, {"corpus": "tiny"}) as log:
        for n, step in enumerate(steps):
            log.write(dataclasses.replace(PLAIN, step=step, tokens=n))
    run = read(path)
    assert run.facts == {"corpus": "tiny"}
    found = [record.step for record in run.records]
    assert found == sorted(set(found))
    kept: dict[int, int] = {}
    for n, step in enumerate(steps):
        kept = {earlier: m for earlier, m in kept.items() if earlier < step} | {step: n}
    assert {record.step: record.tokens for record in run.records} == kept


def test_half_a_line_is_cut_and_the_run_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with Log(path, {}) as log:
        log.write(PLAIN)
    whole = path.read_bytes()
    for cut in range(1, 40, 6):
        path.write_bytes(whole + whole.splitlines()[1][:cut])
        assert len(read(path).records) == 1
        with Log(path, {}) as log:
            log.write(dataclasses.replace(PLAIN, step=2))
        assert [record.step for record in read(path).records] == [1, 2]


def test_a_full_disk_takes_whole_lines_or_none(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with Log(path, {}) as log:
        log.write(PLAIN)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, hard))  # room for a part of a line
        try:
            for _ in range(2):
                with pytest.raises(TrainError, match="cannot be written"):
                    log.write(dataclasses.replace(PLAIN, step=2))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        log.write(dataclasses.replace(PLAIN, step=3))
    assert [record.step for record in read(path).records] == [1, 3]


@pytest.mark.parametrize("line", ["no json", '{"step": 1}', '{"step": 1, "loss": "high"}', "[]", "{}", '"run"', "\xff"])
def test_a_line_that_is_no_record_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "log.jsonl"
    with Log(path, {}) as log:
        log.write(PLAIN)
    path.write_bytes(path.read_bytes() + line.encode("latin-1") + b"\n")
    with pytest.raises(TrainError, match="Line 3 of") as told:
        read(path)
    assert "第 3 行" in told.value.zh


def test_a_log_that_is_not_there_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="cannot be read"):
        read(tmp_path / "none")
    with pytest.raises(TrainError, match="cannot be written"):
        Log(tmp_path, {})


def test_tensorboard_s_own_reader_finds_the_numbers(tmp_path: Path) -> None:
    with Board(tmp_path) as board:
        board.write(PLAIN)
        board.write(
            dataclasses.replace(PLAIN, step=2, loss=math.nan, validation=3.5, events=(Event("saved", {"step": 2}),))
        )
    found = EventAccumulator(str(tmp_path)).Reload()
    assert [(point.step, point.value) for point in found.Scalars("loss/training")] == [(1, 4.0)]
    assert [(point.step, point.value) for point in found.Scalars("loss/validation")] == [(2, 3.5)]
    assert [point.value for point in found.Scalars("tokens_per_second")] == [4 * 4096, 4 * 4096]
    assert found.Tags()["tensors"] == ["saved/text_summary"]
