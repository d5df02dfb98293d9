"""Every code point, category by category, against the table inside `tokenizers`."""

import re
from collections.abc import Callable

import pytest
from tokenizers import Regex, pre_tokenizers

from wenjin.stack.text.categories import FAMILIES, NAMES, SPACE, members

POINTS = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]


def theirs(pattern: str) -> str:
    """All characters that the library counts in."""
    split = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
    parts = ("".join(POINTS[at : at + 20_000]) for at in range(0, len(POINTS), 20_000))
    return "".join(piece for part in parts for piece, _ in split.pre_tokenize_str(part))


def ours(ranges: str) -> str:
    found = re.findall(r"\\U(\w{8})-\\U(\w{8})", ranges)
    return "".join(chr(point) for first, last in found for point in range(int(first, 16), int(last, 16) + 1))


def test_a_category_has_the_characters_that_the_library_gives_it(count: Callable[[int], int]) -> None:
    names = sorted(NAMES - {"C", "Cs", "Cn"}, key=lambda name: (name not in ("L", "N"), name))
    for name in names[: count(40)]:
        assert ours(members(name)) == theirs(rf"\p{{{name}}}"), name


def test_white_space_is_that_of_the_library() -> None:
    assert "".join(re.findall(f"[{SPACE}]", "".join(POINTS))) == theirs(r"\s")


def test_a_limit_leaves_out_what_lies_above_it() -> None:
    assert members("L", 0x7F) == r"\U00000041-\U0000005a\U00000061-\U0000007a"
    assert members("Lt", 0x7F) == ""
    assert len(NAMES) == 7 + sum(map(len, FAMILIES.values())) == 37


@pytest.mark.parametrize("name", ["", "X", "Lx", "Han", "LL"])
def test_another_name_is_no_category(name: str) -> None:
    with pytest.raises(KeyError):
        members(name)
