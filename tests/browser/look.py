"""What is asked of every page that is shown: nothing inline, nothing cut off, no fault that axe-core finds.

axe-core (4.12, from the package axe-playwright-python) is put into the page by the browser's debugger, which the
page's Content-Security-Policy does not bind; the policy itself stays in force for the page.
"""

import importlib.util
import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.pages import Shown
from tests.conftest import FULL

if TYPE_CHECKING:
    from tests.browser.conftest import Course, Picture

Combination = tuple[str, str, int]
COMBINATIONS: list[Combination] = list(itertools.product(("zh", "en"), ("light", "dark"), (390, 1280)))
EVALUATED = re.compile(r"\shx-on|\son[a-z]+\s*=|javascript:|\sjs:", re.IGNORECASE)
SERIOUS = ("serious", "critical")
OUTER = "body *:not(.katex *, pre .line *)"  # the insides of formulas and of lines of code are held by their boxes
PAPER = 718  # CSS pixels of a line on A4 with margins of 1 cm


def some(turn: int) -> list[Combination]:
    """All combinations in the full depth; in the short one the next of them: 3 and 8 have no common factor."""
    return COMBINATIONS if FULL else [COMBINATIONS[3 * turn % len(COMBINATIONS)]]


class Eye:
    """One browser profile for each combination, with a tab that stays: a new one takes longer than the page that it
    shows. `look` gives all that is wrong with a page, each in a sentence."""

    def __init__(self, course: "Course", browser: Browser, picture: "Picture") -> None:
        self.course, self.browser, self.picture = course, browser, picture
        self.axe = axe_source()
        self.contexts: dict[Combination, BrowserContext] = {}
        self.tabs: dict[Combination, Page] = {}
        self.said: list[tuple[str, str]] = []  # what a console or a script complains of: the address, the words

    def context(self, combination: Combination) -> BrowserContext:
        if combination not in self.contexts:
            lang, theme, width = combination
            context = self.browser.new_context(
                viewport={"width": width, "height": 844 if width < 500 else 900},
                color_scheme="dark" if theme == "dark" else "light",
                locale="zh-CN" if lang == "zh" else "en-US",
                reduced_motion="reduce",
            )
            chosen = {"wenjin-lang": lang, "wenjin-theme": theme}
            cookies = [{"name": k, "value": v, "url": self.course.address} for k, v in chosen.items()]
            context.add_cookies([*self.course.log_in(), *cookies])  # type: ignore[list-item]
            context.add_init_script(REPORT)
            self.contexts[combination] = context
        return self.contexts[combination]

    def tab(self, combination: Combination) -> Page:
        if combination not in self.tabs:
            page = self.tabs[combination] = self.context(combination).new_page()
            page.on("console", lambda one: one.type == "error" and self.said.append((one.location["url"], one.text)))
            page.on("pageerror", lambda error: self.said.append(("", f"a script failed: {error}")))
        return self.tabs[combination]

    def look(self, shown: Shown, address: str, combination: Combination, act: bool) -> list[str]:
        lang, theme, width = combination
        page = self.tab(combination)
        self.said.clear()
        response = page.goto(self.course.address + address)
        assert response is not None
        wrong = [f"the source holds {tag}" for tag in inline(response.text())]
        if response.status != shown.status:
            wrong.append(f"the server answered {response.status}")
        if act and shown.act:
            shown.act(page)
        page.evaluate("document.fonts.ready")
        root = page.locator("html")
        if (root.get_attribute("lang"), root.get_attribute("data-theme")) != (lang, theme):
            wrong.append("the page has another language or theme")
        height = page.viewport_size["height"] if page.viewport_size else 900
        for other in (1670 - width, width):  # 390 and 1280: both are cheap here
            page.set_viewport_size({"width": other, "height": height})
            page.evaluate(DRAWN)
            wrong += [f"at {other} px {fault}" for fault in beyond(page)]
        self.picture(page, f"{shown.name}-{'lived' if act else 'fresh'}-{lang}-{theme}-{width}")
        wrong += [f"{tag} can be clicked and is no control" for tag in page.evaluate(CLICKED, OUTER)]
        wrong += page.evaluate(MOVING, OUTER)
        if act and width > PAPER:
            wrong += printed(page)
        wrong += page.evaluate("window.reported ?? []")
        wrong += violations(page, self.axe, whole=FULL and (lang, width) == ("zh", 1280))
        refused = page.url if shown.status >= 400 else None  # which a console tells, too
        wrong += [f"the console says {text} ({where})" for where, text in self.said if where != refused]
        page.goto("about:blank")  # a page that is left open goes on: a paper's clock, a run's curve
        return [f"{address} {lang} {theme} {width}: {one}" for one in wrong]

    def close(self) -> None:
        for context in self.contexts.values():
            context.close()


def axe_source() -> str:
    found = importlib.util.find_spec("axe_playwright_python")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8")


def inline(source: str) -> list[str]:
    """Tags of a page's source that hold a style or something that is evaluated."""
    bare = re.sub(r"(?s)<script type=\"application/json\".*?</script>", "", source)
    tags = re.findall(r"<[a-zA-Z][^>]*>", bare)
    return [tag for tag in tags if EVALUATED.search(tag) or re.search(r"\sstyle\s*=|^<style", tag)]


def violations(page: Page, source: str, whole: bool) -> list[str]:
    """What axe-core calls serious or critical.

    A lesson has ten thousand elements, most of them the insides of formulas and the colored words of programs. Unless
    the `whole` is asked for, four of its questions stay, ten formulas, and the lines of code that hold the first three
    words of each color: the page is not to be used afterwards.
    """
    page.evaluate(source)
    found: list[dict[str, Any]] = page.evaluate(AXE, whole)
    told = [(v["id"], v["impact"], where) for v in found if v["impact"] in SERIOUS for where in v["nodes"]]
    # A formula that scrolls is a stop of Tab by itself in today's browsers, which axe does not know: test_keyboard.py
    # goes through it. A tabindex on each would make hundreds of stops of formulas that fit.
    native = [
        one for one in told if one[0] == "scrollable-region-focusable" and one[2].split(" · ")[0].endswith(".formula")
    ]
    return [f"{id} ({impact}): {where}" for id, impact, where in told if (id, impact, where) not in native]


def beyond(page: Page) -> list[str]:
    """What sticks out of the window, and text that its own box cuts off. Boxes that scroll show all they hold."""
    found: list[str] = page.evaluate(BEYOND, OUTER)
    return found


def printed(page: Page) -> list[str]:
    """What is cut off on paper, and what of the frame is printed."""
    before = page.viewport_size
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER, "height": 1000})
    found: list[str] = page.evaluate(PRINTED, OUTER)
    page.emulate_media(media="screen")
    page.set_viewport_size(before or {"width": 1280, "height": 900})
    return found


# Charts follow their frame when the browser draws it: the second frame shows them.
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"

REPORT = """document.addEventListener('securitypolicyviolation', (event) => {
  (window.reported ??= []).push(`${event.violatedDirective} forbids ${event.blockedURI} (${event.sourceFile})`);
})"""

AXE = """async (whole) => {
  const questions = [...document.querySelectorAll('.lesson section.question')];
  if (!whole) for (const one of questions.slice(4)) one.remove();
  const formulas = [...document.querySelectorAll('article .katex')], seen = {};
  if (!whole) for (const one of formulas.slice(10)) one.replaceWith('x');
  if (!whole) for (const word of document.querySelectorAll('pre .line > span')) {
    seen[word.className] = (seen[word.className] ?? 0) + 1;
    if (seen[word.className] > 3) word.replaceWith(word.textContent);
  }
  if (!whole) for (const line of document.querySelectorAll('pre .line')) if (!line.firstElementChild) line.remove();
  const {violations} = await axe.run(document, {resultTypes: ['violations']});
  return violations.map(({id, impact, nodes}) => ({id, impact, nodes: nodes.slice(0, 8).map((node) => {
    const [why] = [...node.any, ...node.all, ...node.none];
    return node.target.join(' ') + ' · ' + (why?.message ?? '');
  })}));
}"""

BEYOND = """(outer) => {
  const found = [];
  const {clientWidth: wide, scrollWidth: needed} = document.documentElement;
  if (needed > wide) found.push(`the page is ${needed} wide`);
  const name = (e) => e.tagName.toLowerCase() + (e.id && '#' + e.id) + [...e.classList].map((c) => '.' + c).join('');
  const held = (element) => {
    for (let box = element.parentElement; box; box = box.parentElement)
      if (box !== document.body && getComputedStyle(box).overflowX !== 'visible') return true;
    return false;
  };
  for (const element of document.querySelectorAll(outer)) {
    if (element.closest('.skip') || !element.checkVisibility()) continue;
    const box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    if ((box.right > wide + 1 || box.left < -1) && !held(element)) found.push(`${name(element)} sticks out`);
    const style = getComputedStyle(element);
    const cut = ['hidden', 'clip'].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
    if (cut && element.clientWidth > 2 && style.textOverflow !== 'ellipsis') found.push(`${name(element)} is cut off`);
  }
  return [...new Set(found)].slice(0, 8);
}"""

CLICKED = """(outer) => {
  const control = 'a[href], button, input, select, textarea, summary, label, option, .cm-editor';
  const points = (e) => getComputedStyle(e).cursor === 'pointer' && e.checkVisibility() && !e.closest(control);
  return [...document.querySelectorAll(outer)].filter(points).map((e) => e.outerHTML.slice(0, 80));
}"""

MOVING = """(outer) => {
  const one = (word) => parseFloat(word) * (word.endsWith('ms') ? 1e-3 : 1);
  const seconds = (words) => Math.max(...words.split(',').map(one));
  const found = [];
  for (const element of document.querySelectorAll(outer)) for (const part of [null, '::before', '::after']) {
    const style = getComputedStyle(element, part);
    const longest = Math.max(seconds(style.transitionDuration), seconds(style.animationDuration));
    if (longest > 0.01 || style.scrollBehavior === 'smooth') found.push(`${element.outerHTML.slice(0, 60)} moves`);
  }
  return [...new Set(found)].slice(0, 8);
}"""

PRINTED = """(outer) => {
  const found = [];
  const name = (e) => e.tagName.toLowerCase() + (e.id && '#' + e.id) + [...e.classList].map((c) => '.' + c).join('');
  const {clientWidth: wide, scrollWidth: needed} = document.documentElement;
  if (needed > wide) {
    const right = (e) => e.getBoundingClientRect().right;
    const past = [...document.body.querySelectorAll('*')].filter((e) => e.checkVisibility() && right(e) > wide + 1);
    const named = past.slice(-3).map((e) => `${name(e)} to ${Math.round(right(e))}`).join(', ');
    found.push(`on paper the page is ${needed} wide, the paper ${wide}: ${named}`);
  }
  for (const element of document.querySelectorAll('nav, .masthead, .colophon, .skip, dialog, input[type=search]'))
    if (element.checkVisibility()) found.push(`${name(element)} is printed`);
  for (const element of document.querySelectorAll(outer)) {
    if (element.closest('textarea, input') || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const across = style.overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1;
    const down = style.overflowY !== 'visible' && element.scrollHeight > element.clientHeight + 4;
    if (style.display !== 'inline' && element.clientWidth > 2 && (across || down))
      found.push(`${name(element)} is cut off on paper`);
  }
  return [...new Set(found)].slice(0, 8);
}"""
