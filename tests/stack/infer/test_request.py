"""A setting that makes no sense is refused by its name, in both languages."""

import math
from typing import Any

import pytest

from wenjin.stack.infer.request import Refused, Request, TooLong


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", ()),
        ("most", -1),
        ("temperature", -0.1),
        ("temperature", math.nan),
        ("temperature", math.inf),
        ("top_k", -1),
        ("top_p", 0.0),
        ("top_p", 1.5),
        ("min_p", -0.1),
        ("penalty", 0.0),
        ("presence", math.inf),
        ("frequency", math.nan),
        ("bias", {3: math.nan}),
        ("bias", {3: math.inf}),
        ("seed", 2**63),
        ("stop_strings", (b"",)),
        ("logprobs", -1),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(Refused, match=field) as told:
        Request(**{"prompt": (1,), "most": 4, field: value})
    assert told.value.field == field
    assert "应在" in told.value.zh


def test_what_does_not_fit_is_refused_before_it_waits() -> None:
    Request((1, 2), 3).fit(vocab=3, longest=5)
    with pytest.raises(TooLong, match="2 tokens; with 4 more it passes the limit of 5") as told:
        Request((1, 2), 4).fit(vocab=3, longest=5)
    assert told.value.field == "most"
    with pytest.raises(TooLong) as told:
        Request((1,) * 6, 0).fit(vocab=3, longest=5)
    assert told.value.field == "prompt"
    for field, request in (("prompt", Request((3,), 1)), ("bias", Request((0,), 1, bias={-1: 0.0}))):
        with pytest.raises(Refused, match="0 to 2") as wrong:
            request.fit(vocab=3, longest=5)
        assert wrong.value.field == field
