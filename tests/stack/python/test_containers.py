"""Both tables do what `dict` does; what they look at is what is derived."""

import math
import random
from collections.abc import MutableMapping
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.stack.python.containers import EMPTY, FEWEST, GONE, AssociationList, HashTable

KEYS = st.integers(-40, 40) | st.sampled_from(["a", "b", 1.0, True, (1, 2), 2**70, -(2**70)])
STEPS = st.lists(
    st.tuples(st.sampled_from(["set", "del", "get", "in", "pop", "setdefault"]), KEYS, st.integers(0, 3)), max_size=40
)


def perform(table: MutableMapping[Any, int], steps: list[tuple[str, Any, int]]) -> list[Any]:
    seen: list[Any] = []
    for act, key, value in steps:
        try:
            if act == "set":
                table[key] = value
            elif act == "del":
                del table[key]
            elif act == "in":
                seen.append(key in table)
            else:
                seen.append({"get": table.get, "pop": table.pop, "setdefault": table.setdefault}[act](key, value))
        except KeyError as error:
            seen.append(("KeyError", error.args))
        seen.append((len(table), [(type(k), k, v) for k, v in table.items()]))
    return seen


@settings(max_examples=40, deadline=None)  # a neighbor on the machine can make any example slow
@given(STEPS)
def test_both_do_what_a_dict_does_in_the_same_order(steps: list[tuple[str, Any, int]]) -> None:
    expected = perform({}, steps)
    assert perform(AssociationList(), steps) == expected
    assert perform(HashTable(), steps) == expected
    assert perform(HashTable(hash_of=lambda key: 7), steps) == expected  # all at one slot: slow, and still right


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_every_entry_has_one_slot_and_a_third_of_them_is_free(steps: list[tuple[str, Any, int]]) -> None:
    table: HashTable[Any, int] = HashTable()
    perform(table, steps)
    assert len(table.slots) & (len(table.slots) - 1) == 0
    assert 3 * len(table.entries) <= 2 * len(table.slots)
    places = [place for place in table.slots if place not in (EMPTY, GONE)]
    assert sorted(places) == [n for n, entry in enumerate(table.entries) if entry is not None]
    assert table.slots.count(GONE) + len(places) == len(table.entries)


@settings(max_examples=40, deadline=None)
@given(st.integers(-(2**80), 2**80), st.integers(3, 8))
def test_a_path_visits_every_slot(hashed: int, power: int) -> None:
    table: HashTable[int, int] = HashTable()
    table.slots = [EMPTY] * 2**power
    assert set(islice(table.path(hashed), 16 + 3 * 2**power)) == set(range(2**power))


def test_by_hand() -> None:
    """Eight slots; 3, 11 and 19 have the remainder 3."""
    table = HashTable([(3, "a"), (11, "b"), (19, "c")])
    assert list(islice(table.path(11), 2)) == [3, 0]  # 11 is below 32, so that 5 · 3 + 1 = 16, and 16 % 8 = 0
    assert table.slots == [1, 2, EMPTY, 0, EMPTY, EMPTY, EMPTY, EMPTY]
    table.looks = 0
    assert [table[key] for key in (3, 11, 19)] == ["a", "b", "c"]
    assert table.looks == 1 + 2 + 3
    del table[11]
    assert table[19] == "c"
    assert table.slots[0] == GONE
    with pytest.raises(KeyError, match="11"):
        table[11]


def test_a_list_compares_half_and_a_table_a_few() -> None:
    dice = random.Random(0)
    for keys in (100, 1000):
        drawn = [dice.getrandbits(60) for _ in range(keys)]
        listed, hashed = AssociationList((key, 0) for key in drawn), HashTable((key, 0) for key in drawn)
        listed.looks = hashed.looks = 0
        assert [listed[key] + hashed[key] for key in drawn] == [0] * keys
        assert listed.looks == keys * (keys + 1) // 2
        assert hashed.looks < 1.65 * keys * 1.1  # ln 3 · 3/2 = 1.65 at two thirds, the fullest


def test_growing_moves_each_entry_about_twice_at_most() -> None:
    table: HashTable[int, None] = HashTable()
    for key in range(20_000):
        table[key] = None
        assert table.moves <= 2 * len(table) + math.log2(len(table))
    assert len(table.slots) == 2 ** math.ceil(math.log2(1.5 * 20_000))


def test_a_table_that_is_filled_and_emptied_does_not_grow() -> None:
    table: HashTable[int, None] = HashTable()
    for key in range(1000):
        table[key] = None
        if key >= 2:
            del table[key - 2]
    assert list(table) == [998, 999]
    assert len(table.slots) <= 2 * FEWEST


def test_of_two_equal_keys_the_first_stays() -> None:
    assert repr(list(AssociationList([(1, "a"), (True, "b")]).items())) == "[(1, 'b')]"
    assert repr(list(HashTable([(1, "a"), (True, "b"), (1.0, "c")]).items())) == "[(1, 'c')]"
