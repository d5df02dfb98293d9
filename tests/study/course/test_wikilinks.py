"""Links that learners write in notes: by id or title, with a section, told where they lead nowhere."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.study.course.graph import Course
from wenjin.study.course.load import load
from wenjin.study.course.maths import Maths
from wenjin.study.course.render import Renderer
from wenjin.study.course.wikilinks import links


@pytest.fixture(scope="module")
def course() -> Course:
    return load(coverage=False)


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    return Renderer(Maths(tmp_path_factory.mktemp("formulas")))


def shown(renderer: Renderer, course: Course, text: str) -> str:
    return renderer.note(text, course.topics["self-attention"], course, "en")


@pytest.mark.parametrize(
    ("typed", "address", "words"),
    [
        ("[[tokenization]]", "/topics/tokenization", "Tokenization"),
        ("[[自注意力]]", "/topics/self-attention", "Self-attention"),
        ("[[SELF-ATTENTION#why-sqrt-d|the root]]", "/topics/self-attention#why-sqrt-d", "the root"),
        ("[[self-attention#own-words]]", "/topics/self-attention#own-words", "own words"),
        ("[[self-attention#lab-scale-or-saturate]]", "/topics/self-attention/labs/scale-or-saturate", ""),
        ("[[self-attention#lesson]]", "/topics/self-attention", ""),
    ],
)
def test_a_link_leads_to_its_topic(course: Course, renderer: Renderer, typed: str, address: str, words: str) -> None:
    (link,) = links(f"see {typed}, please", course)
    assert (link.typed, link.address, link.fault) == (typed, address, None)
    assert words.lower() in link.words.lower()
    html = shown(renderer, course, f"see **x** {typed}, please")
    assert f'<a href="{address}">' in html
    assert "[[" not in html


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("[[self-atention]]", "there is no topic self-atention; did you mean self-attention?"),
        ("[[self-attention#why-sqrt]]", "no section why-sqrt; did you mean why-sqrt-d?"),
        ("[[<b>]]", "there is no topic"),
    ],
)
def test_a_broken_link_is_told(course: Course, renderer: Renderer, typed: str, why: str) -> None:
    (link,) = links(typed, course)
    assert link.fault
    assert why in link.fault.en
    html = shown(renderer, course, typed)
    assert "link-broken" in html
    assert "<b>" not in html
    assert "<a " not in html


def test_code_and_other_brackets_stay_as_they_are(course: Course, renderer: Renderer) -> None:
    text = "`[[ppo]]` and [[1, 2], [3, 4]] and [[ppo\n\n```\n[[ppo]]\n```\n"
    assert links(text, course) == []
    assert shown(renderer, course, text).count("[[ppo") == 3


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="[]#|a自*`$<\\\n ", max_size=40))
def test_no_text_breaks_the_page(course: Course, renderer: Renderer, text: str) -> None:
    links(text, course)
    assert "<script" not in shown(renderer, course, text)
