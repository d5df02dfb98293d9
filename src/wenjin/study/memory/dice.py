"""The roll that spreads a card's intervals: drawn from its name, so that reading the log again gives the same."""

import hashlib

from wenjin.study.memory.schedule import Dice


def dice(card: str) -> Dice:
    """The roll of a card's n-th review: of no pattern, yet the same whenever it is asked."""

    def roll(n: int) -> float:
        return int.from_bytes(hashlib.sha256(f"{card}#{n}".encode()).digest()[:6], "big") / 2**48

    return roll
