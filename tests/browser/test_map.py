"""The map by keyboard: arrows walk from topic to topic, what leads to one stands out, Enter opens it."""

from playwright.sync_api import Page

from tests.browser.conftest import Visiting


def walk(page: Page, key: str) -> dict[str, float]:
    """Where the topic in focus stands, after a key, on the page as a whole."""
    if key:
        page.keyboard.press(key)
    where: dict[str, float] = page.evaluate(
        """() => {
          const box = document.activeElement.getBoundingClientRect();
          return {x: box.x + box.width / 2, y: box.y + scrollY};
        }"""
    )
    return where


def test_arrows_walk_on_the_map(visit: Visiting) -> None:
    page = visit(lang="en").open("/map")
    start = page.locator('.map-node[data-topic="self-attention"]')
    start.focus()
    for key, axis, sign in (
        ("ArrowDown", "y", 1),
        ("ArrowRight", "x", 1),
        ("ArrowUp", "y", -1),
        ("ArrowLeft", "x", -1),
    ):
        before, after = (walk(page, at) for at in ("", key))
        assert sign * (after[axis] - before[axis]) > 0, key
    assert page.locator(".map-node.lit").count() > 3, "what leads to it stands out"
    start.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/topics/self-attention")


def test_a_phone_has_the_map_as_a_list(visit: Visiting) -> None:
    page = visit(lang="zh", width=390, height=844).open("/map")
    assert page.locator(".map").is_hidden()
    assert page.locator(".map-list li a").count() == page.locator(".map-node").count() > 90
