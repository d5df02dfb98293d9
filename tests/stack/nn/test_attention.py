"""Attention equals what others compute: a loop over single numbers, its own cached run, torch's kernel, Llama."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import DynamicCache, LlamaConfig
from transformers.models.llama.modeling_llama import LlamaAttention, LlamaRotaryEmbedding

from wenjin.stack.nn import attention
from wenjin.stack.nn.attention import Attention, angles, attend, attend_fast, rotate, softmax

Attend = Callable[[Tensor, Tensor, Tensor, bool], Tensor]


def draw(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def by_loop(q: Tensor, k: Tensor, v: Tensor, causal: bool) -> Tensor:
    """The definition over single numbers: nothing here knows what a matrix product is."""
    (B, H, T, D), S = q.shape, k.shape[2]
    y = torch.zeros(B, H, T, v.shape[3], dtype=torch.float64)
    for b in range(B):
        for h in range(H):
            for t in range(T):
                seen = range(S - T + t + 1) if causal else range(S)
                fit = [sum(float(q[b, h, t, d]) * float(k[b, h, s, d]) for d in range(D)) / math.sqrt(D) for s in seen]
                weight = [math.exp(x - max(fit)) for x in fit]
                for s in seen:
                    y[b, h, t] += weight[s] / sum(weight) * v[b, h, s].double()
    return y


@pytest.mark.parametrize("how", [attend, attend_fast])
def test_a_case_worked_by_hand(how: Attend) -> None:
    """Three tokens, one head, D = 4, so that sqrt D = 2. Every query is (2, 0, 0, 0), the keys are ln 1, ln 2 and
    ln 5 times (1, 0, 0, 0), and the values are 8, 16 and 24 times (1, 1, 1, 1).

        scores    2 ln 1, 2 ln 2, 2 ln 5           scaled by 2    ln 1, ln 2, ln 5
        exp       1, 2, 5, in all 8                weights        1/8, 2/8, 5/8
        mix       8/8 + 2*16/8 + 5*24/8 = 20       with no mask, for every query

    With the causal mask query 0 sees key 0 alone and gets 8. Query 1 sees keys 0 and 1: weights 1/3 and 2/3,
    8/3 + 32/3 = 40/3. Query 2 sees all and gets 20.
    """
    q = torch.tensor([2.0, 0, 0, 0]).expand(1, 1, 3, 4)
    k = torch.tensor([1.0, 2, 5]).log()[:, None] * torch.tensor([1.0, 0, 0, 0])
    v = torch.tensor([8.0, 16, 24])[:, None].expand(3, 4)
    torch.testing.assert_close(how(q, k[None, None], v[None, None], False)[0, 0, :, 0], torch.full((3,), 20.0))
    torch.testing.assert_close(how(q, k[None, None], v[None, None], True)[0, 0, :, 0], torch.tensor([8, 40 / 3, 20]))


SHAPES = st.tuples(*(st.integers(1, n) for n in (2, 2, 5, 4, 5)))  # B, H, T, past, D


@settings(max_examples=30, deadline=None, derandomize=True)
@given(shape=SHAPES, causal=st.booleans(), seed=st.integers(0, 99), spread=st.sampled_from([0.0, 1.0, 30.0]))
def test_plain_equals_a_loop(shape: tuple[int, ...], causal: bool, seed: int, spread: float) -> None:
    B, H, T, past, D = shape
    q, k, v = draw(seed, B, H, T, D) * spread, draw(seed + 1, B, H, T + past, D), draw(seed + 2, B, H, T + past, D)
    torch.testing.assert_close(attend(q, k, v, causal), by_loop(q, k, v, causal))


def with_gradients(how: Attend, q: Tensor, k: Tensor, v: Tensor, causal: bool) -> list[Tensor]:
    inputs = [x.clone().requires_grad_() for x in (q, k, v)]
    y = how(*inputs, causal)
    return [y.detach(), *torch.autograd.grad((y * draw(9, *y.shape, dtype=y.dtype)).sum(), inputs)]


@settings(max_examples=30, deadline=None, derandomize=True)
@given(shape=SHAPES, groups=st.integers(1, 3), causal=st.booleans(), seed=st.integers(0, 99))
def test_fast_equals_plain_with_gradients(shape: tuple[int, ...], groups: int, causal: bool, seed: int) -> None:
    """G key/value heads, each shared by `groups` query heads; the plain twin gets them repeated."""
    B, G, T, past, D = shape

    def plain(q: Tensor, k: Tensor, v: Tensor, causal: bool) -> Tensor:
        return attend(q, k.repeat_interleave(groups, dim=1), v.repeat_interleave(groups, dim=1), causal)

    qkv = draw(seed, B, G * groups, T, D), draw(seed + 1, B, G, T + past, D), draw(seed + 2, B, G, T + past, D)
    for got, want in zip(with_gradients(attend_fast, *qkv, causal), with_gradients(plain, *qkv, causal), strict=True):
        torch.testing.assert_close(got, want)


@pytest.mark.parametrize("how", [attend, attend_fast])
@pytest.mark.parametrize(
    ("dtype", "off"), [(torch.float16, 2e-3), (torch.bfloat16, 2e-2), (torch.float32, 1e-6), (torch.float64, 1e-12)]
)
def test_each_precision_keeps_its_type_and_its_accuracy(how: Attend, dtype: torch.dtype, off: float) -> None:
    q, k, v = (draw(seed, 2, 3, 7, 16).to(dtype) for seed in (1, 2, 3))
    y = how(q, k, v, True)
    assert y.dtype == dtype
    assert (y.double() - by_loop(q, k, v, True)).abs().max() < off


@pytest.mark.parametrize("how", [attend, attend_fast])
def test_scores_of_ten_thousand_stay_finite(how: Attend) -> None:
    q, k, v = draw(1, 1, 1, 6, 16) * 1e4, draw(2, 1, 1, 6, 16), draw(3, 1, 1, 6, 16)
    assert (q @ k.transpose(-2, -1)).abs().max() > 1e4
    torch.testing.assert_close(how(q, k, v, False), by_loop(q, k, v, False))


def test_softmax_has_the_gradient_of_the_whole_quotient() -> None:
    """Holding the row's greatest score still changes nothing: a shift cancels."""
    x, slope = draw(1, 3, 5).requires_grad_(), draw(2, 3, 5)
    (got,) = torch.autograd.grad((softmax(x) * slope).sum(), x)
    (want,) = torch.autograd.grad((torch.softmax(x, dim=-1) * slope).sum(), x)
    torch.testing.assert_close(got, want)


@pytest.mark.parametrize("how", [attend, attend_fast])
def test_more_queries_than_keys_are_refused(how: Attend) -> None:
    with pytest.raises(ValueError, match="3 queries, 2 keys: 1 see none"):
        how(draw(1, 1, 1, 3, 4), draw(2, 1, 1, 2, 4), draw(3, 1, 1, 2, 4), True)


def test_rotation_sees_only_how_far_apart_tokens_are() -> None:
    q, k = draw(1, 8), draw(2, 8)
    turn = angles(0, 40, 8)

    def fit(i: int, j: int) -> float:
        return float(rotate(q[None], turn[i : i + 1]) @ rotate(k[None], turn[j : j + 1]).T)

    assert fit(3, 1) == pytest.approx(fit(30, 28), abs=1e-5)
    assert abs(fit(3, 1) - fit(3, 2)) > 1e-3
    assert float(rotate(q[None], turn[7:8]).norm()) == pytest.approx(float(q.norm()), abs=1e-6)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(cuts=st.lists(st.integers(1, 4), min_size=1, max_size=5), seed=st.integers(0, 99))
def test_cached_equals_uncached(cuts: list[int], seed: int) -> None:
    """A text read in pieces of any sizes, the past kept, gives what reading it at once gives."""
    torch.manual_seed(seed)
    layer, turn = Attention(24, heads=6, kv_heads=2), angles(0, sum(cuts), 4)
    x = draw(seed, 2, sum(cuts), 24, dtype=torch.float32)
    whole, (keys, values) = layer(x, turn)
    past, pieces, first = None, [], 0
    for length in cuts:
        piece, past = layer(x[:, first : first + length], turn[first : first + length], past)
        pieces.append(piece)
        first += length
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole)
    torch.testing.assert_close(past, (keys, values))


CONFIG = {"hidden_size": 32, "num_attention_heads": 4, "max_position_embeddings": 64, "rope_theta": 10_000.0}


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
@pytest.mark.parametrize("pieces", [[7], [4, 1, 2]])
def test_equals_llama_of_transformers_with_gradients(kv_heads: int, pieces: list[int]) -> None:
    """Random weights, the state dict loaded as it is; the text at once, and in pieces with both sides caching."""
    torch.manual_seed(kv_heads)
    config = LlamaConfig(**CONFIG, num_key_value_heads=kv_heads, attn_implementation="eager")
    theirs, rotary = LlamaAttention(config, layer_idx=0), LlamaRotaryEmbedding(config)
    ours = Attention(32, heads=4, kv_heads=kv_heads)
    ours.load_state_dict(theirs.state_dict())

    x = draw(5, 2, sum(pieces), 32, dtype=torch.float32)
    mine, other = x.clone().requires_grad_(), x.clone().requires_grad_()
    past, cache, first, got, want = None, DynamicCache(config=config), 0, [], []
    for length in pieces:
        last = first + length
        y, past = ours(mine[:, first:last], angles(first, last, 8), past)
        got.append(y)
        hidden = torch.full((length, last), -math.inf).triu(first + 1)[None, None]
        turned = rotary(other, torch.arange(first, last)[None])
        want.append(theirs(other[:, first:last], turned, hidden, past_key_values=cache)[0])
        first = last
    slope = draw(6, *x.shape, dtype=torch.float32)
    y, z = torch.cat(got, dim=1), torch.cat(want, dim=1)
    torch.testing.assert_close(y, z)
    (y * slope).sum().backward()
    (z * slope).sum().backward()
    torch.testing.assert_close(mine.grad, other.grad)
    for name, weight in theirs.named_parameters():
        torch.testing.assert_close(ours.get_parameter(name).grad, weight.grad)


@pytest.mark.parametrize(("dim", "heads", "kv_heads"), [(10, 4, 2), (16, 4, 3)])
def test_heads_that_do_not_divide_are_refused(dim: int, heads: int, kv_heads: int) -> None:
    with pytest.raises(ValueError, match="each must divide the one before"):
        Attention(dim, heads=heads, kv_heads=kv_heads)


def test_the_parts_are_what_the_whole_is_made_of() -> None:
    """The lesson cites the five steps one by one; together they are `attend`."""
    q, k, v = draw(1, 1, 2, 3, 4), draw(2, 1, 2, 5, 4), draw(3, 1, 2, 5, 4)
    weights = softmax(attention.mask(attention.scale(attention.scores(q, k), 4)))
    torch.testing.assert_close(weights.sum(-1), torch.ones(1, 2, 3, dtype=torch.float64))
    torch.testing.assert_close(attention.mix(weights, v), attend(q, k, v, causal=True))
