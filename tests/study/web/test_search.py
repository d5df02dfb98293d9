"""Search finds Chinese by any two characters, English by beginnings, and never runs what is typed."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.study.web.conftest import Visit
from wenjin.kit.text import Language
from wenjin.study.course.graph import Course
from wenjin.study.course.pitfalls import every
from wenjin.study.web.search import Document, Search, documents, errors, joined, plain, tokens

TEXTS = [
    Document("topic", "zh", "服务与部署", "", "/a", "把模型做成服务，监控梯度下降。"),
    Document("topic", "zh", "务服", "", "/b", "这里只有倒过来的两个字。"),
    Document("topic", "en", "Serving", "", "/c", "Serve a model; a scaled dot-product <b>attention</b>."),
]
SEARCH = Search(TEXTS)


@pytest.fixture(scope="module")
def whole(course: Course) -> Search:
    return Search(documents(course))


def test_pairs_of_characters() -> None:
    assert tokens("梯度下降 GPT-2 的服务") == "梯度 度下 下降 gpt 2 的服 服务"


@pytest.mark.parametrize(
    ("query", "urls"),
    [
        ("服务", ["/a"]),
        ("务服", ["/b"]),
        ("梯度下", ["/a"]),
        ("服务 梯度", ["/a"]),
        ("度", ["/a"]),
        ("scal", ["/c"]),
        ("DOT product", ["/c"]),
        ("倒过来 模型", ["/a", "/b"]),
        ("缺席", []),
        ("", []),
        ('"', []),
        ("' OR 1=1 --", []),
    ],
)
def test_what_is_found(query: str, urls: list[str]) -> None:
    assert sorted(hit.url for hit in SEARCH.find(query, "zh")) == urls


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_query_is_an_error(query: str) -> None:
    SEARCH.find(query, "zh")


def test_snippets_mark_what_was_asked_and_nothing_else_is_markup() -> None:
    (hit,) = SEARCH.find("attention", "en")
    assert str(hit.snippet) == ("Serve a model; a scaled dot-product &lt;b&gt;<mark>attention</mark>&lt;/b&gt;.")


@pytest.mark.parametrize(
    ("query", "language", "url"),
    [
        ("自注意力", "zh", "/topics/self-attention"),
        ("根号", "zh", "/topics/self-attention"),
        ("square root", "en", "/topics/self-attention"),
        ("缩放点积", "zh", "/topics/self-attention/exercises/write-attention"),
        ("思维链", "zh", "/topics/chain-of-thought"),
        ("LoRA", "zh", "/topics/lora-and-adapters"),
    ],
)
def test_the_course_is_found(whole: Search, query: str, language: str, url: str) -> None:
    hits = whole.find(query, "zh" if language == "zh" else "en")
    assert any(hit.url.startswith(url) for hit in hits[:8]), [hit.url for hit in hits]
    assert all(hit.language == language for hit in hits)


def test_every_kind_is_found(whole: Search, course: Course) -> None:
    kinds = {document.kind for document in documents(course)}
    assert kinds == {"topic", "lesson", "card", "exercise", "lab", "pitfall"}
    topic = course.topics["self-attention"]
    hits = whole.find(plain(topic.cards[0].front.zh)[:12], "zh")
    assert f"/topics/self-attention#card-{topic.cards[0].id}" in [hit.url for hit in hits]
    for lab in topic.labs:
        assert lab.title
        hits = whole.find(lab.title.zh, "zh")
        assert f"/topics/self-attention/labs/{lab.name}" in [hit.url for hit in hits]


TRACE = """Traceback (most recent call last):
  File "work/attend.py", line 12, in <module>
    scores = q @ k.transpose(-1, -2) + bias
RuntimeError: {message}
"""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_pitfall_is_found_by_its_words_and_by_a_pasted_traceback(
    whole: Search, course: Course, language: Language
) -> None:
    for met in every(course):
        url = f"/topics/{met.topic.id}#pitfall-{met.pitfall.id}"
        pasted = TRACE.replace("{message}", met.pitfall.message)
        assert url in [hit.url for hit in errors(pasted, course, language)], pasted
        one_line = " ".join(pasted.split())  # as a field of one line holds it
        assert url in [hit.url for hit in errors(one_line, course, language)], one_line
        hits = whole.find(plain(met.pitfall.cause[language])[:20], language)
        assert url in [hit.url for hit in hits], met.id


def test_a_pasted_message_with_other_numbers_stands_above_all_else(visit: Visit) -> None:
    pasted = "The size of tensor a (7) must match the size of tensor b (9) at non-singleton dimension 1"
    for language, kind in (("zh", "报错"), ("en", "Pitfall")):
        page = visit.client.get("/search", params={"q": TRACE.replace("{message}", pasted), "lang": language}).text
        first = page.partition('<ol class="rows hits">')[2].partition("</li>")[0]
        assert f'<p class="label">{kind} · ' in first
        assert "/topics/self-attention#pitfall-mask-of-fixed-size" in first


def test_words_that_are_no_message_find_no_error(course: Course) -> None:
    for query in ("softmax", "注意力", "why divide by the square root", "", '"', "Traceback (most recent call last):"):
        assert errors(query, course, "en") == [], query


def test_hits_keep_their_order_and_stand_once() -> None:
    first, second = SEARCH.find("倒过来 模型", "zh")
    assert joined([second], [first, second], []) == [second, first]


def test_plain_text_has_no_marks() -> None:
    assert plain(r"为什么**除以** $\sqrt{d}$？见 [这里](#x)，值 {{ run.x }} {#why}").split() == (
        ["为什么除以", "√d？见", "这里，值", "…"]
    )
    assert plain(r"$q\cdot k \le \infty$") == "q·k ≤∞"
    attention = r"$$\operatorname{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}}\right) V$$"
    assert plain(attention) == "softmax(Q Kᵀ/√d) V"


def test_any_text_is_read_once() -> None:
    """A learner's note may be any text: what looks like a beginning is not looked through to the end each time."""
    began = time.process_time()
    for piece in ("[", "![", "](", "{{", "\n", r"\text{", r"\frac{", r"\frac{{}", "# ", "|-", "a "):
        plain(piece * 100_000)
    assert time.process_time() - began < 5
