"""Normal forms against the library's, and what folding keeps."""

import unicodedata
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given
from tokenizers import normalizers

from tests.stack.text.texts import anything
from wenjin.stack.text.categories import LATER, categories
from wenjin.stack.text.normalize import Form, calm, compose, narrow
from wenjin.stack.text.parts import normalizer


@pytest.mark.parametrize(("form", "newer"), [("NFC", 50), ("NFD", 50), ("NFKC", 122), ("NFKD", 122)])
def test_composed_forms_are_those_of_the_library(form: Form, newer: int, count: Callable[[int], int]) -> None:
    """Of all that Python 3.11 knows, but for what Unicode 9 did not: that the library leaves as it is."""
    points = known() if count(20) == 20 else [c for c in known() if c < "\u0250" or unicodedata.combining(c)]
    library, unknown = getattr(normalizers, form)(), []
    for at in range(0, len(points), 512):
        texts = [f"{point}\u0301\u0323 {point}" for point in points[at : at + 512]]
        if compose("".join(texts), form) != library.normalize_str("".join(texts)):
            unknown += [text for text in texts if compose(text, form) != library.normalize_str(text)]
    assert len(unknown) <= newer
    assert all(library.normalize_str(text[0]) == text[0] > "\u0400" for text in unknown)


@cache
def known() -> list[str]:
    """The characters of Unicode 14."""
    ranges = [place.partition("-") for places in LATER.values() for place in places.split()]
    later = {p for first, _, last in ranges for p in range(int(first, 16), int(last or first, 16) + 1)}
    return [chr(p) for p, kind in enumerate(categories()) if kind not in ("Cn", "Cs") and p not in later]


def test_nothing_is_put_before_nothing() -> None:
    step = {"type": "Prepend", "prepend": "▁"}
    for text in ("", "a"):
        assert normalizer(step)(text) == normalizers.Prepend("▁").normalize_str(text)


def test_by_hand() -> None:
    assert compose("e\u0301") == "é"
    assert narrow("ＢＰＥ，２ ａ") == "BPE，2 a"
    assert calm("a\u3000 b\r\nc\rd\u2028e\tf\xa0") == "a  b\nc\nd\ne f "


@given(anything)
def test_once_is_enough(text: str) -> None:
    for change in (compose, narrow, calm):
        assert change(change(text)) == change(text)
    assert len(narrow(text)) == len(text)
