"""The rules of regulated verse, by hand and on the shipped poems."""

import random

import pytest

from tests.stack.text.texts import poems
from wenjin.stack.text.form import form, lines
from wenjin.stack.text.meter import faults, regulated

STORKS = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"
SPRING = "国破山河在，城春草木深。感时花溅泪，恨别鸟惊心。烽火连三月，家书抵万金。白头搔更短，浑欲不胜簪。"
NIGHT = "床前明月光，疑是地上霜。举头望明月，低头思故乡。"  # famous, and of the old style


def test_a_regulated_poem_keeps_all_rules() -> None:
    assert regulated(STORKS)
    assert regulated(SPRING)
    assert regulated("")


@pytest.mark.parametrize(
    ("poem", "fault"),
    [
        ("白日依天尽，黄河入海流。", None),
        ("白日依海尽，黄河入海流。", ("alternate", 0)),
        ("白日依山尽，入海大河流。", ("oppose", 1)),
        (STORKS.replace("欲穷千里目", "忽闻千里目").replace("更上", "共上"), None),
        (STORKS.replace("欲穷千里目", "欲尽千年目"), ("adhere", 2)),
        (STORKS.replace("一层楼", "一层路"), ("ends", 3)),
        (STORKS.replace("千里目", "千里天"), ("ends", 2)),
        (STORKS.replace("更上一层楼", "更上新层楼"), ("three level", 3)),
    ],
)
def test_a_fault_is_called_by_its_rule_and_line(poem: str, fault: tuple[str, int] | None) -> None:
    found = faults(poem)
    assert fault in found if fault else not found


def test_an_old_style_poem_breaks_them() -> None:
    assert {rule for rule, _ in faults(NIGHT)} >= {"oppose", "adhere"}


def test_what_is_shorter_or_no_character_breaks_nothing_it_cannot() -> None:
    for text in ("月", "月光。", "abc", "〇〇〇〇〇，〇〇〇〇〇。"):
        assert isinstance(faults(text), list)
    assert not faults("月")


def test_real_eights_keep_the_rules_and_the_same_lines_shuffled_do_not() -> None:
    dice = random.Random(0)
    eights = [text for poem in poems() if form(text := poem.split("\n", 1)[1]) in ("5x8", "7x8")]
    mixed = ["，".join(dice.sample(lines(text), 8)) for text in eights]
    kept = [sum(map(regulated, of)) / len(of) for of in (eights, mixed)]
    assert len(eights) > 100
    assert kept[0] > 0.5
    assert kept[1] < 0.1
