"""Reviewing by forms and by script, and the first page on every kind of day."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.study.web.conftest import Visit
from wenjin.study.progress.deck import NEW_A_DAY
from wenjin.study.store.log import Log, StoreError, happened

TOPIC = "self-attention"
FIRST = f"{TOPIC}/three-roles"
ID = "0123456789abcdef" * 2


def log(visit: Visit) -> Log:
    kept: Log = visit.client.app.state.site.log  # type: ignore[attr-defined]
    return kept


def page(visit: Visit, address: str = "/review", lang: str = "en") -> str:
    answer = visit.client.get(address, headers={"accept-language": lang})
    assert answer.status_code == 200
    return answer.text


def fields(text: str) -> dict[str, str]:
    """The hidden fields of the form that rates."""
    form = text.partition('<form id="rate"')[2].partition("</form>")[0]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def send(visit: Visit, path: str, form: dict[str, Any]) -> str:
    answer = visit.client.post(path, data={"csrf": visit.csrf, **form}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def reviews(visit: Visit) -> list[tuple[str, Any]]:
    return [(event.subject, event.data["rating"]) for event in log(visit).events("review")]


@pytest.fixture
def taken(visit: Visit) -> Visit:
    assert send(visit, "/review/cards", {"topic": TOPIC}) == "/review"
    return visit


def test_without_cards_the_page_says_how_they_come_and_offers_them(visit: Visit) -> None:
    text = page(visit)
    assert "Once you try an exercise of a topic" in text
    assert 'name="topic" value="self-attention">Add 11 cards' in text
    lesson = page(visit, f"/topics/{TOPIC}")
    assert 'name="topic" value="self-attention">Add them to the reviews' in lesson
    assert send(visit, "/review/cards", {"topic": TOPIC, "back": "topic"}) == f"/topics/{TOPIC}#cards"
    assert "They are in the reviews" in page(visit, f"/topics/{TOPIC}")
    assert "11 left" in page(visit)
    assert visit.client.post("/review/cards", data={"csrf": visit.csrf, "topic": "bert"}).status_code == 404


def test_a_card_is_shown_with_its_answer_its_section_and_the_intervals(taken: Visit) -> None:
    text = page(taken)
    assert "What are query, key and value each for?" in text
    assert 'class="katex"' in text.partition("review-back")[2]
    assert f'href="/topics/{TOPIC}#query-key-value"' in text
    buttons = re.findall(r"<strong>(\w+)</strong> <span>([^<]+)</span>", text)
    assert [name for name, _ in buttons] == ["Again", "Hard", "Good", "Easy"]
    assert [interval for _, interval in buttons][:3] == ["1 min", "6 min", "10 min"]
    assert buttons[3][1].endswith("days")
    chinese = page(taken, lang="zh")
    assert "还剩 11 张" in chinese
    assert "10 分钟" in chinese


def test_a_rating_is_kept_once_however_often_it_is_sent(taken: Visit) -> None:
    form = fields(page(taken)) | {"rating": "3"}
    assert form["card"] == FIRST
    for _ in range(3):
        assert send(taken, "/review", form) == "/review"
    assert reviews(taken) == [(FIRST, 3)]
    assert fields(page(taken))["card"] != FIRST


def test_two_windows_with_the_same_card_count_one_rating(taken: Visit) -> None:
    one, other = fields(page(taken)), fields(page(taken))
    assert one["id"] != other["id"]
    send(taken, "/review", one | {"rating": "4"})
    send(taken, "/review", other | {"rating": "1"})
    assert reviews(taken) == [(FIRST, 4)]


def test_the_last_rating_is_undone_and_its_card_comes_again_as_it_was(taken: Visit) -> None:
    before = fields(page(taken))
    send(taken, "/review", before | {"rating": "4"})
    event = log(taken).events("review")[-1].id
    assert f'name="event" value="{event}"' in page(taken)
    for _ in range(2):  # pressed twice: the second finds nothing to undo
        where = send(taken, "/review/undo", {"event": event})
    assert [e.data for e in log(taken).events("undo")] == [{"event": event}]
    assert where == "/review"
    after = fields(page(taken))
    assert (after["card"], after["seen"]) == (before["card"], before["seen"])
    assert 'name="event"' not in page(taken), "nothing of today is left to undo"


def test_an_undone_card_is_asked_first(taken: Visit) -> None:
    send(taken, "/review", fields(page(taken)) | {"rating": "4"})
    second = fields(page(taken))
    send(taken, "/review", second | {"rating": "4"})
    event = log(taken).events("review")[-1].id
    where = send(taken, "/review/undo", {"event": event})
    assert where == f"/review?card={second['card']}"
    assert send(taken, "/review/undo", {"event": event}) == "/review", "pressed twice, it takes back no other"
    assert len(log(taken).events("undo")) == 1
    assert fields(page(taken, where))["card"] == second["card"]


def test_scripts_rate_and_undo(taken: Visit) -> None:
    def ask(path: str, **body: Any) -> Any:
        answer = taken.client.post(path, json=body, headers=taken.script)
        return answer.json() if answer.status_code == 200 else answer.status_code

    told = ask("/api/review", card=FIRST, rating=4, id=ID, ms=1234.6)
    assert (told["id"], told["left"]) == (ID, 10)
    assert datetime.fromisoformat(told["due"]) > datetime.now(UTC) + timedelta(days=2)
    assert ask("/api/review", card=FIRST, rating=4, id=ID) == told, "sent again, acknowledged again"
    assert [event.data for event in log(taken).events("review")] == [{"rating": 4, "ms": 1235}]
    assert ask("/api/review/undo") == {"card": FIRST, "left": 11}
    assert ask("/api/review/undo") == {"card": None, "left": 11}
    assert ask("/api/review", card="gone/card", rating=3) == 404
    for wrong in ({"rating": 5}, {"rating": 0}, {"rating": 3, "id": "x"}, {"rating": 3, "ms": -1}, {}):
        assert ask("/api/review", card=FIRST, **wrong) == 422
    assert len(log(taken).events("review")) == 1


def all_easy(visit: Visit, cards: int = 11, at: datetime | None = None) -> None:
    for card in visit.client.app.state.site.course.topics[TOPIC].cards[:cards]:  # type: ignore[attr-defined]
        log(visit).append(happened("review", f"{TOPIC}/{card.id}", {"rating": 4}, at))


def test_the_end_says_what_was_done_and_when_it_goes_on(taken: Visit) -> None:
    all_easy(taken)
    text = page(taken)
    assert "Nothing left to review now" in text
    assert "11 answered today, 11 recalled." in text
    assert re.search(r"The next card comes in \d+ days\.", text)
    assert 'aria-keyshortcuts="Z U"' in text


def test_new_cards_beyond_the_days_number_wait_until_they_are_wanted(taken: Visit) -> None:
    few = page(taken, "/review?new=3")
    assert "3 left" in few
    assert fields(few)["new"] == "3"
    assert send(taken, "/review", fields(few) | {"rating": "4"}) == "/review?new=3"
    assert "2 left" in page(taken, "/review?new=3")
    over = page(taken, "/review?new=1")
    assert "10 new cards wait for tomorrow" in over
    assert f'href="/review?new={NEW_A_DAY + 10}"' in over


def test_the_frame_counts_what_is_due(taken: Visit) -> None:
    assert re.search(r'href="/review">Review <span class="count">11</span>', page(taken, "/map"))
    all_easy(taken)
    assert re.search(r'href="/review">Review</a>', page(taken, "/map"))


def test_when_the_store_fails_the_page_that_says_so_needs_no_count(
    taken: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise StoreError(text)

    text = taken.client.app.state.site.words["error.store-text"]  # type: ignore[attr-defined]
    monkeypatch.setattr(log(taken), "events", broken)
    answer = taken.client.get("/review")
    assert answer.status_code == 503
    assert text.zh in answer.text


def test_a_newcomer_is_told_what_this_is(visit: Visit) -> None:
    text = page(visit, "/")
    assert "Follow the questions" in text
    assert "Begin here" in text
    assert "How it works" in text
    assert 'class="doing"' not in text


def doing(visit: Visit, lang: str = "en") -> list[str]:
    """The headline of the day and of the things to do, and the addresses that their keys open."""
    text = page(visit, "/", lang)
    listed = text.partition('<section class="today"')[2].partition("</section>")[0]
    heads = [re.sub(r"<[^>]+>", "", head) for head in re.findall(r"<h[12][^>]*>(.*?)</h[12]>", listed)]
    return heads + re.findall(r'href="([^"]+)" aria-keyshortcuts="(?:L|R|N)"', listed)


def test_today_lists_the_unfinished_run_the_cards_and_the_next_step(taken: Visit) -> None:
    lab = taken.client.app.state.site.course.topics[TOPIC].labs[0]  # type: ignore[attr-defined]
    log(taken).append(happened("run", lab.id, {"run": "r1", "what": "queued", "arguments": {}, "prediction": {}}))
    log(taken).append(happened("run", lab.id, {"run": "r1", "what": "stopped", "seconds": 1.0, "memory": 1}))
    found = doing(taken)
    assert found[0] == "Three things to do today"
    assert found[2] == "11 cards"
    first = taken.client.app.state.site.course.topics["python-core"].exercises[0]  # type: ignore[attr-defined]
    assert found[4:] == ["/runs/r1", "/review", f"/topics/python-core/exercises/{first.name}"]
    assert "今天还有三件事" in doing(taken, "zh")[0]


def test_an_empty_day_says_so(taken: Visit) -> None:
    topics = taken.client.app.state.site.course.topics.values()  # type: ignore[attr-defined]
    for exercise in (one for topic in topics for one in topic.exercises if one.written):
        log(taken).append(happened("attempt", exercise.id, {"verdict": "pass"}))
    for topic in topics:  # whose cards came with the attempt
        for card in topic.cards:
            log(taken).append(happened("review", f"{topic.id}/{card.id}", {"rating": 4}))
    found = doing(taken)
    assert found[:3] == ["Nothing left to do today", "No card is due", "All exercises that are written are passed"]
    assert found[3:] == ["/map"]


def test_a_chosen_track_is_marked(taken: Visit) -> None:
    assert "following</span>" not in page(taken, "/")
    log(taken).append(happened("setting", "track", {"key": "track", "value": "qmatter"}))
    assert re.search(r'/tracks/qmatter">[^<]+</a> <span class="state">following</span>', page(taken, "/"))
