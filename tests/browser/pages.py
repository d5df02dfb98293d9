"""Every page of the course, by route: the addresses at which the browser tests show it.

A route that answers GET stands either in PAGES or in OTHERS; `tests/study/web/test_routes.py` compares them with the
router. Blanks such as {run} are filled with what `lived.live` did on the server that is shown.
"""

import re
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
        return re.sub(r"\W+", "-", self.address).strip("-") or "today"


def unfold(page: Page) -> None:
    """Open all that is folded."""
    page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true })")


def judge(page: Page) -> None:
    """Submit what stands in the answer, wait for the verdict, open what is folded."""
    page.locator('#answer button[value="judge"]').click()
    expect(page.locator("#verdict .verdict")).to_be_visible(timeout=30000)
    page.locator("details.history > summary").click()
    expect(page.locator("#history .rows li, #history details").first).to_be_visible()


def answer(page: Page) -> None:
    """Show the answer of the card."""
    page.keyboard.press("Space")
    expect(page.locator(".ratings button").first).to_be_visible()


def tokens(page: Page) -> None:
    """Show the tokens of the last answer, go to one of them, and open what is folded."""
    unfold(page)
    page.locator(".turn-shows-tokens").last.click()
    page.locator(".turn-tokens .token").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".token-top").first).to_be_visible()


def keys(page: Page) -> None:
    """Ask for the keys."""
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()


PAGES: dict[str, list[Shown]] = {
    "/": [Shown("/", fresh=True)],
    "/map": [Shown("/map", fresh=True, act=keys)],
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
    "/notes": [Shown("/notes", fresh=True, act=unfold), Shown("/notes?q=softmax"), Shown("/notes?q=qqqqqq")],
    "/notes/{topic}": [Shown("/notes/self-attention", fresh=True, act=unfold)],
    "/topics/{topic}/labs/{lab}": [
        Shown("/topics/self-attention/labs/scale-or-saturate", fresh=True),
        Shown("/topics/self-attention/labs/cost-of-length?width=many"),  # a link that cannot be read
    ],
    "/data/{id}": [Shown("/data/classical-poems", fresh=True)],
    "/runs": [Shown("/runs", fresh=True), Shown("/runs?q=qqqqqq")],
    "/runs/{id}": [Shown("/runs/{run}", act=unfold), Shown("/runs/{told}"), Shown("/runs/{stopped}")],
    "/runs/compare": [Shown("/runs/compare?a={run}&b={other}"), Shown("/runs/compare", status=422)],
    "/chat": [Shown("/chat", fresh=True, act=unfold), Shown("/chat?q=softmax"), Shown("/chat?q=qqqqqq")],
    "/chat/{id}": [
        Shown("/chat/{chat}", act=tokens),
        Shown("/chat/{chat}?at={branch}", act=unfold),
        Shown("/chat/{verse}"),
    ],
    "/explore": [Shown("/explore", fresh=True), Shown("/explore?model=none&text=x", status=422)],
    "/review": [Shown("/review", fresh=True, act=answer)],
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
    "/api/runs/{id}/frames": "/api/runs/none/frames",
    "/api/chat/{id}/export": "/api/chat/none/export",
    "/api/chat/{id}/{turn}/pieces": "/api/chat/none/none/pieces",
    "/api/chat/{id}/{turn}/tokens": "/api/chat/none/none/tokens",
}

ALL = [shown for listed in PAGES.values() for shown in listed]
