"""Stop strings end a text where a plain search of all of it would, however it is cut; characters stay whole."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.stack.infer.stops import Stops, unfinished

LETTERS = st.binary(max_size=40).map(lambda data: bytes(b"ab"[byte % 2] for byte in data))
STRINGS = st.lists(LETTERS.filter(lambda s: 0 < len(s) <= 6), max_size=4)
TEXT = st.text(st.sampled_from("a\n水é👍🏽\U0010ffff"), max_size=30).map(str.encode)


def plain(text: bytes, strings: list[bytes]) -> bytes | None:
    """What stands before the stop string that is complete first; of several that end together, before the longest."""
    for end in range(1, len(text) + 1):
        ended = [len(string) for string in strings if text[:end].endswith(string)]
        if ended:
            return text[: end - max(ended)]
    return None


def cut(text: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[a:b] for a, b in pairwise(edges)]


def pushed(pieces: list[bytes], strings: list[bytes]) -> tuple[list[bytes], bool]:
    stops, shown = Stops(strings), []
    for piece in pieces:
        part, over = stops.push(piece)
        shown.append(part)
        if over:
            assert stops.flush() == b""
            return shown, True
    return [*shown, stops.flush()], False


@settings(max_examples=100, deadline=None)
@given(text=LETTERS, strings=STRINGS, places=st.lists(st.integers(0, 100), max_size=12))
def test_a_text_ends_where_a_plain_search_says_for_any_cut(
    text: bytes, strings: list[bytes], places: list[int]
) -> None:
    shown, over = pushed(cut(text, places), strings)
    found = plain(text, strings)
    assert over == (found is not None)
    assert b"".join(shown) == (text if found is None else found)


@settings(max_examples=100, deadline=None)
@given(text=LETTERS, strings=STRINGS)
def test_no_more_is_held_back_than_may_begin_a_stop_string(text: bytes, strings: list[bytes]) -> None:
    stops, shown = Stops(strings), b""
    for place in range(len(text)):
        part, over = stops.push(text[place : place + 1])
        if over:
            return
        shown += part
        held = text[len(shown) : place + 1]
        assert not held or any(string.startswith(held) for string in strings)
        assert not any(
            string.startswith(text[first : place + 1]) for first in range(len(shown)) for string in strings
        ), "shown, though a stop string may have begun there"


@settings(max_examples=100, deadline=None)
@given(text=TEXT, strings=st.lists(TEXT.filter(lambda s: 0 < len(s) < 9), max_size=2), places=st.lists(st.integers(0)))
def test_each_part_that_is_shown_is_whole_characters(text: bytes, strings: list[bytes], places: list[int]) -> None:
    shown, _ = pushed(cut(text, places), strings)
    for part in shown:
        part.decode()  # raises where a character is cut


@settings(max_examples=100, deadline=None)
@given(
    text=st.binary(max_size=20).map(lambda data: bytes(b"a\xe6\xb0\xb4\xf0\x9f\xe0\x80"[b % 8] for b in data)),
    cuts=st.lists(st.integers(0)),
)
def test_parts_that_are_read_one_by_one_say_what_the_whole_says_even_where_bytes_are_no_text(
    text: bytes, cuts: list[int]
) -> None:
    shown, _ = pushed(cut(text, cuts), [])
    assert "".join(part.decode(errors="replace") for part in shown) == text.decode(errors="replace")


def test_by_hand() -> None:
    assert pushed([b"4\n", b"\nQ", b": 5"], [b"\n\nQ:"]) == ([b"4", b"", b""], True)
    assert pushed([b"4\n", b"\nA"], [b"\n\nQ:"]) == ([b"4", b"\n\nA", b""], False)
    assert pushed([b"ab", b"c"], [b"abcd", b"bc"]) == ([b"", b"a"], True)
    assert pushed([b"\xe6\xb0", b"\xb4"], []) == ([b"", "水".encode(), b""], False)
    assert pushed([b"\xe6\xb0"], []) == ([b"", b"\xe6\xb0"], False)  # the text ended there: nothing is swallowed
    assert pushed([b"\xff\x80", b"a"], []) == ([b"\xff\x80", b"a", b""], False)


@pytest.mark.parametrize("text", [b"", b"a", "水".encode(), b"\x80\x80\x80\x80", b"\xf8\x80", b"a\x80"])
def test_nothing_is_unfinished(text: bytes) -> None:
    assert unfinished(text) == 0


def test_a_thousand_strings_a_thousand_long_cost_no_more_than_their_bytes() -> None:
    strings = [b"a" * 999 + bytes([65 + n % 26]) for n in range(20)]
    stops, shown = Stops(strings), 0
    for _ in range(500):
        part, over = stops.push(b"aaaa")
        assert not over
        shown += len(part)
    assert shown == 2000 - 999
