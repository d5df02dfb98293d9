"""Each page in both languages, themes and widths: axe-core, console, content security policy, overflow, a picture.

The full depth shows every page in all eight combinations, in a new course and in one that is lived in; the short depth
each page in one or two, by turns, so that every language, theme and width comes often.
"""

import itertools
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.browser.conftest import Course, Picture, running
from tests.browser.lived import live
from tests.browser.look import axe_source, beyond, inline, violations
from tests.browser.pages import ALL, Shown
from tests.conftest import FULL

Combination = tuple[str, str, int]
COMBINATIONS: list[Combination] = list(itertools.product(("zh", "en"), ("light", "dark"), (390, 1280)))
REPORT = """document.addEventListener('securitypolicyviolation', (event) => {
  (window.reported ??= []).push(`${event.violatedDirective} forbids ${event.blockedURI} (${event.sourceFile})`);
})"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """A data folder of its own: what it shows is what these tests did."""
    with running(tmp_path_factory.mktemp("matrix")) as started:
        yield started


@pytest.fixture(scope="module")
def lived(course: Course) -> dict[str, str]:
    return live(course)


class Eye:
    """One browser profile for each combination. `look` gives all that is wrong with a page, each in a sentence."""

    def __init__(self, course: Course, browser: Browser, picture: Picture) -> None:
        self.course, self.browser, self.picture = course, browser, picture
        self.axe = axe_source()
        self.contexts: dict[Combination, BrowserContext] = {}

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

    def look(self, shown: Shown, address: str, combination: Combination, act: bool) -> list[str]:
        lang, theme, width = combination
        page = self.context(combination).new_page()
        said = listen(page, shown)
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
        wrong += beyond(page)
        self.picture(page, f"{shown.name}-{'lived' if act else 'fresh'}-{lang}-{theme}-{width}")
        wrong += page.evaluate("window.reported ?? []")
        wrong += violations(page, self.axe, formulas=FULL)
        page.close()
        return [f"{address} {lang} {theme} {width}: {one}" for one in wrong + said]

    def close(self) -> None:
        for context in self.contexts.values():
            context.close()


def listen(page: Page, shown: Shown) -> list[str]:
    """Gathers errors of the page's console and scripts, and answers that no page should ask for."""
    said: list[str] = []

    def console(message: ConsoleMessage) -> None:
        expected = shown.status >= 400 and message.location.get("url") == page.url
        if message.type == "error" and not expected:
            said.append(f"the console says {message.text} ({message.location.get('url')})")

    page.on("console", console)
    page.on("pageerror", lambda error: said.append(f"a script failed: {error}"))
    return said


@pytest.fixture(scope="module")
def eye(course: Course, browser: Browser, picture: Picture) -> Iterator[Eye]:
    opened = Eye(course, browser, picture)
    yield opened
    opened.close()


def some(turn: int) -> list[Combination]:
    """All combinations in the full depth; in the short one the next of them: 3 and 8 have no common factor."""
    return COMBINATIONS if FULL else [COMBINATIONS[3 * turn % len(COMBINATIONS)]]


FRESH = [shown for shown in ALL if shown.fresh]


@pytest.mark.parametrize(("turn", "shown"), list(enumerate(FRESH)), ids=[shown.name for shown in FRESH])
def test_a_new_course(eye: Eye, turn: int, shown: Shown) -> None:
    wrong = [fault for each in some(turn + 2) for fault in eye.look(shown, shown.address, each, act=False)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("turn", "shown"), list(enumerate(ALL)), ids=[shown.name for shown in ALL])
def test_a_course_that_is_lived_in(eye: Eye, lived: dict[str, str], turn: int, shown: Shown) -> None:
    address = shown.address.format(**lived)
    wrong = [fault for each in some(turn) for fault in eye.look(shown, address, each, act=True)]
    assert not wrong, "\n".join(wrong)
