"""A chart of a run, drawn on the server as SVG and as a table: for a lesson, and for reading without scripts.

    draw("loss", texts, frames, "zh").html  a whole <figure>: title, legend, drawing, table
    sketch(texts, curves, "zh", bands)      the same for curves of any origin: two runs over each other

Curves differ in color, in dashes and in the shape of their marks, so no reader needs the color. Nothing carries a
style: classes do (7-chart.css), as the pages' CSP demands. Lines are drawn in a box that is stretched; all that is
read stands beside it in percent and keeps its size at any width.
"""

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

from wenjin.kit.lab import Frame, Point, latest
from wenjin.kit.text import Language, Text
from wenjin.study.course.lab import Chart
from wenjin.study.course.scale import Scale, measured_ticks, scale, spell, ticks

TONES = 6  # colors, each with its own dashes and mark; a seventh curve begins again
FINE = 400  # points of a drawn line; more are thinned to the extremes of each stretch
MARKED = 24  # a curve of at most so many points shows each of them
LISTED = 50  # rows of a table; of more, every n-th and the last

DATA = Text("数据", "Data")
SHOWN = Text("列出 {total} 个点中的 {shown} 个", "{shown} of {total} points are listed")
RANGE = Text("{label}：从 {first} 到 {last}", "{label}: from {first} to {last}")
NOTHING = Text("还没有点", "no points yet")
SEPARATOR = Text("；", "; ")

MARKS = (
    "M-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0-7.2 0z",
    "M-3.3-3.3h6.6v6.6h-6.6z",
    "M0-4.4 4.2 3.2h-8.4z",
    "M0-4.7 4.7 0 0 4.7-4.7 0z",
    "M0 4.4-4.2-3.2h8.4z",
    "M-1.2-4h2.4v2.8h2.8v2.4h-2.8v2.8h-2.4v-2.8h-2.8v-2.4h2.8z",
)


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of a chart, its points by rising x. `tone` 1 to 6; `kind`: a run, the one it is compared with (hollow
    marks), or the recorded reference (pale, without marks); `series`: its name in the frames."""

    label: str
    tone: int
    points: tuple[tuple[float, float], ...]
    kind: Literal["run", "other", "reference"] = "run"
    series: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart as HTML in parts."""

    title: str
    svg: str
    legend: str
    table: str

    @property
    def html(self) -> str:
        title = f'<figcaption class="chart-title">{html.escape(self.title)}</figcaption>'
        return f'<figure class="chart">{title}{self.legend}{self.svg}{self.table}</figure>\n'


def draw(
    name: str,
    chart: Chart,
    frames: Iterable[Frame],
    language: Language,
    bands: Mapping[str, tuple[float, float]] | None = None,
    alt: str = "",
) -> Drawn:
    """The chart of that name in these frames. `bands`: ranges of y to be shaded, by what they are called."""
    return sketch(chart, curves(name, chart, frames, language), language, bands, alt)


def curves(name: str, chart: Chart, frames: Iterable[Frame], language: Language, empty: bool = False) -> list[Curve]:
    """The series of a chart, in the order of its texts, then of their first points. A series without a text keeps its
    name. `empty`: those that have no point yet, too."""
    found: dict[str, list[tuple[float, float]]] = {series: [] for series in chart.series}
    for frame in latest(frame for frame in frames if isinstance(frame, Point) and frame.chart == name):
        if isinstance(frame, Point):
            for series, value in frame.y.items():
                found.setdefault(series, []).append((frame.x, value))
    return [
        Curve(
            chart.series[series][language] if series in chart.series else series,
            number % TONES + 1,
            tuple(sorted(points)),
            series=series,
        )
        for number, (series, points) in enumerate(found.items())
        if points or empty
    ]


def sketch(
    chart: Chart,
    lines: Sequence[Curve],
    language: Language,
    bands: Mapping[str, tuple[float, float]] | None = None,
    alt: str = "",
) -> Drawn:
    """A chart of these curves."""
    across, up = axes(chart, lines, bands or {})
    places = [x for curve in lines for x, _ in curve.points]
    title = chart.title[language]
    said = alt or title + SEPARATOR[language] + (summary(lines, language) or NOTHING[language])
    drawing = "".join(
        (
            *(_band(up, *band) for band in (bands or {}).values()),
            *(_tick(up, value, "y") for value in ticks(up) if places),
            *(_tick(across, value, "x") for value in measured_ticks(across, places) if places),
            '<svg class="plot-lines" viewBox="0 0 1000 1000" preserveAspectRatio="none" width="100%" height="100%">',
            *(_line(curve, across, up) for curve in lines),
            "</svg>",
            *(_marks(curve, across, up) for curve in lines),
        )
    )
    svg = (
        f'<div class="plot"><p class="plot-y">{html.escape(chart.y[language])}</p>'
        f'<svg class="plot-area" role="img" aria-label="{html.escape(said)}">{drawing}</svg>'
        f'<p class="plot-x">{html.escape(chart.x[language])}</p></div>'
    )
    return Drawn(title, svg, _legend(lines, bands or {}), table(chart, lines, language))


def axes(chart: Chart, lines: Sequence[Curve], bands: Mapping[str, tuple[float, float]]) -> tuple[Scale, Scale]:
    """The two axes: across and up."""
    points = [point for curve in lines for point in curve.points]
    across = scale((x for x, _ in points), "x" in chart.log, 0.03)
    up = scale([y for _, y in points] + [end for band in bands.values() for end in band], "y" in chart.log, 0.06, True)
    return across, up


def as_data(
    chart: Chart,
    lines: Sequence[Curve],
    language: Language,
    bands: Mapping[str, tuple[float, float]] | None = None,
) -> dict[str, Any]:
    """The same chart for the page's script. What is no finite number is null there: a gap."""
    return {
        "x": chart.x[language],
        "y": chart.y[language],
        "log": chart.log,
        "bands": [[label, *band] for label, band in (bands or {}).items()],
        "curves": [
            {
                "label": curve.label,
                "series": curve.series,
                "tone": curve.tone,
                "kind": curve.kind,
                "mark": MARKS[curve.tone - 1],
                "points": [[x, y if math.isfinite(y) else None] for x, y in curve.points if math.isfinite(x)],
            }
            for curve in lines
        ],
    }


def summary(lines: Sequence[Curve], language: Language) -> str:
    """What the curves show, in words: where each begins and ends."""
    return SEPARATOR[language].join(
        RANGE[language].format(label=c.label, first=spell(c.points[0][1], 3), last=spell(c.points[-1][1], 3))
        for c in lines
        if c.points
    )


def table(chart: Chart, lines: Sequence[Curve], language: Language) -> str:
    """The points as a table, folded away; of very many, some, and it says so."""
    lines = [curve for curve in lines if curve.kind != "reference"]
    values = [dict(curve.points) for curve in lines]
    places = sorted({x for curve in values for x in curve})
    stride = max(1, math.ceil(len(places) / LISTED))
    listed = sorted({*places[::stride], *places[-1:]})
    head = "".join(
        f'<th scope="col">{html.escape(name)}</th>' for name in (chart.x[language], *(c.label for c in lines))
    )
    rows = "".join(
        f'<tr><th scope="row">{spell(x)}</th>'
        + "".join(f"<td>{spell(curve[x]) if x in curve else '—'}</td>" for curve in values)
        + "</tr>"
        for x in listed
    )
    thinned = SHOWN[language].format(shown=len(listed), total=len(places)) if len(listed) < len(places) else ""
    note = f'<p class="quiet">{thinned}</p>' if thinned else ""
    return (
        f'<details class="chart-data"><summary>{DATA[language]}</summary>{note}<div class="scroll" tabindex="0" '
        f'role="region" aria-label="{html.escape(chart.title[language])}"><table class="figures"><thead><tr>{head}</tr>'
        f"</thead><tbody>{rows}</tbody></table></div></details>"
    )


def thinned(points: Sequence[tuple[float, float]], most: int = FINE) -> list[tuple[float, float]]:
    """At most so many points, among them the lowest and highest of each stretch: no spike is lost."""
    if len(points) <= most:
        return list(points)
    size = math.ceil(len(points) / (most // 2))
    kept: list[tuple[float, float]] = []
    for start in range(0, len(points), size):
        stretch = points[start : start + size]
        finite = [p for p in stretch if math.isfinite(p[1])] or list(stretch)
        kept += sorted({min(finite, key=lambda p: p[1]), max(finite, key=lambda p: p[1])})
    return kept


def _percent(share: float) -> str:
    return f"{100 * share:.2f}%"


def _band(up: Scale, low: float, high: float) -> str:
    bottom, top = up.at(max(low, up.low)), up.at(high)
    if bottom is None or top is None:
        return ""
    return (
        f'<rect class="plot-band" y="{_percent(1 - top)}" width="100%" height="{_percent(max(top - bottom, 0.004))}"/>'
    )


def _tick(axis: Scale, value: float, side: Literal["x", "y"]) -> str:
    share = axis.at(value) or 0.0
    if side == "y":
        y = _percent(1 - share)
        return (
            f'<line class="plot-grid" x2="100%" y1="{y}" y2="{y}"/>'
            f'<text class="plot-tick" y="{y}" dx="-8" dy="0.35em" text-anchor="end">{spell(value)}</text>'
        )
    x = _percent(share)
    return (
        f'<svg class="plot-at" x="{x}" y="100%"><line class="plot-stub" y2="5"/></svg>'
        f'<text class="plot-tick" x="{x}" y="100%" dy="1.5em" text-anchor="middle">{spell(value)}</text>'
    )


def _line(curve: Curve, across: Scale, up: Scale) -> str:
    """The path of a curve; what has no place on the axes leaves a gap."""
    placed = [(across.at(x), up.at(y)) for x, y in thinned(curve.points)]
    parts = []
    for before, (x, y) in pairwise([(None, None), *placed]):
        if x is not None and y is not None:
            parts.append(f"{'M' if None in before else 'L'}{1000 * x:.1f} {1000 - 1000 * y:.1f}")
    return f'<path class="curve curve-{curve.kind} tone-{curve.tone}" d="{"".join(parts)}"/>' if parts else ""


def _marks(curve: Curve, across: Scale, up: Scale) -> str:
    if curve.kind == "reference" or len(curve.points) > MARKED:
        return ""
    placed = [(across.at(x), up.at(y)) for x, y in curve.points]
    return "".join(
        f'<svg class="plot-at" x="{_percent(x)}" y="{_percent(1 - y)}">{_mark(curve)}</svg>'
        for x, y in placed
        if x is not None and y is not None
    )


def _mark(curve: Curve) -> str:
    return f'<path class="mark mark-{curve.kind} tone-{curve.tone}" d="{MARKS[curve.tone - 1]}"/>'


def _legend(lines: Sequence[Curve], bands: Mapping[str, tuple[float, float]]) -> str:
    named = {curve.label if curve.kind == "reference" else id(curve): curve for curve in lines}  # references: one key
    keys = "".join(
        '<li><svg class="plot-key" viewBox="-17 -7 34 14" aria-hidden="true">'
        f'<path class="curve curve-{curve.kind} tone-{curve.tone}" d="M-17 0H17"/>'
        f"{'' if curve.kind == 'reference' else _mark(curve)}</svg> {html.escape(curve.label)}</li>"
        for curve in named.values()
    ) + "".join(
        '<li><svg class="plot-key" viewBox="-17 -7 34 14" aria-hidden="true">'
        f'<rect class="plot-band" x="-17" y="-6" width="34" height="12"/></svg> {html.escape(label)}</li>'
        for label in bands
    )
    return f'<ul class="plot-legend">{keys}</ul>' if keys else ""


def other(curve: Curve, kind: Literal["run", "other", "reference"], label: str) -> Curve:
    """The same points in another role."""
    return replace(curve, kind=kind, label=label)
