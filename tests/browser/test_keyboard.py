"""The whole course by keyboard alone: Tab reaches every control in the order of the page, the focus is seen."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WRITE, Visiting
from tests.browser.look import Eye, some
from tests.browser.pages import ALL, PAGES, Shown
from tests.conftest import FULL

# Every state of every page in the full depth, the first of every second one in the short one.
ONES = [listed for listed in (ALL if FULL else [rows[0] for rows in PAGES.values()][::2]) if listed.status == 200]


@pytest.mark.parametrize(("turn", "shown"), list(enumerate(ONES)), ids=[shown.name for shown in ONES])
def test_tab_reaches_every_control(eye: Eye, lived: dict[str, str], turn: int, shown: Shown) -> None:
    page = eye.context(some(turn + 5)[0]).new_page()
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
    page.close()
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


def test_the_skip_link_leads_past_the_frame(visit: Visiting) -> None:
    page = visit(lang="en").open("/topics/self-attention")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_keys_of_every_page(visit: Visiting, lang: str) -> None:
    page = visit(lang=lang).open("/map")
    page.keyboard.press("?")
    dialog = page.locator("dialog#keys")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Tab")  # to what follows in the dialog, or out of the page: never behind the dialog
    assert page.evaluate("document.activeElement.closest('dialog, main, header, footer')?.tagName") in (None, "DIALOG")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    opener = page.locator("[data-opens=keys]")
    opener.focus()
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    dialog.locator("button").focus()
    page.keyboard.press("Space")
    expect(dialog).to_be_hidden()
    assert page.evaluate("document.activeElement.dataset.opens") == "keys"  # back where it was opened
    opener.blur()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.insert_text("softmax")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=softmax")
    expect(page.locator(".hits li").first).to_be_visible()


def test_folded_text_opens_by_enter_and_by_space(visit: Visiting) -> None:
    page = visit().open("/topics/self-attention")
    folded = page.locator("details.part-derivation").first
    folded.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(folded).to_have_attribute("open", "")
    page.keyboard.press("Space")
    assert folded.get_attribute("open") is None


def test_arrows_choose_a_theme(visit: Visiting) -> None:
    page = visit(theme="light").open("/")
    page.locator('[data-setting="theme"] select').focus()
    with page.expect_response(lambda answer: answer.url.endswith("/settings")):
        page.keyboard.press("ArrowDown")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_arrows_choose_the_step_of_a_proof(visit: Visiting) -> None:
    page = visit().open("/topics/self-attention/exercises/variance-of-a-dot-product")
    first = page.locator("fieldset.step").first.locator("input")
    first.first.focus()
    page.keyboard.press("Space")
    expect(first.first).to_be_checked()
    page.keyboard.press("ArrowDown")
    expect(first.nth(1)).to_be_checked()


def test_the_editor_lets_go(visit: Visiting) -> None:
    """Esc, then Tab leaves it forward, Esc then Shift-Tab backward; Tab alone indents."""
    page = visit(lang="en").open(WRITE)
    inside = "document.activeElement.closest('.cm-editor') !== null"
    page.locator(".cm-content").focus()
    before = page.locator("#source").input_value()
    page.keyboard.press("Tab")
    assert page.evaluate(inside)
    assert page.locator("#source").input_value() != before
    page.keyboard.press("Control+z")
    for back in ("Tab", "Shift+Tab"):
        page.locator(".cm-content").focus()
        page.keyboard.press("Escape")
        page.keyboard.press(back)
        assert not page.evaluate(inside)


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
