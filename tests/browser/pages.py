"""Every page of the course, by route: the addresses at which the browser tests show it.

A route that answers GET stands either in PAGES or in OTHERS; `tests/study/web/test_routes.py` compares them with the
router. Blanks such as {run} are filled with what `lived.live` did on the server that is shown.
"""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

EXERCISES = "/topics/self-attention/exercises"


@dataclass(frozen=True)
class Shown:
    """
    address  where the page is
    status   what the server answers
    fresh    also shown on a new data folder, where the page has nothing to list yet
    act      what a learner does on it before it is looked at, in a course that is lived in
    """

    address: str
    status: int = 200
    fresh: bool = False
    act: Callable[[Page], None] | None = None

    @property
    def name(self) -> str:
        return self.address.strip("/").replace("/", "-").replace("?", "-").replace("=", "-") or "today"


def unfold(page: Page) -> None:
    """Open all that is folded."""
    page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true })")


def judge(page: Page) -> None:
    """Submit what stands in the answer, wait for the verdict, open what is folded."""
    page.locator('#answer button[value="judge"]').click()
    expect(page.locator("#verdict .verdict")).to_be_visible(timeout=30000)
    page.locator("details.history > summary").click()
    expect(page.locator("#history .rows li, #history details").first).to_be_visible()


def keys(page: Page) -> None:
    """Ask for the keys."""
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()


PAGES: dict[str, list[Shown]] = {
    "/": [Shown("/", fresh=True)],
    "/map": [Shown("/map", act=keys)],
    "/tracks/{track}": [Shown("/tracks/qmatter")],
    "/topics/{topic}": [
        Shown("/topics/self-attention", fresh=True, act=unfold),
        Shown("/topics/multi-head-attention"),  # not written yet
    ],
    "/topics/{topic}/exercises/{exercise}": [
        Shown(f"{EXERCISES}/write-attention", fresh=True, act=judge),
        Shown(f"{EXERCISES}/attention-by-hand", act=judge),
        Shown(f"{EXERCISES}/variance-of-a-dot-product", act=judge),
    ],
    "/review": [Shown("/review", fresh=True, act=unfold)],
    "/notes": [Shown("/notes", fresh=True, act=unfold), Shown("/notes?q=softmax"), Shown("/notes?q=qqqqqq")],
    "/notes/{topic}": [Shown("/notes/self-attention", fresh=True, act=unfold)],
    "/library/{module}": [Shown("/library/wenjin.stack.nn.attention")],
    "/search": [Shown("/search?q=softmax"), Shown("/search"), Shown("/search?q=qqqqqq")],
    "/settings": [Shown("/settings", act=unfold)],
    "/nowhere": [Shown("/nowhere", status=404)],  # no route: the page that says so
}

# Routes that answer no page, with an address of each.
OTHERS = {
    "/login": "/login",  # leads on
    "/static/style.css": "/static/style.css",
    "/maths.css": "/maths.css",
    "/favicon.ico": "/favicon.ico",
    "/api/exercises/{topic}/{exercise}/attempts": "/api/exercises/self-attention/write-attention/attempts",
    "/api/exercises/{topic}/{exercise}/draft": "/api/exercises/self-attention/write-attention/draft",
    "/api/notes/{topic}/{anchor}": "/api/notes/self-attention/why-sqrt-d",
}

ALL = [shown for listed in PAGES.values() for shown in listed]
