"""Questions to a configuration: what is absent or of a wrong kind is said in both languages."""

from typing import Any

import pytest

from wenjin.stack.models.config import Config, ModelError, divides, room


def test_entries_are_given_as_they_are() -> None:
    c = Config({"n": 3, "x": 1e-5, "whole": 500000, "flag": False, "null": None, "act": "gelu"})
    assert (c.whole("n"), c.number("x"), c.number("whole"), c.flag("flag", True)) == (3, 1e-5, 500000, False)
    assert (c.whole("null", 7), c.number("absent", 2.0), c.flag("absent", True)) == (7, 2.0, True)
    c.must("act", "relu", "gelu")
    c.must("absent", "relu")


@pytest.mark.parametrize(
    ("ask", "value"),
    [
        *[("whole", x) for x in (0, -1, 1.0, True, "3", [3], None, 2**24 + 1, 10**400)],
        *[("number", x) for x in (0, -1.0, float("nan"), float("inf"), True, "3", None)],
        *[("flag", x) for x in (0, 1, "true", [])],
        *[("must", x) for x in ("relu", 5, ["gelu"])],
    ],
)
def test_what_is_wrong_is_refused_and_shown(ask: str, value: Any) -> None:
    more: dict[str, tuple[Any, ...]] = {"flag": (True,), "must": ("gelu",)}
    with pytest.raises(ModelError, match="key") as refusal:
        getattr(Config({"key": value}), ask)("key", *more.get(ask, ()))
    assert "key" in refusal.value.zh
    assert len(refusal.value.en) < 300


def test_a_long_entry_is_cut() -> None:
    with pytest.raises(ModelError) as refusal:
        Config({"key": "x" * 10_000}).whole("key")
    assert len(refusal.value.en) < 300


def test_sizes_must_fit() -> None:
    divides(3, 12, "heads | dim")
    for small, large in ((5, 12), (0, 12), (3, 0), (-3, 12)):
        with pytest.raises(ModelError, match="heads"):
            divides(small, large, "heads | dim")
    room(8, 8)
    with pytest.raises(ModelError, match="9 tokens"):
        room(9, 8)
