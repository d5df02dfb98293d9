"""The labs of a topic for its author: `course record` runs each with five seeds and keeps the first run with the bands
of all; `course check` refuses a record that its code has left behind, claims that it does not bear out, and frames
without words. Nothing is run again by a check.
"""

import json
import math
import platform
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from wenjin.kit.lab import Band, Cause, Level, Point, Progress, Table, Used, as_row, latest, levels
from wenjin.kit.text import Text
from wenjin.study.author.running import RunError, run_jobs
from wenjin.study.course.digest import digest, library_digest
from wenjin.study.course.faults import Faults, nearest
from wenjin.study.course.form import as_kept
from wenjin.study.course.graph import Course, Lab, Topic
from wenjin.study.course.lab import LabTexts, Reference
from wenjin.study.course.labfiles import FORMAT, reference_path
from wenjin.study.labs import client

SEEDS = (0, 1, 2, 3, 4)
DIGITS = 6  # significant ones of a recorded number
Say = Callable[[Text], None]


def record(topic: Topic, root: Path, data: Path, names: tuple[str, ...], say: Say, faults: Faults) -> list[str]:
    """Run the topic's written labs, or those that are named, and write their records; returns what was recorded.

    A run that fails, or that had to take a fallback for its data, is a fault, and the old record stays.
    """
    assert topic.folder is not None
    done = []
    for lab in topic.labs:
        if lab.file is None or (names and lab.name not in names):
            continue
        expect = _told(lab, {}, faults)
        if expect is None:
            continue
        with tempfile.TemporaryDirectory(prefix="wenjin-taken-") as folder:
            taken = _taken(lab, topic, root, data, Path(folder), say, faults)
            runs = None if taken is None else _runs(lab, root, data, taken, say, faults)
        if runs is None:
            continue
        path = reference_path(topic.folder, lab.name)
        path.parent.mkdir(exist_ok=True)
        row = make(lab, [Band(name, slack) for name, slack in expect["expect"]], runs)
        path.write_text(json.dumps(row, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        done.append(path.stem)
    return done


def _taken(
    lab: Lab, topic: Topic, root: Path, data: Path, folder: Path, say: Say, faults: Faults
) -> dict[str, Path] | None:
    """What the lab that this one goes on from leaves with its default arguments, as files in `folder`."""
    source = next((other for other in topic.labs if lab.texts and other.name == lab.texts.takes), None)
    if source is None or source.form is None or source.texts is None:
        return {}
    arguments = as_kept(source.form.defaults)
    outcome = client.run(root, source.id, arguments, data=data, leaves=source.texts.leaves)
    say(Text(f"先跑 {source.id}：{outcome.seconds:.0f} 秒", f"first {source.id}: {outcome.seconds:.0f} s"))
    missing = set(source.texts.leaves) - outcome.left.keys()
    if missing or not outcome.end.whole:
        assert lab.file is not None
        what = outcome.end.why or Text(f"{source.id} 没有留下结果。", f"{source.id} left nothing.")
        faults.add(lab.file, what, Text("改正代码。", "Mend the code."))
        return None
    for name, content in outcome.left.items():
        (folder / name).write_bytes(content)
    return {name: folder / name for name in outcome.left}


def _runs(
    lab: Lab, root: Path, data: Path, taken: Mapping[str, Path], say: Say, faults: Faults
) -> list[client.Outcome] | None:
    assert lab.file is not None
    assert lab.form is not None
    runs = []
    for seed in SEEDS:
        arguments = as_kept(lab.form.defaults | {"seed": seed})
        outcome = client.run(root, lab.id, arguments, data=data, taken=taken)
        say(
            Text(
                f"{lab.id}，种子 {seed}：{outcome.seconds:.0f} 秒",
                f"{lab.id}, seed {seed}: {outcome.seconds:.0f} s",
            )
        )
        if not outcome.end.whole:
            why = outcome.end.why or Text("没有跑完。", "It did not finish.")
            faults.add(lab.file, why, Text("改正代码。", "Mend the code."))
            return None
        missing = [frame.id for frame in outcome.frames if isinstance(frame, Used) and frame.fallback]
        if missing:
            what = Text(f"没有装 {missing[0]}，用了替代数据。", f"{missing[0]} is not there; a fallback was read.")
            remedy = Text(f"先运行 wenjin data add {missing[0]}。", f"First run wenjin data add {missing[0]}.")
            faults.add(lab.file, what, remedy)
            return None
        runs.append(outcome)
    return runs


def make(lab: Lab, expect: list[Band], runs: list[client.Outcome]) -> dict[str, Any]:
    """The record of these runs, one a seed of SEEDS."""
    assert lab.file is not None
    assert lab.form is not None
    source = lab.file.read_text(encoding="utf-8")
    measured = [levels(run.frames) for run in runs]
    frames = [frame for frame in latest(runs[0].frames) if not isinstance(frame, Progress)]
    bands = {band.level: band.around(run[band.level] for run in measured) for band in expect}
    return {
        "format": FORMAT,
        "kind": "lab",
        "lab_sha256": digest(source),
        "library_sha256": library_digest(source),
        "data": {frame.id: frame.sha256 for frame in frames if isinstance(frame, Used)},
        "seeds": list(SEEDS),
        "bands": {level: list(band) for level, band in bands.items()},  # whole: a narrow one must not lose its end
        "arguments": {name: value for name, value in lab.form.defaults.items() if name != "seed"} | {"seed": SEEDS[0]},
        "frames": [_short(as_row(frame)) for frame in frames],
        "seconds": round(runs[0].seconds, 1),
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    }


def _short(value: Any) -> Any:
    """Numbers of a row cut to the digits that mean something."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, list):
        return [_short(one) for one in value]
    return {key: _short(one) for key, one in value.items()} if isinstance(value, dict) else value


def check(topic: Topic, course: Course, faults: Faults) -> None:
    """Every written lab of the topic has a record of its own code, which bears its claims out and is all in words."""
    assert topic.folder is not None
    again = Text(f"运行 wenjin course record {topic.id}。", f"Run wenjin course record {topic.id}.")
    for lab in topic.labs:
        if lab.file is None or lab.texts is None:
            continue
        place = faults.place(reference_path(topic.folder, lab.name))
        if lab.reference is None:
            what = Text(f"实验 {lab.name} 没有记录。", f"The lab {lab.name} has no record.")
            faults.add(place, what, again)
            continue
        if stale := staleness(lab, lab.reference):
            faults.add(place, stale, again)
            continue
        _record(lab, lab.reference, place, again, faults)
        _words(lab.texts, lab.reference, course, faults.place(lab.file.with_suffix(".toml")), faults)


def staleness(lab: Lab, reference: Reference) -> Text | None:
    """What changed since the record was made; None when nothing did. The pins of the data are library code."""
    assert lab.file is not None
    source = lab.file.read_text(encoding="utf-8")
    if reference.lab_sha256 != digest(source):
        return Text(f"实验 {lab.name} 在记录之后改过。", f"The lab {lab.name} was edited after its record.")
    if reference.library_sha256 != library_digest(source):
        return Text(
            f"实验 {lab.name} 用到的库在记录之后改过。", f"The library that {lab.name} uses changed after its record."
        )
    if set(reference.data) != set(lab.data):
        named, read = "、".join(lab.data), "、".join(reference.data)
        return Text(f"topic.toml 说用 {named}，记录用了 {read}。", f"topic.toml names {named}; the record read {read}.")
    return None


def _record(lab: Lab, reference: Reference, place: str, again: Text, faults: Faults) -> None:
    measured = reference.levels
    told = _told(lab, measured, faults)
    if told is None:
        return
    for name, held in told["claims"].items():
        if not held:
            what = Text(f"记录不支持论断 {name}。", f"The record does not bear out the claim {name}.")
            faults.add(place, what, Text("改正实验或论断。", "Mend the lab or the claim."))
    expected = {name for name, _ in told["expect"]}
    if expected != set(reference.bands):
        odd = ", ".join(sorted(expected ^ set(reference.bands)))
        faults.add(place, Text(f"范围与实验不符：{odd}。", f"Its bands are not the lab's: {odd}."), again)
    for name, (low, high) in reference.bands.items():
        cut = 10.0 ** (1 - DIGITS) * max(abs(low), abs(high))  # what the record may have cut off
        if not low - cut <= measured.get(name, math.nan) <= high + cut:
            faults.add(place, Text(f"{name} 不在范围里。", f"{name} lies outside its band."), again)
    if len(reference.seeds) < len(SEEDS):
        faults.add(place, Text("种子太少。", "Too few seeds."), again)
    if reference.seconds > 60 * lab.minutes:
        what = Text(
            f"记录跑了 {reference.seconds:.0f} 秒，topic.toml 说 {lab.minutes:g} 分钟。",
            f"The recorded run took {reference.seconds:.0f} s; topic.toml says {lab.minutes:g} min.",
        )
        faults.add(place, what, Text("缩小默认参数。", "Make the default arguments smaller."))
    _same(set(told["claims"]), set(lab.texts.claims if lab.texts else ()), "claim", place, faults)


def _words(texts: LabTexts, reference: Reference, course: Course, place: str, faults: Faults) -> None:
    """Every chart, series, level, table and column of the run has its words, and no words are for nothing."""
    drawn: dict[str, set[str]] = {}
    for frame in reference.frames:
        if isinstance(frame, Point):
            drawn.setdefault(frame.chart, set()).update(frame.y)
        elif isinstance(frame, Cause) and frame.name not in course.causes:
            what = Text(f"causes.toml 没有 {frame.name}。", f"causes.toml has no {frame.name}.")
            faults.add(place, what, nearest(frame.name, tuple(course.causes)))
    tables = {frame.name: set(frame.columns) for frame in reference.frames if isinstance(frame, Table)}
    measured = {frame.name for frame in reference.frames if isinstance(frame, Level)}
    _same(set(drawn), set(texts.charts), "chart", place, faults)
    _same(set(tables), set(texts.tables), "table", place, faults)
    _same(measured, set(texts.levels), "level", place, faults)
    for name in drawn.keys() & texts.charts.keys():
        _same(drawn[name], set(texts.charts[name].series), f"chart.{name}.series", place, faults)
    for name in tables.keys() & texts.tables.keys():
        _same(tables[name], set(texts.tables[name].columns), f"table.{name}.columns", place, faults)
    for name, level in texts.levels.items():
        try:
            format(1.0, level.format)
        except ValueError as error:
            what = Text(f"不能写成格式 {level.format}：{error}。", f"{level.format} is no format: {error}.")
            faults.add(f"{place}, level.{name}", what, Text("改正格式，例如 .3g。", "Mend the format, as in .3g."))


def _same(run: set[str], written: set[str], group: str, place: str, faults: Faults) -> None:
    for name in sorted(run - written):
        what = Text(f"运行里有 {name}，这里没有它的名称。", f"The run has {name}, and there are no words for it.")
        faults.add(f"{place}, {group}", what, Text("写上名称。", "Write them."))
    for name in sorted(written - run):
        what = Text(f"写了 {name}，运行里没有它。", f"There are words for {name}, and the run has none.")
        faults.add(
            f"{place}, {group}", what, nearest(name, tuple(sorted(run))) if run else Text("删去。", "Delete it.")
        )


def _told(lab: Lab, measured: Mapping[str, float], faults: Faults) -> dict[str, Any] | None:
    """What the lab's program says of itself: {"expect": [[level, slack]], "claims": {name: does it hold}}."""
    assert lab.file is not None
    try:
        (told,) = run_jobs([{"lab": str(lab.file), "levels": dict(measured)}])
    except RunError as error:
        told = {"error": error.text.en}
    if "error" in told:
        what = Text(f"实验的程序出错：{told['error']}", f"The lab's program fails: {told['error']}")
        faults.add(lab.file, what, Text("改正代码。", "Mend the code."))
        return None
    return dict(told)
