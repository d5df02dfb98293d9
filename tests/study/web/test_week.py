"""The weekly check as a page: what is missing or unusable is refused with what was typed, and nothing is cut."""

from typing import Any

import pytest

from tests.study.web.conftest import Visit

SCORES = {"theory": "5", "practice": "6", "code": "7", "notes": "8"}


def post(visit: Visit, **form: str) -> Any:
    return visit.client.post("/week", data={"csrf": visit.csrf, **form}, follow_redirects=False)


def kept(visit: Visit) -> list[Any]:
    return [event.data for event in visit.client.app.state.site.log.events("week")]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "form",
    [
        {"theory": "5"},
        {},
        SCORES | {"theory": "00599"},
        SCORES | {"notes": "²"},
        SCORES | {"notes": "9" * 5000},
        SCORES | {"code": "0"},
    ],
    ids=["one", "none", "zeros", "digit", "nines", "zero"],
)
def test_a_check_that_is_not_whole_is_refused_with_what_was_typed(visit: Visit, form: dict[str, str]) -> None:
    visit.client.cookies.set("wenjin-lang", "en")
    refused = post(visit, remark="so far", **form)
    assert refused.status_code == 422
    assert "Nothing is kept: each must be a whole number from 1 to 10" in refused.text
    assert "so far</textarea>" in refused.text
    assert kept(visit) == []


def test_a_remark_is_kept_whole_or_not_at_all(visit: Visit) -> None:
    visit.client.cookies.set("wenjin-lang", "en")
    refused = post(visit, **SCORES, remark="字" * 2001)
    assert (refused.status_code, kept(visit)) == (422, [])
    assert "at most 2000 characters" in refused.text
    assert "字" * 2001 + "</textarea>" in refused.text
    assert post(visit, **SCORES, remark=" one\r\n" + "字" * 1996 + "\r\n").status_code == 303
    assert kept(visit)[0]["remark"] == "one\n" + "字" * 1996
    assert {question: str(kept(visit)[0][question]) for question in SCORES} == SCORES
