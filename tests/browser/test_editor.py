"""The loop of an exercise in the page: wrong, told which mistake, mended, passed; and nothing typed is ever lost."""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.browser.conftest import WRITE, Course, Picture, Visiting, chromium

RIGHT = """import torch


def scaled_dot_product_attention(q, k, v, causal=False):
    T, S = q.shape[-2], k.shape[-2]
    scores = q.double() @ k.double().transpose(-1, -2) / q.shape[-1] ** 0.5
    if causal:
        future = torch.ones(T, S, dtype=torch.bool, device=q.device).triu(S - T + 1)
        scores = scores.masked_fill(future, float("-inf"))
    return (scores.softmax(-1) @ v.double()).to(q.dtype)
"""
WRONG = RIGHT.replace(" / q.shape[-1] ** 0.5", "")
MARKUP = '<img src=x onerror="document.title=\'taken\'"><script>document.title="taken"</script>'


def write(page: Page, text: str) -> None:
    """Replace what stands in the editor, as pasting does."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def text(page: Page) -> str:
    """The editor's text, from the textarea that the form would send."""
    return page.locator("#source").input_value()


def saved(page: Page) -> None:
    expect(page.locator("#draft-state")).to_have_attribute("data-state", "saved", timeout=8000)


def stored(page: Page) -> Any:
    """The draft that the course has."""
    answer = page.request.get(
        page.url.replace("/topics/", "/api/exercises/").replace("/exercises/write", "/write") + "/draft"
    )
    return answer.json()


def judged(page: Page, verdict: str) -> None:
    expect(page.locator("#verdict .verdict")).to_have_attribute("data-verdict", verdict, timeout=30000)


@pytest.mark.parametrize(("lang", "theme"), [("zh", "light"), ("en", "dark")])
def test_wrong_then_named_then_mended_then_passed(visit: Visiting, picture: Picture, lang: str, theme: str) -> None:
    page = visit(lang=lang, theme=theme).open(WRITE)
    write(page, WRONG)
    page.keyboard.press("Control+Enter")
    judged(page, "wrong")
    expect(page.locator(".verdict-text")).to_contain_text("根号" if lang == "zh" else "square root")
    expect(page.locator(".verdict-case")).to_be_visible()
    target = page.locator(".verdict-section a").get_attribute("href") or ""
    assert re.fullmatch(r"/topics/self-attention#[a-z0-9-]+", target)
    picture(page, f"verdict-wrong-{lang}-{theme}")
    lesson = visit(lang=lang).open(target)
    assert lesson.locator(f"section#{target.partition('#')[2]}").count() == 1

    write(page, RIGHT)
    page.locator('button[value="judge"]').click()
    judged(page, "pass")
    expect(page.locator("#solution form, #solution details")).to_be_visible()  # the reference answer may be opened
    expect(page.locator('.working-head [data-state="passed"]')).to_be_visible()
    page.locator("details.history > summary").click()
    expect(page.locator("#history details.attempt").nth(1)).to_contain_text("missing-scale")
    page.locator("#history details.attempt > summary").nth(1).click()
    expect(page.locator("#history .diff del, #history .diff ins").first).to_be_visible()
    picture(page, f"verdict-pass-{lang}-{theme}")
    page.locator("#history .attempt-text button").click()
    assert text(page) == WRONG
    saved(page)


def test_draft_is_there_after_the_page_is_closed(visit: Visiting) -> None:
    seen = visit()
    page = seen.open(WRITE)
    write(page, "# kept\n")
    began = time.monotonic()
    saved(page)
    assert time.monotonic() - began < 2
    page.close()
    again = visit().open(WRITE)  # another profile: nothing but the course can know
    assert text(again) == "# kept\n"


def test_text_survives_a_tab_that_is_closed_at_once(visit: Visiting) -> None:
    seen = visit()
    page = seen.open(WRITE)
    write(page, "# typed and gone\n")
    page.close()
    assert text(seen.open(WRITE)) == "# typed and gone\n"


@pytest.mark.parametrize("keep", ["mine", "theirs"])
def test_two_windows_do_not_overwrite_each_other(visit: Visiting, picture: Picture, keep: str) -> None:
    seen = visit()
    one = seen.open(WRITE)
    write(one, "# start\n")
    saved(one)
    two = seen.open(WRITE)
    one.bring_to_front()
    write(one, "# from the first\n")
    saved(one)
    # The second window has not heard of it: no focus event reaches it before it is typed into.
    two.evaluate("window.addEventListener('focus', (e) => e.stopImmediatePropagation(), {capture: true})")
    write(two, "# from the second\n")
    expect(two.locator("#conflict")).to_be_visible(timeout=8000)
    assert stored(two)["text"] == "# from the first\n"
    assert text(two) == "# from the second\n"
    two.locator("#conflict summary").click()
    expect(two.locator("#conflict .diff del")).to_contain_text("from the first")
    expect(two.locator("#conflict .diff ins")).to_contain_text("from the second")
    picture(two, f"conflict-{keep}")
    two.locator("#conflict .conflict-choices button").nth(0 if keep == "mine" else 1).click()
    expect(two.locator("#conflict")).to_be_hidden()
    saved(two)
    wanted = "# from the second\n" if keep == "mine" else "# from the first\n"
    assert text(two) == wanted
    assert stored(two)["text"] == wanted


def test_a_window_that_was_away_shows_what_was_saved_meanwhile(visit: Visiting) -> None:
    seen = visit()
    one = seen.open(WRITE)
    two = seen.open(WRITE)
    write(one, "# newer\n")
    saved(one)
    two.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(two.locator("#source")).to_have_value("# newer\n")
    expect(two.locator("#conflict")).to_be_hidden()


def test_a_lost_server_is_told_and_loses_nothing(visit: Visiting, course: Course, picture: Picture) -> None:
    seen = visit(lang="en")
    page = seen.open(WRITE)
    write(page, "# before\n")
    saved(page)
    course.kill()
    try:
        write(page, "# while it was away\n")
        began = time.monotonic()
        expect(page.locator("#draft-state")).to_have_attribute("data-state", "failed", timeout=5000)
        assert time.monotonic() - began < 5
        page.locator('button[value="judge"]').click()
        expect(page.locator("#verdict [role=alert]")).to_contain_text("cannot be reached")
        picture(page, "server-lost")
        page.close()
    finally:
        course.start()
    again = seen.open(WRITE)
    assert text(again) == "# while it was away\n"
    saved(again)
    assert stored(again)["text"] == "# while it was away\n"


def test_the_open_page_goes_on_when_the_server_is_back(
    visit: Visiting, course: Course, count: Callable[[int], int]
) -> None:
    page = visit().open(WRITE)
    for turn in range(count(25)):
        write(page, f"# before {turn}\n")
        saved(page)
        course.kill()
        write(page, f"# away {turn}\n")
        expect(page.locator("#draft-state")).to_have_attribute("data-state", "failed", timeout=5000)
        course.start()
        saved(page)
        assert stored(page)["text"] == f"# away {turn}\n"


def test_a_crashed_browser_loses_two_seconds_at_most(
    browser: Browser, course: Course, session: list[Any], count: Callable[[int], int]
) -> None:
    """Typing goes on when the browser dies; what the course then has lacks two seconds of it at most."""
    for turn in range(count(25)):
        other = browser.browser_type.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        context = other.new_context()
        context.add_cookies(session)
        page = context.new_page()
        page.goto(course.address + WRITE)
        write(page, f"# turn {turn}\n")
        typed: list[float] = []
        until = time.monotonic() + 1.5 + 0.13 * (turn % 10)
        while time.monotonic() < until:
            page.keyboard.insert_text("x")
            typed.append(time.monotonic())
            time.sleep(0.05)
        address = page.url.replace("/topics/", "/api/exercises/").replace("/exercises/write", "/write") + "/draft"
        died = time.monotonic()
        with suppress(Error):  # the browser dies before it can answer
            other.new_browser_cdp_session().send("Browser.crash")
        fresh = browser.new_context()
        fresh.add_cookies(session)
        kept = str(fresh.request.get(address).json()["text"]).count("x")
        fresh.close()
        assert kept >= sum(at < died - 2 for at in typed), (turn, kept, len(typed))


def test_what_a_program_prints_is_text(visit: Visiting, picture: Picture) -> None:
    page = visit(lang="en").open(WRITE)
    title = page.title()
    write(page, f"print({MARKUP!r})\nraise ValueError({MARKUP!r})\n")
    page.keyboard.press("Control+Enter")
    judged(page, "error")
    page.keyboard.press("Control+Shift+Enter")
    expect(page.locator("#run pre")).to_contain_text("<img src=x")
    page.locator("details.history > summary").click()
    page.locator("#history details.attempt > summary").first.click()
    expect(page.locator("#verdict")).to_contain_text("<img src=x")
    picture(page, "markup")
    assert page.locator("#exercise img, #exercise script:not([type='application/json'])").count() == 0
    saved(page)
    page.reload()
    assert "<img src=x" in text(page)
    assert page.title() == title
    page.locator('button[value="reset"]').click()


def test_runs_with_own_inputs_without_submitting(visit: Visiting) -> None:
    page = visit().open(WRITE)
    write(page, RIGHT)
    page.locator("details.scratch > summary").click()
    page.locator("#scratch").fill(
        "q = torch.eye(2)[None, None]\nprint('mine', scaled_dot_product_attention(q, q, q).shape)"
    )
    page.locator("#scratch").press("Control+Shift+Enter")
    expect(page.locator("#run pre")).to_have_text(re.compile(r"mine torch.Size\(\[1, 1, 2, 2\]\)"), timeout=30000)
    assert page.locator("#verdict .verdict").count() == 0


def test_keys(visit: Visiting) -> None:
    page = visit(lang="en").open(WRITE)
    write(page, "def f():\n")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.insert_text("pass")
    assert text(page) == "def f():\n    pass"
    page.keyboard.press("Enter")
    page.keyboard.insert_text("x")
    assert text(page) == "def f():\n    pass\n    x"  # indented as the line above
    page.keyboard.press("Control+s")
    saved(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('.cm-editor')")  # the keyboard is not trapped
    page.locator("h1").click()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()


def test_numbers_stand_beside_their_lines(visit: Visiting) -> None:
    page = visit().open(WRITE)
    write(page, "\n".join(f"line_{n} = 注意力  # {n}" for n in range(40)))
    apart = page.evaluate(
        """() => {
          const tops = (name) => [...document.querySelectorAll(name)].map((e) => e.getBoundingClientRect().top);
          const lines = tops('.cm-line');
          const numbers = tops('.cm-lineNumbers .cm-gutterElement').slice(-lines.length);
          return Math.max(...lines.map((top, at) => Math.abs(top - numbers[at])));
        }"""
    )
    assert apart < 1


def test_the_theme_is_applied_at_once_and_remembered(visit: Visiting) -> None:
    page = visit(theme="light").open(WRITE)
    before = page.evaluate("getComputedStyle(document.querySelector('.cm-editor')).backgroundColor")
    with page.expect_response(lambda answer: answer.url.endswith("/settings")):
        page.locator('[data-setting="theme"] select').select_option("dark")
    after = page.evaluate("getComputedStyle(document.querySelector('.cm-editor')).backgroundColor")
    assert before != after
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_the_form_works_without_scripts(visit: Visiting, picture: Picture) -> None:
    page = visit(lang="en", scripts=False).open(WRITE)
    page.locator("#source").fill(WRONG)
    page.locator('button[value="judge"]').click()
    judged(page, "wrong")
    picture(page, "no-scripts")
    assert page.locator("#source").input_value().strip() == WRONG.strip()
    page.locator("#source").fill(RIGHT)
    page.locator('button[value="judge"]').click()
    judged(page, "pass")


def test_a_hint_opens_in_place(visit: Visiting) -> None:
    page = visit(lang="en").open(WRITE)
    write(page, "# not to be lost\n")
    opened = page.locator("#hints li").count()
    page.locator("#hints button").click()
    expect(page.locator("#hints li")).to_have_count(opened + 1)
    assert text(page) == "# not to be lost\n"
