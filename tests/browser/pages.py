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


def compare(page: Page) -> None:
    """Type an answer and hold it against the right one."""
    page.locator("#typed").fill("future = scores.tril()  # 没有写完\n<b>&")
    page.locator('button[formaction="/review/compare"]').click()
    expect(page.locator('.review-typed [data-side="expected"]').first).to_be_visible()


def tokens(page: Page) -> None:
    """Show the tokens of the last answer, go to one of them, and open what is folded."""
    unfold(page)
    page.locator(".turn-shows-tokens").last.click()
    page.locator(".turn-tokens .token").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".token-top").first).to_be_visible()


def begin(page: Page) -> None:
    """Begin a gate test, where none is open."""
    if page.locator('button[value="begin"]').count():
        page.locator('button[value="begin"]').click()
    expect(page.locator('#answer button[value="skip"]')).to_be_visible()


def keys(page: Page) -> None:
    """Ask for the keys."""
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()


PAGES: dict[str, list[Shown]] = {
    "/": [Shown("/", fresh=True)],
    "/map": [Shown("/map", fresh=True, act=keys), Shown("/map?track=qmatter")],
    "/tracks/{track}": [
        Shown("/tracks/thirty-weeks", fresh=True, act=unfold),
        Shown("/tracks/qmatter"),
    ],
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
    "/notes/{topic}/{anchor}": [
        Shown("/notes/self-attention/why-sqrt-d?at={revision}", act=unfold),
        Shown("/notes/self-attention/own-words"),
    ],
    "/questions": [Shown("/questions", fresh=True, act=unfold), Shown("/questions?show=all&removed={removed}")],
    "/questions/{id}/issue": [Shown("/questions/{question}/issue")],
    "/summary": [Shown("/summary", fresh=True, act=unfold), Shown("/summary?unit=qmatter/pytorch")],
    "/place": [Shown("/place", fresh=True)],
    "/topics/{topic}/gate": [
        Shown("/topics/tokenization/gate", fresh=True, act=begin),
        Shown("/topics/multi-head-attention/gate"),  # nothing of it can be asked
    ],
    "/topics/{topic}/mastery": [Shown("/topics/self-attention/mastery", fresh=True)],
    "/topics/{topic}/explain": [
        Shown("/topics/self-attention/explain", fresh=True, act=unfold),
        Shown("/topics/multi-head-attention/explain"),  # not written yet
    ],
    "/pitfalls": [Shown("/pitfalls", fresh=True), Shown("/pitfalls?q=size+of+tensor+a", act=unfold)],
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
    "/progress": [Shown("/progress", fresh=True, act=unfold)],
    "/review": [
        Shown("/review", fresh=True),
        Shown("/review?card=self-attention/variance-in-steps", act=answer),
        Shown("/review?card=self-attention/bottom-right", act=compare),
        Shown("/review?card={mistake}", act=unfold),
    ],
    "/review/statistics": [Shown("/review/statistics", fresh=True, act=unfold)],
    "/checkpoint": [Shown("/checkpoint", fresh=True)],
    "/checkpoint/{track}/{unit}": [
        Shown("/checkpoint/sixteen-topics/python", fresh=True),
        Shown("/checkpoint/thirty-weeks/stage-2"),  # a project, and topics that are not written
    ],
    "/papers/{id}": [Shown("/papers/{paper}", act=unfold), Shown("/papers/{paper}?n=2"), Shown("/papers/{paper}?n=9")],
    "/papers/{id}/report": [Shown("/papers/{sat}/report")],
    "/papers/{id}/certificate": [Shown("/papers/{sat}/certificate?name=李问津")],
    "/news": [
        Shown("/news", fresh=True),
        Shown("/news?since={met}"),
        Shown("/news?since=tomorrow", status=422),
    ],
    "/career": [Shown("/career", fresh=True, act=unfold)],
    "/resources": [Shown("/resources", fresh=True)],
    "/week": [Shown("/week", fresh=True, act=unfold)],
    "/library/{module}": [Shown("/library/wenjin.stack.nn.attention")],
    "/search": [Shown("/search?q=softmax"), Shown("/search"), Shown("/search?q=qqqqqq")],
    "/settings": [Shown("/settings", act=unfold)],
    "/archive": [Shown("/archive", fresh=True)],
    "/archive/work": [Shown("/archive/work", fresh=True)],
    "/archive/backups/{backup}": [Shown("/archive/backups/{backup}")],
    "/nowhere": [Shown("/nowhere", status=404)],  # no route: the page that says so
}

# Routes that answer no page, with an address of each.
OTHERS = {
    "/login": "/login",  # leads on
    "/progress/page.html": "/progress/page.html",
    "/archive/wenjin.zip": "/archive/wenjin.zip",
    "/archive/backups/{backup}/file": "/archive/backups/none/file",
    "/static/style.css": "/static/style.css",
    "/maths.css": "/maths.css",
    "/favicon.ico": "/favicon.ico",
    "/api/exercises/{topic}/{exercise}/attempts": "/api/exercises/self-attention/write-attention/attempts",
    "/api/exercises/{topic}/{exercise}/draft": "/api/exercises/self-attention/write-attention/draft",
    "/api/links": "/api/links",
    "/api/notes/{topic}/{anchor}": "/api/notes/self-attention/why-sqrt-d",
    "/api/questions/{id}/issue": "/api/questions/none/issue",
    "/api/summary": "/api/summary?week=2026-W47",
    "/api/runs/export": "/api/runs/export?as=csv",
    "/api/papers/{id}/open": "/api/papers/none/open",
    "/api/runs/{id}/frames": "/api/runs/none/frames",
    "/api/chat/{id}/export": "/api/chat/none/export",
    "/api/chat/{id}/{turn}/pieces": "/api/chat/none/none/pieces",
    "/api/chat/{id}/{turn}/tokens": "/api/chat/none/none/tokens",
}

ALL = [shown for listed in PAGES.values() for shown in listed]
