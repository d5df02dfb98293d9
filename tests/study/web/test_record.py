"""Revisions, questions and summaries as pages: what a learner did is shown, can be undone, and leads on."""

import re
from datetime import datetime

import pytest

from tests.study.web.conftest import Visit
from wenjin.study.progress.summary import week_of

PLACE = {"topic": "self-attention", "anchor": "why-sqrt-d"}


def week() -> str:
    now = datetime.now().astimezone()
    return week_of(now, now.tzinfo)


def write(visit: Visit, text: str, anchor: str = "why-sqrt-d", topic: str = "self-attention") -> None:
    revision = visit.client.get(f"/api/notes/{topic}/{anchor}").json()["revision"]
    body = {"text": text, "revision": revision, "settled": True}
    assert visit.client.put(f"/api/notes/{topic}/{anchor}", json=body, headers=visit.headers).status_code == 200


def page(visit: Visit, address: str) -> str:
    answer = visit.client.get(address, params={"lang": "en"} if "?" not in address else None)
    assert answer.status_code == 200, address
    return answer.text


def ask(visit: Visit, text: str, **more: str) -> str:
    form = {"csrf": visit.csrf, "text": text, "back": "/topics/self-attention"} | PLACE | more
    answer = visit.client.post("/questions", data=form, follow_redirects=False)
    assert answer.headers["location"] == "/topics/self-attention#ask-why-sqrt-d"
    return re.findall(r'id="q-(\w{32})"', page(visit, "/questions?lang=en"))[0]


def deed(visit: Visit, id: str, what: str, text: str = "") -> str:
    form = {"csrf": visit.csrf, "do": what, "text": text}
    return visit.client.post(f"/questions/{id}", data=form, follow_redirects=False).headers["location"]


def test_an_earlier_version_is_looked_at_and_brought_back(visit: Visit) -> None:
    for text in ("one\nkept", "two\nkept", "three\nkept"):
        write(visit, text)
    listed = page(visit, "/notes/self-attention/why-sqrt-d")
    first = re.findall(r"\?at=(\w{32})", listed)[-1]
    shown = page(visit, f"/notes/self-attention/why-sqrt-d?lang=en&at={first}")
    assert re.search(r"<del>.*one</del>", shown)
    assert re.search(r"<ins>.*three</ins>", shown)
    form = {"csrf": visit.csrf, "revision": first}
    answer = visit.client.post("/notes/self-attention/why-sqrt-d", data=form)
    assert "as it is now" in answer.text
    assert visit.client.get("/api/notes/self-attention/why-sqrt-d").json()["text"] == "one\nkept"
    assert len(set(re.findall(r"\?at=(\w{32})", answer.text))) == 4
    assert (visit.places.workspace / "notes/self-attention.md").read_text(encoding="utf-8").count("one\nkept") == 1
    for address in ("/notes/self-attention/nowhere", "/notes/self-attention/why-sqrt-d?at=0"):
        assert visit.client.get(address).status_code == 404
    assert visit.client.post("/notes/self-attention/why-sqrt-d", data=form | {"revision": "0"}).status_code == 404
    assert visit.client.post("/notes/self-attention/why-sqrt-d", data={"revision": first}).status_code == 403


def test_what_was_typed_but_not_settled_is_kept_when_an_earlier_version_comes_back(visit: Visit) -> None:
    write(visit, "first")
    revision = visit.client.get("/api/notes/self-attention/why-sqrt-d").json()["revision"]
    typed = {"text": "half a thought", "revision": revision}
    assert (
        visit.client.put("/api/notes/self-attention/why-sqrt-d", json=typed, headers=visit.headers).status_code == 200
    )
    first = re.findall(r"\?at=(\w{32})", page(visit, "/notes/self-attention/why-sqrt-d"))[0]
    visit.client.post("/notes/self-attention/why-sqrt-d", data={"csrf": visit.csrf, "revision": first})
    assert "half a thought" in page(visit, "/notes/self-attention/why-sqrt-d")


def test_links_between_topics_lead_there_and_are_seen_from_there(visit: Visit) -> None:
    write(visit, "see [[tokenization|pieces]] and [[nowhere]]")
    lesson = page(visit, "/topics/self-attention")
    assert '<a href="/topics/tokenization">pieces</a>' in lesson
    assert "there is no topic nowhere" in lesson
    assert "/topics/self-attention#note-why-sqrt-d" in page(visit, "/notes/tokenization")


def test_a_private_note_says_so_and_keeps_its_first_line_to_itself(visit: Visit) -> None:
    write(visit, "private: true\nonly for me")
    lesson = page(visit, "/topics/self-attention")
    assert "Private: left out" in lesson
    assert "<p>only for me</p>" in lesson


def test_the_summary_of_a_topic_has_its_place_and_its_prompts(visit: Visit) -> None:
    write(visit, "all of it: **scores**", "own-words")
    lesson = page(visit, "/topics/self-attention")
    own = lesson.partition('id="own-words"')[2].partition("</section>")[0]
    assert '<a href="#why-sqrt-d">' in own
    assert '<a href="#mistakes">' not in own
    assert "<strong>scores</strong>" in own
    found = page(visit, "/search?q=scores&lang=en")
    assert ">Summary · Self-attention" in found
    assert "own-words" in page(visit, "/topics/multi-head-attention"), "a lesson to come has the place as well"


def test_a_question_is_asked_answered_told_removed_and_brought_back(visit: Visit) -> None:
    id = ask(visit, "Why the root of $d$ <b>?", tried="all of " + str(visit.places.workspace))
    listed = page(visit, "/questions?lang=en")
    assert 'class="katex' in listed
    assert "<b>?" not in listed
    assert "1 open here" in page(visit, "/topics/self-attention")
    assert "/topics/self-attention#" in listed.partition("Where the lessons may answer it")[2]
    assert deed(visit, id, "answered", "Variance: [[self-attention#why-sqrt-d]]") == f"/questions?show=all#q-{id}"
    assert "There is none of these" in page(visit, "/questions?lang=en")
    assert '<a href="/topics/self-attention#why-sqrt-d">' in page(visit, "/questions?show=answered&lang=en")
    deed(visit, id, "reopened")
    assert 'data-state="open"' in page(visit, "/questions?lang=en")
    told = visit.client.get(f"/api/questions/{id}/issue", params={"lang": "en"})
    assert told.headers["content-type"].startswith("text/markdown")
    assert "`self-attention#why-sqrt-d`" in told.text
    assert "all of &lt;workspace&gt;" in page(visit, f"/questions/{id}/issue")
    assert str(visit.places.workspace) not in told.text
    assert deed(visit, id, "removed") == f"/questions?removed={id}"
    gone = page(visit, f"/questions?removed={id}&lang=en")
    assert "The question was removed" in gone
    assert id not in page(visit, "/questions?lang=en")
    deed(visit, id, "restored")
    assert id in page(visit, "/questions?lang=en")
    assert len(visit.client.app.state.site.log.events("question")) == 5  # type: ignore[attr-defined]
    deed(visit, id, "restored")
    assert len(visit.client.app.state.site.log.events("question")) == 5, "nothing happened a second time"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"text": "  "}, 422),
        ({"text": "x", "topic": "nowhere"}, 404),
        ({"text": "x", "anchor": "nowhere"}, 404),
        ({"text": "x" * 20_001}, 422),
    ],
)
def test_a_question_without_words_or_place_is_refused(visit: Visit, form: dict[str, str], status: int) -> None:
    answer = visit.client.post("/questions", data={"csrf": visit.csrf} | PLACE | form)
    assert answer.status_code == status
    assert visit.client.post("/questions/none", data={"csrf": visit.csrf, "do": "removed"}).status_code == 404


def test_the_week_lists_what_was_done_and_leaves_the_reflection(visit: Visit) -> None:
    assert "yours to write" in page(visit, "/summary")
    write(visit, "a note")
    ask(visit, "Why?")
    source = {"source": "def scaled_dot_product_attention(q, k, v, causal=False):\n    return v\n"}
    visit.client.post("/api/exercises/self-attention/write-attention/attempts", json=source, headers=visit.headers)
    shown = page(visit, "/summary")
    outline = shown.partition('class="summary-outline"')[2].partition("</section>")[0]
    for part in ("/topics/self-attention", "not passed yet, 1 attempt", "#note-why-sqrt-d", "Why?"):
        assert part in outline
    assert "<svg" in shown
    assert "<text" in shown
    write(visit, "next week: slower", "reflection", week())
    assert "next week: slower" in page(visit, "/summary")
    told = visit.client.get("/api/summary", params={"lang": "en"}).text
    assert told.startswith(f"# {week()}\n\n- Self-attention\n")
    assert "\n## What I make of it\n\nnext week: slower\n" in told
    assert "```mermaid\nmindmap\n" in told
    assert (visit.places.workspace / f"notes/{week()}.md").is_file()
    found = page(visit, "/search?q=slower&lang=en")
    assert f"/summary?week={week()}#note-reflection" in found
    assert "yours to write" in page(visit, "/summary?week=2020-W01&lang=en")
    assert "not passed yet, 1 attempt" in page(visit, "/summary?unit=qmatter/transformer&lang=en")
    assert "not passed yet" not in page(visit, "/summary?unit=qmatter/python-basics&lang=en")
    for bad in ("week=2021-W53", "week=x", "unit=x", "unit=qmatter/x"):
        assert visit.client.get(f"/summary?{bad}").status_code == 404
    assert visit.client.get("/api/notes/2026-W47/lesson").status_code == 404
