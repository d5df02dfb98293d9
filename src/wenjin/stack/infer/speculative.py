"""Read several guessed tokens in one pass and keep those that the model would have written itself.

    for id in speculate(model, prompt, most=80, sampler=Sampler(seed=7), draft=Lookup(), counts=counts):
        ...                            counts.acceptance, counts.a_pass: what the guesses were worth

A draft guesses the next tokens, cheaply: a smaller model, or a look at what followed the same words before. One pass
of the model over all guesses gives its own odds p at each place, for little more than one token costs. From left to
right a guess x, drawn with odds q, stays with the probability min(1, p(x) / q(x)); the first that does not stay is
replaced by a draw from what p has more than q, max(0, p - q). So the text is distributed as if the model had written
alone.

A draft without odds is certain of its guess: q(x) = 1. Then x stays with the probability p(x), and the rest is p
without x; that is the same as drawing from p and seeing whether x came. With such a draft, and with temperature 0, the
sampler's dice fall as they do in infer/generate.py, and the tokens are the same one by one. What was read for guesses
that did not stay is forgotten again by Cache.rewind.

Omits    trees of guesses, several texts in one pass, guesses by heads of the model itself
Shapes   N guesses   V vocabulary
Sources  keeping and replacing: arXiv:2211.17192 (2.3, appendix A.1), arXiv:2302.01318 (algorithm 2); guesses from the
         prompt: arXiv:2304.04487 (3), and "Prompt Lookup Decoding" (Saxena 2023)
Proof    tests/stack/infer/test_speculative.py: χ² of whole texts against their exact probabilities; greedy texts and
         texts by lookup equal generate's
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from wenjin.stack.infer.cache import Cache
from wenjin.stack.infer.generate import Causal, cache_for
from wenjin.stack.infer.request import Constraint
from wenjin.stack.infer.sampling import Sampler


@dataclass(frozen=True, slots=True)
class Guess:
    """Tokens that may come next. odds: what each was drawn from, (N, V); None where the draft did not draw."""

    ids: tuple[int, ...] = ()
    odds: Tensor | None = None


class Draft(Protocol):
    """Guesses the tokens after `read`, at most `most` of them; the sampler holds how the text is being written."""

    def guess(self, read: Sequence[int], most: int, sampler: Sampler) -> Guess: ...


@dataclass(slots=True)
class Counts:
    """What came of the guesses."""

    passes: int = 0  # of the model, the prompt's too
    guessed: int = 0
    kept: int = 0
    tokens: int = 0  # written
    lengths: dict[int, int] = field(default_factory=dict)  # guesses kept in a pass -> how often

    @property
    def acceptance(self) -> float:
        """Share of the guesses that stayed."""
        return self.kept / self.guessed if self.guessed else 0.0

    @property
    def a_pass(self) -> float:
        """Tokens a pass: how many times fewer passes there were than tokens."""
        return self.tokens / self.passes if self.passes else 0.0

    def add(self, guessed: int, kept: int) -> None:
        self.passes, self.guessed, self.kept = self.passes + 1, self.guessed + guessed, self.kept + kept
        self.lengths[kept] = self.lengths.get(kept, 0) + 1


class Lookup:
    """The text itself as the draft: what followed the last words when they stood there before.

    The longest end of the text that occurred earlier counts, of `longest` tokens down to `shortest`; of several places
    the last.
    """

    def __init__(self, longest: int = 3, shortest: int = 1) -> None:
        if not 1 <= shortest <= longest:
            raise ValueError(f"cannot look up {shortest} to {longest} tokens")
        self.longest, self.shortest = longest, shortest

    def guess(self, read: Sequence[int], most: int, sampler: Sampler) -> Guess:
        text = torch.tensor(read)
        for length in range(min(self.longest, len(read) - 1), self.shortest - 1, -1):
            found = (text.unfold(0, length, 1)[:-1] == text[-length:]).all(dim=1).nonzero()
            if len(found):
                first = int(found[-1]) + length
                return Guess(tuple(text[first : first + most].tolist()))
        return Guess()


class Smaller:
    """Another model with the same vocabulary. It keeps a cache of its own, of what is still part of the text."""

    def __init__(self, model: Causal, room: int) -> None:
        """room: tokens of the longest text."""
        self.model = model
        self.cache = cache_for(model, batch=1, room=room)
        self.held: list[int] = []  # the tokens in the cache

    @torch.no_grad()
    def guess(self, read: Sequence[int], most: int, sampler: Sampler) -> Guess:
        most = min(most, self.cache.room - len(read) + 1)
        if most < 1:
            return Guess()
        ids, odds = list(read), []
        same = next((n for n, (a, b) in enumerate(zip(self.held, ids, strict=False)) if a != b), len(self.held))
        self.cache.rewind(min(same, len(ids) - 1))
        for _ in range(most):
            new = torch.tensor([ids[self.cache.length :]], device=self.model.head.device)  # (1, T)
            scores = self.model.logits(self.model.states(new, cache=self.cache)[:, -1])  # (1, V)
            before = torch.tensor([ids], device=scores.device)
            if sampler.temperature == 0:
                ids.append(int(sampler(scores, before)))
            else:
                odds.append(sampler.odds(scores, before).cpu())
                ids.append(int(torch.multinomial(odds[-1], 1, generator=sampler.dice)))
        self.held = ids[: self.cache.length]
        return Guess(tuple(ids[len(read) :]), torch.cat(odds) if odds else None)


def judge(
    guess: Guess, scores: Tensor, read: Sequence[int], sampler: Sampler, constraint: Constraint | None = None
) -> list[int]:
    """The guesses that stay and the token after them. scores: the model's at each place, (N + 1, V).

    `constraint` stands where the text does after `read`, and is left alone.
    """
    ids, obeyed = list(read), constraint.copy() if constraint else None
    for n, row in enumerate(scores):
        row = row[None]  # (1, V)
        if obeyed:
            row = row.masked_fill(~obeyed.allowed().to(row.device), -torch.inf)
        guessed = guess.ids[n] if n < len(guess.ids) else None
        before = torch.tensor([ids], device=row.device)
        if guess.odds is None or guessed is None:
            ids.append(int(sampler(row, before)))
        else:
            ids.append(weighed(sampler.odds(row, before)[0].cpu(), guess.odds[n], guessed, sampler.dice))
        if obeyed:
            obeyed.push(ids[-1])
        if ids[-1] != guessed or (obeyed and obeyed.done):
            break
    return ids[len(read) :]


def weighed(p: Tensor, q: Tensor, guessed: int, dice: torch.Generator) -> int:
    """A token distributed as p (V,), which is `guessed`, drawn from q (V,), as often as can be."""
    if torch.rand((), generator=dice, dtype=torch.float64) * q[guessed] < p[guessed]:
        return guessed
    rest = (p - q).clamp_min(0)  # (V,)
    if not rest.sum() > 0:  # p is q, but for rounding
        rest = p
    return int(torch.multinomial(rest, 1, generator=dice))


@torch.no_grad()
def speculate(
    model: Causal,
    prompt: Tensor,
    *,
    most: int,
    sampler: Sampler,
    draft: Draft,
    length: int = 4,
    stop: Collection[int] = (),
    constraint: Constraint | None = None,
    counts: Counts | None = None,
) -> Iterator[int]:
    """New tokens after `prompt` (1, T), at most `most`, until one of `stop`, which is given too.

    length: guesses a pass. The constraint is copied."""
    if prompt.ndim != 2 or prompt.shape[0] != 1 or not prompt.shape[1]:
        raise ValueError(f"a prompt is (1, T) and holds a token; this one is {tuple(prompt.shape)}")
    counts = Counts() if counts is None else counts
    obeyed = constraint.copy() if constraint else None
    read: list[int] = prompt[0].tolist()
    last = len(read) + most
    cache: Cache = cache_for(model, batch=1, room=last)
    while len(read) < last:
        guess = draft.guess(read, min(length, last - len(read) - 1), sampler) if last - len(read) > 1 else Guess()
        fed = torch.tensor([[*read[cache.length :], *guess.ids]], device=prompt.device)  # (1, T + N)
        states = model.states(fed, cache=cache)[0, -len(guess.ids) - 1 :]  # (N + 1, D)
        new = judge(guess, model.logits(states), read, sampler, obeyed)
        counts.add(len(guess.ids), sum(a == b for a, b in zip(new, guess.ids, strict=False)))
        cache.rewind(min(cache.length, len(read) + len(new) - 1))
        for id in new:
            read.append(id)
            counts.tokens += 1
            yield id
            if obeyed:
                obeyed.push(id)
            if id in stop or (obeyed and obeyed.done):
                return
