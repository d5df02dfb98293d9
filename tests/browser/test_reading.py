"""A start that has much to read: pages say how far it is, in both languages and without scripts, and then come."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.conftest import Course, Picture, running
from tests.browser.look import Eye, some
from tests.browser.pages import Shown
from wenjin.study.store.database import Database

EVENTS = 150_000  # which take some seconds everywhere
ROW = "INSERT INTO event (id, at, kind, subject, data) VALUES (?, ?, 'review', ?, ?)"


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Course]:
    """A course over years of reviews that this version has not read yet."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    Database(f"sqlite:///{data / 'wenjin.db'}", data / "backups").close()
    now, told = datetime.now(UTC), json.dumps({"rating": 3, "ms": 900})
    with closing(sqlite3.connect(data / "wenjin.db")) as database, database:
        database.executemany(ROW, (row(n, now, told) for n in range(EVENTS)))
    with running(tmp_path) as course:
        yield course


def row(n: int, now: datetime, told: str) -> tuple[str, str, str, str]:
    at = now - timedelta(minutes=10 * (EVENTS - n))
    return f"{n:032x}", at.isoformat(timespec="microseconds"), f"self-attention/card-{n % 400}", told


def test_a_page_says_how_much_is_read_and_then_comes(begun: Course, browser: Browser, picture: Picture) -> None:
    eye = Eye(begun, browser, picture)

    def still(route: Route) -> None:
        """The page as it comes, but that it does not ask again while it is looked at."""
        came = route.fetch()
        route.fulfill(response=came, headers={k: v for k, v in came.headers.items() if k != "refresh"})

    plain = browser.new_context(java_script_enabled=False, locale="en-US", reduced_motion="reduce")
    page = plain.new_page()
    answer = page.goto(begun.token)
    begun.cookies = [{"name": c["name"], "value": c["value"], "url": begun.address} for c in plain.cookies()]
    assert answer is not None
    assert (answer.status, answer.headers["refresh"], answer.headers["retry-after"]) == (503, "1", "1")
    expect(page.get_by_role("status")).to_contain_text(f"{EVENTS:,} events read")
    for combination in some(1):
        eye.context(combination).route(f"{begun.address}/", still)
        wrong = eye.look(Shown("/", 503), "/", combination, act=False)
        assert not wrong, "\n".join(wrong)
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("Reading", timeout=120_000)
    expect(page).to_have_url(f"{begun.address}/")
    assert page.get_by_role("progressbar", name="Reading your record").count() == 0
    plain.close()
    eye.close()
