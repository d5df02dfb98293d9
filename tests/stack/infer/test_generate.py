"""Cached writing equals uncached, token for token; rows end each for itself."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from wenjin.stack.infer.cache import Cache
from wenjin.stack.infer.generate import cache_for, generate
from wenjin.stack.infer.sampling import Sampler
from wenjin.stack.models.llama import Llama
from wenjin.stack.nn.attention import angles, attend, rotate

pytestmark = pytest.mark.usefixtures("one_thread")


class Small(nn.Module):
    """Two layers of causal attention and nothing else, over the cache's protocol."""

    def __init__(self, seed: int, vocabulary: int = 37, width: int = 16, heads: int = 4, kv_heads: int = 2) -> None:
        super().__init__()
        dice = torch.Generator().manual_seed(seed)
        self.heads, self.kv_heads, self.width = heads, kv_heads, width // heads
        self.head = nn.Parameter(torch.randn(vocabulary, width, generator=dice))
        joint = self.width * (heads + 2 * kv_heads)
        self.mix = nn.ParameterList(torch.randn(joint, width, generator=dice) for _ in range(2))

    def settings(self) -> dict[str, int]:
        return {"layers": len(self.mix), "heads": self.heads, "kv_heads": self.kv_heads, "dim": self.head.shape[1]}

    def states(self, ids: Tensor, cache: Cache | None = None) -> Tensor:
        T = ids.shape[1]
        places = cache.places(T) if cache else slice(0, T)
        angle = angles(places.start, places.stop, self.width)
        x = self.head[ids]  # (B, T, D)
        for layer, joint in enumerate(self.mix):
            parts = (x @ joint.T).unflatten(-1, (-1, self.width)).transpose(1, 2)
            q, k, v = parts.split((self.heads, self.kv_heads, self.kv_heads), dim=1)
            q, k = rotate(q, angle), rotate(k, angle)
            if cache:
                k, v = cache.extend(layer, k, v)
            group = self.heads // self.kv_heads
            y = attend(q, k.repeat_interleave(group, 1), v.repeat_interleave(group, 1), causal=True)
            x = nn.functional.normalize(x + y.transpose(1, 2).flatten(2), dim=-1) * 4
        if cache:
            cache.advance(T)
        return x

    def logits(self, states: Tensor) -> Tensor:
        return states @ self.head.T


def written(
    model: Small, prompt: Tensor, seed: int, *, cached: bool, most: int = 24, stop: tuple[int, ...] = ()
) -> Tensor:
    sampler = Sampler(temperature=0.9, top_k=20, top_p=0.95, min_p=0.01, penalty=1.1, seed=seed)
    return torch.stack(list(generate(model, prompt, most=most, choose=sampler, stop=stop, cached=cached)), dim=1)


def test_cached_equals_uncached_token_for_token(count: Callable[[int], int]) -> None:
    for seed in range(count(100)):
        model = Small(seed)
        prompt = torch.randint(37, (3, 1 + seed % 7), generator=torch.Generator().manual_seed(seed))
        assert torch.equal(written(model, prompt, seed, cached=True), written(model, prompt, seed, cached=False))


def test_a_prompt_read_in_pieces_leaves_the_same_cache() -> None:
    model, ids = Small(1), torch.arange(10)[None]
    whole, pieces = cache_for(model, batch=1, room=10), cache_for(model, batch=1, room=10)
    with torch.no_grad():
        states = model.states(ids, cache=whole)
        parts = [model.states(part, cache=pieces) for part in ids.split((3, 1, 6), dim=1)]
    torch.testing.assert_close(torch.cat(parts, dim=1), states)
    torch.testing.assert_close(pieces.keys, whole.keys)


def test_tokens_come_one_by_one_as_they_are_drawn() -> None:
    model, passes = Small(2), 0

    def counted(scores: Tensor, read: Tensor) -> Tensor:
        nonlocal passes
        passes += 1
        assert read.shape[1] == 2 + passes - 1
        return scores.argmax(dim=-1)

    stream = generate(model, torch.tensor([[1, 2]]), most=5, choose=counted)
    for n in range(1, 6):
        assert next(stream).shape == (1,)
        assert passes == n
    assert next(stream, None) is None


def test_a_row_that_is_over_repeats_its_last_token_and_disturbs_no_other() -> None:
    model = Small(3)
    prompt = torch.tensor([[1, 2], [3, 4], [5, 6]])
    greedy = Sampler(temperature=0)
    free = torch.stack(list(generate(model, prompt, most=12, choose=greedy)), dim=1)  # (B, 12)
    stop = int(free[0, 4])
    ended = torch.stack(list(generate(model, prompt, most=12, choose=greedy, stop={stop})), dim=1)
    for row in range(3):
        where = (free[row] == stop).nonzero()
        first = int(where[0]) if len(where) else free.shape[1]
        kept = min(first + 1, ended.shape[1])
        assert ended[row, :kept].tolist() == free[row, :kept].tolist()
        assert set(ended[row, first + 1 :].tolist()) <= {stop}


def test_it_ends_when_all_rows_are_over() -> None:
    model = Small(4)
    everything = tuple(range(37))
    assert written(model, torch.tensor([[1], [2]]), 0, cached=True, stop=everything).shape == (2, 1)


def test_an_empty_prompt_is_refused() -> None:
    with pytest.raises(ValueError, match="holds a token"):
        next(generate(Small(5), torch.zeros(1, 0, dtype=torch.long), most=1, choose=Sampler()))


def test_a_llama_writes_the_same_cached_and_not_in_both_precisions() -> None:
    torch.manual_seed(0)
    model = Llama(vocab=61, dim=32, layers=2, heads=4, kv_heads=2, hidden=48, context=48, qk_norm=True, std=0.3)
    prompt = torch.randint(61, (4, 5))
    for compute in (None, torch.bfloat16):
        model.compute = compute
        cached, plain = (
            torch.stack(list(generate(model, prompt, most=30, choose=Sampler(temperature=0), cached=way)), dim=1)
            for way in (True, False)
        )
        if compute is None:
            assert torch.equal(cached, plain)
        else:  # eight bits round differently in products of other shapes: the first token, not all
            assert (cached[:, :1] == plain[:, :1]).all()
