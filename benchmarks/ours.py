"""The poet's recipe on the character-level set, as a run that trains beside its peers (peers.py)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from peers import BLOCK, Text
from torch import Tensor

from wenjin.kit.text import Text as Words
from wenjin.poet.dial import Plan, turned
from wenjin.poet.pretrain import measured
from wenjin.poet.recipe import counted, made, objective, optimizers, schedule
from wenjin.stack.data.batches import Batch, Batches
from wenjin.stack.data.characters import character_set
from wenjin.stack.data.load import load
from wenjin.stack.data.pack import gathered, pack
from wenjin.stack.train.compiled import Swap
from wenjin.stack.train.loop import fit
from wenjin.study.cli.terminal import fail

DEPTH = 6
MISSING = Words(
    "这项测量要整部《全唐诗》，课程只带了 320 首。先运行 ./wenjin data add classical-poems。",
    "This benchmark needs the complete Tang poems; the course ships 320. First run ./wenjin data add classical-poems.",
)


def read() -> Text:
    """The character-level set of the complete Tang poems. Ends the program with a sentence where it is not there."""
    corpus = load("classical-poems", part="tang")
    if corpus.fallback:
        fail(MISSING)
    train, valid = character_set(corpus.rows)
    ids = {letter: n for n, letter in enumerate(sorted(set(train + valid)))}
    return Text(*(np.array([ids[letter] for letter in text], dtype=np.uint16) for text in (train, valid)), len(ids))


def poems(text: Text) -> list[np.ndarray]:
    """The training text poem by poem, each with the blank line after it, so that every epoch has another order."""
    line = text.train[-1]
    ends = np.flatnonzero((text.train[1:] == line) & (text.train[:-1] == line)) + 2
    return [part for part in np.split(text.train, ends) if len(part)]


@dataclass
class Ours:
    """A model at its first step, and what trains it. With a `cache`, the step is compiled while training goes on."""

    text: Text
    plan: Plan
    seed: int = 1
    cache: Path | None = None
    used: str = "eager"

    def __post_init__(self) -> None:
        documents = gathered(poems(self.text))
        self.model = made(self.plan, self.seed, counted(documents, self.plan.vocab))
        self.batches = Batches(pack(documents, length=BLOCK), size=self.plan.rows, seed=self.seed)
        self.loss = objective(self.model)

    def compiled(self) -> None:
        """Have the step compiled before the clock runs."""
        self.loss, self.used = torch.compile(self.loss, dynamic=False), "compiled"
        ids = torch.zeros(self.plan.rows, BLOCK, dtype=torch.int64)
        self.loss(Batch(ids, ids.clone(), ids.clone())).backward()
        self.model.zero_grad(set_to_none=True)

    def steps(self, seconds: float) -> Iterator[tuple[float, float, int]]:
        """Train for so many seconds; see peers.Run."""
        swap = None
        if self.cache:
            settings = {"settings": self.plan.model, "precision": self.plan.precision, "rows": self.plan.rows}
            swap = Swap("wenjin.poet.recipe:compilable", settings, self.cache)
        tokens = 0
        moved = optimizers(self.model, self.plan)
        planned = schedule(self.plan)
        for record in fit(
            self.model, self.loss, self.batches, moved, minutes=seconds / 60, schedule=planned, clip=None, swap=swap
        ):
            tokens += record.tokens
            for event in record.events:
                if event.name in ("compiled", "not-compiled"):
                    self.used = f"{event.name} at step {record.step}: {dict(event.facts)}"
            yield record.done, record.elapsed, tokens

    def logits(self, ids: Tensor) -> Tensor:
        out: Tensor = self.model(ids)
        return out

    def check(self) -> float:
        """Nats a character of the validation text."""
        return self.text.loss(self.logits)


def planned(text: Text, seconds: float) -> Plan:
    """The dial's plan at the peers' size, for so many seconds on this machine."""
    plan = turned(vocab=text.vocab, corpus=len(text.train), machine=measured(), depth=DEPTH)
    return replace(plan, minutes=seconds / 60, steps=None)
