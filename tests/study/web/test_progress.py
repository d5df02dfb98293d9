"""The progress page and the file made of it, from what a learner did."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.study.web.conftest import Visit
from wenjin.study.store.log import Log, happened

EXERCISE = "self-attention/attention-by-hand"
LATE = datetime.now(UTC) - timedelta(minutes=30)


def log(visit: Visit) -> Log:
    kept: Log = visit.client.app.state.site.log  # type: ignore[attr-defined]
    return kept


def studied(visit: Visit) -> None:
    for n, verdict in enumerate(("wrong", "pass")):
        log(visit).append(
            happened("attempt", EXERCISE, {"verdict": verdict, "name": ""}, LATE + timedelta(minutes=5 * n))
        )


def test_a_newcomer_sees_all_topics_and_no_figure_that_is_not_there(visit: Visit) -> None:
    text = visit.client.get("/progress", headers={"accept-language": "en"}).text
    assert text.count("data-step=") == 93 + 5
    assert "No stage is begun yet" in text
    assert "The last time was" not in text


def test_what_was_done_shows(visit: Visit) -> None:
    studied(visit)
    text = visit.client.get("/progress", headers={"accept-language": "en"}).text
    skill = re.search(r'<li data-step="(\d)"><a href="/topics/self-attention/mastery">[^<]*</a> <small>(\d+)%', text)
    assert skill is not None
    assert int(skill[2]) > 10
    assert "Days studied in the last 53 weeks: 1; things done: 2." in text
    assert ": 2</title>" in text, "the day in the calendar"
    assert text.count('<div class="row-line"><a href="/tracks/thirty-weeks?path=') == 10, "the ten roles"


@pytest.mark.parametrize("name", ["", "小明", "<script>alert(1)</script>"])
def test_the_file_to_share_stands_alone(visit: Visit, name: str) -> None:
    studied(visit)
    log(visit).append(happened("note", "self-attention#lesson", {"text": "what nobody is to see"}))
    answer = visit.client.get("/progress/page.html", params={"name": name}, headers={"accept-language": "zh"})
    assert answer.headers["content-disposition"].startswith("attachment")
    text = answer.text
    assert not re.search(r"<(script|link|a|img|iframe)\b", text)
    assert "url(http" not in text
    assert "@import" not in text
    assert "nobody" not in text
    assert ("小明 的学习进展" in text) == (name == "小明")
