"""What a run tells of itself: one record a step, kept as lines of JSON that a person and a program can read.

    {"run": {"corpus": "classical-poems", "parameters": 6400000}}
    {"step": 1, "loss": 8.79, "gradient_norm": 1.3, "rate": 0.05, "tokens": 4096, "seconds": 0.31, ...}

A resumed run appends. Steps that were lost with the crash, or thrown away by a roll-back, are done again and stand in
the file twice: the reader keeps the later ones.

Units   losses in nats a target, times in seconds, rate as a share of the optimizers' own
Proof   tests/stack/train/test_records.py: what is written is read; half a last line is no line
"""

import contextlib
import errno
import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import TracebackType
from typing import Any

from wenjin.stack.train.errors import TrainError

Json = Any  # what json.dumps takes


@dataclass(frozen=True, slots=True)
class Event:
    """What happened at a step besides the step.

    The loop's names: resumed, refused-checkpoint, forced, saved, not-saved, skipped, rolled-back, paused, compiled,
    not-compiled, stopped, finished.
    """

    name: str
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """One step.

    `loss` and `gradient_norm` (before clipping) are of all ranks and micro-batches and may be NaN or infinite. `tokens`
    counts the targets of this step, `seconds` leaves evaluation and saving out, `elapsed` sums it over the whole run,
    `done` is the share of the run that lies behind, `left` the seconds that probably lie ahead.
    """

    step: int
    loss: float
    gradient_norm: float
    rate: float
    tokens: int
    seconds: float
    elapsed: float
    done: float
    left: float
    validation: float | None = None
    events: tuple[Event, ...] = ()
    observed: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """A log that was read: the facts of its first line, and the record of every step that counts."""

    facts: Mapping[str, Json]
    records: list[Record]


def to_json(record: Record) -> dict[str, Json]:
    """What stands for the record in a line: numbers that JSON does not know become words, empty fields are left out."""
    line = {name: _spell(value) for name, value in asdict(record).items() if value is not None and value != {}}
    if not record.events:
        del line["events"]
    return line


def from_json(line: Mapping[str, Json]) -> Record:
    """The record that a line stands for. Raises KeyError, TypeError or ValueError."""
    if not isinstance(line, dict):
        raise TypeError("a record is a table")
    given: dict[str, Json] = {}
    for one in fields(Record):  # a later version may write more
        value: Json = line.get(one.name)
        if one.name in line and one.name not in ("events", "observed"):
            value = _number(value) if isinstance(value, str) else value
            given[one.name] = int(value) if one.name in ("step", "tokens") else float(value)
    given["events"] = tuple(Event(event["name"], event["facts"]) for event in line.get("events", ()))
    given["observed"] = line.get("observed", {})
    return Record(**given)


class Log:
    """The file of a run, open for appending. What a crash left half-written at its end is cut off."""

    def __init__(self, path: Path, facts: Mapping[str, Json]) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab", buffering=0)  # nothing may wait in a buffer, and follow later
            self._end = path.read_bytes().rfind(b"\n") + 1
            self._file.truncate(self._end)
        except OSError as error:
            raise _unwritten(path, error) from None
        if self._end == 0:
            self._line({"run": dict(facts)})

    def write(self, record: Record) -> None:
        """Append a record; it survives the death of this process. Raises TrainError when the disk takes no more."""
        self._line(to_json(record))

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> "Log":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _line(self, line: Mapping[str, Json]) -> None:
        data = json.dumps(line, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        try:
            if self._file.write(data) < len(data):  # only a full disk takes a part
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            with contextlib.suppress(OSError):  # else the next to open the log cuts it
                self._file.truncate(self._end)
            raise _unwritten(self._path, error) from None
        self._end += len(data)


def read(path: Path) -> Run:
    """The log of a run. Raises TrainError, which names the line that is none."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TrainError(f"读不了 {path}（{error.strerror}）。", f"{path} cannot be read ({error.strerror}).") from None
    facts: Mapping[str, Json] = {}
    records: list[Record] = []
    for number, raw in enumerate(data[: data.rfind(b"\n") + 1].splitlines(), 1):
        try:
            line = json.loads(raw)
            if "run" in line:
                facts = line["run"]
                continue
            record = from_json(line)
        except (ValueError, KeyError, TypeError):
            raise TrainError(
                f"{path} 第 {number} 行不是训练记录。换一个由 wenjin 写下的记录文件，或删去这一行。",
                f"Line {number} of {path} is no record of a run. Give a log that wenjin wrote, or delete that line.",
            ) from None
        while records and records[-1].step >= record.step:
            records.pop()
        records.append(record)
    return Run(facts, records)


def _spell(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {str(name): _spell(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_spell(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _number(word: str) -> float:
    return {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}[word]


def _unwritten(path: Path, error: OSError) -> TrainError:
    return TrainError(
        f"写不进 {path}（{error.strerror}）。腾出空间或换一个文件夹，再接着训练。",
        f"{path} cannot be written ({error.strerror}). Free some space or choose another folder, then go on.",
    )
