"""Lessons as pages: the structure, every directive, and what a fault looks like."""

import json
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from wenjin.kit.text import Language
from wenjin.study.course.graph import Course, Topic
from wenjin.study.course.lesson import parse
from wenjin.study.course.load import load
from wenjin.study.course.maths import Maths
from wenjin.study.course.page import Page
from wenjin.study.course.render import Renderer

LANGUAGES: tuple[Language, ...] = ("zh", "en")
RECORD = {"format": 1, "kind": "run", "output": "a <b>\n", "values": {"small": 0.04512, "many": 7, "word": "x"}}


@pytest.fixture(scope="module")
def course() -> Course:
    return load()


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(Maths())


class Desk:
    """Renders a text as the lesson of a topic."""

    def __init__(self, course: Course, renderer: Renderer, folder: Path, topic: str = "self-attention") -> None:
        self.course, self.renderer, self.folder = course, renderer, folder
        self.topic = replace(course.topics[topic], folder=folder)
        (folder / "recorded").mkdir()
        (folder / "recorded" / "demo.json").write_text(json.dumps(RECORD))

    def __call__(self, text: str, language: Language = "zh") -> Page:
        (self.folder / f"lesson.{language}.md").write_text(text, encoding="utf-8")
        return self.renderer.render(self.topic, self.course, language)


@pytest.fixture
def desk(course: Course, renderer: Renderer, tmp_path: Path) -> Desk:
    return Desk(course, renderer, tmp_path)


def written(course: Course) -> list[Topic]:
    return [topic for topic in course.topics.values() if topic.written]


def test_every_lesson_renders_whole(course: Course, renderer: Renderer) -> None:
    for topic in written(course):
        for language in LANGUAGES:
            page = renderer.render(topic, course, language)
            assert page.faults == ()
            assert not re.search(r"<[^>]*\sstyle=", page.html)
            assert topic.folder is not None
            skeleton = parse((topic.folder / f"lesson.{language}.md").read_text(encoding="utf-8"))
            assert [anchor for anchor, _ in page.outline] == [question.anchor for question in skeleton.questions]
            assert page.html.count('class="equation"') == sum(f.display for f in skeleton.formulas)
            assert page.html.count('class="answer"') == len(skeleton.chain)


def test_no_mark_of_the_dialect_is_left_in_what_is_read(course: Course, renderer: Renderer) -> None:
    for topic in written(course):
        for language in LANGUAGES:
            texts = [renderer.render(topic, course, language).html]
            for exercise in topic.exercises:
                assert exercise.task
                texts += [renderer.markdown(t[language], language) for t in (exercise.task, *exercise.hints)]
            texts += [renderer.markdown(t[language], language) for card in topic.cards for t in (card.front, card.back)]
            for text in texts:
                prose = re.sub(r"<[^>]+>", "", re.sub(r"(?s)<(pre|code|annotation)\b.*?</\1>", "", text))
                left = re.search(r".{0,20}(\*\*|\$|\{\{|\}\}|:::|```).{0,20}", prose)
                assert left is None, left


def test_a_known_lesson_is_not_rendered_again(course: Course, renderer: Renderer) -> None:
    topic = course.topics["self-attention"]
    page = renderer.render(topic, course, "zh")
    times = []
    for _ in range(50):
        began = time.perf_counter()
        assert renderer.render(topic, course, "zh") is page
        times.append(time.perf_counter() - began)
    assert sorted(times)[25] < 0.01  # a page has 50 ms in all


def test_the_structure_of_a_question(desk: Desk) -> None:
    page = desk(
        "# 题 $x$\n\n引子。\n\n## 为什么？ {#why}\n\n短答。\n\n还有。\n\n### 原理\n\n甲\n\n"
        "### 推导\n\n乙\n\n### 代码\n\n丙\n\n### 实践\n\n丁\n\n## 小结 {#summary}\n\n总。\n"
    )
    html = page.html
    assert page.faults == ()
    assert page.title.startswith("题 <span")
    assert page.outline == (("why", "为什么？"), ("summary", "小结"))
    order = [
        '<p class="lead">引子。</p>',
        '<section class="question" id="why">',
        '<a class="anchor" href="#why"',
        '<p class="answer">短答。</p>',
        "<p>还有。</p>",
        '<section class="part part-principle"><h3>原理</h3>',
        '<details class="part part-derivation"><summary><h3>推导</h3></summary>',
        "<p>乙</p>\n</details>",
        '<section class="part part-code"><h3>代码</h3>',
        '<section class="part part-practice"><h3>实践</h3>',
        '<section class="closing closing-summary" id="summary">',
        "<p>总。</p>",
    ]
    places = [html.index(part) for part in order]
    assert places == sorted(places)
    for tag in ("section", "details", "p", "h2", "h3"):
        assert len(re.findall(rf"<{tag}\b", html)) == html.count(f"</{tag}>")


def test_an_aside_folds_and_holds_all_that_a_lesson_holds(desk: Desk) -> None:
    html = desk(
        "## 问 {#q}\n\n答\n\n:::{aside} 一个 *旁注* $x$\n- 甲\n\n```{run} demo\nprint(1)\n```\n:::\n\n后\n"
    ).html
    assert re.search(r'<details class="aside"><summary>一个 <em>旁注</em> <span class="formula-inline', html)
    assert html.index("<li>甲</li>") < html.index('id="run-demo"') < html.index("</details>") < html.index("<p>后</p>")


def test_recorded_numbers(desk: Desk) -> None:
    page = desk(
        "## 问 {#q}\n\n{{ demo.small:.3f }} {{ demo.small }} {{demo.many}} {{ demo.word }} "
        "$a_{ {{ demo.many }} }$ `{{ demo.many }}`\n"
    )
    assert page.faults == ()
    assert "0.045 0.04512 7 x" in page.html
    assert "<code>{{ demo.many }}</code>" in page.html
    assert "<mn>7</mn>" in page.html


def test_a_run_shows_its_code_and_its_output_as_text(desk: Desk) -> None:
    html = desk('## 问 {#q}\n\n答\n\n```{run} demo\nprint("a <b>")  # 注\n```\n').html
    assert '<span class="c1"># 注</span>' in html
    assert '<pre class="output" tabindex="0">a &lt;b&gt;</pre>' in html


def test_a_listing_cites_the_library_with_its_line_numbers(desk: Desk) -> None:
    html = desk("## 问 {#q}\n\n答\n\n```{code} wenjin.stack.nn.attention:scores\n```\n").html
    cited = desk.renderer.listings.cite("wenjin.stack.nn.attention:scores")
    assert f'href="/library/wenjin.stack.nn.attention#L{cited.first}"' in html
    numbers = [int(n) for n in re.findall(r'data-line="(\d+)"', html)]
    assert numbers == list(range(cited.first, cited.last + 1))


def test_equations_have_their_number_beside_them(desk: Desk) -> None:
    html = desk('## 问 {#q}\n\n答\n\n$$ a = b \\tag{3.1} $$\n\n$$ c \\tag*{★} $$\n\n$$\nd\n$$ {check="f"}\n').html
    assert '<span class="number">(3.1)</span>' in html
    assert '<span class="number">★</span>' in html
    assert "tag" not in re.sub(r"<[^>]+>", "", html)
    assert "checks.py 的 f 验证" in html


@pytest.mark.parametrize(("language", "predict"), [("zh", "先猜，再跑"), ("en", "Predict, then run")])
def test_a_lab_leads_to_its_form_with_the_arguments_of_the_lesson(desk: Desk, language: Language, predict: str) -> None:
    html = desk(
        "## Q {#q}\n\nA\n\n```{lab} scale-or-saturate width=16 steps=100\nWhat would you *guess*?\n```\n", language
    ).html
    assert predict in html
    assert "<em>guess</em>" in html
    assert html.count('href="/topics/self-attention/labs/scale-or-saturate?width=16&amp;steps=100"') == 2


def test_a_lab_with_an_argument_that_is_none_of_its_own_is_refused(desk: Desk) -> None:
    page = desk("## Q {#q}\n\nA\n\n```{lab} scale-or-saturate heads=4\n```\n\n```{lab} cost-of-length width=x\n```\n")
    assert [fault.what.en for fault in page.faults] == [
        "There is no parameter heads. There are: widths, width, steps, rate, senses, seed.",
        "width must be a whole number; it is “x”.",
    ]


def test_a_figure_draws_the_recorded_run_without_scripts(desk: Desk) -> None:
    page = desk('## Q {#q}\n\nA\n\n```{figure} lab:cost-of-length memory alt="What one <sees>"\n```\n', "en")
    assert page.faults == ()
    assert 'aria-label="What one &lt;sees&gt;"' in page.html
    assert page.html.count('<tr><th scope="row">') == 6  # a row for each length
    assert "by the formula" in page.html
    assert "chinese-poetry 2.0.1" in page.html
    assert "style=" not in page.html
    assert "<script" not in page.html


def test_a_figure_of_no_chart_is_refused(desk: Desk) -> None:
    page = desk('## Q {#q}\n\nA\n\n```{figure} lab:cost-of-length ms alt="time"\n```\n')
    assert [fault.what.en for fault in page.faults] == ["The lab cost-of-length has no chart ms."]


def test_a_figure_shows_a_picture_that_the_lab_drew(course: Course, renderer: Renderer, tmp_path: Path) -> None:
    page = Desk(course, renderer, tmp_path, "tokenization")(
        "## Q {#q}\n\nA\n\n```{figure} lab:three-scripts tree_chinese\n```\n", "en"
    )
    assert page.faults == ()
    assert '<img src="data:image/svg+xml;base64,' in page.html
    assert 'alt="The merge tree of 明月, from below' in page.html


def test_an_exercise_leads_to_its_page(desk: Desk) -> None:
    html = desk("## 问 {#q}\n\n答\n\n```{exercise} write-attention\n```\n").html
    assert html.count('href="/topics/self-attention/exercises/write-attention"') == 2


def test_links_lead_somewhere(desk: Desk) -> None:
    page = desk(
        "## 问 {#q}\n\n[a](#q) [b](multi-head-attention) [c](multi-head-attention#x) [d](exercises/write-attention) "
        "[e](https://example.org/?a=1&b=2) [f](/map) arXiv:1706.03762\n"
    )
    assert page.faults == ()
    assert re.findall(r'<a (?!class="anchor")[^>]*href="([^"]*)"', page.html) == [
        "#q",
        "/topics/multi-head-attention",
        "/topics/multi-head-attention#x",
        "/topics/self-attention/exercises/write-attention",
        "https://example.org/?a=1&amp;b=2",
        "/map",
        "https://arxiv.org/abs/1706.03762",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("$\\foo$", "Undefined control sequence"),
        ("$$\n\\frac{1\n$$", "cannot be set"),
        ("{{ demo.gone }}", "no recorded gone"),
        ("{{ gone.x }}", "no recorded x"),
        ("{{ demo.word:.3f }}", "cannot be written as .3f"),
        ("[x](#nowhere)", "no anchor #nowhere"),
        ("[x](nowhere)", "leads nowhere"),
        ("[x](//evil.example)", "leads nowhere"),
        ("[x](exercises/gone)", "no exercises/gone"),
        ("```{code} wenjin.stack.nn.attention:gone\n```", "has no `gone`"),
        ("```{run} gone\n1\n```", "is not recorded"),
        ("```{exercise} gone\n```", "not of this topic"),
        ("```{lab} gone\n```", "not of this topic"),
        ("```{figure} gone\n```", "belongs to no lab"),
        ("```{knob} gone\n```", "no knob called gone"),
        ("```{chart} x\n```", "cannot stand here"),
        (":::{hint} x\ny\n:::", "Unknown folded block"),
    ],
)
def test_a_fault_is_named_with_its_line_and_the_rest_still_shows(desk: Desk, text: str, said: str) -> None:
    page = desk(f"## Q {{#q}}\n\nA\n\n{text}\n\nThe rest.\n", "en")
    assert len(page.faults) == 1
    assert said in page.faults[0].what.en
    assert re.search(r"lesson\.en\.md:[567]$", page.faults[0].where)
    assert "<p>The rest.</p>" in page.html


def test_markup_in_markdown_stays_text(renderer: Renderer) -> None:
    for text in (
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "![x](https://example.org/x.png)",
        '```html" onclick="alert(1)\n<b>\n```',
        '```{run} "><script>alert(1)</script>\n```',
        ':::{aside} <b onclick="x">\n<i>\n:::',
        "$\\text{<script>alert(1)</script>}$",
        '<https://example.org/"onclick=alert(1)>',
    ):
        html = renderer.markdown(text, "en")
        tags = re.findall(r"<(\w+)((?:\s+[\w-]+(?:=\"[^\"]*\")?)*)\s*/?>", html)
        assert len(tags) == html.count("<") - html.count("</")  # nothing that looks like a tag is none of ours
        assert not [tag for tag, _ in tags if tag in ("script", "img", "b", "i")], html
        assert not [a for _, attributes in tags for a in re.findall(r"\s(on\w+)=", attributes)], html
        assert "javascript:" not in html.replace("[x](javascript:alert(1))", "")


def test_chinese_and_latin_are_set_apart_and_punctuation_stays_with_its_formula(renderer: Renderer) -> None:
    assert renderer.markdown("除以d的", inline=True) == '除以<span class="gap"></span>d<span class="gap"></span>的'
    assert "<span" not in renderer.markdown("除以 d 的，d。", inline=True)
    html = renderer.markdown("即（$d$）的$x$，与$0$。又 $y$ 好", inline=True)
    assert re.findall(r'<span class="together">([（]?)<', html) == ["（", "", ""]
    assert re.findall(r"</span>([），。])</span>", html) == ["）", "，", "。"]
    assert html.count('class="formula-inline after-han"') == 2
    assert renderer.markdown("$0$，是 1", inline=True).startswith("<span")


def test_tables_are_aligned_by_class(renderer: Renderer) -> None:
    html = renderer.markdown("|a|b|\n|--:|:-:|\n|1|2|\n")
    assert '<div class="scroll"><table>' in html
    assert '<td class="align-right">1</td>' in html
    assert "style" not in html


def test_a_changed_source_is_rendered_again(desk: Desk) -> None:
    assert "旧" in desk("## 问 {#q}\n\n旧 {{ demo.many }}\n").html
    assert "新" in desk("## 问 {#q}\n\n新 {{ demo.many }}\n").html
    record = RECORD | {"values": {"many": 123}}
    (desk.folder / "recorded" / "demo.json").write_text(json.dumps(record))
    assert "新 123" in desk.renderer.render(desk.topic, desk.course, "zh").html


def test_a_source_file_has_a_target_for_each_line(renderer: Renderer) -> None:
    page = renderer.source("wenjin.stack.nn.attention")
    lines = renderer.listings.cite("wenjin.stack.nn.attention").last
    assert [int(n) for n in re.findall(r'id="L(\d+)"', page.html)] == list(range(1, lines + 1))
