"""Titles fit the topics of the map, and a sentence with `code` is safe."""

from hypothesis import given
from hypothesis import strategies as st

from wenjin.study.course.graph import Course
from wenjin.study.web.typeset import NODE_EMS, ems, fold, ticks


def test_every_title_fits_its_topic(course: Course) -> None:
    for topic in course.topics.values():
        for language in ("zh", "en"):
            lines = fold(topic.title["zh" if language == "zh" else "en"])
            assert len(lines) <= 2, lines
            assert all(ems(line) <= NODE_EMS for line in lines), lines
            assert not lines[-1].startswith(tuple("，。、：；？！）")), lines
            assert not lines[0].endswith(("（", "(", "“")), lines


def test_a_title_breaks_after_its_colon() -> None:
    assert fold("信息论：熵、互信息与 KL 散度") == ("信息论：", "熵、互信息与 KL 散度")
    assert fold("Prompt design: zero-shot and few-shot") == ("Prompt design:", "zero-shot and few-shot")
    assert fold("GPT: causal language modeling") == ("GPT:", "causal language modeling")
    assert fold("GPT: causal language modeling", bold=True) == ("GPT: causal", "language modeling")
    merges = "文本预处理与分词：BPE、WordPiece、Unigram"
    assert fold(merges, bold=True) == fold(merges) == ("文本预处理与分词：BPE、", "WordPiece、Unigram")
    assert fold("自注意力") == ("自注意力",)


@given(st.text(max_size=80))
def test_any_title_folds(title: str) -> None:
    assert 1 <= len(fold(title)) <= 2


def test_ticks() -> None:
    assert ticks("用 `q @ k` <b>") == "用 <code>q @ k</code> &lt;b&gt;"
    assert ticks("一个 ` 而已") == "一个 ` 而已"
    assert ticks("`<script>`") == "<code>&lt;script&gt;</code>"
