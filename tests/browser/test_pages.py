"""The door, the formulas of a lesson, and reading it without scripts. What is asked of every page: test_matrix.py."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Course, Visiting


def test_the_printed_address_opens_the_course_once(course: Course, browser: Browser) -> None:
    address = course.entrance()
    for landed in (f"{course.address}/", address):
        context = browser.new_context()
        page = context.new_page()
        page.goto(address)
        assert page.url == landed
        assert page.locator("nav").count() == int(landed != address)
        context.close()


def widest(page: Page) -> int:
    found: int = page.evaluate("document.documentElement.scrollWidth")
    return found


def test_reads_without_scripts(visit: Visiting) -> None:
    page = visit(scripts=False).open("/topics/self-attention")
    assert page.locator(".katex").count() > 100
    assert page.locator("section.question").count() > 8
    assert page.locator("figure.listing .line[data-line]").count() > 20
    folded = page.locator("details.part-derivation").first
    assert not folded.locator(".katex").first.is_visible()
    folded.locator("summary").click()
    assert folded.locator(".katex").first.is_visible()


def test_formulas_have_the_boxes_that_katex_gave_them(visit: Visiting) -> None:
    """The class in place of each inline style gives the same boxes: compared with KaTeX's own HTML, styles and all."""
    from wenjin.study.course.dialect import parser
    from wenjin.study.course.load import load
    from wenjin.study.course.maths import Maths

    folder = load().topics["self-attention"].folder
    assert folder is not None
    text = (folder / "lesson.zh.md").read_text(encoding="utf-8")
    env = {"numbers": lambda *_: "1"}
    tokens = [child for token in parser().parse(text, env) for child in (token, *(token.children or ()))]
    displays = {(t.content, t.type == "math_block") for t in tokens if t.type in ("math_inline", "math_block")}
    formulas = sorted(displays | {(r"\fcolorbox{red}{#ffe}{$x$}\;\cancel{y}\;\overrightarrow{AB}", True)})
    maths = Maths()
    ours = [maths.html(*formula) for formula in formulas]
    engine = maths._engine
    theirs = [engine.submit(maths._render, maths._path(), *formula).result() for formula in formulas]
    seen = visit()
    page = seen.context.new_page()  # under no CSP, so that inline styles count
    page.goto("about:blank")
    link = (Path(maths._path()).parent / "manifest.json").parent
    css = next(link.glob("katex-*.css")).read_text(encoding="utf-8")
    boxes = []
    for bodies, sheet in ((ours, maths.sheet()), (theirs, "")):
        page.set_content(f"<style>{css}{sheet}</style>" + "".join(f"<p>{body}</p>" for body in bodies))
        boxes.append(page.evaluate(BOXES))
    assert len(boxes[0]) == len(boxes[1]) > 1000
    assert boxes[0] == boxes[1]
    assert any(" style=" in body for body in theirs)
    maths.close()


BOXES = """() => [...document.querySelectorAll('.katex-html, .katex-html *')].map((element) => {
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  return [box.x, box.y, box.width, box.height].map((n) => n.toFixed(2)).join(' ') + style.color + style.borderTopColor;
})"""


def test_formulas_keep_their_boxes_under_the_csp(visit: Visiting) -> None:
    """On the served page, fonts loaded: a fraction stands higher than its line, and every rule of the sheet applies."""
    page = visit().open("/topics/self-attention")
    page.evaluate("document.fonts.ready")
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    unruled = page.evaluate(
        """() => {
          const ruled = new Set();
          for (const sheet of document.styleSheets)
            for (const rule of sheet.cssRules) for (const [name] of (rule.selectorText ?? '').matchAll(/kx-[0-9a-f]+/g))
              ruled.add(name);
          const used = new Set();
          for (const element of document.querySelectorAll('[class*="kx-"]'))
            for (const name of element.classList) if (name.startsWith('kx-')) used.add(name);
          return {missing: [...used].filter((name) => !ruled.has(name)), used: used.size};
        }"""
    )
    assert unruled["missing"] == []
    assert unruled["used"] > 30
    heights = page.evaluate(
        "[...document.querySelectorAll('.equation .katex-html')].map((e) => e.getBoundingClientRect().height)"
    )
    assert min(heights) > 10
    assert max(heights) > 40


def test_long_formulas_scroll_in_their_own_box(visit: Visiting) -> None:
    page = visit(width=390, height=844).open("/topics/self-attention")
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    assert widest(page) <= 390
    wide = page.evaluate(
        """() => [...document.querySelectorAll('.equation .formula')]
             .filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => getComputedStyle(box).overflowX)"""
    )
    assert wide
    assert set(wide) == {"auto"}


@pytest.mark.parametrize("width", [390, 700, 1280])
def test_no_line_begins_with_the_punctuation_after_a_formula(visit: Visiting, width: int) -> None:
    page = visit(width=width).open("/topics/self-attention")
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    page.evaluate("document.fonts.ready")
    found = page.evaluate(
        """() => {
          const torn = [];
          let looked = 0;
          for (const formula of document.querySelectorAll('.together > .formula-inline')) {
            const text = formula.nextSibling;
            if (!text) continue;
            looked++;
            const range = document.createRange();
            range.selectNodeContents(text);
            const mark = range.getBoundingClientRect();
            const box = [...formula.querySelectorAll('.katex-base')].at(-1).getBoundingClientRect();
            if (mark.left < box.left) torn.push(formula.textContent + text.data);
          }
          return {torn, looked};
        }"""
    )
    assert found["looked"] > 20
    assert found["torn"] == []
