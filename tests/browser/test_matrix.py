"""Each page of a course that is lived in: looked at, read without scripts, gone through by Tab.

The full depth looks at every page in all eight combinations of language, theme and width; the short one at each page in
one, by turns, so that every language, theme and width comes often. See look.py for what is asked.
"""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.look import Eye, some
from tests.browser.pages import ALL, PAGES, Shown
from tests.conftest import FULL

# In the short depth the first state of every second page is read, of the others it is gone through by Tab.
FIRST = [listed[0] for listed in PAGES.values()]
READ = ALL if FULL else FIRST[1::2]
TABBED = [shown for shown in (ALL if FULL else FIRST[::2]) if shown.status == 200]


@pytest.mark.parametrize(("turn", "shown"), list(enumerate(ALL)), ids=[shown.name for shown in ALL])
def test_page(eye: Eye, lived: dict[str, str], turn: int, shown: Shown) -> None:
    address = shown.address.format(**lived)
    wrong = [fault for each in some(turn) for fault in eye.look(shown, address, each, act=True)]
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="module")
def plain(eye: Eye, browser: Browser) -> Iterator[Page]:
    """A tab without scripts."""
    context = browser.new_context(java_script_enabled=False, locale="zh-CN", viewport={"width": 1280, "height": 900})
    context.add_cookies(eye.course.log_in())
    context.add_cookies([{"name": "wenjin-lang", "value": "zh", "url": eye.course.address}])
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("shown", READ, ids=[shown.name for shown in READ])
def test_says_the_same_without_scripts(eye: Eye, lived: dict[str, str], plain: Page, shown: Shown) -> None:
    address = eye.course.address + shown.address.format(**lived)
    scripted = eye.tab(("zh", "light", 1280))
    scripted.goto(address)
    plain.goto(address, wait_until="domcontentloaded")  # a paper's clock goes on loading
    wait_for_styles(plain)
    said, read = scripted.evaluate(WORDS), plain.evaluate(WORDS)
    for page in (scripted, plain):
        page.goto("about:blank")
    assert len(read) > 1
    assert [line for line in said if line not in read] == []


def wait_for_styles(page: Page) -> None:
    """A page without scripts is there before its styles are; unstyled, a formula is read twice."""
    sheets = "[...document.querySelectorAll('link[rel=stylesheet]')].every((link) => link.sheet !== null)"
    until = time.monotonic() + 10
    while not page.evaluate(sheets):
        assert time.monotonic() < until, "the styles of the page did not come"
        time.sleep(0.02)


@pytest.mark.parametrize(("turn", "shown"), list(enumerate(TABBED)), ids=[shown.name for shown in TABBED])
def test_tab_reaches_every_control(eye: Eye, lived: dict[str, str], turn: int, shown: Shown) -> None:
    page = eye.tab(some(turn + 5)[0])
    page.goto(eye.course.address + shown.address.format(**lived))
    expect(page.locator("[data-needs-script][hidden]")).to_have_count(0)
    controls: list[str] = page.evaluate(CONTROLS)
    pressed = 0
    while page.evaluate("window.stops.filter(({at}) => at >= 0).length") <= len(controls):
        page.keyboard.press("Tab")
        pressed += 1
        assert pressed < 2 * len(controls) + 40, f"Tab is caught: {page.evaluate('window.stops.at(-1)')}"
        if page.evaluate("document.activeElement.closest('.cm-editor') !== null"):
            expect(page.locator(".cm-editor")).to_have_css("outline-style", "solid")
            page.keyboard.press("Escape")  # the editor keeps Tab for itself until then
    stops: list[dict[str, Any]] = page.evaluate("window.stops")
    page.goto("about:blank")
    reached = [stop["at"] for stop in stops if stop["at"] >= 0][: len(controls)]
    missed = [name for at, name in enumerate(controls) if at not in reached]
    assert not missed, f"Tab does not reach {missed[:8]}"
    first = reached.index(0)  # a page may begin in its search field
    order = reached[first:] + reached[:first]
    assert order == list(range(len(controls))), f"Tab goes by {[controls[at] for at in order]}"
    others = [stop["name"] for stop in stops if stop["at"] < 0 and not stop["scrolls"]]
    assert not others, f"Tab stops at what is no control: {others[:8]}"
    unseen = [stop["name"] for stop in stops if not stop["marked"]]
    assert not unseen, f"the focus is not seen on {unseen[:8]}"
    covered = [f"{stop['name']}: {stop['covered']}" for stop in stops if stop["at"] >= 0 and stop["covered"]]
    assert not covered, f"the focus is hidden: {covered[:8]}"


# The lines of a page's main part, but for what scripts may change: times, buttons and fields, the drawing of charts.
WORDS = """() => {
  const changing = 'time, button, textarea, input, select, label.label, kbd, .cm-editor, .uplot, .chart svg, #history,'
    + '[data-needs-script], [role=status], [role=timer]';
  for (const element of document.querySelectorAll(changing)) element.style.setProperty('display', 'none', 'important');
  return document.querySelector('main').innerText.split('\\n').map((line) => line.trim()).filter(Boolean);
}"""

# Every control that Tab should reach, in the order of the page; and a record of where it stops.
CONTROLS = """() => {
  const name = (e) => e.tagName.toLowerCase() + (e.id && '#' + e.id) + [...e.classList].map((c) => '.' + c).join('')
    + ' ' + (e.getAttribute('aria-label') ?? e.textContent).trim().replace(/\\s+/g, ' ').slice(0, 24);
  const look = (element) => {
    const looks = [];
    for (let box = element; box && looks.length < 3; box = box.parentElement) {
      const s = getComputedStyle(box);
      looks.push([s.outlineStyle, s.outlineWidth, s.boxShadow].join());
    }
    for (const shape of element.querySelectorAll(':scope > rect')) looks.push(getComputedStyle(shape).outline);
    return looks.join(' | ');
  };
  const groups = new Set();
  const reached = (element) => {
    if (element.disabled || element.tabIndex < 0 || !element.checkVisibility({visibilityProperty: true})) return false;
    if (element.type === 'hidden' || element.closest('[inert]')) return false;
    if (element.type !== 'radio') return true;
    const group = element.form?.querySelector(`input[name="${element.name}"]:checked`);
    if (group ? group !== element : groups.has(element.name)) return false;
    return groups.add(element.name);
  };
  const all = 'a[href], button, input, select, textarea, summary, [tabindex], [contenteditable="true"]';
  const found = [...document.querySelectorAll(all)].filter(reached);
  const before = found.map(look);
  const header = document.querySelector('.masthead');
  window.stops = [];
  document.addEventListener('focusin', ({target}) => {
    const at = found.indexOf(target);
    if (target === document.body) return;
    const scrolls = target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight;
    const outlined = getComputedStyle(target).outlineStyle !== 'none' || target.closest('.cm-editor') !== null;
    let covered = '';
    if (at >= 0) {
      const box = target.getClientRects()[0] ?? target.getBoundingClientRect();
      const under = getComputedStyle(header).position === 'sticky' && !header.contains(target)
        && !target.matches('.skip') ? header.getBoundingClientRect().bottom : 0;
      if (box.bottom <= under) covered = 'above the window or under the head';
      if (box.top >= innerHeight) covered = 'below the window';
      if (box.right <= 0 || box.left >= innerWidth) covered = 'beside the window';
    }
    const marked = outlined || (at >= 0 && look(target) !== before[at]);
    window.stops.push({at, name: name(target), covered, scrolls, marked});
  });
  return found.map(name);
}"""
