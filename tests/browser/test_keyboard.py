"""What keys do. That Tab reaches every control of every page: test_matrix.py."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WRITE, Visiting


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
