"""One run, written in each way that programs write, is read as the same records; what is no log is told so."""

import json
import math
import random
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tensorboardX import SummaryWriter

from wenjin.stack.train import health_events
from wenjin.stack.train.errors import TrainError
from wenjin.stack.train.health_logs import MOST, read
from wenjin.stack.train.records import Log, Record

STEPS = range(10, 210, 10)
LOSSES = {step: round(5.5 * math.exp(-step / 100) + 1, 4) for step in STEPS}
HELD = {100: 3.25, 200: 1.875}


def ours(path: Path) -> None:
    with Log(path, {"classes": 256}) as log:
        for step in STEPS:
            log.write(Record(step, LOSSES[step], 1.5, 0.5, 64, 0.25, 1.0, 0.5, 9.0, HELD.get(step)))


def json_lines(path: Path) -> None:
    path.write_text("".join(json.dumps(row(step)) + "\n" for step in STEPS))


def row(step: int) -> dict[str, Any]:
    held = {"val_loss": HELD[step]} if step in HELD else {}
    return {"step": step, "train/loss": LOSSES[step], "grad_norm": 1.5, "lr": 0.5, **held}


def columns(path: Path) -> None:
    rows = {"step": [*STEPS], "loss": [*LOSSES.values()], "grad_norm": [1.5] * 20, "lr": [0.5] * 20}
    path.write_text(json.dumps(rows | {"val_loss": [HELD.get(step) for step in STEPS]}, indent=1))


def comma(path: Path) -> None:
    path.write_text("Step,Train Loss,Val Loss,grad_norm,lr\n" + table(","))


def tabs(path: Path) -> None:
    path.write_bytes(
        b"\xef\xbb\xbfstep\tloss\tval_loss\tgrad_norm\tlr\r\n" + table("\t").replace("\n", "\r\n").encode()
    )


def table(between: str) -> str:
    rows = ((step, LOSSES[step], HELD.get(step, ""), 1.5, 0.5) for step in STEPS)
    return "".join(between.join(map(str, cells)) + "\n" for cells in rows)


def transformers_state(path: Path) -> None:
    history: list[dict[str, Any]] = []
    for step in STEPS:
        history.append(
            {"epoch": step / 100, "grad_norm": 1.5, "learning_rate": 0.5, "loss": LOSSES[step], "step": step}
        )
        if step in HELD:
            history.append({"epoch": step / 100, "eval_loss": HELD[step], "eval_runtime": 1.0, "step": step})
    path.write_text(json.dumps({"best_metric": None, "global_step": 200, "log_history": history}, indent=2))


def transformers_printed(path: Path) -> None:
    lines = ["Some weights were not used.\n"]
    for step in STEPS:
        lines.append(f"{{'loss': {LOSSES[step]}, 'grad_norm': 1.5, 'learning_rate': 0.5, 'step': {step}}}\n")
        if step in HELD:
            lines.append(f"{{'eval_loss': {HELD[step]}, 'eval_runtime': 0.1, 'epoch': 1.0}}\n")
    path.write_text("".join(lines[1:]))


def nanogpt(path: Path) -> None:
    lines = ["tokens per iteration will be: 16,384", "number of parameters: 10.65M"]
    for step in STEPS:
        lines.append(f"iter {step}: loss {LOSSES[step]:.4f}, time 22.51ms, mfu 17.10%, grad_norm: 1.5, lr 5e-1")
        if step in HELD:
            lines.append(f"step {step}: train loss 9.9999, val loss {HELD[step]:.4f}")
    path.write_text("\n".join(lines))


def board(path: Path) -> None:
    with SummaryWriter(str(path)) as writer:
        for step in STEPS:
            writer.add_scalar("train/loss", LOSSES[step], step)
            writer.add_scalar("train/grad_norm", 1.5, step)
            writer.add_scalar("train/learning_rate", 0.5, step)
            writer.add_histogram("weights", [1.0, 2.0, 3.0], step)
            if step in HELD:
                writer.add_scalar("val/loss", HELD[step], step)


WAYS = (ours, json_lines, columns, comma, tabs, transformers_state, transformers_printed, nanogpt, board)


@pytest.mark.parametrize("write", WAYS)
def test_the_same_run_is_read_from_each_way_of_writing_it(write: Callable[[Path], None], tmp_path: Path) -> None:
    write(tmp_path / "log")
    log = read(tmp_path / "log")
    assert [r.step for r in log.records] == [*STEPS]
    assert [r.loss for r in log.records] == pytest.approx([*LOSSES.values()])
    assert {r.step: r.validation for r in log.records if r.validation is not None} == pytest.approx(HELD)
    assert {r.gradient_norm for r in log.records} == {1.5}
    assert {r.rate for r in log.records} == {0.5}
    assert log.facts.get("classes") == (256 if write is ours else None)


def test_numbers_alone_are_losses_and_are_counted(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("3.5\n\n2.5\nnan\n1e-1\n")
    losses = [(r.step, r.loss) for r in read(tmp_path / "log").records]
    assert [step for step, _ in losses] == [1, 2, 3, 4]
    assert [loss for _, loss in losses] == pytest.approx([3.5, 2.5, math.nan, 0.1], nan_ok=True)


def test_a_curve_of_a_lab_is_read(tmp_path: Path) -> None:
    frames = [{"frame": "progress", "done": 1}, *({"frame": "point", "x": n, "y": {"loss": 3 - n}} for n in range(3))]
    (tmp_path / "log").write_text("\n".join(map(json.dumps, frames)))
    assert [r.loss for r in read(tmp_path / "log").records] == [3, 2, 1]


def test_a_resumed_run_of_ours_counts_the_later_steps_and_half_a_last_line_is_none(tmp_path: Path) -> None:
    ours(tmp_path / "log")
    with (tmp_path / "log").open("a") as file:
        file.write('{"step": 150, "loss": 7.5, "gradient_norm": "Infinity", "observed": {"future": 1.0}}\n{"step": 16')
    records = read(tmp_path / "log").records
    assert [r.step for r in records] == [*range(10, 151, 10)]
    assert records[-1].loss == 7.5
    assert math.isinf(records[-1].gradient_norm)
    assert records[-1].observed["future"] == 1.0


def test_steps_that_begin_anew_with_each_epoch_are_counted_instead(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("step,loss\n" + "1,3\n2,2\n" * 3)
    assert [r.step for r in read(tmp_path / "log").records] == [1, 2, 3, 4, 5, 6]


def test_a_folder_gives_its_newest_log(tmp_path: Path) -> None:
    board(tmp_path / "runs" / "a")
    assert len(read(tmp_path / "runs").records) == len(STEPS)
    (tmp_path / "empty").mkdir()
    with pytest.raises(TrainError, match="holds no log that is known"):
        read(tmp_path / "empty")


def test_what_torch_writes_for_the_board_is_read(tmp_path: Path) -> None:
    """Both of its forms, a plain number and a tensor of one; and a checksum as TensorFlow computes it."""
    from torch.utils.tensorboard import SummaryWriter as Writer

    with Writer(str(tmp_path)) as writer:
        for step in range(3):
            writer.add_scalar("loss", 4.0 - step, step, new_style=True)
    assert [r.loss for r in read(tmp_path).records] == [4.0, 3.0, 2.0]
    assert health_events.masked_crc(b"123456789") == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b" \n\n", "holds no losses"),
    "prose": ("从前有座山\n山里有座庙\n".encode(), "no column such as loss"),
    "no loss": (b"step,accuracy\n1,2\n", "no column such as loss, train_loss; it has: step, accuracy"),
    "a word": (b"loss\n1\nthree\n", "Line 3 of .* holds no loss: three"),
    "half a line": (b'{"loss": 1}\n{', "Line 2 of .* holds no loss"),
    "deep": (b'{"loss": 1}\n' + b"[" * 100_000, "Line 2 of .* holds no loss"),
    "a list": (b'{"loss": [[1]]}', "Line 1 of .* holds no loss"),
    "a bool": (b'{"loss": true}\n{"loss": 1}', "Line 1 of .* holds no loss"),
    "a number": (b"[]", "no column such as loss"),
    "zeros": (bytes(1000), "no column such as loss"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_log_is_told_in_a_sentence(name: str, tmp_path: Path) -> None:
    data, told = BAD[name]
    (tmp_path / "log").write_bytes(data)
    with pytest.raises(TrainError, match=told) as raised:
        read(tmp_path / "log")
    assert re.search("[一-鿿]", raised.value.zh)


def test_spoiled_logs_are_read_or_refused_but_never_more(tmp_path: Path, count: Callable[[int], int]) -> None:
    dice = random.Random(0)
    for write in WAYS:
        write(tmp_path / write.__name__)
        path = next(p for p in (tmp_path / write.__name__, *(tmp_path / write.__name__).glob("*")) if p.is_file())
        whole = path.read_bytes()
        for _ in range(count(200)):
            data = bytearray(whole[: dice.randrange(len(whole)) if dice.random() < 0.5 else len(whole)])
            for _ in range(dice.randrange(1, 8)):
                if data:
                    data[dice.randrange(len(data))] = dice.randrange(256)
            path.write_bytes(data)
            verdict_on(path)


def verdict_on(path: Path) -> dict[str, Any]:
    from wenjin.stack.train.doctor import main

    told = main(path, 256)
    assert json.loads(json.dumps(told, allow_nan=False))
    return told


def test_what_a_log_says_was_observed_is_believed_only_where_it_makes_sense(tmp_path: Path) -> None:
    for odd in ("x", [1], {"a": 1}, None, 1e400, -1, True):
        with Log(tmp_path / "log", {"classes": 256}) as log:
            names = ("frozen", "frozen_count", "cut", "cut_count", "dead", "update", "age", "rows", "distinct", "near",
                     "batch", "unigram", "padding", "future", "of")  # fmt: skip
            for step in range(1, 120):
                log.write(Record(step, 3.0, 1.0, 1.0, 64, 0.1, 0.1, 0.1, 0.1, observed=dict.fromkeys(names, odd)))
        assert "causes" in verdict_on(tmp_path / "log"), odd
        (tmp_path / "log").unlink()


def test_no_more_is_read_of_a_file_than_is_allowed(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        file.write(b"loss\n1\n")
        file.seek(MOST + 1000)
        file.write(b"x")
    with pytest.raises(TrainError, match="holds no loss"):
        read(tmp_path / "log")


def test_an_event_with_a_length_beyond_the_file_ends_it() -> None:
    length = struct.pack("<Q", 1 << 60)
    data = length + struct.pack("<I", health_events.masked_crc(length)) + b"abc"
    assert health_events.is_one(data)
    assert [*health_events.rows(data)] == []


def test_the_doctor_answers_without_torch(tmp_path: Path) -> None:
    ours(tmp_path / "log")
    program = "import sys; from wenjin.stack.train import doctor; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    assert verdict_on(tmp_path / "log") == {"losses": 20, "validation": 2, "causes": []}
