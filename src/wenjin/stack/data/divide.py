"""Texts -> train, valid, test, by cluster: what is linked stands on one side, so that nothing tested was learned.

    divided(clusters, keys, {"train": 0.9, "valid": 0.05, "test": 0.05})   ->   ["train", "train", "test", …]

The side of a cluster follows from the key of its first text alone: it is the same on every machine, and a text added
elsewhere moves nothing.

Omits    balance: a side has its share of the clusters, and of the texts about that
Proof    tests/stack/data/test_divide.py: no cluster on two sides, shares as asked, stable when texts are added
"""

import hashlib
from collections.abc import Mapping, Sequence
from itertools import accumulate

from wenjin.stack.data.sources import DataError


def divided(clusters: Sequence[int], keys: Sequence[str], shares: Mapping[str, float], *, seed: int = 0) -> list[str]:
    """The side of each text.

    clusters   for each text the number of the first text that it is linked with, its own if with none
    keys       what a text is, such as the text itself
    shares     side -> share of the clusters; they sum to 1
    Raises DataError: a side that no text fell to.
    """
    if abs(sum(shares.values()) - 1) > 1e-9 or min(shares.values()) <= 0:
        raise ValueError(f"shares are positive and sum to 1; got {dict(shares)}")
    borders = list(zip(shares, accumulate(shares.values()), strict=True))
    sides = [_side(f"{seed} {keys[cluster]}", borders) for cluster in clusters]
    empty = [side for side in shares if side not in sides]
    if empty:
        raise DataError(
            f"只有 {len(keys)} 篇文本，{'、'.join(empty)} 一篇也没有分到。给更多文本。",
            f"There are only {len(keys)} texts, and none fell to {', '.join(empty)}. Give more text.",
        )
    return sides


def _side(key: str, borders: list[tuple[str, float]]) -> str:
    luck = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64  # 0 to 1
    return next((side for side, border in borders if luck < border), borders[-1][0])
