"""What the lesson's formulas say, asserted: one function a formula, called without arguments.

Rule    where the formula is exact, so is the check: expectations are sums over every outcome, in fractions
"""

import math
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, permutations

from wenjin.stack.python.containers import AssociationList, HashTable
from wenjin.stack.text.vocabulary import Vocabulary


def equal_means_equal_hash() -> None:
    for value in (1, 0, -3, 2**70):
        alike = [value, float(value), Fraction(value), Decimal(value), complex(value)]
        assert all(a == b and hash(a) == hash(b) for a in alike for b in alike)
    assert True == 1 and hash(True) == hash(1)  # noqa: PT018
    assert hash((1, "a")) == hash((1.0, "a"))
    assert hash(-1) == hash(-2)  # the other way round nothing is promised: unequal, and yet of one hash
    assert Vocabulary.__hash__ is None


def a_list_compares_half() -> None:
    for keys in (1, 2, 7, 40):
        table = AssociationList((key, None) for key in range(keys))
        assert [table[key] for key in range(keys)] == [None] * keys
        assert Fraction(table.looks - keys * (keys - 1) // 2, keys) == Fraction(keys + 1, 2)  # what filling took is off


def slot_is_the_remainder() -> None:
    for power in (3, 4, 10):
        table: HashTable[int, None] = HashTable()
        table.slots = [-1] * 2**power
        for hashed in (0, 3, 11, -1, 2**61 + 5, -(2**40)):
            assert next(table.path(hashed)) == hashed % 2**power


def misses(taken: int, slots: int) -> Fraction:
    """The expected number of slots visited until an empty one, over every set of taken slots and every path."""
    total = count = 0
    for path in permutations(range(slots)):
        for full in combinations(range(slots), taken):
            total += next(n for n, slot in enumerate(path, 1) if slot not in full)
            count += 1
    return Fraction(total, count)


def all_taken_so_far() -> None:
    """The chance that the first k slots of a path are taken is n/m · (n-1)/(m-1) ⋯, at most (n/m)^k."""
    for slots, taken in ((5, 3), (6, 2)):
        for k in range(taken + 1):
            sets = list(combinations(range(slots), taken))
            share = Fraction(sum(set(range(k)) <= set(full) for full in sets), len(sets))
            product = Fraction(1)
            for j in range(k):
                product *= Fraction(taken - j, slots - j)
            assert share == product <= Fraction(taken, slots) ** k


def a_miss_visits_few() -> None:
    for slots in (2, 3, 4, 5):
        for taken in range(slots):
            expected = misses(taken, slots)
            assert expected == Fraction(slots + 1, slots + 1 - taken)
            assert expected <= 1 / (1 - Fraction(taken, slots))
    assert 1 / (1 - Fraction(2, 3)) == 3


def doubling_is_paid_once() -> None:
    table: HashTable[int, None] = HashTable()
    for key in range(50_000):
        table[key] = None
        assert table.moves <= 2 * len(table) + math.log2(len(table))
