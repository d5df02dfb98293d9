"""The first page names what is open: a placement test, a paper, this week's check; and steps beside the next one."""

from typing import Any

from tests.study.web.conftest import Visit
from wenjin.study.store.log import happened


def page(visit: Visit, lang: str = "en") -> str:
    return visit.client.get(f"/?lang={lang}").text


def log(visit: Visit, kind: str, subject: str, **data: Any) -> None:
    visit.client.app.state.site.log.append(happened(kind, subject, data))  # type: ignore[attr-defined]


def test_an_open_placement_test_and_open_papers_are_things_to_do(visit: Visit) -> None:
    visit.client.post("/place", data={"csrf": visit.csrf, "do": "begin"})
    text = page(visit)
    assert "Two things to do today" in text, "the test and the next step"
    assert 'href="/place">Go on with it' in text
    assert "Take the placement test" not in text, "what is open is not offered"
    for n in (1, 2):
        log(visit, "paper", f"{n:032x}", what="began", of="qmatter/python-basics", seed=n, minutes=18, items=[],
            cards=[], untested=[])  # fmt: skip
    text = page(visit)
    assert "Three things to do today" in text
    assert f'href="/papers/{2:032x}">Go on with it' in text, "the newest"
    assert "And 1 more" in text
    assert "没交的卷子" in page(visit, "zh")


def test_the_placement_test_is_offered_until_one_was_begun(visit: Visit) -> None:
    assert "Take the placement test" in page(visit)
    log(visit, "attempt", "self-attention/write-attention", verdict="wrong", name=None)
    assert "Take the placement test" in page(visit)
    log(visit, "place", "p", what="began")
    log(visit, "place", "p", what="ended", known={})
    assert "Take the placement test" not in page(visit)


def test_a_week_that_is_not_judged_yet_is_named(visit: Visit) -> None:
    log(visit, "attempt", "self-attention/write-attention", verdict="wrong", name=None)
    assert 'href="/week">the weekly check' in page(visit)
    scores = {"theory": "5", "practice": "5", "code": "5", "notes": "5"}
    visit.client.post("/week", data={"csrf": visit.csrf, **scores})
    assert 'href="/week">the weekly check' not in page(visit)


def test_tracks_that_share_the_hours_stand_beside_the_next_step(visit: Visit) -> None:
    for track in ("principles-guide", "qmatter"):
        visit.client.post(f"/tracks/{track}/choose", data={"csrf": visit.csrf})
    log(visit, "attempt", "self-attention/write-attention", verdict="wrong", name=None)
    assert "Beside it" not in page(visit)
    log(visit, "setting", "shares", key="shares", value={"principles-guide": 30})
    assert ("Beside it" in page(visit), "同时在走" in page(visit, "zh")) == (True, True)
