"""What a model writes may be meant to harm its reader: nothing of it runs, loads, leads astray or takes for ever."""

import re
import time
from html.parser import HTMLParser

import pytest

from wenjin.study.course.foreign import LONGEST, host
from wenjin.study.course.maths import Maths
from wenjin.study.course.render import Renderer

PLAIN = {"p", "a", "code", "pre", "span", "em", "strong", "ul", "ol", "li", "blockquote", "table", "thead", "tbody"}
PLAIN |= {"tr", "th", "td", "div", "br", "hr"}
HOSTILE = {
    "script": "<script>alert(1)</script><svg onload=alert(1)>",
    "image": "![x](https://evil.example/x.png) <img src=x onerror=alert(1)>",
    "address": "[a](javascript:alert(1)) [b](data:text/html,x) [c](vbscript:x) <javascript:alert(1)>",
    "own page": "[free](/settings) [token](/login?token=x) [here](#main) [t](self-attention) [s](//evil.example)",
    "clobbering": "# a {#main}\n\n## b {#csrf}\n\nc {#talk}",
    "directive": "```{code} wenjin.stack.nn.attention\n```\n\n```{lab} x\n```\n\n```{figure} x\n```",
    "fold": ":::{aside} open me\ninside\n:::",
    "formula": "$\\href{javascript:alert(1)}{x}$ $\\def\\a{\\a\\a}\\a$\n\n$$\n\\rule{9999em}{9999em}\n$$",
    "number": "{{ run.variable:.3f }} {{ x }}",
    "bidi": "\u202eelif\u202c \u2066x\u2069 \u200f \x1b[2J\x07 \x9b",
    "autolink": "<https://a.example/\u202egnp.exe>",
    "half": "\ud800 \udfff",
    "attributes": '[x](https://a.example "onmouseover=alert(1)") [y](<https://b.example/" onclick="x>)',
    "entities": "&lt;script&gt; &#60;img src=x&#62; &#x202e;",
    "language": "```haskell\nmain = x\n```\n\n```../../etc\nx\n```",
}


class Reader(HTMLParser):
    """Gathers the elements and their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(Maths(None))


def read(html: str) -> list[tuple[str, dict[str, str | None]]]:
    reader = Reader()
    reader.feed(html)
    return reader.tags


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_of_it_runs_or_loads(renderer: Renderer, name: str) -> None:
    html = renderer.foreign(HOSTILE[name], "en")
    for tag, attributes in read(html):
        assert tag in PLAIN, tag
        assert set(attributes) <= {"class", "href", "rel", "tabindex", "start"}, attributes
        if "href" in attributes:
            assert re.match(r"https?://|mailto:", attributes["href"] or ""), attributes
            assert "noopener" in (attributes["rel"] or "")
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00-\x08\x0b-\x1f\x7f-\x9f]", html)
    assert "fault" not in html
    html.encode()


def test_a_link_tells_where_it_leads(renderer: Renderer) -> None:
    html = renderer.foreign("[www.bank.example](https://evil.example/login) [x](http://例子.测试/)", "en")
    assert "</a> (evil.example)" in html
    assert "(xn--fsqu00a.xn--0zwm56d)" in html
    assert host("https://bank.example@evil.example/") == "evil.example"
    assert host("https://[::1") == ""
    assert host("mailto:a@b.example") == "mailto:a@b.example"
    assert host("/settings") == host("javascript:x") == host("https:") == ""


def test_what_is_meant_well_is_shown_as_in_a_note(renderer: Renderer) -> None:
    html = renderer.foreign(
        "**bold** `code`\n\n- a\n- b\n\n| x |\n|--:|\n| 1 |\n\n```python\nx = 1\n```\n\n# Head", "en"
    )
    for part in ("<strong>bold</strong>", "<code>code</code>", "<li>a</li>", 'class="align-right"', "note-heading"):
        assert part in html
    assert '<span class="n">x</span>' in html
    assert "$x^2$" in renderer.foreign("$x^2$", "en"), "a formula is shown as it was written"


@pytest.mark.parametrize(
    "unit", ["[", "> ", "`", "*", "_a", "- ", "| ", "![](", "<", "$", "{{", ":::{aside}\n", "\n", "a\n\n"]
)
def test_much_of_it_takes_no_longer(renderer: Renderer, unit: str) -> None:
    began = time.process_time()
    for size in (LONGEST - 10, 3 * LONGEST):
        html = renderer.foreign(unit * (size // len(unit)), "zh")
        assert len(html) < 60 * size
    assert time.process_time() - began < 6
