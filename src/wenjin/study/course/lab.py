"""What is known of a written lab without running it: its texts, and the run that its author recorded.

The classes are also the schema of `labs/NAME.toml` (labfiles.py reads it; texts are tables `{ zh = "…", en = "…" }`):

    title, asks                     the heading; what it measures and why, in a few sentences
    leaves                          names of what it keeps that stay when the run is over, for labs that go on from it
    watched                         true: the run is examined while it goes, and the page says so beside the curve
    takes                           the lab of the same topic from whose last run it takes what that leaves
    [[prediction]]                  id, question, about (the level or claim that decides it), answer (a key),
                                    options = [{ key = "…", text = … }, …], because: what the run teaches
    [parameter.NAME]                title, help, unit; options.VALUE for a choice
    [chart.NAME]                    title, x, y, log ("x", "y", "xy" or ""), series.NAME
    [level.NAME]                    title, unit, format (Python's, as in ".3g")
    [table.NAME]                    title, columns.NAME
    [claim.NAME]                    text
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from wenjin.kit.lab import Frame, levels
from wenjin.kit.text import Text


def nothing() -> Mapping[str, Any]:
    """What a table holds by name while it names nothing."""
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to a prediction's question."""

    key: str
    text: Text


@dataclass(frozen=True, slots=True)
class Prediction:
    """Asked before the run. `answer` is the key that the recorded run bears out."""

    id: str
    question: Text
    about: str
    answer: str
    options: tuple[Answer, ...]
    because: Text | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    title: Text
    help: Text | None = None
    unit: Text | None = None
    options: Mapping[str, Text] = field(default_factory=nothing, metadata={"row": None})


@dataclass(frozen=True, slots=True)
class Chart:
    """`log`: the axes that are logarithmic. `series`: the names of the lines."""

    title: Text
    x: Text
    y: Text
    log: Literal["", "x", "y", "xy"] = ""
    series: Mapping[str, Text] = field(default_factory=nothing, metadata={"row": None})


@dataclass(frozen=True, slots=True)
class LevelTexts:
    title: Text
    unit: Text | None = None
    format: str = ".3g"


@dataclass(frozen=True, slots=True)
class TableTexts:
    title: Text
    columns: Mapping[str, Text] = field(default_factory=nothing, metadata={"row": None})


@dataclass(frozen=True, slots=True)
class ClaimTexts:
    text: Text


@dataclass(frozen=True, slots=True)
class LabTexts:
    title: Text
    asks: Text
    leaves: tuple[str, ...] = ()
    takes: str = ""
    watched: bool = False
    predictions: tuple[Prediction, ...] = field(default=(), metadata={"row": "prediction"})
    parameters: Mapping[str, Parameter] = field(default_factory=nothing, metadata={"row": None})
    charts: Mapping[str, Chart] = field(default_factory=nothing, metadata={"row": None})
    levels: Mapping[str, LevelTexts] = field(default_factory=nothing, metadata={"row": None})
    tables: Mapping[str, TableTexts] = field(default_factory=nothing, metadata={"row": None})
    claims: Mapping[str, ClaimTexts] = field(default_factory=nothing, metadata={"row": None})


@dataclass(frozen=True, slots=True)
class Reference:
    """The recorded run: `recorded/lab_NAME.json`, written by `wenjin course record`.

    bands    level -> (low, high), over the runs of all `seeds`, already widened by each band's slack
    frames   of the run with the first seed, without its progress
    seconds  that run took, on `machine`
    data     id -> SHA-256 of what was read; `lab_sha256`, `library_sha256`: of the code
    """

    lab_sha256: str
    library_sha256: str
    data: Mapping[str, str]
    seeds: tuple[int, ...]
    bands: Mapping[str, tuple[float, float]]
    arguments: Mapping[str, Any]
    frames: tuple[Frame, ...]
    seconds: float
    machine: str

    @property
    def levels(self) -> dict[str, float]:
        return levels(self.frames)
