"""The page of the learner's questions: what it offers to read, and text that would turn a line around."""

from tests.study.web.conftest import Visit

TURNED = "abc \u202ecba\u202c \u2066x\u2069"


def ask(visit: Visit, text: str, language: str, topic: str = "self-attention") -> None:
    visit.client.cookies.set("wenjin-lang", language)
    form = {"csrf": visit.csrf, "topic": topic, "anchor": "lesson", "text": text}
    assert visit.client.post("/questions", data=form, follow_redirects=False).status_code == 303


def test_the_lessons_that_may_answer_are_named_in_the_readers_language(visit: Visit) -> None:
    ask(visit, "Why is the variance of a dot product so large?", "en")
    shown = {}
    for language in ("zh", "en"):
        visit.client.cookies.set("wenjin-lang", language)
        page = visit.client.get("/questions").text
        shown[language] = page.partition('class="question-text"')[2].partition("<details")[0].partition("<ul>")[2]
    assert shown["en"].count("<li>") >= 1
    assert "Self-attention" in shown["en"]
    assert "Self-attention" not in shown["zh"]
    assert "自注意力" in shown["zh"]


def test_no_question_and_no_note_turns_a_line_around(visit: Visit) -> None:
    ask(visit, TURNED, "en")
    note = {"text": TURNED, "revision": 0, "settled": True}
    visit.client.put("/api/notes/self-attention/why-sqrt-d", json=note, headers=visit.headers)
    for path in ("/questions", "/topics/self-attention", "/notes", "/search?q=cba"):
        page = visit.client.get(path).text
        shown = "".join(part.partition("</textarea>")[2] or part for part in page.split("<textarea"))
        assert "cba" in shown, path
        assert not set("\u202e\u202c\u2066\u2069") & set(shown), path
