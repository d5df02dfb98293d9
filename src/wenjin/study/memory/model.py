"""The arithmetic of FSRS-6: what an answer makes of a stability and a difficulty, as plain numbers.

    stability   days until the chance of recalling falls to 90 %       difficulty  1 (easy) to 10
    rating      1 again, 2 hard, 3 good, 4 easy                        elapsed     whole days since the last answer

The library `fsrs` reckons the same with a copied object for each answer, which takes a log of ten years ten times as
long. Its parameters are taken from it, and every operation stands in its order, so that the numbers are its own.

Source  J. Ye, J. Su, Y. Cao: A Stochastic Shortest Path Algorithm for Optimizing Spaced Repetition Scheduling (2022)
Proof   tests/study/memory/test_schedule.py: bit for bit what the library says, whatever is answered and whenever
Omits   steps, phases and dates: schedule.py
"""

from math import e

from fsrs.scheduler import DEFAULT_PARAMETERS, FUZZ_RANGES, MAX_DIFFICULTY, MIN_DIFFICULTY, STABILITY_MIN

LONGEST = 36500  # days
AIM = 0.9  # the share of due cards that are to be recalled

P = DEFAULT_PARAMETERS
DECAY: float = -P[20]
FACTOR: float = 0.9 ** (1 / DECAY) - 1
REACH: float = AIM ** (1 / DECAY) - 1
TODAY = [0.0, *(e ** (P[17] * (rating - 3 + P[18])) for rating in (1, 2, 3, 4))]  # by rating, as all lists here
HARD_OR_EASY = [(1.0, 1.0), (1.0, 1.0), (P[15], 1.0), (1.0, 1.0), (1.0, P[16])]
TURN = [0.0, *(-(P[6] * (rating - 3)) for rating in (1, 2, 3, 4))]
EASIEST = P[4] - (e ** (P[5] * 3)) + 1
GROWTH = e ** P[8]
FORGOTTEN = e ** (P[17] * P[18])
PARTS = [(part["start"], part["end"], part["factor"]) for part in FUZZ_RANGES]


def begun(rating: int) -> tuple[float, float]:
    """Stability and difficulty after the first answer."""
    difficulty = P[4] - (e ** (P[5] * (rating - 1))) + 1
    return max(P[rating - 1], STABILITY_MIN), min(max(difficulty, MIN_DIFFICULTY), MAX_DIFFICULTY)


def retrievability(stability: float, elapsed: int) -> float:
    """The chance of recalling it after so many days."""
    return float((1 + FACTOR * max(0, elapsed) / stability) ** DECAY)


def after(stability: float, difficulty: float, elapsed: int, rating: int) -> tuple[float, float]:
    """Both after one more answer."""
    if elapsed < 1:
        growth = TODAY[rating] * (stability ** -P[19])
        found = stability * (growth if rating == 1 else max(growth, 1.0))
    else:
        chance = (1 + FACTOR * elapsed / stability) ** DECAY
        if rating == 1:
            long = P[11] * (difficulty ** -P[12]) * (((stability + 1) ** P[13]) - 1) * (e ** ((1 - chance) * P[14]))
            found = min(long, stability / FORGOTTEN)
        else:
            hard, easy = HARD_OR_EASY[rating]
            grown = GROWTH * (11 - difficulty) * (stability ** -P[9]) * ((e ** ((1 - chance) * P[10])) - 1)
            found = stability * (1 + grown * hard * easy)
    turned = difficulty + (10.0 - difficulty) * TURN[rating] / 9.0
    turned = P[7] * EASIEST + (1 - P[7]) * turned
    return max(found, STABILITY_MIN), min(max(turned, MIN_DIFFICULTY), MAX_DIFFICULTY)


def days(stability: float) -> int:
    """The interval after which the chance has fallen to the aim."""
    return min(max(round(stability / FACTOR * REACH), 1), LONGEST)


def spread(days: int, roll: float) -> int:
    """An interval spread around its value: by a day at three days, by about 6 % at a hundred. `roll` in [0, 1)."""
    if days < 2.5:
        return days
    delta = 1.0
    for start, end, factor in PARTS:
        if days <= start:
            break
        delta += factor * (min(float(days), end) - start)
    low, high = max(2, round(days - delta)), min(round(days + delta), LONGEST)
    low = min(low, high)
    return min(round(roll * (high - low + 1) + low), LONGEST)
