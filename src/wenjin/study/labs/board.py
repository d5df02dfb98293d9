"""Runs as files that other programs read: a table (CSV), and event files that TensorBoard opens. Pure: values in,
text or bytes out.

Event files are written by hand (TFRecord: length, checksum, protocol buffer) and not by tensorboardX, which starts a
thread for each file and writes this machine's name and the present time into it: a run that is exported twice gives
the same bytes here.

Sources TFRecord: tensorflow/core/lib/io/record_writer.h; event.proto, summary.proto
Proof   tests/study/labs/test_board.py: TensorBoard's own reader finds every value
Omits   pictures and tables of a run
"""

import csv
import io
import json
import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from wenjin.kit.lab import Cause, Frame, Level, Point
from wenjin.study.labs.book import Run

COLUMNS = ("run", "lab", "at", "state", "what", "name", "series", "x", "value")
LEVELS = "levels/"  # before the name of a measured result, among the tags


def table(runs: Iterable[tuple[Run, Sequence[Frame]]]) -> str:
    """The runs in long format, a value a line. `what` is argument, point, level, cause, verdict, claim or remark."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for run, frames in runs:
        head = (run.id, run.lab, run.at.isoformat(), run.state)
        writer.writerows((*head, *(_safe(cell) for cell in row)) for row in _rows(run, frames))
    return text.getvalue()


def _rows(run: Run, frames: Sequence[Frame]) -> Iterator[tuple[str, str, str, Any, Any]]:
    for name, value in run.arguments.items():
        yield "argument", name, "", "", value if isinstance(value, str | int | float) else json.dumps(value)
    for chart, points in curves(frames).items():
        for series in dict.fromkeys(name for point in points for name in point.y):
            yield from (("point", chart, series, p.x, p.y[series]) for p in points if series in p.y)
    for name, value in measured(frames).items():
        yield "level", name, "", "", value
    for frame in frames:
        if isinstance(frame, Cause):
            yield "cause", frame.name, "", "", json.dumps(dict(frame.facts), ensure_ascii=False)
    verdict = run.verdict
    if verdict is not None:
        yield "verdict", "normal", "", "", {True: "yes", False: "no", None: "not judged"}[verdict.normal]
        for name, held in verdict.claims.items():
            yield "claim", name, "", "", {True: "holds", False: "fails", None: "cannot be told"}[held]
    if run.remark:
        yield "remark", "", "", "", run.remark


def _safe(cell: Any) -> Any:
    """Text that a table program would take for a formula gets a quotation mark in front; numbers stay as they are."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def curves(frames: Iterable[Frame]) -> dict[str, list[Point]]:
    """The points of each chart, by x; of two at the same place the later one counts."""
    charts: dict[str, dict[float, Point]] = {}
    for frame in frames:
        if isinstance(frame, Point):
            charts.setdefault(frame.chart, {})[frame.x] = frame
    return {chart: [points[x] for x in sorted(points)] for chart, points in charts.items()}


def measured(frames: Iterable[Frame]) -> dict[str, float]:
    return {frame.name: frame.value for frame in frames if isinstance(frame, Level)}


# ---- event files ----


def event_file(run: Run, frames: Sequence[Frame]) -> tuple[str, bytes]:
    """A run's name for its event file, `lab/run/…`, and the file. A point's step is its x where all of a chart's are
    whole numbers, else its place in the chart; every value lies at the run's own time."""
    began = (run.began or run.at).timestamp()
    made = [_event(began, 0, _bytes(3, b"brain.Event:2"))]
    for chart, points in curves(frames).items():
        whole = all(abs(point.x) < 2**53 and point.x == int(point.x) for point in points)
        for place, point in enumerate(points):
            for series, value in point.y.items():
                step = int(point.x) if whole else place
                made.append(_event(began, step, _summary(f"{chart}/{series}", _float(2, value))))
    for name, value in measured(frames).items():
        made.append(_event(began, 0, _summary(LEVELS + name, _float(2, value))))
    for name, text in _told(run).items():
        made.append(_event(began, 0, _summary(name, _text(text))))
    name = f"{run.lab}/{run.id[:8]}/events.out.tfevents.{int(began):010d}.{run.id[:8]}"
    return name, b"".join(_record(event) for event in made)


def archive(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Files as a zip, the same bytes for the same files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in files:
            zipped.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _told(run: Run) -> Mapping[str, str]:
    """What is no number: the arguments, the verdict, the remark; as Markdown, which TensorBoard shows."""
    rows = "".join(f"| {name} | {value} |\n" for name, value in run.arguments.items())
    told = {"arguments": f"| argument | value |\n| --- | --- |\n{rows}"}
    if run.verdict is not None:
        words = run.verdict.text()
        told["verdict"] = f"{words.zh}\n\n{words.en}"
    return told | ({"remark": run.remark} if run.remark else {})


def _event(at: float, step: int, what: bytes) -> bytes:
    return _key(1, 1) + struct.pack("<d", at) + (_key(2, 0) + _varint(step) if step else b"") + what


def _summary(tag: str, value: bytes) -> bytes:
    return _bytes(5, _bytes(1, _bytes(1, tag.encode("utf-8", "replace")) + value))


def _text(text: str) -> bytes:
    """A tensor of one string, for TensorBoard's page of texts."""
    shape = _bytes(2, _bytes(2, _key(1, 0) + _varint(1)))
    tensor = _key(1, 0) + _varint(7) + shape + _bytes(8, text.encode("utf-8", "replace"))
    return _bytes(9, _bytes(1, _bytes(1, b"text"))) + _bytes(8, tensor)


def _float(number: int, value: float) -> bytes:
    try:
        return _key(number, 5) + struct.pack("<f", value)
    except OverflowError:  # beyond what 32 bits hold
        return _key(number, 5) + struct.pack("<f", float("inf") if value > 0 else float("-inf"))


def _bytes(number: int, data: bytes) -> bytes:
    return _key(number, 2) + _varint(len(data)) + data


def _key(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _varint(value: int) -> bytes:
    value &= 2**64 - 1
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    made.append(value)
    return bytes(made)


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", _masked(length)) + data + struct.pack("<I", _masked(data))


def _masked(data: bytes) -> int:
    """The checksum CRC-32C, turned as TFRecord wants it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _crc_table() -> list[int]:
    made = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        made.append(value)
    return made


CRC = _crc_table()
