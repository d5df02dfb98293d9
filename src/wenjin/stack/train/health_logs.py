"""A log that a person brings -> records that can be judged, whatever program wrote it.

    read(Path("out.txt"))       iter 10: loss 4.1763, time 22.5ms          as nanoGPT prints

Read are: our own lines of JSON; lines of JSON, CSV or a number a line; `trainer_state.json` of transformers; what
prints "step 10: loss 2.5" in some such words; TensorBoard's event files (health_events.py); a folder that holds one.

Omits   curves of anything but losses, gradient norms and rates
Proof   tests/stack/train/test_health_logs.py: the same run written in each of these ways is read as the same records;
        half of a file, another file, and 200 spoiled ones are told in a sentence
"""

import csv
import itertools
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wenjin.stack.train import health_events
from wenjin.stack.train.errors import TrainError
from wenjin.stack.train.records import Record

MOST = 64 << 20  # bytes of a file that are read
TRAINING = ("loss", "train_loss", "training_loss", "loss_train", "train", "training")
HELD_OUT = ("val_loss", "validation_loss", "eval_loss", "valid_loss", "loss_val", "loss_validation", "loss_eval",
            "validation", "val", "eval")  # fmt: skip
STEP = ("step", "global_step", "iter", "iteration")
NORM = ("gradient_norm", "grad_norm", "train_grad_norm", "gnorm")
RATE = ("rate", "learning_rate", "lr", "train_learning_rate")
NUMBER = r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|nan|NaN|inf|Infinity)"
PAIR = re.compile(rf"""([A-Za-z][A-Za-z_]*(?:[ /][A-Za-z_]+)?)['"]?(?:\s*[:=]\s*|\s+)({NUMBER})(?![\w.])""")
NAMES = ("trainer_state.json", "records.jsonl", "log.jsonl", "metrics.csv")

Row = tuple[int, dict[str, Any]]  # the line that it stands in, and what it says


@dataclass(frozen=True, slots=True)
class Brought:
    """`facts`: what the log tells of the whole run."""

    facts: Mapping[str, Any]
    records: list[Record]


def read(path: Path) -> Brought:
    """Raises TrainError, which says what is wrong with the file."""
    path = found(path)
    try:
        with path.open("rb") as file:
            data = file.read(MOST)
    except OSError as error:
        why = error.strerror
        raise TrainError(
            f"读不了 {path}（{why}）；请检查路径。", f"{path} cannot be read ({why}); look at the path."
        ) from None
    if health_events.is_one(data):
        rows: list[Row] = [*enumerate(health_events.rows(data), 1)]
        return Brought({}, records(rows, path, ours=False))
    text = data.decode("utf-8-sig", "replace")
    if not text.strip():
        raise TrainError(f"{path} 里没有损失。", f"{path} holds no losses.")
    rows, facts = rows_of(text, path)
    return Brought(facts, records(rows, path, ours=bool(facts)))


def found(path: Path) -> Path:
    """The file itself; of a folder the newest log that it holds."""
    if not path.is_dir():
        return path
    logs = [file for name in NAMES for file in path.glob(name)] + [*path.rglob("*tfevents*")]
    if not logs:
        raise TrainError(
            f"{path} 里没有认得的记录（{NAMES[0]}、{NAMES[1]}、tfevents……）；请指明文件。",
            f"{path} holds no log that is known ({NAMES[0]}, {NAMES[1]}, tfevents, …); name the file itself.",
        )
    return max(logs, key=lambda file: file.stat().st_mtime)


def rows_of(text: str, path: Path) -> tuple[list[Row], Mapping[str, Any]]:
    """What each line says, and the facts of a log that we wrote."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    first = lines[0][1]
    if first[0] in "{[":
        try:
            return _of_document(json.loads(text), path), {}
        except (ValueError, RecursionError):
            pass
        if first.startswith("{'"):  # what transformers prints
            return [(n, row) for n, line in lines if (row := pairs(line))], {}
        return _of_json_lines(lines, path)
    if number(first) is not None:
        return [(n, {"loss": line}) for n, line in lines], {}
    if not any(name in (*TRAINING, *HELD_OUT) for name in pairs(first)) and (cells := _header(first)):
        return _of_table(lines[1:], cells, _comma(first), path), {}
    return [(n, row) for n, line in lines if (row := pairs(line))], {}


def pairs(line: str) -> dict[str, Any]:
    """The numbers that a line names: 'iter 10: loss 4.17, time 22ms' -> {"iter": "10", "loss": "4.17"}."""
    return {plain(name): value for name, value in PAIR.findall(line)}


def plain(name: str) -> str:
    """'Train/Loss', 'train loss' and 'train-loss' are one name."""
    return re.sub(r"[\s/.\-]+", "_", name.strip().strip("'\"").lower())


def records(rows: Iterable[Row], path: Path, *, ours: bool) -> list[Record]:
    """A record for each row with a loss; a validation loss in a row of its own goes to the record before it."""
    table = [(line, {plain(str(name)): value for name, value in row.items() if name}) for line, row in rows]
    present = {name: None for _, row in table for name in row}
    loss, held, norm, rate = (
        next((name for name in names if name in present), None) for names in (TRAINING, HELD_OUT, NORM, RATE)
    )
    if loss is None:
        names = ", ".join(present)[:200] or "—"
        raise TrainError(
            f"{path} 里没有 loss、train_loss 这样的列，看不出损失；有：{names}。",
            f"{path} has no column such as loss, train_loss; it has: {names}.",
        )
    made: list[Record] = []
    waiting: float | None = None
    for line, row in table:
        value, validation = _value(row, loss, line, path), _value(row, held, line, path)
        if value is None:
            if validation is not None and made:
                made[-1] = _with(made[-1], validation)
            else:
                waiting = validation if validation is not None else waiting
            continue
        at = _value(row, next((name for name in STEP if name in row), None), line, path)
        at = len(made) + 1 if at is None or not math.isfinite(at) else at
        observed = _observed(row.get("observed")) if ours else {}
        made.append(
            Record(
                int(at), value, _or(_value(row, norm, line, path), math.nan), _or(_value(row, rate, line, path), 1.0),
                int(_or(_finite(row.get("tokens")), 0)), _or(_finite(row.get("seconds")), 0.0), 0.0, 0.0, 0.0,
                validation if validation is not None else waiting, observed=observed,
            )
        )  # fmt: skip
        waiting = None
    return _in_order(made, ours)


def _in_order(made: list[Record], ours: bool) -> list[Record]:
    """Our own logs repeat steps that were done again, and the later ones count; where others' steps do not only rise,
    the records are counted instead."""
    if all(a.step < b.step for a, b in itertools.pairwise(made)):
        return made
    kept: list[Record] = []
    if ours:
        for one in made:
            while kept and kept[-1].step >= one.step:
                kept.pop()
            kept.append(one)
        return kept
    return [_counted(one, number) for number, one in enumerate(made, 1)]


# ---- lines ----


def _of_document(document: Any, path: Path) -> list[Row]:
    """A whole file of JSON: transformers' trainer state, a list of rows or numbers, or a list for each name."""
    if isinstance(document, dict) and isinstance(document.get("log_history"), list):
        document = document["log_history"]
    if isinstance(document, dict):
        columns = {name: column for name, column in document.items() if isinstance(column, list)}
        if not columns:
            return [(1, document)]
        long = max(map(len, columns.values()))
        document = [{name: column[n] for name, column in columns.items() if n < len(column)} for n in range(long)]
    if not isinstance(document, list):
        raise _no_loss(path, 1, str(document))
    return [(n, row if isinstance(row, dict) else {"loss": row}) for n, row in enumerate(document, 1)]


def _of_json_lines(lines: list[tuple[int, str]], path: Path) -> tuple[list[Row], Mapping[str, Any]]:
    rows: list[Row] = []
    facts: Mapping[str, Any] = {}
    for line, text in lines:
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            if facts and (line, text) == lines[-1]:
                continue  # of our own, half written as the run ended
            raise _no_loss(path, line, text)
        if isinstance(row.get("run"), dict):
            facts = {"run": True, **row["run"]}
        elif "frame" in row:  # of a lab: the series of its points
            rows.append((line, row["y"] if row["frame"] == "point" and isinstance(row.get("y"), dict) else {}))
        else:
            rows.append((line, row))
    return rows, facts


def _of_table(lines: list[tuple[int, str]], header: list[str], comma: str, path: Path) -> list[Row]:
    rows: list[Row] = []
    try:
        for (line, _), cells in zip(lines, csv.reader([text for _, text in lines], delimiter=comma), strict=False):
            rows.append((line, dict(zip(header, cells, strict=False))))
    except csv.Error:  # a cell of more than 128 KiB
        raise _no_loss(path, lines[len(rows)][0], lines[len(rows)][1]) from None
    return rows


def _header(line: str) -> list[str] | None:
    """The names of the columns, if this line is made of names."""
    cells = line.split(_comma(line))
    cells = [cell.strip().strip('"') for cell in cells]
    named = all(re.fullmatch(r"\s*[A-Za-z_][\w ./\-]*\s*", cell) for cell in cells)
    return cells if named and (len(cells) > 1 or plain(cells[0]) in (*TRAINING, *HELD_OUT)) else None


def _comma(line: str) -> str:
    return max(",;\t", key=line.count)


# ---- values ----


def number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _value(row: Mapping[str, Any], name: str | None, line: int, path: Path) -> float | None:
    value = row.get(name) if name is not None else None
    if value is None or value == "":
        return None
    known = number(value)
    if known is None:
        raise _no_loss(path, line, str(value))
    return known


def _finite(value: Any) -> float | None:
    known = number(value)
    return known if known is not None and math.isfinite(known) and known < 1e18 else None


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def _observed(value: Any) -> dict[str, Any]:
    """What health_observe.py writes, of the right kinds; a file may hold anything."""
    if not isinstance(value, dict):
        return {}
    kept: dict[str, Any] = {str(name): known for name, one in value.items() if (known := _finite(one)) is not None}
    kept.pop("dead", None)
    for name in ("frozen", "cut"):
        names = value.get(name)
        listed = [str(one)[:80] for one in names] if isinstance(names, list) else []
        kept[name] = listed
        if not listed or "of" not in kept:
            kept[f"{name}_count"] = 0
    if isinstance(dead := value.get("dead"), dict):
        kept["dead"] = {str(name)[:80]: share for name, one in dead.items() if (share := _finite(one)) is not None}
    if not {"rows", "distinct", "near", "batch"} <= kept.keys():
        kept = {name: one for name, one in kept.items() if name not in ("rows", "distinct", "near", "batch")}
    return kept


def _with(record: Record, validation: float) -> Record:
    return replace(record, validation=validation)


def _counted(record: Record, number: int) -> Record:
    return replace(record, step=number)


def _no_loss(path: Path, line: int, found: str) -> TrainError:
    shown = found[:60]
    return TrainError(
        f"{path} 第 {line} 行读不出损失：{shown}。每行要么是一个数，要么是带 loss 的 JSON 或 CSV，"
        "要么像 step 10: loss 2.5。",
        f"Line {line} of {path} holds no loss: {shown}. A line is a number, or JSON or CSV with a loss in it, or reads "
        "like step 10: loss 2.5.",
    )
