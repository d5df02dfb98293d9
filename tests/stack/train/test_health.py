"""Each sign of trouble on a curve that has it, and none on a curve that only falls."""

import math
import random

import pytest

from wenjin.stack.train.health import examine
from wenjin.study.course.load import load

EVEN = math.log(26)


def falling(steps: int = 200, noise: float = 0.05, floor: float = 0.2) -> list[float]:
    dice = random.Random(0)
    return [floor + (EVEN - floor) * math.exp(-n / 40) * (1 + noise * dice.gauss(0, 1)) for n in range(steps)]


CURVES = {
    "nothing": (falling(), [], set()),
    "short": (falling(10), [], set()),
    "loss-not-finite": ([*falling(30), math.nan, 1.0], [], {"loss-not-finite"}),
    "loss-rose": ([*falling(100), *(0.5 + n / 20 for n in range(100))], [], {"loss-rose"}),
    "first-loss-uneven": ([9.0, *falling()[1:]], [], {"first-loss-uneven"}),
    "nothing-moves": ([EVEN + 0.001 * math.sin(n) for n in range(100)], [], {"nothing-moves"}),
    "hard batches at the end": ([*falling(175), *(0.2 + 0.4 * (n % 4 == 0) for n in range(25))], [], set()),
    "overfits": (falling(), [1 + abs(n - 40) / 40 for n in range(100)], {"overfits"}),
}


@pytest.mark.parametrize("name", CURVES)
def test_a_sign_is_seen_where_it_is_and_nowhere_else(name: str) -> None:
    losses, validation, expected = CURVES[name]
    assert {sign for sign, _ in examine(losses, validation, even=EVEN)} == expected


def test_every_sign_has_its_words_and_they_take_its_facts() -> None:
    causes = load().causes
    for losses, validation, _ in CURVES.values():
        for sign, facts in examine(losses, validation, even=EVEN):
            text = causes[sign].title.format(**facts)
            assert "{" not in text.zh + text.en
            assert causes[sign].reason.zh
            assert causes[sign].remedy.en
