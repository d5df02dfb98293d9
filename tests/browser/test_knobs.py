"""The knobs of lessons: what the browser computes is what the library computes."""

import re
from collections import Counter

from playwright.sync_api import Page, expect

from tests.browser.conftest import Picture, Visiting
from wenjin.stack.maths.chance import Screening
from wenjin.stack.text.bpe import tokens_of, train

TEXT = "banana bandana ban ban 明月 明天 明月 étude naïve ana ana"


def turned(page: Page, knob: str, number: int, value: str) -> None:
    slider = page.locator(f"[data-knob={knob}] input[type=range]").nth(number)
    slider.evaluate("(one, value) => { one.value = value; one.dispatchEvent(new Event('input')) }", value)


def test_merges_are_those_of_the_library(visit: Visiting, picture: Picture) -> None:
    page = visit(lang="en").open("/topics/tokenization")
    knob = page.locator("[data-knob=merges]")
    expect(knob.locator(".knob-words")).to_be_visible()
    knob.locator("textarea").fill(TEXT)
    turned(page, "merges", 0, "18")
    learned = train({word.encode(): times for word, times in Counter(TEXT.split()).items()}, 18)
    tokens = tokens_of(learned)

    def named(token: bytes) -> str:
        try:
            return token.decode()
        except UnicodeDecodeError:
            return "".join(f"⟨{byte:X}⟩" for byte in token)

    rows = knob.locator("tbody tr")
    expect(rows).to_have_count(len(learned))
    assert [row.split("\t")[1] for row in rows.all_inner_texts()] == [
        f"{named(tokens[left])} + {named(tokens[right])}" for left, right in learned
    ]
    picture(page, "knob-merges")
    knob.locator("textarea").fill("a")
    expect(knob.locator(".quiet")).to_contain_text("Nothing is left to merge")


def test_a_posterior_is_that_of_the_library(visit: Visiting, picture: Picture) -> None:
    page = visit(lang="en").open("/topics/probability-and-bayes")
    knob = page.locator("[data-knob=posterior]")
    turned(page, "posterior", 0, "0")  # one in a thousand
    test = Screening(prevalence=0.001, sensitivity=0.99, specificity=0.99)
    table = test.table()
    told = knob.locator("p[aria-live]").inner_text()
    assert (shown := re.search(r"= ([\d.]+)%$", told)) is not None
    assert abs(float(shown[1]) / 100 - float(table[0, 0] / table[:, 0].sum())) < 0.0005
    expect(knob.locator(".person-sick-positive")).to_have_count(1)
    expect(knob.locator(".person-well-positive")).to_have_count(10)
    picture(page, "knob-posterior")


def test_without_scripts_the_text_stays(visit: Visiting) -> None:
    page = visit(lang="zh", scripts=False).open("/topics/tokenization")
    expect(page.locator("[data-knob=merges]")).to_contain_text("这里要打开 JavaScript 才能拧")
