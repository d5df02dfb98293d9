"""What the page of a run shows: a record, its frames and its lab's texts become words, tables and charts. Pure."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from wenjin.kit.lab import Frame, Level, Picture, Progress, Table, Used
from wenjin.kit.text import Language, Text
from wenjin.study.course.chart import TONES, Drawn, as_data, curves, other, sketch
from wenjin.study.course.form import Value
from wenjin.study.course.graph import Lab
from wenjin.study.course.lab import LabTexts
from wenjin.study.course.panels import address
from wenjin.study.course.scale import scale, spell
from wenjin.study.labs.book import Run
from wenjin.study.labs.verdict import Judged

NOWHERE: tuple[float | None, float | None] = (None, None)
STRIP = 128  # units wide; one unit is one pixel
REFERENCE = Text("参考运行（默认参数）", "the recorded run (default arguments)")


@dataclass(frozen=True, slots=True)
class Plotted:
    """A chart as the server draws it, and as the page's script does."""

    name: str
    drawn: Drawn
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Argument:
    name: str
    title: str
    value: str
    usual: bool  # it is the default


@dataclass(frozen=True, slots=True)
class Measured:
    """A level beside its band; `inside` is None where nobody recorded one, or for other arguments."""

    name: str
    title: str
    value: str
    band: str
    inside: bool | None
    strip: Markup
    unit: str


@dataclass(frozen=True, slots=True)
class Told:
    """A prediction beside its result. `right` is None when it was skipped, or nothing comparable is recorded."""

    question: str
    chosen: str | None
    measured: str
    answer: str
    right: bool | None
    because: Text | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A table that the lab measured. `words`: the columns, from 0, that hold text rather than numbers."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: frozenset[int] = frozenset()


def arguments(lab: Lab | None, given: Mapping[str, Any], language: Language) -> list[Argument]:
    """Arguments in the order of the form. Those of a lab that is gone, or that it no longer has, by their own names."""
    fields = {field.name: field for field in lab.form.fields} if lab and lab.form else {}
    texts = lab.texts.parameters if lab and lab.texts else {}
    found = []
    for name in [*(name for name in fields if name in given), *(name for name in given if name not in fields)]:
        value = as_read(given[name])
        title = texts[name].title[language] if name in texts else name
        usual = name in fields and fields[name].default == value
        found.append(Argument(name, title, worded(lab, name, value, language), usual))
    return found


def as_read(value: Any) -> Value:
    """An argument of a record, as the form reads it: JSON knows no tuples."""
    found: Value = tuple(value) if isinstance(value, list) else value
    return found


def worded(lab: Lab | None, name: str, value: Value, language: Language) -> str:
    """An argument's value as a reader sees it."""
    texts = lab.texts.parameters.get(name) if lab and lab.texts else None
    if isinstance(value, bool):
        return {True: Text("是", "yes"), False: Text("否", "no")}[value][language]
    if isinstance(value, str):
        return texts.options[value][language] if texts and value in texts.options else value
    said = ", ".join(map(spell, value)) if isinstance(value, tuple) else spell(value, 6)
    return f"{said} {texts.unit[language]}" if texts and texts.unit else said


def plotted(
    lab: Lab, frames: Sequence[Frame], language: Language, reference: bool = False, empty: bool = False
) -> list[Plotted]:
    """The charts of a run. `reference`: with the recorded run behind; `empty`: also those that have no point yet."""
    found = []
    for name, chart in (lab.texts.charts if lab.texts else {}).items():
        lines = curves(name, chart, frames, language, empty)
        if not lines and not empty:
            continue
        behind = curves(name, chart, lab.reference.frames, language) if reference and lab.reference else []
        lines = [*(other(curve, "reference", REFERENCE[language]) for curve in behind), *lines]
        found.append(Plotted(name, sketch(chart, lines, language), as_data(chart, lines, language)))
    return found


def overlaid(lab: Lab, frames: Sequence[Sequence[Frame]], names: Sequence[str], language: Language) -> list[Plotted]:
    """The charts of runs of a lab over each other. Of two the first has filled marks, the second is thin, marks hollow;
    of more each has its own color, dashes and mark, and each series a chart of its own."""
    if len(frames) > 2:
        return list(of_many(lab, frames, names, language))
    one, two = frames
    found = []
    for name, chart in (lab.texts.charts if lab.texts else {}).items():
        lines = [other(c, "run", f"{names[0]} · {c.label}") for c in curves(name, chart, one, language)]
        lines += [other(c, "other", f"{names[1]} · {c.label}") for c in curves(name, chart, two, language)]
        if lines:
            found.append(Plotted(name, sketch(chart, lines, language), as_data(chart, lines, language)))
    return found


def of_many(lab: Lab, frames: Sequence[Sequence[Frame]], names: Sequence[str], language: Language) -> Iterator[Plotted]:
    for name, chart in (lab.texts.charts if lab.texts else {}).items():
        drawn = [curves(name, chart, each, language) for each in frames]
        series = dict.fromkeys(curve.series for each in drawn for curve in each)
        for one in series:
            lines = [
                replace(curve, label=called, tone=n % TONES + 1)
                for n, (called, each) in enumerate(zip(names, drawn, strict=True))
                for curve in each
                if curve.series == one
            ]
            label = chart.series.get(one, Text(one, one))
            titled = Text(f"{chart.title.zh}：{label.zh}", f"{chart.title.en}: {label.en}")
            shown = replace(chart, title=titled) if len(series) > 1 else chart
            yield Plotted(f"{name}.{one}", sketch(shown, lines, language), as_data(shown, lines, language))


def measured(lab: Lab, run: Run, frames: Iterable[Frame], language: Language) -> list[Measured]:
    """The levels with their bands: as judged when the run has ended, else as far as they are measured. While it lasts
    all that it will measure have their place."""
    bands = lab.reference.bands if lab.reference else {}
    expected = lab.texts.levels if lab.texts and run.state in ("queued", "running") else ()
    if run.verdict:
        judged = run.verdict.levels
    else:
        last: dict[str, float | None] = dict.fromkeys(expected)
        last |= {frame.name: frame.value for frame in frames if isinstance(frame, Level)}
        judged = tuple(Judged(name, value, *bands.get(name, NOWHERE), None) for name, value in last.items())
    return [
        Measured(
            j.name,
            title(lab.texts, j.name, language),
            "—" if j.value is None else level(lab.texts, j.name, j.value, language),
            band(lab.texts, j.name, j.low, j.high, language),
            j.inside,
            strip(j.low, j.high, j.value),
            unit(lab.texts, j.name, language),
        )
        for j in judged
    ]


def title(texts: LabTexts | None, name: str, language: Language) -> str:
    return texts.levels[name].title[language] if texts and name in texts.levels else name


def unit(texts: LabTexts | None, name: str, language: Language) -> str:
    known = texts.levels.get(name) if texts else None
    return known.unit[language] if known and known.unit else ""


def level(texts: LabTexts | None, name: str, value: float, language: Language, with_unit: bool = True) -> str:
    """A measured result in its author's format; a number that would be written 1e-05 is spelled out instead."""
    known = texts.levels.get(name) if texts else None
    try:
        said = format(value, known.format if known else ".3g").replace("-", "−")
    except ValueError:
        said = "e"
    said = spell(value, 3) if {"e", "n"} & set(said) else said
    return f"{said} {unit(texts, name, language)}".rstrip() if with_unit else said


def band(texts: LabTexts | None, name: str, low: float | None, high: float | None, language: Language) -> str:
    if low is None or high is None:
        return ""
    ends = (level(texts, name, end, language, with_unit=False) for end in (low, high))
    return " – ".join(ends)


def strip(low: float | None, high: float | None, value: float | None) -> Markup:
    """The band as a bar and the value as a mark on it; beside it stand the numbers, so it is for the eye only."""
    if low is None or high is None or value is None or not math.isfinite(value):
        return Markup()
    axis = scale([low, high, value], False, 0.3)
    left, right, at = (STRIP * (axis.at(v) or 0.0) for v in (low, high, value))
    return Markup(
        '<svg class="strip" viewBox="0 0 {width} 16" aria-hidden="true"><path class="plot-stub" d="M0 8H{width}"/>'
        '<rect class="plot-band" x="{left}" y="2" width="{wide}" height="12"/>'
        '<path class="strip-mark" d="M{at} 1v14"/></svg>'
    ).format(width=STRIP, left=f"{left:.1f}", wide=f"{max(right - left, 3.0):.1f}", at=f"{at:.1f}")


def told(lab: Lab, run: Run, language: Language, holds: Mapping[bool, str]) -> list[Told]:
    """Each prediction beside its result. `holds`: the words for a claim that holds and one that does not."""
    if run.verdict is None or lab.texts is None:
        return []
    asked = {prediction.id: prediction for prediction in lab.texts.predictions}
    found = []
    for outcome in run.verdict.predictions:
        if outcome.id not in asked:
            continue
        prediction = asked[outcome.id]
        options = {option.key: option.text[language] for option in prediction.options}
        result = ""
        if prediction.about in run.levels:
            value = level(lab.texts, prediction.about, run.levels[prediction.about], language)
            result = f"{title(lab.texts, prediction.about, language)}: {value}"
        elif (held := run.verdict.claims.get(prediction.about)) is not None:
            known = lab.texts.claims.get(prediction.about)
            result = f"{known.text[language] if known else prediction.about} {holds[held]}"
        chosen = options.get(outcome.chosen) if outcome.chosen else None
        answer = options.get(outcome.answer, "")
        right = outcome.right if run.verdict.comparable else None
        found.append(Told(prediction.question[language], chosen, result, answer, right, prediction.because))
    return found


def listed(lab: Lab, frames: Iterable[Frame], language: Language, empty: bool = False) -> list[Listed]:
    """The tables that were measured. `empty`: also those that have no row yet."""
    known = lab.texts.tables if lab.texts else {}
    measured = {frame.name: frame for frame in frames if isinstance(frame, Table)}
    if empty:
        measured = {name: Table(name, tuple(texts.columns), ()) for name, texts in known.items()} | measured
    found = []
    for frame in measured.values():
        texts = known.get(frame.name)
        names = tuple(texts.columns[c][language] if texts and c in texts.columns else c for c in frame.columns)
        rows = tuple(tuple(c if isinstance(c, str) else spell(c) for c in row) for row in frame.rows)
        words = frozenset(at for row in frame.rows for at, cell in enumerate(row) if isinstance(cell, str))
        found.append(Listed(frame.name, texts.title[language] if texts else frame.name, names, rows, words))
    return found


def pictures(frames: Iterable[Frame], language: Language) -> list[tuple[str, str]]:
    """(address, what is to be seen) of each picture."""
    return [(address(frame), frame.alt[language]) for frame in frames if isinstance(frame, Picture)]


def used(frames: Iterable[Frame]) -> list[Used]:
    return [frame for frame in frames if isinstance(frame, Used)]


def progress(frames: Iterable[Frame]) -> Progress | None:
    return next((frame for frame in frames if isinstance(frame, Progress)), None)


def duration(seconds: float | None, language: Language) -> str:
    """A length of time, to the second: 42 s, 3 min 5 s, 2 h 10 min."""
    if seconds is None:
        return ""
    whole = round(seconds)
    units = Text(" 秒, 分 , 小时 ", " s, min , h ")[language].split(",")
    if whole < 60:
        return f"{max(seconds, 0):.1f}{units[0]}" if seconds < 9.95 else f"{whole}{units[0]}"
    if whole < 3600:
        return f"{whole // 60}{units[1]}{whole % 60}{units[0]}"
    return f"{whole // 3600}{units[2]}{whole % 3600 // 60}{units[1]}".rstrip()


def size(count: float | None) -> str:
    """Bytes, in mebibytes or gibibytes."""
    if not count:
        return ""
    return f"{count / 2**20:.0f} MiB" if count < 2**30 else f"{count / 2**30:.1f} GiB"
