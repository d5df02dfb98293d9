"""The experiment book: every run with its arguments, curve, verdict and remark, derived from the log. Pure.

A run's events have its lab as subject and {"run": id, "what": …} with, by what happened:

    queued           arguments, prediction {id: key}; again when the learner lets a stopped run go on, then with
                     forced: from a state that other code had kept
    started, resumed code {"lab", "library"}: a process began it, from nothing or from what was kept
    stopped          seconds, memory
    finished         seconds, memory, frames (the record: thinned), claims, basis (verdict.basis)
    failed           seconds, memory, frames, why {zh, en}, output: the last it printed
    remark           remark: the learner's own words
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from wenjin.kit.lab import Cause, Frame, Picture, Point, Progress, Used, as_row, from_row, levels
from wenjin.kit.text import Text
from wenjin.study.labs.verdict import RunVerdict, verdict
from wenjin.study.store.log import Event

State = Literal["queued", "running", "stopped", "finished", "failed"]
STATES: dict[str, State] = {
    "queued": "queued",
    "started": "running",
    "resumed": "running",
    "stopped": "stopped",
    "finished": "finished",
    "failed": "failed",
}
POINTS = 200  # of a chart that the record keeps; all of them stand in the run's folder


@dataclass(frozen=True, slots=True)
class Run:
    """
    at, began, ended  when it was asked for, first begun, last over
    seconds           that its processes worked; memory: the most bytes that they held
    code              SHA-256 of the lab's file and of the library that it leads to
    rows              the record, as rows of kit.lab: levels, tables, causes, data, a thinned curve; empty until it is
                      over. The properties below read them each time that they are asked
    claims, basis     of a run that finished: what its verdict stands on
    why, output       of a run that failed: a sentence, and the last it printed
    forced            the learner let it go on from a state that other code had kept
    """

    id: str
    lab: str
    arguments: Mapping[str, Any]
    prediction: Mapping[str, str]
    at: datetime
    state: State = "queued"
    began: datetime | None = None
    ended: datetime | None = None
    seconds: float = 0.0
    memory: int = 0
    code: Mapping[str, str] = field(default_factory=dict)
    rows: Sequence[Mapping[str, Any]] = ()
    claims: Mapping[str, bool | None] = field(default_factory=dict)
    basis: Mapping[str, Any] | None = None
    why: Text | None = None
    output: str = ""
    remark: str = ""
    forced: bool = False

    @property
    def seed(self) -> int:
        return int(self.arguments.get("seed", 0))

    @property
    def frames(self) -> list[Frame]:
        return self._read()

    @property
    def verdict(self) -> RunVerdict | None:
        """None while it is not finished."""
        if self.basis is None:
            return None
        return verdict(self._read("level", "cause"), self.claims, self.prediction, self.basis)

    @property
    def levels(self) -> dict[str, float]:
        return levels(self._read("level"))

    @property
    def causes(self) -> list[Cause]:
        return [frame for frame in self._read("cause") if isinstance(frame, Cause)]

    @property
    def data(self) -> list[Used]:
        """What it read; a fallback among it must be told."""
        return [frame for frame in self._read("used") if isinstance(frame, Used)]

    @property
    def curve(self) -> dict[str, list[Point]]:
        """The points of each chart, by x."""
        charts: dict[str, list[Point]] = {}
        for frame in self._read("point"):
            if isinstance(frame, Point):
                charts.setdefault(frame.chart, []).append(frame)
        return {name: sorted(points, key=lambda point: point.x) for name, points in charts.items()}

    def _read(self, *kinds: str) -> list[Frame]:
        return [from_row(row) for row in self.rows if not kinds or row["frame"] in kinds]

    def as_dict(self) -> dict[str, Any]:
        """For scripts, as JSON."""
        judged = self.verdict
        rows = [dict(row) for row in self.rows]
        return {
            "run": self.id,
            "lab": self.lab,
            "state": self.state,
            "arguments": dict(self.arguments),
            "seed": self.seed,
            "prediction": dict(self.prediction),
            "at": self.at.isoformat(),
            "seconds": self.seconds,
            "memory": self.memory,
            "code": dict(self.code),
            "data": [row for row in rows if row["frame"] == "used"],
            "levels": {row["name"]: row["value"] for row in rows if row["frame"] == "level"},
            "bands": {j.name: [j.low, j.high] for j in judged.levels if j.low is not None} if judged else {},
            "normal": judged.normal if judged else None,
            "verdict": judged.text().as_dict() if judged else None,
            "claims": dict(judged.claims) if judged else {},
            "causes": [{"name": c.name, "facts": dict(c.facts)} for c in self.causes],
            "predictions": [
                {"id": p.id, "about": p.about, "chosen": p.chosen, "answer": p.answer, "right": p.right}
                for p in (judged.predictions if judged else ())
            ],
            "why": self.why.as_dict() if self.why else None,
            "forced": self.forced,
            "remark": self.remark,
            "frames": rows,
        }


def record(frames: Iterable[Frame]) -> list[dict[str, Any]]:
    """What of a run's frames its event keeps, as JSON."""
    kept: list[Frame] = []
    charts: dict[str, list[Point]] = {}
    for frame in frames:
        if isinstance(frame, Point):
            charts.setdefault(frame.chart, []).append(frame)
        elif not isinstance(frame, Progress | Picture):
            kept.append(frame)
    for points in charts.values():
        kept += thinned(points)
    return [as_row(frame) for frame in kept]


def thinned(points: list[Point], most: int = POINTS) -> list[Point]:
    """At most so many, evenly chosen, the first and the last among them."""
    if len(points) <= most:
        return points
    return [points[round(n * (len(points) - 1) / (most - 1))] for n in range(most)]


def book(events: Iterable[Event]) -> dict[str, Run]:
    """All runs by id, in the order in which they were asked for. Other events are passed over."""
    runs: dict[str, Run] = {}
    for event in events:
        if event.kind != "run":
            continue
        id, what, data = event.data["run"], event.data["what"], event.data
        if id in runs:
            runs[id] = _after(runs[id], what, data, event.at)
        elif what == "queued":
            runs[id] = Run(id, event.subject, data["arguments"], data.get("prediction", {}), event.at)
    return runs


def _after(run: Run, what: str, data: Mapping[str, Any], at: datetime) -> Run:
    if what == "remark":
        return replace(run, remark=data["remark"])
    run = replace(run, state=STATES.get(what, run.state), forced=run.forced or data.get("forced", False))
    if what in ("started", "resumed"):
        return replace(run, began=run.began or at, ended=None, code=data["code"], why=None)
    if what not in ("stopped", "finished", "failed"):
        return run
    why = Text(**data["why"]) if data.get("why") else None
    run = replace(run, ended=at, seconds=data["seconds"], memory=data["memory"], rows=data.get("frames", ()), why=why)
    if what == "finished":
        return replace(run, claims=data["claims"], basis=data["basis"])
    return replace(run, output=data.get("output", ""))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side. Of the arguments `same` tells whether they are equal; a level is None where a run has
    none."""

    a: Run
    b: Run
    arguments: tuple[tuple[str, Any, Any, bool], ...]
    levels: tuple[tuple[str, float | None, float | None], ...]

    def as_dict(self) -> dict[str, Any]:
        """For scripts, as JSON."""
        a, b = self.a.as_dict(), self.b.as_dict()
        return {
            "a": self.a.id,
            "b": self.b.id,
            "lab": self.a.lab,
            "arguments": {name: {"a": one, "b": other, "same": same} for name, one, other, same in self.arguments},
            "levels": {name: {"a": a["levels"].get(name), "b": b["levels"].get(name)} for name, _, _ in self.levels},
            "normal": {"a": a["normal"], "b": b["normal"]},
            "remark": {"a": self.a.remark, "b": self.b.remark},
        }


def compare(a: Run, b: Run) -> Comparison:
    names = dict.fromkeys([*a.arguments, *b.arguments])
    arguments = [(name, a.arguments.get(name), b.arguments.get(name)) for name in names]
    ours, theirs = a.levels, b.levels
    return Comparison(
        a,
        b,
        tuple((name, one, other, one == other) for name, one, other in arguments),
        tuple((name, ours.get(name), theirs.get(name)) for name in dict.fromkeys([*ours, *theirs])),
    )


@dataclass(frozen=True, slots=True)
class Together:
    """Several runs of one lab: of each argument and each result what every run had, None where it had none."""

    runs: tuple[Run, ...]
    arguments: tuple[tuple[str, tuple[Any, ...]], ...]
    levels: tuple[tuple[str, tuple[float | None, ...]], ...]


def together(runs: Sequence[Run]) -> Together:
    def side_by_side(of_each: list[Mapping[str, Any]]) -> tuple[tuple[str, tuple[Any, ...]], ...]:
        names = dict.fromkeys(name for own in of_each for name in own)
        return tuple((name, tuple(own.get(name) for own in of_each)) for name in names)

    return Together(
        tuple(runs), side_by_side([run.arguments for run in runs]), side_by_side([run.levels for run in runs])
    )


def repeated(first: Run, again: Run) -> list[tuple[str, float | None, float | None, str]]:
    """Each result of two runs of the same: "same" to the last digit, "near" where both lie in the recorded band (what
    measures time never comes twice), else "other"."""
    ours, theirs = first.levels, again.levels
    inside = [{j.name for j in run.verdict.levels if j.inside} if run.verdict else set() for run in (first, again)]
    found = []
    for name in dict.fromkeys([*ours, *theirs]):
        a, b = ours.get(name), theirs.get(name)
        equal = a == b or (a is not None and b is not None and a != a and b != b)  # NaN is NaN again
        found.append((name, a, b, "same" if equal else "near" if all(name in names for names in inside) else "other"))
    return found
