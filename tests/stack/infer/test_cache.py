"""Keys and values of any cut of a text, in memory that is allocated once."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.stack.infer.cache import Cache, CacheFull


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(1, 5), min_size=1, max_size=6), seed=st.integers(0, 99))
def test_views_equal_what_joining_all_pieces_gives_for_any_cut(cuts: list[int], seed: int) -> None:
    dice = torch.Generator().manual_seed(seed)
    k, v = torch.randn(2, 3, 2, 2, sum(cuts), 4, generator=dice)  # layers, B, G, S, D
    cache = Cache(layers=3, batch=2, kv_heads=2, room=sum(cuts), width=4)
    first = 0
    for T in cuts:
        for layer in range(3):
            keys, values = cache.extend(layer, k[layer][:, :, first : first + T], v[layer][:, :, first : first + T])
            assert torch.equal(keys, k[layer][:, :, : first + T])
            assert torch.equal(values, v[layer][:, :, : first + T])
        cache.advance(T)
        first += T
    assert cache.length == cache.room


def test_memory_is_allocated_once() -> None:
    cache = Cache(layers=1, batch=1, kv_heads=1, room=8, width=2)
    place = cache.keys.data_ptr()
    for _ in range(8):
        keys, _ = cache.extend(0, torch.ones(1, 1, 1, 2), torch.ones(1, 1, 1, 2))
        assert keys.data_ptr() == place
        cache.advance(1)
    assert cache.bytes == 2 * 8 * 2 * 4


def test_a_text_longer_than_the_room_is_refused_in_both_languages() -> None:
    cache = Cache(layers=1, batch=1, kv_heads=1, room=4, width=2)
    with pytest.raises(CacheFull, match="5 tokens") as told:
        cache.extend(0, torch.ones(1, 1, 5, 2), torch.ones(1, 1, 5, 2))
    assert "5 个" in told.value.zh
    with pytest.raises(CacheFull):
        cache.advance(5)
    assert cache.length == 0


def test_it_goes_back_to_a_prefix_and_never_forward() -> None:
    cache = Cache(layers=1, batch=1, kv_heads=1, room=4, width=1)
    for n in range(3):
        cache.extend(0, torch.full((1, 1, 1, 1), float(n)), torch.zeros(1, 1, 1, 1))
        cache.advance(1)
    cache.rewind(1)
    keys, _ = cache.extend(0, torch.full((1, 1, 1, 1), 9.0), torch.zeros(1, 1, 1, 1))
    assert keys.flatten().tolist() == [0.0, 9.0]
    with pytest.raises(ValueError, match="cannot go back to 2"):
        cache.rewind(2)
