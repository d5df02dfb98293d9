"""Addresses of the attention explorer: what they say is kept in every link, and what they should not say is nothing."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenjin.study.chat.commands import Model
from wenjin.study.chat.inspection import Following, Inspection
from wenjin.study.web.chatform import Fault
from wenjin.study.web.explore import SHOWN, View, body, numbers, wanted

MODELS = (Model("one", "chat"),)
TITLES = {one.name: one.name for one in SHOWN}
FOUND = Inspection(
    [(3, "a", None), (4, "b", 0.5)], [[{}]], 0, 0, [], Following([], 0, 0), None, 0.0, (9, "c", 0.5), False
)


def view(address: str) -> View:
    pairs = parse_qsl(address.partition("?")[2], keep_blank_values=True)
    return wanted(dict(pairs), [value for name, value in pairs if name == "off"], MODELS, TITLES)


def test_a_link_says_all_that_it_was_made_of() -> None:
    first = view("?model=one&text=x+y&layer=3&head=2&off=1.0&off=0.5&temperature=0.5&top_k=7&seed=4")
    assert first == view(first.link())
    assert (first.layer, first.head, first.off) == (3, 2, ((0, 5), (1, 0)))
    assert body(first) == {
        "prompt": "x y", "layer": 3, "head": 2, "off": [[0, 5], [1, 0]],
        "temperature": 0.5, "top_k": 7, "top_p": 1.0, "min_p": 0, "seed": 4,
    }  # fmt: skip
    assert view(first.without((0, 5), (2, 2))).off == ((1, 0), (2, 2))


def test_a_draw_goes_on_by_ids_until_the_words_are_changed() -> None:
    first = view("?model=one&text=ab")
    grown = view(first.drawn(FOUND, True))
    assert body(grown)["prompt"] == [3, 4, 9]
    assert grown.text == "abc"
    assert grown.settings["seed"] == 2
    assert body(view(first.drawn(FOUND, False)))["prompt"] == "ab"
    assert body(view(grown.link(text="abd").replace("of=abd", "of=abc")))["prompt"] == "abd"


@pytest.mark.parametrize(
    "address", ["?model=two&text=x", "?model=one&text=", f"?model=one&text={'x' * 601}", "?model=one&text=x&seed=-1"]
)
def test_what_cannot_be_asked_is_refused(address: str) -> None:
    with pytest.raises(Fault):
        view(address)


@given(st.text())
def test_any_words_are_numbers_or_none(words: str) -> None:
    for between in (",", "."):
        assert all(0 <= number < 10**8 for number in numbers(words, between))
