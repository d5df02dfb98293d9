"""One sitting, hands on the keyboard alone: lesson, note, exercise, lab, cards, on the real course."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Course, Picture, Visiting, running

LESSON = "/topics/self-attention"
RIGHT = """import math, torch
def scaled_dot_product_attention(q, k, v, causal=False):
scores = q @ k.transpose(-2, -1){scale}
if causal:
seen = torch.ones(scores.shape[-2:], dtype=torch.bool).tril(scores.size(-1) - scores.size(-2))
scores = scores.masked_fill(~seen, -math.inf)
"""  # the editor indents
SCALE = " / math.sqrt(q.size(-1))"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    with running(tmp_path_factory.mktemp("sitting")) as started:
        yield started


def reach(page: Page, selector: str, most: int = 400) -> None:
    """Tab until the focus stands there, and is seen there."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => !!document.activeElement?.matches(selector)", selector):
            seen = page.evaluate(
                "(() => { const box = document.activeElement.getBoundingClientRect();"
                " return box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth; })()"
            )
            assert seen, f"{selector} has the focus out of sight"
            return
    raise AssertionError(f"Tab does not reach {selector}")


def follow(page: Page, selector: str, address: str) -> None:
    reach(page, selector)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(address))


def retype(page: Page, text: str) -> None:
    """Put another text where the focus is."""
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def answer(scale: str) -> str:
    head, *body = RIGHT.format(scale=scale).splitlines()
    deep = [f"{' ' * (8 if n in (3, 4) else 4)}{line}" for n, line in enumerate(body[1:], 1)]
    return "\n".join([head, body[0], *deep, "    return scores.softmax(-1) @ v", ""])


@pytest.mark.parametrize(("lang", "width"), [("zh", 1280), ("en", 390)])
def test_a_topic_in_one_sitting(visit: Visiting, picture: Picture, lang: str, width: int) -> None:
    page = visit(lang=lang, width=width, height=800).open("/")
    follow(page, 'nav a[href="/map"]', "/map$")
    follow(page, f'main a[href="{LESSON}"]', LESSON)
    anchor = {"zh": "why-sqrt-d", "en": "softmax-axis"}[lang]
    reach(page, f"#note-{anchor} summary")
    page.keyboard.press("Enter")
    expect(page.locator(f"#note-{anchor} textarea")).to_be_focused()
    page.keyboard.type("var = d, so divide by sqrt(d)")
    expect(page.locator(f"#note-{anchor} .note-state")).to_have_attribute("data-state", "saved", timeout=20_000)
    page.keyboard.press("Control+Enter")

    follow(page, f'article a[href="{LESSON}/exercises/write-attention"]', "write-attention")
    reach(page, ".cm-content")
    retype(page, answer(""))
    page.keyboard.press("Control+Enter")
    expect(page.locator("#verdict .verdict-name")).to_have_text("missing-scale", timeout=20_000)
    picture(page, f"sitting-named-{lang}")
    retype(page, answer(SCALE))
    page.keyboard.press("Control+Enter")
    expect(page.locator('#verdict [data-verdict="pass"]')).to_be_visible(timeout=20_000)
    page.keyboard.press("Escape")

    page.goto(page.url.partition("/exercises/")[0])
    follow(page, f'article a[href^="{LESSON}/labs/cost-of-length"]', "cost-of-length")
    for _ in range(page.locator("main fieldset:has(input[type=radio])").count()):
        reach(page, 'input[type="radio"]')
        page.keyboard.press("Space")
    reach(page, "#arg-lengths")
    retype(page, "32, 64")
    reach(page, "#arg-rounds")
    retype(page, "1")
    reach(page, 'button[value="run"]')
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/runs/\w+$"))
    expect(page.locator("#run[data-state=finished]")).to_be_visible(timeout=60_000)
    picture(page, f"sitting-run-{lang}")

    follow(page, 'header a[href="/review"]', "/review")
    for _ in range(3):
        before = page.locator("#question").inner_text()
        page.keyboard.press("Space")
        expect(page.locator(".ratings")).to_be_visible()
        with page.expect_navigation():
            page.keyboard.press("4")
        assert page.locator("#question").inner_text() != before
    follow(page, 'header a[href="/notes"]', "/notes")
    expect(page.locator("main")).to_contain_text("var = d, so divide by sqrt(d)")
    picture(page, f"sitting-notes-{lang}")
