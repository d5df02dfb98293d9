"""Asking the model server what a model does with a short text. What comes back is read as if a stranger had written it.

    found = inspect(server, "smollm2", {"prompt": "The capital of", "off": [[0, 2]]})
    found.tokens, found.heads, found.weights, found.next, found.whole, found.drawn

Raises ServerError, with .text, for whatever keeps it from being shown.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wenjin.kit.text import Text, visible
from wenjin.study.chat.answers import REFUSED
from wenjin.study.chat.protocol import refusal
from wenjin.study.chat.server import ModelServer, ServerError

PATIENCE = 30.0  # seconds for a model to be loaded and to answer

STRANGE = Text(
    "模型服务的回答读不懂。它多半比课程旧：结束 wenjin start，再运行一次。",
    "The model server's answer cannot be read. It is likely older than the course: end wenjin start and run it again.",
)
AWAY = Text(
    "模型 {model} 还没有准备好，或者正忙着写别的。稍等一会儿，再看一次。",
    "The model {model} is not ready yet, or is busy with something else. Wait a moment and look again.",
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A token that may come next: the model's score and probability, and the odds that the settings leave it."""

    id: int
    token: str
    score: float
    chance: float
    odds: float


@dataclass(frozen=True, slots=True)
class Following:
    likeliest: Sequence[Candidate]
    entropy: float
    kept: int


@dataclass(frozen=True, slots=True)
class Inspection:
    """`tokens`: id, text and chance of each; `heads`: of each layer, of each head its figures by name; `weights`: what
    each token takes from each, of one head; `whole`: what follows with no head off, else None."""

    tokens: Sequence[tuple[int, str, float | None]]
    heads: Sequence[Sequence[Mapping[str, float]]]
    layer: int
    head: int
    weights: Sequence[Sequence[float]]
    next: Following
    whole: Following | None
    divergence: float
    drawn: tuple[int, str, float]  # id, text, the number that fell
    ends: bool


def inspect(server: ModelServer, model: str, body: Mapping[str, Any]) -> Inspection:
    until = time.monotonic() + PATIENCE
    try:
        with server.use(model, lambda: time.monotonic() > until) as line:
            status, told = line.ask("/v1/inspect", {**body, "model": line.model}, PATIENCE)
    except OSError:
        raise ServerError(AWAY.format(model=model)) from None
    except ServerError:
        if time.monotonic() > until:
            raise ServerError(AWAY.format(model=model)) from None
        raise
    if status != 200:
        raise ServerError(REFUSED.format(said=visible(refusal(told))))
    try:
        return read(told)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ServerError(STRANGE) from None


def read(told: Mapping[str, Any]) -> Inspection:
    drawn = told["drawn"]
    found = Inspection(
        [
            (int(one["id"]), str(one["token"]), None if one["chance"] is None else float(one["chance"]))
            for one in told["tokens"]
        ],
        [[{str(name): float(x) for name, x in head.items()} for head in layer] for layer in told["heads"]],
        int(told["layer"]),
        int(told["head"]),
        [[float(x) for x in row] for row in told["weights"]],
        following(told["next"]),
        None if told["whole"] is None else following(told["whole"]),
        float(told["divergence"] or 0.0),
        (int(drawn["id"]), str(drawn["token"]), float(drawn["number"])),
        bool(told["ends"]),
    )
    if {len(row) for row in found.weights} != {len(found.tokens)} or len(found.weights) != len(found.tokens):
        raise ValueError("weights of another size")
    return found


def following(told: Mapping[str, Any]) -> Following:
    rows = [
        Candidate(int(one["id"]), str(one["token"]), *(float(one[name]) for name in ("score", "chance", "odds")))
        for one in told["likeliest"]
    ]
    return Following(rows, float(told["entropy"]), int(told["kept"]))
