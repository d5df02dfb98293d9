"""The judge's own sentences, from messages.toml, and the kind of each error that an answer can raise."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from wenjin.kit.exercise import Mistake
from wenjin.kit.text import Text, visible
from wenjin.kit.verdict import Class

FEEDBACK_CAP = 600
ALLOCATION = re.compile(
    r"can't allocate|not enough memory|[Cc]annot allocate memory|bad_alloc|Storage size calculation"
)
DENIED = {1: "process", 11: "process", 13: "network", 30: "file"}  # errno, as the sandbox's filter answers
FULL = {24: "files", 27: "disk", 28: "disk", 122: "disk"}


@cache
def _texts() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("wenjin.study.judge") / "messages.toml").read_text(encoding="utf-8"))


def say(kind: str, **values: Any) -> Text:
    """The sentence for a kind, its blanks filled in; a Text among the values fills each language with its own."""
    row = _texts()[kind]

    def fill(language: str) -> str:
        own = {k: getattr(v, language) if isinstance(v, Text) else v for k, v in values.items()}
        return cap(row[language].format(**own))

    return Text(fill("zh"), fill("en"))


def cap(text: str, limit: int = FEEDBACK_CAP) -> str:
    """The text, visible characters only, cut at the limit."""
    text = visible(text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def mistake_text(mistake: Mistake) -> Text:
    """A mistake as feedback: what was done, why it is wrong, what to do instead."""
    parts = (mistake.title, mistake.why, mistake.repair)
    return Text(
        cap("".join(part.zh if part.zh[-1] in "。！？" else part.zh + "。" for part in parts)),
        cap(" ".join(part.en if part.en[-1] in ".!?" else part.en + "." for part in parts)),
    )


def error_kind(error: dict[str, Any]) -> tuple[Class, str]:
    """Verdict and kind of an error that was described by an answer's process."""
    bases, message = error["bases"], error["message"]
    if "MemoryError" in bases or ALLOCATION.search(message):
        return "memory", "memory"
    if "RecursionError" in bases:
        return "error", "recursion"
    if "SystemExit" in bases:
        return "error", "exit"
    if "can't start new thread" in message:
        return "blocked", "threads"
    if "OSError" in bases and error["errno"] in FULL:
        return "blocked", FULL[error["errno"]]
    if "PermissionError" in bases or ("OSError" in bases and error["errno"] in DENIED):
        if error["filename"]:
            return "blocked", "file"
        return "blocked", DENIED.get(error["errno"] or 0, "denied")
    if "ImportError" in bases:
        return "error", "import"
    if "NotImplementedError" in bases:
        return "error", "not-written"
    return "error", "exception"


def error_text(kind: str, error: dict[str, Any], limits: Any) -> Text:
    """The sentence for an error, with the answer's own words in it."""
    return say(
        kind,
        line=error["line"] or "?",
        type=error["type"],
        message=cap(error["message"], 300),
        memory=limits.memory,
        seconds=limits.seconds,
    )


def trace_text(error: dict[str, Any]) -> Text | None:
    """The answer's own frames and the whole message: what is folded under "more"."""
    if not error["trace"]:
        return None
    lines = [f"  answer.py:{number} {name}" for number, name in error["trace"]]
    text = cap("\n".join([*lines, f"{error['type']}: {error['message']}"]), 4000)
    return Text(text, text)
