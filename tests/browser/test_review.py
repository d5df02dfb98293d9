"""A whole review by keyboard, in both languages and on a phone; by mouse without scripts; with a server that dies."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Course, Picture, Visiting, running
from tests.browser.lived import Hand

LEFT = {"zh": "还剩 {n} 张", "en": "{n} left"}
OVER = {"zh": "现在没有要复习的了", "en": "Nothing left to review now"}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """A data folder of its own, in which the cards of a topic were taken."""
    with running(tmp_path_factory.mktemp("review")) as started:
        Hand(started).send("/review/cards", {"topic": "self-attention"})
        yield started


@pytest.fixture(autouse=True)
def anew(course: Course) -> Iterator[None]:
    """What a test has answered is taken back when it is over, so that the next one begins anew."""
    yield
    while Hand(course).ask("POST", "/api/review/undo")["card"]:
        pass


def left(page: Page, lang: str, n: int) -> None:
    expect(page.locator(".review-left strong")).to_have_text(LEFT[lang].format(n=n))


def answered(page: Page, n: int) -> None:
    expect(page.locator(".review-head progress")).to_have_attribute("value", str(n))


def rate(page: Page, key: str) -> None:
    """Space, the answer, a rating, the next page."""
    expect(page.locator(".review-answer > summary")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.locator(".ratings")).to_be_visible()
    with page.expect_navigation():
        page.keyboard.press(key)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("lang", "theme", "width", "cards"), [("zh", "light", 1280, 10), ("en", "dark", 390, 5)])
def test_a_whole_review_by_keyboard(
    visit: Visiting, picture: Picture, lang: str, theme: str, width: int, cards: int
) -> None:
    page = visit(lang=lang, theme=theme, width=width, height=844).open("/")
    with page.expect_navigation():
        page.keyboard.press("r")
    left(page, lang, 10)
    if cards < 10:  # a day with fewer new ones
        page.goto(f"{page.url}?new={cards}")
    page.keyboard.press("4")
    expect(page.locator(".review-answer > summary")).to_be_visible()
    answered(page, 0)  # no rating before the answer was seen
    page.keyboard.press("?")
    page.keyboard.press("Space")
    expect(page.locator(".ratings")).to_be_hidden()  # the keys belong to what is in front
    page.keyboard.press("Escape")
    first = page.locator("#question").inner_text()
    rate(page, "3")
    left(page, lang, cards)  # it comes back in ten minutes
    rate(page, "4")
    left(page, lang, cards - 1)
    answered(page, 2)
    with page.expect_navigation():
        page.keyboard.press("z")
    left(page, lang, cards)
    page.keyboard.press("Space")
    expect(page.locator(".review-back")).to_be_focused()
    picture(page, f"review-answer-{lang}-{theme}-{width}")
    for _ in range(4):  # past the link to the lesson, to the third rating
        page.keyboard.press("Tab")
    expect(page.locator('.ratings [value="3"]')).to_be_focused()
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    for n in range(cards - 1, 1, -1):
        left(page, lang, n)
        rate(page, "4")
    left(page, lang, 1)
    assert page.locator("#question").inner_text() == first  # a little early, as nothing else is left
    rate(page, "4")
    expect(page.locator("h1")).to_have_text(OVER[lang])
    picture(page, f"review-over-{lang}-{theme}-{width}")
    with page.expect_navigation():
        page.keyboard.press("u")
    left(page, lang, 1)


def test_a_review_without_scripts(visit: Visiting) -> None:
    page = visit(scripts=False).open("/review")
    expect(page.locator(".ratings")).to_be_hidden()
    page.locator(".review-answer > summary").click()
    page.locator('.ratings [value="4"]').click()
    left(page, "zh", 9)
    page.locator(".review-undo button").click()
    left(page, "zh", 10)


def test_a_rating_that_is_not_kept_is_seen_and_counts_once_when_sent_again(course: Course, visit: Visiting) -> None:
    page = visit(lang="en").open("/review")
    page.keyboard.press("Space")
    course.kill()
    page.keyboard.press("4")
    expect(page.locator("#unkept")).to_be_visible(timeout=5000)
    course.start()
    with page.expect_navigation():
        page.keyboard.press("4")
    left(page, "en", 9)
    answered(page, 1)
