"""No cluster on two sides; shares as asked; nothing moves when texts are added."""

import random

import pytest

from wenjin.stack.data.deduplicate import clusters
from wenjin.stack.data.divide import divided
from wenjin.stack.data.sources import DataError

SHARES = {"train": 0.8, "valid": 0.1, "test": 0.1}


@pytest.mark.parametrize("seed", range(5))
def test_a_cluster_stands_on_one_side(seed: int) -> None:
    luck = random.Random(seed)
    linked = clusters(400, ((luck.randrange(400), luck.randrange(400)) for _ in range(150))).tolist()
    sides = divided(linked, [f"text {n}" for n in range(400)], SHARES, seed=seed)
    assert all(sides[n] == sides[first] for n, first in enumerate(linked))
    assert len(set(linked)) < 300


def test_sides_have_their_shares_and_the_seed_decides() -> None:
    keys = [f"text {n}" for n in range(20_000)]
    sides = divided(range(20_000), keys, SHARES)
    for side, share in SHARES.items():
        assert abs(sides.count(side) / 20_000 - share) < 0.015
    assert divided(range(20_000), keys, SHARES) == sides
    assert divided(range(20_000), keys, SHARES, seed=1) != sides


def test_a_text_added_moves_no_other() -> None:
    keys = [f"text {n}" for n in range(300)]
    assert divided(range(300), keys, SHARES)[:200] == divided(range(200), keys[:200], SHARES)


def test_an_empty_side_is_refused_with_a_sentence() -> None:
    with pytest.raises(DataError, match="none fell to") as refused:
        divided(range(2), ["one", "two"], SHARES)
    assert "一篇也没有分到" in refused.value.zh


@pytest.mark.parametrize("shares", [{"a": 0.5, "b": 0.4}, {"a": 1.2, "b": -0.2}])
def test_shares_sum_to_one(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        divided([0], ["x"], shares)
