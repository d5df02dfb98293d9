"""Talking to a model in the browser, with the real model server and a model so small that it starts in seconds."""

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Course, Picture, Visiting, running
from tests.stack.serve.tiny import make
from wenjin.stack.serve.local import glance
from wenjin.stack.serve.parts import of_folder
from wenjin.stack.serve.shelf import add

PATIENCE = 60_000  # ms: the first answer waits for torch and the model


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """A course of its own, with a tiny model on its shelf."""
    folder = tmp_path_factory.mktemp("talking")
    parts = of_folder(make(folder / "tiny"))
    add(folder / "data", "tiny", parts, origin="made here", license="MIT", look=glance)
    with running(folder) as started:
        yield started


def ask(page: Page, text: str, **settings: str) -> None:
    """Write and press Enter."""
    if settings and not page.locator("#set-max_tokens").is_visible():
        page.locator(".composer-settings > summary").click()
    for name, value in settings.items():
        page.locator(f"#set-{name}").fill(value)
    page.locator("#say").focus()
    page.keyboard.insert_text(text)
    page.keyboard.press("Enter")
    expect(page.locator("#say")).to_have_value("")


def answered(page: Page) -> Locator:
    """The last answer, once it has ended."""
    expect(page.locator(".turn[data-pieces]")).to_have_count(0, timeout=PATIENCE)
    return page.locator(".turn[data-tokens]").last


def begun(page: Page) -> None:
    """Some of the answer is there."""
    expect(page.locator(".turn[data-pieces] .token").nth(2)).to_be_visible(timeout=PATIENCE)


def test_asked_answered_branched_and_shown_token_by_token(visit: Visiting, picture: Picture) -> None:
    page = visit(lang="en").open("/chat")
    expect(page.locator("#model")).to_have_value("tiny")
    page.locator("#say").focus()
    page.keyboard.insert_text("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.insert_text("two")
    assert page.locator("#say").input_value() == "one\ntwo"
    page.locator("#say").fill("")
    page.locator("#say").blur()
    ask(page, "床前明月光", max_tokens="40", temperature="0", seed="1")
    expect(page.locator(".turn-now progress")).to_be_visible()  # the model is being loaded
    first = answered(page)
    expect(first.locator(".turn-told")).to_contain_text("40 tokens")
    expect(first.locator(".turn-told")).to_contain_text("a second")
    expect(first.locator(".turn-finish")).to_have_attribute("data-finish", "length")
    expect(page.locator("#spoken")).to_contain_text("The answer is finished.")
    text = first.locator(".turn-text").inner_text()
    assert re.search(r"/chat/[0-9a-f]{32}\?at=", page.url)
    expect(page.locator("#chats a[aria-current=page]")).to_have_text("床前明月光")

    first.locator(".turn-shows-tokens").click()
    tokens = first.locator(".turn-tokens .token")
    expect(tokens.first).to_be_visible()
    bare = tokens.evaluate_all(
        "all => all.filter((one) => !one.getBoundingClientRect().width).map((one) => one.innerText)"
    )
    assert not bare  # a line's end and what joins an emoji can be pointed at too
    assert "".join(tokens.all_inner_texts()).split() == text.split()
    tokens.nth(4).hover()
    expect(first.locator(".token-top").first.locator("li")).to_have_count(5)
    expect(first.locator(".token-top [aria-current]").first).to_contain_text("drawn")
    tokens.first.focus()
    page.keyboard.press("ArrowRight")
    expect(tokens.nth(1)).to_be_focused()
    expect(tokens.nth(1)).to_have_attribute("aria-current", "true")
    picture(page, "chat-tokens")
    first.locator(".turn-shows-tokens").click()

    page.locator("#set-temperature").fill("1.5")
    page.locator("#set-seed").fill("")
    first.get_by_role("button", name="Answer again").click()
    expect(page.locator(".turn-branches").last).to_contain_text("2/2", timeout=PATIENCE)
    answered(page)
    page.locator(".turn-branches [rel=prev]").last.click()
    expect(page.locator(".turn-branches").last).to_contain_text("1/2")
    expect(page.locator(".turn-text").last).to_have_text(text, use_inner_text=True)
    page.go_back()
    expect(page.locator(".turn-branches").last).to_contain_text("2/2")

    page.locator(".turn-edit summary").first.click()
    page.locator(".turn-edit textarea").first.fill("春眠不觉晓")
    page.keyboard.press("Enter")
    expect(page.locator(".turn-branches").first).to_contain_text("2/2", timeout=PATIENCE)
    answered(page)
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".turn .turn-text").first).to_have_text("春眠不觉晓")
    page.reload()
    expect(page.locator(".turn .turn-text").first).to_have_text("春眠不觉晓")


def test_stopped_and_gone_on_with(visit: Visiting) -> None:
    page = visit(lang="zh").open("/chat")
    ask(page, "停", max_tokens="900", temperature="0")
    begun(page)
    page.locator("#say").focus()
    page.keyboard.insert_text("等一下")
    page.keyboard.press("Enter")  # while an answer is written
    expect(page.locator("#chat-fault")).to_contain_text("还有一个回答在写")
    assert page.locator("#say").input_value() == "等一下"
    page.keyboard.press("Escape")
    expect(page.locator(".turn-finish")).to_have_attribute("data-finish", "stopped", timeout=10_000)
    assert len(page.locator(".turn-text").last.inner_text()) > 0
    page.locator("#set-max_tokens").fill("8")
    page.locator("#say").press("Enter")
    expect(page.locator(".turn")).to_have_count(4, timeout=PATIENCE)
    answered(page)


def test_found_named_taken_away_and_brought_back(visit: Visiting, course: Course) -> None:
    page = visit(lang="en").open("/chat")
    ask(page, "A question about zebras", max_tokens="4")
    answered(page)
    address = page.url.partition("?")[0]
    page.locator(".chat-rename summary").click()
    page.locator(".chat-rename input[name=name]").fill("Stripes")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Stripes")
    expect(page.locator("#chats a[aria-current=page]")).to_have_text("Stripes")
    page.locator("#chats input[type=search]").fill("zebras")
    page.keyboard.press("Enter")
    expect(page.locator("#chats .rows a")).to_have_text(["Stripes"])
    page.goto(f"{course.address}/search?q=zebras")
    expect(page.locator(".hits h2 a").first).to_have_attribute("href", "/chat/" + address[-32:])
    page.locator(".hits h2 a").first.click()
    file = f"{course.address}/api/chat/{address[-32:]}/export"
    kept = page.request.get(f"{file}?to=json").json()
    assert [turn["role"] for turn in kept["turns"]] == ["user", "assistant"]
    assert len(kept["turns"][1]["tokens"]) == 4
    written = page.request.get(f"{file}?to=md").text()
    assert written.startswith("# Stripes\n")
    assert "> A question about zebras" in written
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".chat-gone")).to_contain_text("Stripes")
    assert "Stripes" not in page.locator("#chats > .rows").inner_text()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("h1")).to_have_text("Stripes")


def test_a_closed_tab_a_killed_server_and_a_killed_course_lose_nothing(visit: Visiting, course: Course) -> None:
    seen = visit(lang="en")
    page = seen.open("/chat")
    ask(page, "closed", max_tokens="300", temperature="0")
    begun(page)
    address = page.url
    page.close()
    page = seen.context.new_page()
    page.goto(address)
    expect(answered(page).locator(".turn-told")).to_contain_text("300 tokens")

    page.goto(f"{course.address}/chat")
    ask(page, "the model dies", max_tokens="900")
    begun(page)
    os.kill(server_of(course), signal.SIGKILL)
    expect(answered(page).locator(".turn-finish")).to_have_attribute("data-finish", "failed")
    expect(page.locator(".turn-finish").last).to_contain_text("Sending again starts it anew")
    assert page.locator(".turn-text").last.inner_text().strip()
    ask(page, "again", max_tokens="4")
    expect(answered(page).locator(".turn-told")).to_contain_text("4 tokens")

    page.goto(f"{course.address}/chat")
    ask(page, "the course dies", max_tokens="900")
    begun(page)
    address = page.url
    process = server_of(course)
    written = page.locator(".turn[data-pieces] .tokens").inner_text()
    course.kill()
    for _ in range(100):  # its model server goes with it
        if not Path(f"/proc/{process}").exists():
            break
        time.sleep(0.1)
    assert not Path(f"/proc/{process}").exists()
    course.start()
    page.goto(address.partition("?")[0])
    expect(page.locator(".turn-finish").last).to_have_attribute("data-finish", "broken")
    assert page.locator(".turn-text").last.inner_text().startswith(written.split()[0])  # and what came after the look


def test_a_page_without_scripts_reads_and_asks(visit: Visiting) -> None:
    page = visit(lang="en", scripts=False).open("/chat")
    page.locator("#say").fill("no scripts")
    page.locator(".composer-settings > summary").click()
    page.locator("#set-max_tokens").fill("6")
    page.locator("form#composer button").first.click()
    expect(page.locator(".turn")).to_have_count(2)
    until = time.monotonic() + 60
    while page.locator(".turn-told").count() == 0:
        assert time.monotonic() < until
        page.wait_for_timeout(300)
        page.reload()
    expect(page.locator(".turn-told")).to_contain_text("6 tokens")
    page.locator("#set-temperature").evaluate("(field) => { field.type = 'text'; field.value = 'hot' }")
    page.locator("#say").fill("still here")
    page.locator("form#composer button").first.click()
    expect(page.locator("#chat-fault")).to_contain_text("Temperature must be from 0 to 2")
    assert page.locator("#say").input_value() == "still here"


def server_of(course: Course) -> int:
    """The process of the model server, a child of the course."""
    assert course.process is not None
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"wenjin.stack.serve.main" in words and str(course.folder / "data").encode() in words:
            return int(path.name)
    raise AssertionError("no model server runs")
