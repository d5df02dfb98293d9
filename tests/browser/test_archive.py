"""An archive comes through the page, with and without scripts; what is exported opens from the disk by itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Course, Picture, Visiting
from tests.study.cli.test_archive import written
from wenjin.study.store import archive
from wenjin.study.store.database import SCHEMA
from wenjin.study.store.log import happened
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

OPEN = 30_000  # milliseconds


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """The archive of somebody who has learned elsewhere."""
    there = places(tmp_path / "there", tmp_path / "their-work", environ={})
    log = open_log(there, role="command")
    log.append(happened("note", "decision-trees-and-forests", {"text": "from-another-machine"}))
    there.workspace.mkdir()
    (there.workspace / "large.bin").write_bytes(os.urandom(30 << 20))
    archive.write(tmp_path / "other.zip", log, there, schema=SCHEMA)
    log.close()
    return tmp_path / "other.zip"


@pytest.mark.parametrize("scripts", [True, False])
def test_an_archive_is_uploaded_seen_taken_and_undone(
    visit: Visiting, other: Path, picture: Picture, scripts: bool
) -> None:
    page = visit(lang="en", scripts=scripts).open("/archive")
    page.locator("#archive-file").set_input_files(other)
    page.locator("#archive-upload button").click()
    work = page.locator("#work")
    expect(page.locator('#work[data-state="ready"]')).to_be_visible(timeout=OPEN)
    expect(work).to_contain_text("Nothing was changed yet")
    picture(page, f"archive-ready-{scripts}")
    page.locator("#work button.button-main").click()
    expect(page.locator('#work[data-state="done"]')).to_be_visible(timeout=OPEN)
    expect(work).to_contain_text("1 new events")
    picture(page, f"archive-done-{scripts}")
    page.goto(page.url.replace("/archive/work", "/notes/decision-trees-and-forests"))
    expect(page.locator("main")).to_contain_text("from-another-machine")
    page.go_back()
    page.locator('#work form[action$="/restore"] button').click()
    expect(page.locator('#work[data-what="restore"][data-state="done"]')).to_be_visible(timeout=OPEN)
    page.goto(page.url.replace("/archive/work", "/notes/decision-trees-and-forests"))
    expect(page.locator("main")).not_to_contain_text("from-another-machine")


def test_a_file_that_is_no_archive_is_refused_in_a_sentence(visit: Visiting, tmp_path: Path, picture: Picture) -> None:
    (tmp_path / "photo.zip").write_bytes(b"\x89PNG" * 1000)
    page = visit(lang="zh", width=390).open("/archive")
    page.locator("#archive-file").set_input_files(tmp_path / "photo.zip")
    page.locator("#archive-upload button").click()
    expect(page.locator("#work .notice")).to_contain_text("photo.zip 没有导入，什么也没有改动", timeout=OPEN)
    picture(page, "archive-refused")


class Disk:
    """A browser profile that opens files, and hears every request and every complaint."""

    def __init__(self, browser: Browser) -> None:
        self.context = browser.new_context(offline=True)
        self.asked: list[str] = []
        self.wrong: list[str] = []

    def open(self, file: Path) -> Page:
        page = self.context.new_page()
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("requestfailed", lambda request: self.wrong.append(request.url))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda said: said.type in ("error", "warning") and self.wrong.append(said.text))
        page.goto(file.as_uri(), wait_until="load")
        return page


def test_the_site_opens_from_the_disk(browser: Browser, tmp_path: Path, picture: Picture) -> None:
    written(tmp_path)
    environ = {**os.environ, "WENJIN_DATA": str(tmp_path / "data"), "WENJIN_WORKSPACE": str(tmp_path / "work")}
    argv = [sys.executable, "-m", "wenjin.cli", "export", "--to", str(tmp_path / "out")]
    subprocess.run(argv, env=environ | {"WENJIN_LANG": "en"}, check=True, timeout=120, capture_output=True)
    disk, site = Disk(browser), tmp_path / "out" / "site"
    for file in sorted(site.rglob("*.html")):
        page = disk.open(file)
        assert page.evaluate("getComputedStyle(document.body).maxWidth") != "none", "the sheet is there"
        for image in page.locator("img").all():
            assert image.evaluate("(one) => one.complete && one.naturalWidth > 0"), file
        for formula in page.locator("math").all():
            box = formula.bounding_box()
            assert box, file
            assert min(box["width"], box["height"]) > 5, "a formula is set"
        if file.parent.name in ("notes", "runs"):
            picture(page, f"site-{file.parent.name}-{file.stem[:8]}")
    index = disk.open(site / "index.html")
    for link in index.locator("main a").all():
        leads = link.evaluate("(one) => one.href")
        assert leads.startswith("file:"), leads
        assert Path(leads.removeprefix("file://")).is_file(), leads
    assert index.locator("main a").count() >= 5
    assert disk.wrong == []
    assert all(asked.startswith(("file:", "data:")) for asked in disk.asked)
    disk.context.close()


def test_the_progress_page_opens_from_the_disk(
    visit: Visiting, course: Course, browser: Browser, tmp_path: Path, picture: Picture
) -> None:
    answer = visit(lang="en").context.request.get(f"{course.address}/progress/page.html")
    assert answer.ok
    file = tmp_path / "progress.html"
    file.write_bytes(answer.body())
    disk = Disk(browser)
    page = disk.open(file)
    assert page.locator(".year svg").count() == 1
    picture(page, "progress-from-disk")
    assert disk.wrong == []
    assert all(asked.startswith(("file:", "data:")) for asked in disk.asked)
    disk.context.close()
