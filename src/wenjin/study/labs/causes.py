"""What is wrong with a run, in words: a cause that a lab named, and what causes.toml says of it. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from wenjin.kit.lab import Cause, Cell
from wenjin.kit.text import Text
from wenjin.study.course.graph import CauseTexts


@dataclass(frozen=True, slots=True)
class Said:
    """What the run showed, the usual reason, what to try; the last two are None for a cause that nobody described."""

    title: Text
    reason: Text | None = None
    remedy: Text | None = None


def said(cause: Cause, known: Mapping[str, CauseTexts]) -> Said:
    """The texts with the facts filled in; where a fact is missing, as they stand."""
    texts = known.get(cause.name)
    if texts is None:
        facts = ", ".join(f"{name} {_short(value)}" for name, value in cause.facts.items())
        told = f"{cause.name} ({facts})" if facts else cause.name
        return Said(Text(told, told))
    filled = (_filled(text, cause.facts) for text in (texts.title, texts.reason, texts.remedy))
    return Said(*filled)


def _filled(text: Text, facts: Mapping[str, Cell]) -> Text:
    try:
        return text.format(**{name: _whole(value) for name, value in facts.items()})
    except (LookupError, ValueError):
        return text


def _whole(value: Cell) -> Cell:
    """A step that came as 40.0 is read as 40; a format in the text, such as .2f, takes either."""
    return int(value) if isinstance(value, float) and math.isfinite(value) and value == int(value) else value


def _short(value: Cell) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
