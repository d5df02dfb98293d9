"""Reviewing by forms and by script, and the first page on every kind of day."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.study.web.conftest import Visit
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
    assert "10 left" in page(visit), "two of them are siblings: one waits for tomorrow"
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
    assert "还剩 10 张" in chinese
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
    assert (told["id"], told["left"]) == (ID, 9)
    assert datetime.fromisoformat(told["due"]) > datetime.now(UTC) + timedelta(days=2)
    assert ask("/api/review", card=FIRST, rating=4, id=ID) == told, "sent again, acknowledged again"
    assert [event.data for event in log(taken).events("review")] == [{"rating": 4, "ms": 1235}]
    assert ask("/api/review/undo") == {"card": FIRST, "left": 10}
    assert ask("/api/review/undo") == {"card": None, "left": 10}
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
    assert "9 new cards wait for tomorrow" in over
    assert 'href="/review?new=10"' in over, "with so many a day none has to wait"
    assert "Not asked today: 1 more" in over


def test_the_frame_counts_what_is_due(taken: Visit) -> None:
    assert re.search(r'href="/review">Review <span class="count">10</span>', page(taken, "/map"))
    all_easy(taken)
    assert re.search(r'href="/review">Review</a>', page(taken, "/map"))


def typed(visit: Visit, card: str, text: str) -> str:
    answer = visit.client.post(
        "/review/compare", data={"csrf": visit.csrf, "card": card, "typed": text}, headers={"accept-language": "en"}
    )
    assert answer.status_code == 200
    return answer.text


def test_what_is_typed_stands_beside_the_answer_and_is_not_kept(taken: Visit) -> None:
    before = len(log(taken).events())
    code = next(c for c in taken.client.app.state.site.course.topics[TOPIC].cards if c.kind == "code")  # type: ignore[attr-defined]
    card = f"{TOPIC}/{code.id}"
    assert '<textarea id="typed"' in page(taken, f"/review?card={card}")
    assert '<textarea id="typed"' not in page(taken, f"/review?card={FIRST}"), "an answer in one's own words"
    source = code.back.en.partition("```python\n")[2].partition("```")[0]
    same = typed(taken, card, source.replace(" = ", "="))
    assert "The same as the answer." in same
    assert re.search(r'<details class="review-answer" open', same)
    other = typed(taken, card, "<b>mask</b> = 1")
    assert "Not the same as the answer" in other
    assert re.search(r'<li data-side="typed">.*<code>&lt;b&gt;mask&lt;/b&gt; = 1</code>', other)
    assert '<li data-side="expected">' in other
    assert fields(other)["card"] == card
    assert len(log(taken).events()) == before
    send(taken, "/review/aside", {"card": card, "what": "suspend"})
    assert "Not the same" not in typed(taken, card, "x = 1"), "another card by now"


def test_a_card_waits_for_tomorrow_or_is_set_aside_and_both_can_be_undone(taken: Visit) -> None:
    for what in ("bury", "suspend"):
        assert send(taken, "/review/aside", {"card": FIRST, "what": what}) == "/review"
        text = page(taken)
        assert fields(text)["card"] != FIRST
        assert f'value="{FIRST}"' in page(taken, "/review/statistics") or what == "bury"
        event = log(taken).events(what)[-1].id
        assert send(taken, "/review/undo", {"event": event}) in ("/review", f"/review?card={FIRST}")
        assert fields(page(taken))["card"] == FIRST
    send(taken, "/review/aside", {"card": FIRST, "what": "suspend"})
    where = send(taken, "/review/aside", {"card": FIRST, "what": "unsuspend", "back": "statistics"})
    assert where == "/review/statistics#aside"
    assert fields(page(taken))["card"] == FIRST
    for form in ({"card": "gone/card", "what": "bury"}, {"card": FIRST, "what": "eat"}):
        answer = taken.client.post("/review/aside", data={"csrf": taken.csrf, **form})
        assert answer.status_code in (404, 422)


def test_the_limits_are_set_in_the_page(taken: Visit) -> None:
    assert send(taken, "/review/limits", {"fresh": 4, "reviews": 30}) == "/review/statistics#limits"
    text = page(taken, "/review/statistics")
    assert 'name="fresh" value="4"' in text
    assert 'name="reviews" value="30"' in text
    assert "4 left" in page(taken)
    send(taken, "/review/limits", {"fresh": 4, "reviews": 30})
    assert len(log(taken).events("setting")) == 2, "what is set already is not set again"
    for wrong in ("-1", "many", "10000", ""):
        answer = taken.client.post("/review/limits", data={"csrf": taken.csrf, "fresh": wrong, "reviews": 30})
        assert answer.status_code == 422


def test_a_mistake_is_asked_as_its_exercise_with_fresh_numbers(taken: Visit) -> None:
    exercise = f"{TOPIC}/attention-by-hand"
    ago = datetime.now(UTC) - timedelta(days=3)
    log(taken).append(happened("attempt", exercise, {"verdict": "wrong", "name": "no-scaling"}, ago))
    text = page(taken)
    assert "Once more, with fresh numbers" in text
    numbers = re.search(rf'href="/topics/{TOPIC}/exercises/attention-by-hand\?variant=(\d+)"', text)
    assert numbers
    assert int(numbers[1]) > 0
    assert "no-scaling" in text.partition("Which mistake was it?")[2]
    assert "1 to solve again" in text
    answer = taken.client.post(
        "/api/review", json={"card": f"mistake:{exercise}/no-scaling", "rating": 4}, headers=taken.script
    )
    assert answer.status_code == 404, "the next verdict is its review"
    log(taken).append(happened("attempt", exercise, {"verdict": "pass"}))
    assert "fresh numbers" not in page(taken)


def test_the_statistics_tell_retention_the_load_to_come_and_the_year(taken: Visit) -> None:
    empty = page(taken, "/review/statistics")
    assert "aims at 90% recalled" in empty
    assert "none yet" in empty
    now = datetime.now(UTC)
    cards = taken.client.app.state.site.course.topics[TOPIC].cards  # type: ignore[attr-defined]
    for card in cards[:8]:
        log(taken).append(happened("review", f"{TOPIC}/{card.id}", {"rating": 4}, now - timedelta(days=60)))
    for n, card in enumerate(cards[:8]):
        rating = 1 if n == 0 else 3
        log(taken).append(happened("review", f"{TOPIC}/{card.id}", {"rating": rating}, now - timedelta(days=40)))
    text = page(taken, "/review/statistics")
    assert "<strong>88%</strong>" in text
    assert "7/8" in text
    assert re.search(r"Reviewed on 2 days of the last year, 16 answers", text)
    assert len(re.findall(r'<rect class="year-[0-4]"', text)) > 360
    chinese = page(taken, "/review/statistics", lang="zh")
    assert "7/8" in chinese


def test_a_leech_is_set_aside_and_says_what_to_read_again(taken: Visit) -> None:
    now = datetime.now(UTC)
    log(taken).append(happened("review", FIRST, {"rating": 4}, now - timedelta(days=900)))
    for n in range(8):
        at = now - timedelta(days=800 - 40 * n)
        for wait, rating in ((0, 1), (1, 3)):
            log(taken).append(happened("review", FIRST, {"rating": rating}, at + timedelta(hours=wait)))
    text = page(taken, "/review/statistics")
    assert "Forgotten 8 times after it was learned" in text
    assert f'href="/topics/{TOPIC}#query-key-value"' in text.partition("Forgotten 8 times")[2]
    send(taken, "/review/aside", {"card": FIRST, "what": "unsuspend", "back": "statistics"})
    assert "often forgotten" in page(taken, f"/review?card={FIRST}"), "it is asked again, and still marked"


def test_when_the_store_fails_the_page_that_says_so_needs_no_count(
    taken: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise StoreError(text)

    text = taken.client.app.state.site.words["error.store-text"]  # type: ignore[attr-defined]
    for reading in ("events", "since", "mark"):
        monkeypatch.setattr(log(taken), reading, broken)
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
    assert found[2] == "10 cards"
    assert found[4:] == ["/runs/r1", "/review", "/topics/python-core"]
    first = taken.client.app.state.site.course.topics["python-core"].exercises[0]  # type: ignore[attr-defined]
    log(taken).append(happened("hint", first.id, {"number": 1}))
    log(taken).append(happened("attempt", first.id, {"verdict": "error"}))
    assert doing(taken)[4:] == ["/runs/r1", "/review", f"/topics/python-core/exercises/{first.name}"]
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


def test_a_card_that_nobody_has_is_not_compared(taken: Visit) -> None:
    form = {"csrf": taken.csrf, "card": "self-attention/no-such-card", "typed": "x"}
    assert taken.client.post("/review/compare", data=form).status_code == 404
    assert taken.client.post("/review/compare", data=form | {"card": FIRST}).status_code == 200
