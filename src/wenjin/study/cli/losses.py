"""`runs doctor FILE`: a curve of losses from any training, examined by the library in a process of its own."""

import csv
import io
import json
import math
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from wenjin.kit.lab import Cause
from wenjin.kit.text import Language, Text
from wenjin.study.cli.terminal import clean, fail
from wenjin.study.course.load import load
from wenjin.study.labs.causes import said
from wenjin.study.sandbox.launch import run_trusted

MOST = 64 << 20  # bytes of a file that are read
TRAINING = ("loss", "train_loss", "training_loss", "train", "training")
HELD_OUT = ("val_loss", "validation_loss", "eval_loss", "validation", "val", "eval")

UNREADABLE = Text("读不了 {file}（{why}）；请检查路径。", "{file} cannot be read ({why}); look at the path.")
BAD_LINE = Text(
    "{file} 第 {line} 行读不出损失：{found}。每行要么是一个数，要么是带 loss 的 JSON 或 CSV。",
    "Line {line} of {file} holds no loss: {found}. A line is a number, or JSON or CSV with a loss in it.",
)
NO_LOSS = Text(
    "{file} 里没有 {names} 这样的列，看不出损失；有：{found}。",
    "{file} has no column such as {names}; it has: {found}.",
)
EMPTY = Text("{file} 里没有损失。", "{file} holds no losses.")
FAILED = Text("检查没有做成：{why}。", "The examination failed: {why}.")
WELL = Text("{n} 个损失，没有看出毛病。", "{n} losses, and nothing wrong is to be seen.")
REASON, TRY = Text("多半因为", "Most likely"), Text("试试", "Try")


def examine(file: Path, classes: int | None, language: Language, *, as_json: bool) -> int:
    """Print what is wrong with the curve; 0 when nothing is."""
    losses, validation = read(file)
    signs = asked({"losses": losses, "validation": validation, "even": math.log(classes) if classes else None})
    known = load().causes
    words = [said(Cause(sign["name"], sign["facts"]), known) for sign in signs]
    if as_json:
        told = [
            sign | {"title": w.title.as_dict(), "reason": w.reason and w.reason.as_dict()}
            | {"remedy": w.remedy and w.remedy.as_dict()}
            for sign, w in zip(signs, words, strict=True)
        ]  # fmt: skip
        print(json.dumps({"losses": len(losses), "validation": len(validation), "causes": told}, ensure_ascii=False))
    elif not signs:
        print(WELL.format(n=len(losses))[language])
    for w in words if not as_json else ():
        print(clean(w.title[language]))
        for head, text in ((REASON, w.reason), (TRY, w.remedy)):
            if text is not None:
                print(f"  {head[language]}  {clean(text[language])}")
    return 1 if signs else 0


def read(file: Path) -> tuple[list[float], list[float]]:
    """Training losses and held-out losses, in the order of the file. Ends with a sentence where there are none."""
    try:
        with file.open("rb") as opened:
            text = opened.read(MOST).decode("utf-8-sig", "replace")
    except OSError as error:
        fail(UNREADABLE.format(file=clean(str(file)), why=error.strerror), 2)
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        fail(EMPTY.format(file=clean(str(file))), 2)
    first = lines[0][1]
    if first.startswith("{"):
        rows = [_of_json(line, number, file) for number, line in lines]
    elif _number(first) is None and ("," in first or first.lower() in TRAINING):
        rows = [*csv.DictReader(io.StringIO("\n".join(line for _, line in lines)))]
    else:
        rows = [{"loss": line} for _, line in lines]
    losses, validation = (_column(rows, names, [n for n, _ in lines], file) for names in (TRAINING, HELD_OUT))
    if not losses:
        names = ", ".join(dict.fromkeys(str(name) for row in rows for name in row))[:200]
        fail(NO_LOSS.format(file=clean(str(file)), names="loss, train_loss", found=clean(names) or "—"), 2)
    return losses, validation


def asked(curve: dict[str, Any]) -> list[dict[str, Any]]:
    """The signs that the library sees."""
    plain = {key: [_plain(v) for v in value] if isinstance(value, list) else value for key, value in curve.items()}
    with tempfile.TemporaryDirectory(prefix="wenjin-doctor-") as folder:
        here = Path(folder)
        (here / "curve.json").write_text(json.dumps(plain), encoding="utf-8")
        command = [sys.executable, "-P", "-m", "wenjin.stack.train.doctor", str(here / "curve.json")]
        done = run_trusted(command, cwd=here, environment=dict(os.environ), timeout=60.0)
    if done.code != 0:
        last = done.errors.decode("utf-8", "replace").strip().splitlines()[-1:] or ["-"]
        fail(FAILED.format(why=clean(last[0])))
    return [json.loads(line) for line in done.output.splitlines()]


def _of_json(line: str, number: int, file: Path) -> dict[str, Any]:
    """A line of JSON; of a lab's frames, the series of its points."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        fail(BAD_LINE.format(file=clean(str(file)), line=number, found=clean(line[:60])), 2)
    if "frame" in row:
        return row["y"] if row["frame"] == "point" and isinstance(row.get("y"), dict) else {}
    return row


def _column(rows: list[dict[str, Any]], names: tuple[str, ...], lines: list[int], file: Path) -> list[float]:
    """The values of the first of these columns that there is; a row without one is passed over."""
    present = {str(name).strip().lower(): name for row in rows for name in row}
    name = next((present[name] for name in names if name in present), None)
    found: list[float] = []
    offset = len(lines) - len(rows)  # a header
    for row, line in zip(rows, lines[offset:], strict=True):
        value = row.get(name) if name is not None else None
        if value in (None, ""):
            continue
        number = _number(value)
        if number is None:
            fail(BAD_LINE.format(file=clean(str(file)), line=line, found=clean(str(value)[:60])), 2)
        found.append(number)
    return found


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _plain(number: float) -> float | str:
    return number if math.isfinite(number) else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(number)]
