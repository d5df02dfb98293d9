"""The verdict on a run: was it a normal one, and what of it is not. Pure.

normal      True: every expected level lies in its band, every claim holds, no cause was named
            False: a cause was named, or a level lies outside, or a claim fails
            None: nothing is wrong that can be told, as no recorded run has these arguments
comparable  the run had the arguments of the recorded one, but for the seed: bands and claims speak of it
changed     the code, or the data, is not what the recorded run had
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wenjin.kit.lab import Cause, Frame, Used, levels
from wenjin.kit.text import Text
from wenjin.study.course.form import as_kept
from wenjin.study.course.lab import Prediction, Reference

NORMAL = Text("这次运行正常：各项结果都在参考范围内。", "A normal run: every result lies in its usual range.")
UNJUDGED = Text(
    "参数与参考运行不同，没有可比的范围：结果照实列出，不作判断。",
    "The arguments are not those of the recorded run, so there is no range to compare with: the results stand as they "
    "are, unjudged.",
)
NO_REFERENCE = Text(
    "这个实验还没有参考运行，结果不作判断。", "No run of this lab is recorded yet: the results are not judged."
)
CAUSES = Text("这次运行不正常：{n} 处有已知的原因。", "Not a normal run: {n} known cause(s).")
OUTSIDE = Text(
    "这次运行不正常：{names} 超出了参考范围，原因不在已知之列。",
    "Not a normal run: {names} lies outside the usual range, for none of the known causes.",
)
FAILS = Text(
    "这次运行不正常：{names} 没有成立，原因不在已知之列。",
    "Not a normal run: {names} does not hold, for none of the known causes.",
)
CHANGED = Text(
    "这次用的代码或数据与参考运行不同，这可能就是原因。",
    "The code or the data differ from the recorded run's, which may be the reason.",
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A level beside its band. `value` None: the run did not measure it. `inside` None: nothing to compare with."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    inside: bool | None


@dataclass(frozen=True, slots=True)
class Foretold:
    """A prediction beside the answer that the recorded run bears out. `chosen` None: it was skipped."""

    id: str
    about: str
    chosen: str | None
    answer: str
    right: bool | None


@dataclass(frozen=True, slots=True)
class RunVerdict:
    normal: bool | None
    comparable: bool
    changed: bool
    recorded: bool
    levels: tuple[Judged, ...]
    claims: Mapping[str, bool | None]
    causes: tuple[Cause, ...]
    predictions: tuple[Foretold, ...]

    @property
    def outside(self) -> list[str]:
        """The names of the levels that are not what they should be."""
        return [level.name for level in self.levels if level.inside is False]

    @property
    def failed(self) -> list[str]:
        """The names of the claims that do not hold."""
        return [name for name, held in self.claims.items() if held is False]

    def text(self, names: Mapping[str, Text] | None = None) -> Text:
        """The verdict in a sentence or two. `names` are the titles of levels and claims."""
        titles = names or {}
        if self.causes:
            told = CAUSES.format(n=len(self.causes))
        elif self.normal is None:
            return UNJUDGED if self.recorded else NO_REFERENCE
        elif self.normal:
            return NORMAL
        else:
            sentence, found = (OUTSIDE, self.outside) if self.outside else (FAILS, self.failed)
            shown = [titles.get(name) or Text(name, name) for name in found]
            told = Text(
                sentence.zh.format(names="、".join(title.zh for title in shown)),
                sentence.en.format(names=", ".join(title.en for title in shown)),
            )
        if self.changed:
            told = Text(told.zh + CHANGED.zh, f"{told.en} {CHANGED.en}")
        return told


def basis(
    reference: Reference | None,
    predictions: Iterable[Prediction],
    arguments: Mapping[str, Any],
    frames: Iterable[Frame],
    code: Mapping[str, str],
) -> dict[str, Any]:
    """What a run is judged by, as JSON for its record: the course may record anew, the record stays."""
    answers = {p.id: {"about": p.about, "answer": p.answer} for p in predictions}
    if reference is None:
        return {"bands": {}, "recorded": False, "comparable": False, "changed": False, "answers": answers}
    data = {frame.id: frame.sha256 for frame in frames if isinstance(frame, Used)}
    changed = code != {"lab": reference.lab_sha256, "library": reference.library_sha256}
    return {
        "bands": {name: list(band) for name, band in reference.bands.items()},
        "recorded": True,
        "comparable": _but_for_seed(arguments) == _but_for_seed(reference.arguments),
        "changed": changed or data != dict(reference.data),
        "answers": answers,
    }


def verdict(
    frames: Iterable[Frame],
    claims: Mapping[str, bool | None],
    prediction: Mapping[str, str],
    judged_by: Mapping[str, Any],
) -> RunVerdict:
    """The verdict on what a run showed. `judged_by` is what `basis` made when it ended."""
    shown = list(frames)
    causes = tuple(frame for frame in shown if isinstance(frame, Cause))
    comparable, bands, measured = judged_by["comparable"], judged_by["bands"], levels(shown)
    beside = []
    for name in dict.fromkeys([*measured, *(bands if comparable else ())]):
        low, high = bands.get(name, (None, None))
        value = measured.get(name)
        inside = None
        if comparable and low is not None:
            inside = value is not None and math.isfinite(value) and low <= value <= high
        beside.append(Judged(name, value, low, high, inside))
    fails = any(level.inside is False for level in beside) or (comparable and False in claims.values())
    answers = judged_by["answers"]
    return RunVerdict(
        normal=False if causes or fails else True if comparable else None,
        comparable=comparable,
        changed=judged_by["changed"],
        recorded=judged_by["recorded"],
        levels=tuple(beside),
        claims=dict(claims),
        causes=causes,
        predictions=tuple(_foretold(id, answers[id], prediction.get(id)) for id in answers),
    )


def _foretold(id: str, row: Mapping[str, str], chosen: str | None) -> Foretold:
    return Foretold(id, row["about"], chosen, row["answer"], None if chosen is None else chosen == row["answer"])


def _but_for_seed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in as_kept(arguments).items() if name != "seed"}
