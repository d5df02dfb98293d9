"""The difference of two texts gives both of them back."""

import time

from hypothesis import given
from hypothesis import strategies as st

from wenjin.study.progress.difference import MOST, difference

TEXTS = st.lists(st.sampled_from(["a", "b", "c", ""]), min_size=1, max_size=30).map("\n".join)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_it(before: str, after: str) -> None:
    whole = difference(before, after, around=100)
    assert whole is not None
    if before == after:
        assert whole == []
        return
    assert "\n".join(line.text for line in whole if line.mark != "new") == before
    assert "\n".join(line.text for line in whole if line.mark != "gone") == after
    short = difference(before, after, around=1)
    assert short is not None
    changed = [(line.mark, line.text) for line in whole if line.mark in ("gone", "new")]
    assert [(line.mark, line.text) for line in short if line.mark in ("gone", "new")] == changed
    assert sum(line.count for line in short) == len(whole)


def test_long_texts_do_not_hold_the_page() -> None:
    assert difference("a\n" * MOST, "b\n" * 5) is None
    began = time.perf_counter()
    lines = [f"line {n % 7}" for n in range(MOST - 1)]
    assert difference("\n".join(lines), "\n".join(reversed(lines))) is not None
    assert time.perf_counter() - began < 3
