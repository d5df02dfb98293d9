"""The words in which an author writes a lab.

A lab is one typed generator function: its signature is its form and its command line, and what it yields are frames,
which are drawn while it runs. Nothing here runs, draws or judges.

    def scale_or_saturate(
        keep: Keep, width: Annotated[int, Slider(1, 4096, log=True)] = 256, seed: int = 0
    ) -> Iterator[Frame]: ...

    lab = Lab(scale_or_saturate, expect=(Band("entropy"),), claims=(Claim("saturates", lambda level: ...),))

Rule    a frame with the key of an earlier one replaces it (`latest`), so a lab that goes on from kept state may
        repeat what it showed since it last saved.
Numbers may be NaN or infinite: a run that blew up is a result. JSON has no such numbers, so a row says "NaN",
        "Infinity" or "-Infinity", which float() in Python and Number() in JavaScript read back.
"""

import base64
import binascii
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, Literal, Protocol

from wenjin.kit.text import Text

Cell = str | int | float


@dataclass(frozen=True, slots=True)
class Slider:
    """The range of a parameter, both ends allowed. `log`: the slider moves by factors; `step` is then ignored."""

    low: float
    high: float
    step: float | None = None
    log: bool = False


class Keep(Protocol):
    """What a lab leaves for the run that goes on after it was stopped. Bytes of the lab's own choosing: JSON, npz,
    safetensors, never pickle."""

    def load(self, name: str) -> bytes | None:
        """What was last saved under this name; None in a run that begins."""

    def save(self, name: str, data: bytes) -> None:
        """Whole or not at all, whenever the process is killed."""


# ---- frames ----


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the run is, in any unit that grows evenly with time: time left is measured from it."""

    done: float
    of: float


@dataclass(frozen=True, slots=True)
class Point:
    """New values of some series of a chart, at `x`."""

    chart: str
    x: float
    y: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Level:
    """A measured result. The last value counts."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Table:
    """Measured results in rows; a cell is a number or a short text that is the same in both languages."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """`data` is a whole SVG or PNG file; `alt` says what is to be seen on it."""

    name: str
    kind: Literal["svg", "png"]
    data: bytes
    alt: Text


@dataclass(frozen=True, slots=True)
class Cause:
    """Something is wrong with the run. The name stands in causes.toml; the facts fill its text."""

    name: str
    facts: Mapping[str, Cell] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Used:
    """Data that the run read. `fallback`: the source first named could not be had, and this one stands in for it."""

    id: str
    source: str
    rows: int
    sha256: str
    fallback: bool = False


Frame = Progress | Point | Level | Table | Picture | Cause | Used


# ---- what is expected ----


@dataclass(frozen=True, slots=True)
class Band:
    """A level's usual range: from the lowest to the highest of at least five seeds, widened on each side by `slack`
    times its width. With 1.0 about one normal run in a thousand falls outside."""

    level: str
    slack: float = 1.0

    def around(self, values: Iterable[float]) -> tuple[float, float]:
        """The range for measured values, all finite. What seeds do not change still differs in the last digits between
        machines, hence the smallest width."""
        measured = list(values)
        low, high = min(measured), max(measured)
        wide = self.slack * (high - low) + 1e-6 * max(abs(low), abs(high))
        return low - wide, high + wide


@dataclass(frozen=True, slots=True)
class Claim:
    """What the lab is there to show, as a test of its levels at the end."""

    name: str
    holds: Callable[[Mapping[str, float]], bool]


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab's function with what is expected of its results."""

    run: Callable[..., Iterator[Frame]]
    expect: tuple[Band, ...] = ()
    claims: tuple[Claim, ...] = ()


# ---- frames as rows of JSON ----


class BadRow(ValueError):
    """Not a frame; the message says what is wrong with it."""


def as_row(frame: Frame) -> dict[str, Any]:
    """A frame as JSON: {"frame": "point", ...its fields}."""
    kind = type(frame).__name__.lower()
    match frame:
        case Progress(done, of):
            return {"frame": kind, "done": _number(done), "of": _number(of)}
        case Point(chart, x, y):
            return {"frame": kind, "chart": chart, "x": _number(x), "y": {name: _number(v) for name, v in y.items()}}
        case Level(name, value):
            return {"frame": kind, "name": name, "value": _number(value)}
        case Table(name, columns, rows):
            cells = [[_cell(cell) for cell in row] for row in rows]
            return {"frame": kind, "name": name, "columns": list(columns), "rows": cells}
        case Picture(name, form, data, alt):
            coded = base64.b64encode(data).decode()
            return {"frame": kind, "name": name, "kind": form, "data": coded, "alt": alt.as_dict()}
        case Cause(name, facts):
            return {"frame": kind, "name": name, "facts": {key: _cell(fact) for key, fact in facts.items()}}
        case Used(id, source, count, sha256, fallback):
            row = {"frame": kind, "id": id, "source": source, "rows": int(count), "sha256": sha256}
            return row | {"fallback": bool(fallback)}
    raise TypeError(f"a lab yields frames, not {kind}")


def from_row(row: Any) -> Frame:
    """The frame of a row of any origin. Raises BadRow."""
    try:
        match row:
            case {"frame": "progress", "done": done, "of": of}:
                return Progress(_float(done), _float(of))
            case {"frame": "point", "chart": str(chart), "x": x, "y": dict(y)}:
                return Point(chart, _float(x), {_str(name): _float(value) for name, value in y.items()})
            case {"frame": "level", "name": str(name), "value": value}:
                return Level(name, _float(value))
            case {"frame": "table", "name": str(name), "columns": list(columns), "rows": list(rows)}:
                return _table(name, tuple(map(_str, columns)), rows)
            case {"frame": "picture", "name": str(name), "kind": "svg" | "png" as kind, "data": str(data), "alt": alt}:
                return Picture(name, kind, base64.b64decode(data, validate=True), _text(alt))
            case {"frame": "cause", "name": str(name), "facts": dict(facts)}:
                return Cause(name, {_str(key): _read(fact) for key, fact in facts.items()})
            case {"frame": "used", "id": str(id), "source": str(source), "rows": int(count), "sha256": str(sha256)}:
                return Used(id, source, count, sha256, row.get("fallback") is True)
    except (TypeError, OverflowError, binascii.Error) as error:
        raise BadRow(str(error)) from None
    raise BadRow(f"not a frame: {str(row)[:80]}")


def latest(frames: Iterable[Frame]) -> list[Frame]:
    """What is to be seen after all these frames: of frames with the same key the last, in the place of the first.

    The key: a point's chart and x (its series are merged one by one); the name of a level, table, picture or cause;
    the id of data; there is one progress.
    """
    seen: dict[tuple[Any, ...], Frame] = {}
    for frame in frames:
        key: tuple[Any, ...]
        match frame:
            case Progress():
                key = (Progress,)
            case Point(chart, x):
                key = (Point, chart, x)
                if isinstance(before := seen.get(key), Point):
                    frame = Point(chart, x, {**before.y, **frame.y})
            case Used(id):
                key = (Used, id)
            case Level(name) | Table(name) | Picture(name) | Cause(name):
                key = (type(frame), name)
        seen[key] = frame
    return list(seen.values())


def levels(frames: Iterable[Frame]) -> dict[str, float]:
    """The measured results: each level's last value."""
    return {frame.name: frame.value for frame in frames if isinstance(frame, Level)}


def _number(value: Any) -> float | int | str:
    number = int(value) if isinstance(value, Integral) else float(value)
    return (
        number
        if isinstance(number, int) or math.isfinite(number)
        else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(number)]
    )


def _cell(value: Any) -> Cell:
    return value if isinstance(value, str) else _number(value)


def _float(value: Any) -> float:
    if type(value) is float or type(value) is int or value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    raise TypeError(f"not a number: {str(value)[:40]}")


def _read(value: Any) -> Cell:
    if isinstance(value, str):
        return float(value) if value in ("NaN", "Infinity", "-Infinity") else value
    return value if type(value) is int else _float(value)


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {str(value)[:40]}")
    return value


def _text(value: Any) -> Text:
    match value:
        case {"zh": str(zh), "en": str(en)}:
            return Text(zh, en)
    raise TypeError("not a text in both languages")


def _table(name: str, columns: tuple[str, ...], rows: list[Any]) -> Table:
    read = tuple(tuple(map(_read, row)) for row in rows if isinstance(row, list) and len(row) == len(columns))
    if len(read) != len(rows):
        raise TypeError(f"a row of table {name} has not {len(columns)} cells")
    return Table(name, columns, read)
