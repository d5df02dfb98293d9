"""What the engine is asked and what it answers, token by token.

    ticket = engine.submit(Request(prompt, most=64, temperature=0.7, seed=3, stop_strings=(b"\n\n",)))
    for token in ticket.tokens():      text that may be shown now, until one token says how it finished

Log-probabilities are those of the model itself, before penalties, bias, temperature and cuts.

Omits    text: a prompt is ids, bytes come from the table id -> bytes that the engine was given
Proof    tests/stack/infer/test_request.py: each setting that makes no sense is refused by its name
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from torch import Tensor

Finish = Literal["stop", "length", "cancelled", "error"]


class Constraint(Protocol):
    """What a text must obey, as far as it is written. Each text has one of its own."""

    def allowed(self) -> Tensor:
        """Tokens that may come next, (V,) bool."""

    def push(self, id: int) -> None:
        """This one was taken."""

    @property
    def done(self) -> bool:
        """Nothing may follow."""

    def copy(self) -> "Constraint": ...


class Refused(ValueError):
    """A request that cannot be met, said in Chinese and in English. `field` names the setting at fault, or is empty."""

    def __init__(self, zh: str, en: str, field: str = "") -> None:
        super().__init__(en)
        self.zh, self.en, self.field = zh, en, field


class QueueFull(Refused):
    """As many requests wait as may. Asking again later is right."""


class TooLong(Refused):
    """The prompt, with the tokens asked for, passes the model's context or the engine's memory."""


class Failed(Exception):
    """What went wrong while a text was being written, said in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class Request:
    """A prompt and how to go on from it. Raises Refused for a setting that makes no sense.

    most               new tokens at most; 0 reads the prompt alone, for `echo`
    temperature        0 is greedy; top_k 0, top_p 1, min_p 0, penalty 1 change nothing, as in infer/sampling.py
    presence           subtracted from the score of each token written so far; frequency: once for each time
    bias               id -> added to its score; minus infinity forbids it
    seed               of this text's own dice; None: the engine draws one and the ticket tells it
    stop_ids           end the text and are not shown
    stop_strings       end the text where they first stand in what is written, and are not shown
    logprobs           None: none; n: of each token, and of the n likeliest in its place
    echo               the tokens of the prompt come first, with their log-probabilities where `logprobs` asks
    priority           higher ones go first; among equals, who came first
    constraint         what the text must obey; the engine uses a copy
    """

    prompt: tuple[int, ...]
    most: int
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    penalty: float = 1.0
    presence: float = 0.0
    frequency: float = 0.0
    bias: Mapping[int, float] = field(default_factory=dict)
    seed: int | None = None
    stop_ids: frozenset[int] = frozenset()
    stop_strings: tuple[bytes, ...] = ()
    logprobs: int | None = None
    echo: bool = False
    priority: int = 0
    constraint: Constraint | None = None

    def __post_init__(self) -> None:
        _within("prompt", len(self.prompt), len(self.prompt) > 0, "≥ 1")
        _within("most", self.most, self.most >= 0, "≥ 0")
        _within("temperature", self.temperature, 0 <= self.temperature < math.inf, "≥ 0")
        _within("top_k", self.top_k, self.top_k >= 0, "≥ 0")
        _within("top_p", self.top_p, 0 < self.top_p <= 1, "(0, 1]")
        _within("min_p", self.min_p, 0 <= self.min_p <= 1, "[0, 1]")
        _within("penalty", self.penalty, 0 < self.penalty < math.inf, "> 0")
        _within("presence", self.presence, math.isfinite(self.presence), "finite")
        _within("frequency", self.frequency, math.isfinite(self.frequency), "finite")
        for value in self.bias.values():
            _within("bias", value, value < math.inf, "< ∞")
        _within("seed", self.seed, self.seed is None or -(2**63) <= self.seed < 2**63, "[-2⁶³, 2⁶³)")
        _within("stop_strings", self.stop_strings, all(self.stop_strings), "≥ 1 byte each")
        _within("logprobs", self.logprobs, self.logprobs is None or self.logprobs >= 0, "≥ 0")

    def fit(self, *, vocab: int, longest: int) -> None:
        """Raises TooLong where prompt and answer pass `longest`, Refused for ids that the vocabulary has not."""
        prompt = len(self.prompt)
        if prompt + self.most > longest:
            raise TooLong(
                f"提示有 {prompt} 个词元，再写 {self.most} 个就超过了上限 {longest}。",
                f"The prompt has {prompt} tokens; with {self.most} more it passes the limit of {longest}.",
                "prompt" if prompt > longest else "most",
            )
        for name, ids in (("prompt", self.prompt), ("bias", self.bias)):
            if not all(0 <= id < vocab for id in ids):
                raise Refused(
                    f"{name} 里有词表之外的编号：应在 0 到 {vocab - 1} 之间。",
                    f"{name} holds an id outside the vocabulary: 0 to {vocab - 1}.",
                    name,
                )


@dataclass(frozen=True)
class Token:
    """One step of an answer. The one that has `finish` is the last.

    id         the token; -1 where none was drawn ("cancelled", "error", and "length" of a request for no tokens)
    text       bytes that may be shown now: whole characters, held back while a stop string may still begin
    logprob    None unless asked for, and of the first token of a prompt
    top        the likeliest in its place, likeliest first: (id, log-probability)
    finish     "stop": a stop id, a stop string, or nothing may follow; "length": `most` are written
    of_prompt  an echoed token: `text` is its own bytes
    error      with finish "error": what went wrong
    """

    id: int
    text: bytes
    logprob: float | None = None
    top: tuple[tuple[int, float], ...] = ()
    finish: Finish | None = None
    of_prompt: bool = False
    error: Failed | None = None


@dataclass(frozen=True)
class Stats:
    """The engine now, and what it has done since it was made."""

    running: int
    waiting: int
    batch: int  # the most that run at once
    pages: int
    pages_used: int  # by texts under way
    pages_kept: int  # by no text, but a prompt may find its beginning there
    prompt_tokens: int  # of all prompts, those found in the prefix cache too
    prefix_hits: int  # tokens that did not have to be read again
    tokens: int  # written
    steps: int
    finished: int
    cancelled: int
    failed: int
    guessed: int = 0  # tokens that a draft proposed
    kept: int = 0  # of those, tokens that were chosen


def _within(name: str, value: object, good: bool, range: str) -> None:
    if not good:
        value = value if isinstance(value, int | float) else "?"
        raise Refused(f"{name} 应在 {range}，给的是 {value}。", f"{name} must be {range}; it is {value}.", name)
