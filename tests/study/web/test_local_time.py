"""Times are told by the clock of the learner's machine, wherever it stands."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.study.web.conftest import Visit
from wenjin.study.store.log import happened
from wenjin.study.web import site

LATE = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)  # in Shanghai it is the next day


@pytest.fixture
def shanghai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_every_page_tells_the_same_local_time(visit: Visit, shanghai: None) -> None:
    log = visit.client.app.state.site.log  # type: ignore[attr-defined]
    told = {"text": "x"}
    attempt = {"verdict": "wrong", "name": "", "source": "page", "exercise": "self-attention/write-attention"}
    asked = {"what": "asked", "text": "Why?", "tried": "", "language": "en", "version": "0"}
    for kind, subject, data in (
        ("note", "self-attention#why-sqrt-d", told),
        ("attempt", "self-attention/write-attention", attempt),
        ("question", "self-attention#why-sqrt-d", asked),
    ):
        log.append(replace(happened(kind, subject, data), at=LATE))
    for path in ("/notes", "/notes/self-attention/why-sqrt-d", "/questions", "/topics/self-attention/mastery"):
        page = visit.client.get(path).text
        assert "2026-11-23" in page, path
        assert "2026-11-23 02:30</time>" in page or path.endswith("mastery"), path
        assert " UTC" not in page, path
    page = visit.client.get("/topics/self-attention/exercises/write-attention").text
    assert "2026-11-23 02:30</time>" in page


def test_no_page_tells_a_time_but_by_that_clock() -> None:
    for template in Path(site.__file__).with_name("templates").glob("*.html"):
        assert " UTC" not in template.read_text(encoding="utf-8"), template.name
