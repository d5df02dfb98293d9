"""The attention explorer in the browser, with the real model server: looked at, drawn from, heads switched off."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Course, Picture, Visiting, running
from tests.stack.serve.tiny import make
from wenjin.stack.serve.local import glance
from wenjin.stack.serve.parts import of_folder
from wenjin.stack.serve.shelf import add

PATIENCE = 60_000  # ms: the first look waits for torch and the model


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    folder = tmp_path_factory.mktemp("exploring")
    add(folder / "data", "tiny", of_folder(make(folder / "tiny")), origin="made here", license="MIT", look=glance)
    with running(folder) as started:
        yield started


def chances(page: Page) -> list[str]:
    return page.locator(".explore-next tbody tr td:nth-child(3)").all_inner_texts()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_sentence_is_looked_at_and_goes_on(visit: Visiting, picture: Picture, scripts: bool) -> None:
    page = visit(lang="en", scripts=scripts).open("/explore")
    page.locator("#sentence").fill("床前明月光")
    page.get_by_role("button", name="Look").click(timeout=PATIENCE)
    tokens = page.locator(".explore-tokens li")
    expect(tokens.first).to_be_visible(timeout=PATIENCE)
    count = tokens.count()
    assert page.locator(".explore-map rect").count() > count, "a head's weights are drawn"
    before = chances(page)

    page.locator(".explore-heads a[class^=head-]").nth(3).click()
    expect(page.locator("#one")).to_have_text("Layer 0, head 3")
    assert chances(page) == before, "another head is shown, nothing else changes"

    page.get_by_role("link", name="Switch this head off").click()
    expect(page.locator("#next ~ .notice")).to_contain_text("Heads off: 1")
    assert chances(page) != before
    assert page.locator(".explore-next th[scope=col]").last.inner_text() == "All heads on"
    picture(page, f"explore-{'scripts' if scripts else 'plain'}")
    page.go_back()
    expect(page.locator("#next ~ .notice")).to_have_count(0)
    assert chances(page) == before, "back is the undo"

    drawn = page.locator(".explore-drawn bdi").inner_text()
    page.get_by_role("link", name="Append").click()
    expect(tokens).to_have_count(count + 1)
    assert tokens.last.locator("bdi").inner_text() == drawn
    assert "ids=" in page.url
    page.locator("#sentence").fill("月")
    page.get_by_role("button", name="Look").click()
    expect(page.locator("#sentence")).to_have_value("月")
    assert tokens.count() < count, "words that were written anew are cut anew"


def test_what_cannot_be_looked_at_is_said(visit: Visiting) -> None:
    page = visit(lang="zh").open("/explore?model=tiny&text=" + "%E6%9C%88" * 300)
    expect(page.get_by_role("alert")).to_contain_text("at most 64", timeout=PATIENCE)
    page.goto(page.url.partition("?")[0] + "?model=tiny&text=x&layer=99")
    expect(page.get_by_role("alert")).to_contain_text("no layer 99")
    page.goto(page.url.partition("?")[0] + "?model=tiny&text=x&off=zz&ids=1,x&of=x&temperature=9")
    expect(page.get_by_role("alert")).to_contain_text("0 到 2")
    expect(page.locator("#sentence")).to_have_value("x")
