"""Each step of sampling equals that of transformers; draws follow the odds and the seed."""

import math
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.stack.infer.sampling import Sampler, SamplingError, heat, min_p, penalize, top_k, top_p

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from transformers.generation.logits_process import (
        MinPLogitsWarper,
        RepetitionPenaltyLogitsProcessor,
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
    )

ROWS = st.integers(0, 10**6).map(lambda seed: torch.randn(3, 50, generator=torch.Generator().manual_seed(seed)) * 4)
READ = st.lists(st.integers(0, 49), min_size=3, max_size=3).map(lambda ids: torch.tensor([ids, ids[::-1], ids]))


@settings(max_examples=40, deadline=None)
@given(scores=ROWS, read=READ, t=st.floats(0.1, 5), k=st.integers(1, 60), p=st.floats(0.01, 0.999))
def test_each_step_equals_the_logits_processor_of_transformers(
    scores: torch.Tensor, read: torch.Tensor, t: float, k: int, p: float
) -> None:
    assert torch.equal(heat(scores, t), TemperatureLogitsWarper(t)(read, scores))
    assert torch.equal(top_k(scores, k), TopKLogitsWarper(k)(read, scores))
    assert torch.equal(top_p(scores, p), TopPLogitsWarper(p)(read, scores))
    assert torch.equal(min_p(scores, p), MinPLogitsWarper(p)(read, scores))
    assert torch.equal(penalize(scores, read, 1 + p), RepetitionPenaltyLogitsProcessor(1 + p)(read, scores))


@settings(max_examples=20, deadline=None)
@given(scores=ROWS, read=READ)
def test_all_together_equal_theirs_in_their_order(scores: torch.Tensor, read: torch.Tensor) -> None:
    theirs = scores
    for step in (
        RepetitionPenaltyLogitsProcessor(1.3),
        TemperatureLogitsWarper(0.8),
        TopKLogitsWarper(20),
        TopPLogitsWarper(0.9),
        MinPLogitsWarper(0.05),
    ):
        theirs = step(read, theirs)
    ours = Sampler(temperature=0.8, top_k=20, top_p=0.9, min_p=0.05, penalty=1.3).odds(scores, read)
    torch.testing.assert_close(ours, theirs.softmax(dim=-1))


def test_by_hand() -> None:
    scores = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    assert top_p(scores, 0.7).isfinite().tolist() == [[True, True, False, False]]  # 0.5 falls short: 0.3 crosses
    assert top_p(scores, 0.4).isfinite().tolist() == [[True, False, False, False]]
    assert min_p(scores, 0.25).isfinite().tolist() == [[True, True, True, False]]
    assert top_k(scores, 2).isfinite().tolist() == [[True, True, False, False]]
    signs = penalize(torch.tensor([[2.0, -2.0, 2.0]]), torch.tensor([[0, 1]]), 2.0)
    assert signs.tolist() == [[1.0, -4.0, 2.0]]


def test_draws_follow_the_odds() -> None:
    odds = torch.tensor([0.6, 0.3, 0.1])
    drawn = Sampler(seed=3)(odds.log().repeat(20_000, 1), torch.zeros(20_000, 1, dtype=torch.long))
    shares = torch.bincount(drawn, minlength=3) / 20_000
    assert (shares - odds).abs().max() < 4 * math.sqrt(0.25 / 20_000)


def test_a_seed_gives_the_same_tokens_and_another_seed_others() -> None:
    scores, read = torch.zeros(8, 100), torch.zeros(8, 1, dtype=torch.long)
    torch.manual_seed(0)
    first = Sampler(seed=5)(scores, read)
    torch.manual_seed(1)
    assert torch.equal(Sampler(seed=5)(scores, read), first)
    assert not torch.equal(Sampler(seed=6)(scores, read), first)


def test_temperature_zero_takes_the_likeliest_that_is_left_after_the_penalty() -> None:
    scores = torch.tensor([[1.0, 3.0, 2.0]])
    assert Sampler(temperature=0)(scores, torch.tensor([[0]])).item() == 1
    assert Sampler(temperature=0, penalty=2.0)(scores, torch.tensor([[1]])).item() == 2


@pytest.mark.parametrize(
    "bad",
    [
        {"temperature": -1.0},
        {"temperature": math.nan},
        {"top_k": -1},
        {"top_p": 0.0},
        {"top_p": 1.1},
        {"min_p": 2.0},
        {"penalty": 0.0},
        {"penalty": math.inf},
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(bad: dict[str, float]) -> None:
    with pytest.raises(SamplingError, match=next(iter(bad))) as told:
        Sampler(**bad)  # type: ignore[arg-type]
    assert "应在" in told.value.zh


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_scores_that_are_no_numbers_are_refused(bad: float) -> None:
    with pytest.raises(SamplingError, match="not finite"):
        Sampler()(torch.tensor([[0.0, bad]]), torch.tensor([[0]]))
