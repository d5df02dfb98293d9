"""One sitting by keyboard alone, on a telephone's width and on a desk's: lesson, exercise, lab, cards, notes."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Picture, Visiting
from tests.conftest import FULL

RIGHT = """import torch


def scaled_dot_product_attention(q, k, v, causal=False):
    T, S = q.shape[-2], k.shape[-2]
    scores = q.double() @ k.double().transpose(-1, -2) / q.shape[-1] ** 0.5
    if causal:
        future = torch.ones(T, S, dtype=torch.bool, device=q.device).triu(S - T + 1)
        scores = scores.masked_fill(future, float("-inf"))
    return (scores.softmax(-1) @ v.double()).to(q.dtype)
"""
LESSON = "/topics/self-attention"
SITTINGS = [("zh", 390), ("en", 1280)] if FULL else [("en", 390)]


def tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Press Tab until that control has the focus."""
    for _ in range(400):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        if page.evaluate("document.activeElement.closest('.cm-editor') !== null"):
            page.keyboard.press("Escape")
        page.keyboard.press(key)
    raise AssertionError(f"Tab does not lead to {selector}")


def follow(page: Page, selector: str, leads: str) -> None:
    tab_to(page, selector)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(leads))


@pytest.mark.parametrize(("lang", "width"), SITTINGS)
def test_a_sitting_without_a_mouse(
    visit: Visiting, lived: dict[str, str], picture: Picture, lang: str, width: int
) -> None:
    page = visit(lang=lang, width=width, height=844).open("/map")
    follow(page, f'main a[href="{LESSON}"]', f"{LESSON}$")

    follow(page, f'.facts a[href="{LESSON}/exercises/write-attention"]', "write-attention$")
    tab_to(page, ".cm-content")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(RIGHT)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#verdict .verdict")).to_have_attribute("data-verdict", "pass", timeout=60000)
    follow(page, f'.eyebrow a[href="{LESSON}"]', f"{LESSON}$")

    follow(page, f'.facts a[href="{LESSON}/labs/cost-of-length"]', "cost-of-length$")
    for name in page.locator("fieldset.step").evaluate_all("(all) => all.map((one) => one.id)"):
        tab_to(page, f"#{name} input")
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
    for field, value in (("lengths", "64, 128"), ("width", "16"), ("rounds", "1")):
        tab_to(page, f"#arg-{field}")
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(value)
    follow(page, '#lab button[value="run"]', "/runs/[0-9a-f]+$")
    expect(page.locator("#run")).to_have_attribute("data-state", "finished", timeout=90000)
    expect(page.locator(".told").first).to_be_visible()
    tab_to(page, "#remark-text")
    page.keyboard.insert_text("seen")
    expect(page.locator("#remark-state")).not_to_be_empty(timeout=10000)
    picture(page, f"sitting-run-{lang}-{width}")

    follow(page, '.masthead a[href="/review"]', "/review$")
    card = page.locator("#rate input[name=card]")
    asked = card.input_value()
    page.keyboard.press("Space")
    expect(page.locator(".ratings button").first).to_be_visible()
    page.keyboard.press("3")
    expect(card).not_to_have_value(asked, timeout=10000)
    page.keyboard.press("z")
    expect(card).to_have_value(asked, timeout=10000)
    follow(page, ".review-card .eyebrow a", f"{LESSON}$")

    words = f"a note by keyboard, {lang} {width}"
    tab_to(page, ".lesson .note-edit summary")
    note = page.evaluate("document.activeElement.closest('.note').id")
    page.keyboard.press("Enter")
    tab_to(page, f"#{note} textarea")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(words)
    expect(page.locator(f"#{note} .note-state")).to_have_attribute("data-state", "saved", timeout=10000)
    follow(page, '.masthead a[href="/notes"]', "/notes$")
    expect(page.get_by_text(words).first).to_be_visible()
    picture(page, f"sitting-notes-{lang}-{width}")
