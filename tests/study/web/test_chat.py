"""The chat page as a browser sends its forms: what is refused, kept, shown and taken away. No model is needed here."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.study.web.conftest import BASE, Visit
from wenjin.study.chat.commands import Commands
from wenjin.study.course.graph import Course
from wenjin.study.judge.client import Judge
from wenjin.study.store.chats import Chats
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places
from wenjin.study.web.app import create_app
from wenjin.study.web.security import make_secret

LISTED = [
    {"name": "talker", "kind": "chat"},
    {"name": "poet:tang", "kind": "poet"},
    {"name": "odd", "kind": 3},
    {"x": 1},
]
NO_SERVER = (sys.executable, "-c", "import sys; sys.exit('There is no room for it.')")  # a server that cannot start
HOSTILE = '<script>document.title="taken"</script><img src=x onerror=alert(1)> \u202eelif [s](/settings) ## x {#main}'


@pytest.fixture
def talking(tmp_path: Path, course: Course, judge: Judge) -> Iterator[Visit]:
    """A course that has heard of models, none of which can be loaded."""
    where = places(tmp_path / "data", tmp_path / "workspace", environ={})
    log = open_log(where, role="server")
    secret = make_secret(where.secret)
    (where.data / "models" / "talker").mkdir(parents=True)
    listing = (sys.executable, "-c", f"print({json.dumps(json.dumps({'models': LISTED}))})")
    commands = Commands(listing, NO_SERVER, (), "<f>{form}<t>{title}<v>", {"5x4": "五言绝句"})
    app = create_app(course, log, judge, where, secret=secret, version="0", commands=commands)
    client = TestClient(app, base_url=BASE)
    try:
        yield Visit(client, where, secret)
    finally:
        app.state.site.talk.close()
        client.close()
        log.close()


def chats(visit: Visit) -> Chats:
    found: Chats = visit.client.app.state.site.talk.chats  # type: ignore[attr-defined]
    return found


def post(visit: Visit, path: str, **form: str) -> Any:
    return visit.client.post(path, data={"csrf": visit.csrf} | form)


def kept(visit: Visit, said: str = HOSTILE, answer: str = HOSTILE) -> str:
    """A conversation of two turns."""
    first = chats(visit).say(None, None, said)
    asked = {"model": "talker", "kind": "chat", "system": "", "sampling": {}}
    turn, writer = chats(visit).begin(first.subject, first.data["turn"], asked)
    writer.write({"text": answer, "tokens": [["a", -0.1, [["a", -0.1], ["b\u202e", -2.0]]]]})
    writer.close()
    chats(visit).end(first.subject, turn, answer, "stop", {"tokens": 1})
    return first.subject


def until(holds: Callable[[], Any]) -> Any:
    last = time.monotonic() + 20
    while not (found := holds()):
        assert time.monotonic() < last
        time.sleep(0.02)
    return found


def test_a_server_that_cannot_start_is_a_sentence_and_what_was_said_is_kept(talking: Visit) -> None:
    page = post(talking, "/chat", model="talker", text="hello")
    assert page.status_code == 200, "led to the page of the conversation"
    id = str(page.url).partition("/chat/")[2][:32]
    answer = until(lambda: next((t for t in chats(talking).all()[id].turns.values() if t.finish), None))
    assert answer.finish == "failed"
    shown = talking.client.get(f"/chat/{id}", params={"lang": "en"}).text
    assert "There is no room for it." in shown
    assert "Sending again starts it anew" in shown
    assert post(talking, f"/chat/{id}/again", turn=answer.id).status_code == 200
    until(lambda: len([t for t in chats(talking).all()[id].turns.values() if t.finish == "failed"]) == 2)
    assert "2/2" in talking.client.get(f"/chat/{id}").text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"model": "talker", "text": "  "}, "Nothing is written"),
        ({"model": "nobody", "text": "x"}, "There is no model nobody"),
        ({"model": "talker", "text": "x", "temperature": "nan"}, "Temperature must be from 0 to 2"),
        ({"model": "talker", "text": "x", "top_k": "2.5"}, "top-k must be"),
        ({"model": "talker", "text": "x", "seed": "-1"}, "Seed must be"),
        ({"model": "talker", "text": "x", "max_tokens": "1e9"}, "Most tokens must be"),
        ({"model": "talker", "text": "x", "system": "s" * 20001}, "At most 20000"),
        ({"model": "poet:tang", "title": "", "form": "5x4"}, "A title has"),
        ({"model": "poet:tang", "title": "a<|end|>", "form": "5x4"}, "A title has"),
        ({"model": "poet:tang", "title": "月", "form": "9x9"}, "Choose a form"),
    ],
)
def test_what_cannot_be_asked_is_said_with_the_words_still_there(
    talking: Visit, form: dict[str, str], said: str
) -> None:
    page = post(talking, "/chat?lang=en", **form)
    assert page.status_code == 422
    assert said in page.text
    if form.get("text", "").strip():
        assert f">\n{form['text']}</textarea>" in page.text
    assert not chats(talking).all(), "nothing was kept of it"


def test_hostile_words_are_text_everywhere(talking: Visit) -> None:
    id = kept(talking, "about a script")
    chats(talking).rename(id, HOSTILE)
    for path in (f"/chat/{id}", "/chat", "/search?q=script", "/chat?q=script"):
        page = talking.client.get(path).text
        assert "<script>document" not in page, path
        assert "<img" not in page, path
        assert "\u202e" not in page, path
        assert 'href="/settings">s<' not in page, path
        assert page.count('id="main"') == 1, path
    assert "elif" in talking.client.get(f"/chat/{id}").text


def test_huge_words_are_shown_and_exported(talking: Visit) -> None:
    id = kept(talking, "x" * 200_000, "> " * 100_000)
    began = time.process_time()
    assert talking.client.get(f"/chat/{id}").status_code == 200
    assert time.process_time() - began < 5
    assert len(talking.client.get(f"/api/chat/{id}/export?to=md").text) > 200_000
    assert post(talking, f"/chat/{id}", model="talker", text="y" * 200_001).status_code == 422


def test_an_export_is_a_file_and_nothing_but_text(talking: Visit) -> None:
    id = kept(talking)
    answer = talking.client.get(f"/api/chat/{id}/export?to=json")
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    told = answer.json()
    assert told["turns"][0]["text"] == HOSTILE
    assert told["turns"][1]["tokens"][0][2][1][0] == "b\u202e"
    answer = talking.client.get(f"/api/chat/{id}/export?to=md")
    assert answer.headers["content-type"].startswith("text/markdown")
    assert talking.client.get(f"/api/chat/{id}/export?to=exe").status_code == 404


def test_renamed_removed_and_restored(talking: Visit) -> None:
    id = kept(talking, "about zebras", "yes")
    post(talking, f"/chat/{id}/name", name="<b>Stripes</b>")
    assert "&lt;b&gt;Stripes&lt;/b&gt;" in talking.client.get("/chat").text
    assert f"/chat/{id}" in talking.client.get("/search?q=zebras").text
    page = post(talking, f"/chat/{id}/remove")
    assert f'action="/chat/{id}/restore"' in page.text
    assert f'href="/chat/{id}"' not in talking.client.get("/chat").text
    assert f'href="/chat/{id}"' not in talking.client.get("/search?q=zebras").text
    assert 'id="composer"' not in talking.client.get(f"/chat/{id}").text, "it is read, not gone on with"
    post(talking, f"/chat/{id}/restore")
    assert f'href="/chat/{id}"' in talking.client.get("/chat").text


def test_only_our_own_pages_may_ask(talking: Visit) -> None:
    id = kept(talking)
    for path in ("/chat", f"/chat/{id}", f"/chat/{id}/again", f"/chat/{id}/stop", f"/chat/{id}/remove"):
        assert talking.client.post(path, data={"text": "x"}).status_code == 403, path
        assert talking.stranger().post(path, data={"text": "x"}).status_code == 401, path
    for path in ("/chat", f"/chat/{id}", f"/api/chat/{id}/export", f"/api/chat/{id}/x/pieces"):
        assert talking.stranger().get(path).status_code == 401, path
    assert not chats(talking).all()[id].removed


def test_what_is_not_there_is_missing(talking: Visit) -> None:
    id, nobody = kept(talking), "0" * 32
    for path in (f"/chat/{nobody}", f"/api/chat/{nobody}/export", f"/api/chat/{id}/{nobody}/pieces"):
        assert talking.client.get(path).status_code == 404, path
    first = next(iter(chats(talking).all()[id].turns))
    for path, form in (
        (f"/chat/{nobody}", {"text": "x"}),
        (f"/chat/{id}", {"text": "x", "parent": nobody}),
        (f"/chat/{id}/again", {"turn": nobody}),
        (f"/chat/{id}/again", {"turn": first}),
        (f"/chat/{id}/stop", {"turn": nobody}),
    ):
        assert post(talking, path, model="talker", **form).status_code == 404, path


def test_an_answer_that_has_ended_streams_its_end(talking: Visit) -> None:
    id = kept(talking)
    turn = list(chats(talking).all()[id].turns)[1]
    told = talking.client.get(f"/api/chat/{id}/{turn}/pieces").text
    assert told.endswith("event: end\ndata: {}\n\n")
    assert talking.client.get(f"/api/chat/{id}/{turn}/tokens").json()[0]["text"] == HOSTILE


def test_without_models_the_page_says_how_to_get_one(visit: Visit) -> None:
    page = visit.client.get("/chat?lang=en").text
    assert "wenjin models add smollm2" in page
    assert "There is no model on this machine" in page
