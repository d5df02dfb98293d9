"""A lesson's depths lead nowhere wrong; links complete while they are typed; passes by forms alone."""

from playwright.sync_api import expect

from tests.browser.conftest import Visiting

TOPIC = "/topics/self-attention"
DANGLING = """() => [...document.querySelectorAll('.lesson a[href^="#"]')]
  .filter((link) => link.checkVisibility())
  .map((link) => link.getAttribute("href").slice(1))
  .filter((id) => !document.getElementById(id)?.checkVisibility())"""


def test_no_reference_of_any_depth_leads_nowhere(visit: Visiting) -> None:
    for scripts in (True, False):
        page = visit(lang="en", scripts=scripts).open(TOPIC)
        heights = []
        for n, depth in enumerate(("core", "derivation", "beyond")):
            page.locator(".depths a").nth(n).click()
            expect(page.locator(f".lesson[data-depth={depth}]")).to_be_visible()
            page.wait_for_load_state("load")
            assert page.evaluate(DANGLING) == [], depth
            heights.append(page.evaluate("document.querySelector('.lesson').offsetHeight"))
        assert heights == sorted(heights)
        assert heights[0] * 1.5 < heights[1]
        page.goto(page.url.partition("?")[0])
        expect(page.locator(".lesson[data-depth=beyond]")).to_be_visible()


def test_a_link_completes_by_the_keyboard(visit: Visiting) -> None:
    page = visit(lang="en").open(TOPIC)
    note = page.locator("#note-why-not-d")
    note.locator("summary").click()
    area = note.locator("textarea")
    area.fill("")
    area.press_sequentially("see [[multi-h")
    offers = note.locator('[role="listbox"]')
    expect(offers.locator('[role="option"]').first).to_contain_text("multi-head-attention")
    expect(area).to_have_attribute("aria-activedescendant", offers.locator("li").first.get_attribute("id") or "")
    area.press("Enter")
    expect(area).to_have_value("see [[multi-head-attention]]")
    expect(offers).to_be_hidden()
    area.press_sequentially(" or [[attention")
    expect(offers).to_be_visible()
    area.press("ArrowDown")
    expect(offers.locator('[aria-selected="true"]')).to_have_count(1)
    area.press("Escape")
    expect(offers).to_be_hidden()
    expect(area).to_be_focused()
    expect(note.locator("details")).to_have_attribute("open", "")
    area.press("Control+Enter")
    expect(note.locator(".note-text a").first).to_have_attribute("href", "/topics/multi-head-attention")


def test_a_pass_is_done_without_scripts(visit: Visiting) -> None:
    page = visit(lang="zh", scripts=False).open(TOPIC)
    one = page.locator("#pass-cost")
    one.locator("summary").click()
    one.locator("button").click()
    expect(page.locator("#pass-cost[data-next]")).to_be_visible()
    page.locator("#pass-cost textarea").fill("键值缓存随长度增长。")
    page.locator("#pass-cost button").click()
    expect(page.locator("#pass-cost")).to_have_attribute("data-stage", "done")
    page = visit(lang="zh").open("/map")
    expect(page.locator('[data-topic="self-attention"] .map-pass[data-pass=cost]')).to_have_attribute(
        "data-stage", "done"
    )
