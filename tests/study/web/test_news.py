"""The page of what is new: it tells what `wenjin news` tells, is a look itself, and Today names what waits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.study.web.conftest import Visit
from wenjin.study.course.marks import marks, met
from wenjin.study.store.log import happened


def site(visit: Visit) -> Any:
    return visit.client.app.state.site  # type: ignore[attr-defined]


def look(visit: Visit, ago: int, **others: str | None) -> None:
    """A look some days ago at a course that had other marks; None: no such topic."""
    seen = dict(site(visit).met) | {name.replace("_", "-"): mark for name, mark in others.items()}
    seen = {topic: mark for topic, mark in seen.items() if mark is not None}
    at = datetime.now(UTC) - timedelta(days=ago)
    site(visit).log.append(happened("setting", "met", {"key": "met", "value": seen}, at))


def page(visit: Visit, address: str = "/news", lang: str = "en") -> str:
    answer = visit.client.get(f"{address}{'&' if '?' in address else '?'}lang={lang}")
    assert answer.status_code == 200
    return middle(answer.text)


def middle(text: str) -> str:
    return text.partition("<main")[2].partition("</main>")[0]


def looks(visit: Visit) -> int:
    return len(site(visit).log.events("setting", "met"))


def test_the_first_look_is_told_as_such_and_noted(visit: Visit) -> None:
    assert "这是第一次看" in page(visit, lang="zh")
    (kept,) = site(visit).log.events("setting", "met")
    assert kept.data["value"] == met(site(visit).course, marks(site(visit).course)), "as the command writes it down"
    assert "Nothing has changed." in page(visit)
    assert looks(visit) == 1, "what has not changed is not noted again"


def test_new_changed_and_gone_are_told_once_and_stay_below(visit: Visit) -> None:
    look(visit, 3, self_attention="0", tokenization=None, alchemy="1")
    text = page(visit)
    new, _, changed = text.partition("Changed")
    assert 'href="/topics/tokenization"' in new
    assert 'href="/topics/self-attention"' in changed
    assert "<code>alchemy</code>" in changed
    assert "python-core" not in text
    again = page(visit, lang="zh")
    assert "什么也没有变" in again
    assert "那一次看到的" in again
    assert 'href="/topics/tokenization"' in again, "also in the other language, which loads the page anew"
    assert looks(visit) == 2


def test_since_a_day_nothing_is_noted(visit: Visit) -> None:
    look(visit, 9, self_attention="0")
    look(visit, 1)
    day = (datetime.now().astimezone() - timedelta(days=5)).date()
    assert 'href="/topics/self-attention"' in page(visit, f"/news?since={day}")
    assert 'href="/topics/self-attention"' not in page(visit, f"/news?since={day + timedelta(days=4)}")
    assert looks(visit) == 2


@pytest.mark.parametrize("typed", ["tomorrow", "2026-13-01", "<b>", "\u202e" + "9" * 400])
def test_a_day_that_is_none_is_told_in_a_sentence(visit: Visit, typed: str) -> None:
    answer = visit.client.get("/news", params={"since": typed, "lang": "en"})
    assert answer.status_code == 422
    assert "is no date; one looks like 2026-11-01" in answer.text
    assert "<b>" not in answer.text
    assert "9" * 60 not in middle(answer.text)
    assert looks(visit) == 0


def test_today_names_what_waits_until_it_was_looked_at(visit: Visit) -> None:
    site(visit).log.append(happened("attempt", "self-attention/write-attention", {"verdict": "wrong", "name": None}))
    look(visit, 3, self_attention="0", tokenization=None)
    assert "Topics of the course that are new or have changed: 2." in page(visit, "/")
    assert "课程里有 2 个主题是新的" in page(visit, "/", "zh")
    page(visit)
    assert 'href="/news"' not in page(visit, "/")
    assert 'href="/news"' in page(visit, "/progress")


def test_a_newcomer_is_told_of_no_news(visit: Visit) -> None:
    assert 'href="/news"' not in page(visit, "/")
