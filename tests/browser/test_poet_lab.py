"""The poet's lab in the real course: watched, stopped, resumed; then whatever happens to a machine; then it writes.

A server that ends, a browser that is closed, a machine that sleeps, a shutdown: the run goes on by itself, is begun
once, and loses at most a minute or 2 % of its time (T7).
"""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Course, Picture, running
from wenjin.study.labs import tree
from wenjin.study.store.places import places
from wenjin.study.store.runs import Runs

LABS = "/topics/causal-language-modeling/labs"
MOST = 900  # seconds to wait for anything on a machine that has much else to do
MINUTES = 30  # of the run, which is stopped in the end
LOST = min(60.0, 0.02 * 60 * MINUTES)  # seconds


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    with running(tmp_path_factory.mktemp("poet")) as started:
        yield started


class Kept:
    """What stands in the record of a run: its rows, each process that worked on it apart."""

    def __init__(self, server: Course, run: str) -> None:
        self.runs, self.run = Runs(places(server.folder / "data", server.folder / "workspace", environ={})), run

    def lives(self) -> list[list[dict[str, Any]]]:
        found: list[list[dict[str, Any]]] = []
        for row in self.runs.all(self.run):
            found += [[]] if row["frame"] == "begin" else []
            found[-1].append(row)
        return found

    def steps(self) -> list[list[int]]:
        """The steps that each process trained."""
        return [[int(row["x"]) for row in life if row["frame"] == "point" and row["x"] > 0] for life in self.lives()]

    def seconds(self) -> float:
        """What it took so far."""
        return max(row["seconds"] for life in self.lives() for row in life if row["frame"] == "meter")

    def wait(self, more: int = 5) -> None:
        """Until it has trained so many steps more, by whoever works on it."""

        def trained() -> int:
            return sum(map(len, self.steps()))

        before, began = trained(), time.monotonic()
        while trained() < before + more:
            assert time.monotonic() - began < MOST
            time.sleep(0.1)


def fresh(server: Course, browser: Browser) -> Page:
    context = browser.new_context(locale="zh-CN", reduced_motion="reduce", viewport={"width": 1280, "height": 900})
    context.add_cookies([*server.log_in(), {"name": "wenjin-lang", "value": "zh", "url": server.address}])
    context.set_default_timeout(1000 * MOST)
    return context.new_page()


def stands(page: Page, state: str) -> None:
    expect(page.locator(f'#run[data-state="{state}"]')).to_be_visible(timeout=1000 * MOST)


@pytest.mark.alone
def test_the_poet_goes_on_whatever_happens_and_then_writes(
    server: Course, browser: Browser, picture: Picture, count: Callable[[int], int]
) -> None:
    page = fresh(server, browser)
    page.goto(server.address + f"{LABS}/poet")
    picture(page, "poet-form-zh")
    page.locator("#arg-minutes").fill(str(MINUTES))
    page.locator("#arg-depth").fill("2")
    page.locator('button[value="skip"]').click()
    expect(page).to_have_url(re.compile(r"/runs/\w+$"))
    kept = Kept(server, page.url.rpartition("/")[2])
    kept.wait(60)
    expect(page.locator('[data-table="samples"] tbody tr').first).to_be_visible()
    picture(page, "poet-live-zh")
    page.locator("#run-stop button").click()
    stands(page, "stopped")
    picture(page, "poet-stopped-zh")
    page.get_by_role("button", name="接着跑").click()
    stands(page, "running")
    kept.wait()

    page.context.close()
    kept.wait()

    assert server.process is not None
    everyone = [server.process.pid, *tree.marked(kept.run)]
    for pid in everyone:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(count(60))
    for pid in everyone:
        os.kill(pid, signal.SIGCONT)
    kept.wait()

    server.stop()
    assert tree.marked(kept.run) == []
    server.start()
    kept.wait()

    for pid in tree.marked(kept.run):  # as a shutdown does: to all at once
        os.kill(pid, signal.SIGTERM)
    server.stop()
    server.start()
    kept.wait(1)

    server.cookies = []
    page = fresh(server, browser)
    page.goto(server.address + f"/runs/{kept.run}")
    stands(page, "running")
    kept.wait(1)
    page.locator("#run-stop button").click()
    stands(page, "stopped")
    lives, seconds = [life for life in kept.steps() if life], kept.seconds()
    begun = [life[0]["from"] for life in kept.lives()]
    assert begun[0] == "start"
    assert set(begun[1:]) == {"kept"}
    assert len(begun) in (4, 5)  # whom SIGTERM ended may have been begun again before the server heard of it
    assert all(life == list(range(life[0], life[-1] + 1)) for life in lives)
    lost = [before[-1] - (after[0] - 1) for before, after in pairwise(lives)]
    assert all(-1 <= steps * seconds / lives[-1][-1] <= LOST for steps in lost), lost

    page.get_by_role("link", name="请诗人写诗").click()
    page.locator("#arg-title").fill("秋夜")
    page.locator("#lab button").first.click()
    stands(page, "finished")
    verse = page.locator('[data-table="verse"] tbody tr')
    expect(verse).to_have_count(4)
    assert all(re.search("[一-鿿]", row) for row in verse.all_inner_texts())
    picture(page, "poet-writes-zh")
    page.context.close()
