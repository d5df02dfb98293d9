"""Guessing ahead changes how fast a text comes, never which text, or how likely it is."""

import itertools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from wenjin.stack.infer.cache import Cache
from wenjin.stack.infer.constrain import Forms
from wenjin.stack.infer.generate import generate
from wenjin.stack.infer.sampling import Sampler
from wenjin.stack.infer.speculative import Counts, Draft, Guess, Lookup, Smaller, judge, speculate
from wenjin.stack.models.llama import Llama

pytestmark = pytest.mark.usefixtures("one_thread")


class Table:
    """The next token depends on the last one alone: texts whose probabilities are known exactly."""

    def __init__(self, seed: int, vocabulary: int) -> None:
        self.head = torch.randn(vocabulary, vocabulary, generator=torch.Generator().manual_seed(seed)).double() * 1.5

    def settings(self) -> dict[str, int]:
        return {"layers": 1, "heads": 1, "dim": 2}

    def states(self, ids: Tensor, cache: Any = None) -> Tensor:
        if cache is not None:
            cache.advance(ids.shape[1])
        return torch.nn.functional.one_hot(ids, len(self.head)).double()

    def logits(self, states: Tensor) -> Tensor:
        return states @ self.head


class Sure:
    """Always guesses the same tokens, right or wrong."""

    def __init__(self, *ids: int) -> None:
        self.ids = ids

    def guess(self, read: Sequence[int], most: int, sampler: Sampler) -> Guess:
        return Guess(self.ids[:most])


def llama(seed: int, dim: int = 16) -> Llama:
    """In double precision: rounding decides no draw."""
    torch.manual_seed(seed)
    return Llama(vocab=23, dim=dim, layers=2, heads=2, hidden=24, context=96, std=0.5).double()


def alone(model: Any, prompt: Tensor, sampler: Sampler, most: int, stop: tuple[int, ...] = ()) -> list[int]:
    return [int(ids) for ids in generate(model, prompt, most=most, choose=sampler, stop=stop)]


def drafts() -> list[Draft]:
    return [Lookup(), Lookup(5, 2), Smaller(llama(9, 8), 96), Smaller(llama(0), 96), Sure(1, 1, 1, 1), Sure()]


@pytest.mark.parametrize("number", range(6))
def test_greedy_texts_equal_those_of_the_model_alone(number: int, count: Callable[[int], int]) -> None:
    model = llama(0)
    for seed in range(count(40)):
        prompt = torch.randint(23, (1, 1 + seed % 9), generator=torch.Generator().manual_seed(seed))
        sampler = Sampler(temperature=0, penalty=1.0 + 0.1 * (seed % 3))
        expected = alone(model, prompt, sampler, 40, stop=(5,))
        for length in (1, 3, 8):
            told = list(
                speculate(model, prompt, most=40, sampler=sampler, draft=drafts()[number], length=length, stop=(5,))
            )
            assert told == expected


def test_texts_by_lookup_equal_those_of_the_model_alone_draw_by_draw(count: Callable[[int], int]) -> None:
    model = llama(1)
    for seed in range(count(60)):
        prompt = torch.randint(23, (1, 4), generator=torch.Generator().manual_seed(seed))
        ways = {"temperature": 0.3 + seed % 4 / 3, "top_k": seed % 5 * 3, "top_p": 1 - seed % 3 / 10, "penalty": 1.1}
        expected = alone(model, prompt, Sampler(**ways, seed=seed), 30)
        for draft in (Lookup(), Sure(3, 4)):
            told = list(speculate(model, prompt, most=30, sampler=Sampler(**ways, seed=seed), draft=draft))
            assert told == expected


def exact(model: Table, prompt: list[int], most: int, sampler: Sampler) -> dict[tuple[int, ...], float]:
    """The probability of every text of `most` tokens."""
    found = {}
    for text in itertools.product(range(len(model.head)), repeat=most):
        read, odds = list(prompt), 1.0
        for id in text:
            scores = model.logits(model.states(torch.tensor([read]))[:, -1])
            odds *= float(sampler.odds(scores, torch.tensor([read]))[0, id])
            read.append(id)
        found[text] = odds
    return found


def surprise(counts: Counter[tuple[int, ...]], expected: dict[tuple[int, ...], float]) -> float:
    """The p-value of a χ² test; texts that are expected fewer than five times are counted together."""
    draws = sum(counts.values())
    assert not any(expected.get(text, 0) == 0 for text in counts), "a text that cannot be"
    common = [text for text, odds in expected.items() if odds * draws >= 5]
    cells = [(counts[text], expected[text] * draws) for text in common]
    rest = draws - sum(wanted for _, wanted in cells)
    if rest >= 5:
        cells.append((draws - sum(seen for seen, _ in cells), rest))
    value = sum((seen - wanted) ** 2 / wanted for seen, wanted in cells)
    freedom = len(cells) - 1
    return float(torch.special.gammaincc(torch.tensor(freedom / 2).double(), torch.tensor(value / 2).double()))


@pytest.mark.parametrize(
    "ways",
    [
        {},
        {"temperature": 0.7, "top_k": 3},
        {"temperature": 1.3, "top_p": 0.8},
        {"penalty": 1.5, "min_p": 0.05},
    ],
)
@pytest.mark.parametrize("kind", ["smaller", "sure"])
def test_texts_are_as_likely_as_from_the_model_alone(
    ways: dict[str, Any], kind: str, count: Callable[[int], int]
) -> None:
    model, draws = Table(1, 4), count(20_000)
    sampler = Sampler(**ways, seed=3)
    draft: Draft = Smaller(Table(2, 4), 8) if kind == "smaller" else Sure(1, 2)
    counts = Counts()
    texts = Counter(
        tuple(speculate(model, torch.tensor([[0]]), most=3, sampler=sampler, draft=draft, length=2, counts=counts))
        for _ in range(draws)
    )
    assert 0.05 < counts.acceptance < 0.95
    p = surprise(texts, exact(model, [0], 3, sampler))
    print(f"{kind} {ways}: p = {p:.3f}, acceptance {counts.acceptance:.2f}, {counts.a_pass:.2f} tokens a pass")
    assert p > 1e-4


def test_the_test_notices_a_draft_that_is_always_believed(count: Callable[[int], int]) -> None:
    model, smaller, sampler = Table(1, 4), Table(2, 4), Sampler(seed=3)
    prompt = torch.tensor([[0]])
    texts = Counter(tuple(alone(smaller, prompt, sampler, 3)) for _ in range(count(20_000)))
    assert surprise(texts, exact(model, [0], 3, sampler)) < 1e-9


def test_a_perfect_draft_is_kept_whole_and_a_hopeless_one_costs_no_pass() -> None:
    model = llama(4)
    perfect, hopeless = Counts(), Counts()
    prompt = torch.tensor([[1, 2, 3]])
    sampler = Sampler(temperature=0.9, seed=1)
    list(speculate(model, prompt, most=40, sampler=sampler, draft=Smaller(llama(4), 64), length=4, counts=perfect))
    assert perfect.acceptance == 1
    assert perfect.passes == 8  # 40 tokens, five a pass
    assert perfect.lengths == {4: 8}
    greedy = Sampler(temperature=0)
    never = next(id for id in range(23) if id not in alone(model, prompt, greedy, 40))
    list(speculate(model, prompt, most=40, sampler=greedy, draft=Sure(never, never), counts=hopeless))
    assert (hopeless.acceptance, hopeless.passes, hopeless.a_pass) == (0, 40, 1)


class Watched(Llama):
    """Says how many tokens each pass reads."""

    def states(self, ids: Tensor, cache: Any = None) -> Tensor:
        self.reads = [*getattr(self, "reads", []), ids.shape[1]]
        return super().states(ids, cache)


def test_nothing_is_read_twice_but_the_last_token() -> None:
    torch.manual_seed(0)
    model = Watched(vocab=23, dim=16, layers=1, heads=2, hidden=24, context=96, std=0.5).double()
    counts = Counts()
    list(
        speculate(model, torch.arange(7)[None], most=20, sampler=Sampler(temperature=0), draft=Lookup(), counts=counts)
    )
    assert model.reads[0] >= 7
    assert sum(model.reads) == 7 + counts.passes - 1 + counts.guessed


def test_lookup_finds_what_followed_the_same_words() -> None:
    sampler = Sampler()
    assert Lookup().guess([1, 2, 3, 4, 9, 1, 2, 3], 3, sampler).ids == (4, 9, 1)
    assert Lookup().guess([3, 7, 2, 3, 8, 5, 3], 2, sampler).ids == (8, 5)  # the last of several places
    assert Lookup(3, 2).guess([3, 7, 2, 3, 8, 5, 3], 2, sampler).ids == ()  # one token is too little here
    assert Lookup().guess([1, 2, 3], 4, sampler).ids == ()
    assert Lookup().guess([5], 4, sampler).ids == ()
    assert Lookup().guess([6, 6], 4, sampler).ids == (6,)
    with pytest.raises(ValueError, match="cannot look up"):
        Lookup(0, 0)


def test_a_constraint_holds_within_a_pass() -> None:
    model, pieces = llama(6), [b"abc"[n % 3 : n % 3 + 1] for n in range(22)]
    for draft in drafts():
        for seed in range(4):
            text = Forms(pieces, ends={22}, size=23).regex("(ab?c){2,6}")
            ids = list(
                speculate(
                    model, torch.tensor([[1, 2]]), most=40, sampler=Sampler(seed=seed), draft=draft, constraint=text
                )
            )
            for id in ids:
                text.push(id)
            assert text.done
            assert sum(id == 22 for id in ids) == (ids[-1] == 22)


def test_texts_under_a_constraint_are_as_likely_as_from_the_model_alone(count: Callable[[int], int]) -> None:
    model, form = Table(5, 4), Forms([b"a", b"b", b"c", b"d"]).regex("[ab]c?[abd].*")
    sampler = Sampler(temperature=0.8, seed=2)

    class Masked(Table):
        """The same odds, known without speculating."""

        def logits(self, states: Tensor) -> Tensor:
            return states

        def states(self, ids: Tensor, cache: Cache | None = None) -> Tensor:
            text = form.copy()
            for id in ids[0, 1:].tolist():
                if not text.allowed()[id]:
                    return torch.full((1, 1, 4), 0.0)
                text.push(id)
            scores = model.logits(model.states(ids))[:, -1:]
            return scores.masked_fill(~text.allowed(), -math.inf)

    expected = exact(Masked(5, 4), [0], 3, sampler)
    texts = Counter(
        tuple(
            speculate(
                model, torch.tensor([[0]]), most=3, sampler=sampler, draft=Smaller(Table(2, 4), 8), constraint=form
            )
        )
        for _ in range(count(20_000))
    )
    assert surprise(texts, expected) > 1e-4


def test_an_empty_prompt_and_no_tokens() -> None:
    with pytest.raises(ValueError, match="holds a token"):
        next(speculate(llama(0), torch.zeros(1, 0, dtype=torch.long), most=1, sampler=Sampler(), draft=Lookup()))
    assert list(speculate(llama(0), torch.tensor([[1]]), most=0, sampler=Sampler(), draft=Lookup())) == []


def test_judge_leaves_the_constraint_where_it_was() -> None:
    text = Forms([b"a", b"b"]).regex("ab")
    scores = torch.zeros(3, 2)
    assert judge(Guess((0, 1)), scores, [0], Sampler(temperature=0), text) == [0, 1]
    assert text.allowed().tolist() == [True, False]
