"""Rhyme and tones: by hand, by what is known of their history, and on real quatrains against shuffled ones."""

import random
from collections import Counter
from itertools import pairwise

import pytest

from tests.stack.text.texts import poems
from wenjin.stack.data.simplify import simplified
from wenjin.stack.text.form import form, lines
from wenjin.stack.text.rhyme import LEVEL, OBLIQUE, groups, mandarin, readings, rhymes, table, tones


@pytest.mark.parametrize("pair", ["流楼", "斜家", "光霜", "天眠", "天船", "深金", "雪灭", "間山", "间山", "啼西"])
def test_these_rhyme(pair: str) -> None:
    assert rhymes(pair[0], pair[1])
    assert rhymes(pair[1], pair[0])


@pytest.mark.parametrize("pair", ["流流", "东江", "天山", "月夜", "中", "流a", "，。", "楼，"])
def test_these_do_not(pair: str) -> None:
    assert not rhymes(pair[0], pair[-1])


def test_a_character_has_the_groups_of_all_its_readings() -> None:
    assert groups("流") == {"下平聲十一尤"}
    assert {name[:2] for name in groups("重")} == {"上平", "上聲", "去聲"}
    assert groups("云") >= groups("雲"), "a simplified form stands where the traditional one does"
    assert not groups("a")


def test_tones_are_those_of_the_time() -> None:
    assert tones("月") == tones("白") == tones("一") == {OBLIQUE}, "entering tones, level in Mandarin or not"
    assert tones("春") == {LEVEL}
    assert tones("看") == {LEVEL, OBLIQUE}
    assert tones("，") == tones("a") == frozenset()


def test_the_table_is_whole() -> None:
    names = {name for found in table().values() for name in found}
    assert len(names) == 106
    assert Counter(name[0:2].replace("上平", "平聲").replace("下平", "平聲") for name in names) == {
        "平聲": 30,
        "上聲": 29,
        "去聲": 30,
        "入聲": 17,
    }
    assert all(simplified(character) in table() for character in table())


def test_the_tones_of_the_table_are_those_that_mandarin_has_now() -> None:
    """Level became the first and second tone, departing the fourth; of the rising most stayed the third."""
    now: dict[str, Counter[str]] = {}
    for character, found in table().items():
        kind = {name[1] if name[1] == LEVEL else name[0] for name in found}
        tone = {way[2] for way in readings(character)}
        if len(kind) == len(tone) == 1:
            now.setdefault(kind.pop(), Counter())[tone.pop()] += 1
    share = {kind: {tone: n / tones.total() for tone, n in tones.items()} for kind, tones in now.items()}
    assert share["平"]["1"] + share["平"]["2"] > 0.95
    assert share["去"]["4"] > 0.85
    assert share["上"]["3"] > 0.6
    assert max(share["入"].values()) < 0.7, "the entering tone went to all four"


@pytest.mark.parametrize(("character", "group"), [("知", "支"), ("鱼", "齐"), ("月", "皆"), ("中", "庚"), ("花", "麻")])
def test_mandarin_groups_by_hand(character: str, group: str) -> None:
    assert group in mandarin(character)


def test_every_reading_of_mandarin_has_its_group() -> None:
    nasal = {"", "m", "n", "ng", "ê"}  # interjections
    for character in list(table())[::7]:
        finals = {final for _, final, _ in readings(character)} - nasal
        assert bool(finals) == bool(mandarin(character)), (character, finals)


def test_real_quatrains_rhyme_and_shuffled_ones_do_not() -> None:
    dice = random.Random(0)
    texts = [lines(simplified(poem.split("\n", 1)[1])) for poem in poems() if form(poem.split("\n", 1)[1])[1:] == "x4"]
    mixed = [line for poem in texts for line in poem]
    dice.shuffle(mixed)
    real = sum(rhymes(poem[1][-1], poem[3][-1]) for poem in texts) / len(texts)
    chance = sum(rhymes(a[-1], b[-1]) for a, b in pairwise(mixed)) / (len(mixed) - 1)
    assert len(texts) > 50
    assert real > 0.9
    assert chance < 0.1
