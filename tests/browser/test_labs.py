"""Labs in a real browser: from the prediction to the result by the keyboard alone, live, stopped, resumed, compared."""

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Picture, Visiting
from tests.browser.look import Eye
from tests.browser.pages import Shown, unfold
from tests.study.web.growing import LAB, growing
from wenjin.study.course.load import load
from wenjin.study.judge.client import local_judge
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places
from wenjin.study.web.app import create_app
from wenjin.study.web.security import make_secret, mint_token
from wenjin.study.web.serve import Server, address, listen

DRAWN = "document.querySelector('[data-chart=size] canvas').toDataURL()"
expect.set_options(timeout=20_000)  # a run has its own process to start, beside all that the machine does


@dataclass
class Grown:
    """The small course with its lab, served by a thread of this process."""

    address: str
    secret: bytes
    site: Any

    def log_in(self) -> list[Any]:
        sessions = self.site.sessions
        assert sessions.spend(mint_token(self.secret), time.time())
        value = sessions.open(time.time())
        return [{"name": sessions.cookie, "value": value, "url": self.address, "httpOnly": True, "sameSite": "Strict"}]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grown]:
    folder = tmp_path_factory.mktemp("labs")
    where = places(folder / "data", folder / "workspace", environ={})
    log = open_log(where, role="server")
    secret = make_secret(where.secret)
    with local_judge() as judge:
        app = create_app(load(growing(folder / "course")), log, judge, where, secret=secret, version="0")
        listener = listen(port=0)
        server = Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield Grown(address(listener), secret, app.state.site)
        app.state.site.leaving.set()
        server.should_exit = True
        thread.join(20)
    log.close()


def fill(page: Page, **words: str) -> None:
    for name, word in words.items():
        page.locator(f"#arg-{name}").fill(word)


def begin(page: Page, **words: str) -> None:
    """Run without a prediction."""
    page.goto(re.sub(r"(//[^/]+)/.*", rf"\1{LAB}", page.url))
    fill(page, **words)
    page.locator("button[value=skip]").click()
    expect(page).to_have_url(re.compile(r"/runs/\w+$"))


def reach(page: Page, selector: str, most: int = 80) -> None:
    """Tab until the focus stands there."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement?.matches(selector)", selector):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"the focus on {selector} is not seen"
            return
    raise AssertionError(f"Tab does not reach {selector}")


def until(page: Page, condition: str) -> None:
    """Wait for what a script finds; Playwright's own way to wait evaluates texts, which the pages forbid."""
    end = time.monotonic() + 20
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)


def inked(page: Page, chart: str) -> int:
    """How many dots of a chart's canvas are drawn in a color that is no gray: its curves."""
    found: int = page.evaluate(
        """(name) => {
          const canvas = document.querySelector(`[data-chart="${name}"] canvas`);
          const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          let count = 0;
          for (let n = 0; n < data.length; n += 4) {
            const color = data.slice(n, n + 3);
            if (data[n + 3] > 200 && Math.max(...color) - Math.min(...color) > 60) count++;
          }
          return count;
        }""",
        chart,
    )
    return found


def test_from_the_prediction_to_the_result_by_keyboard_alone(visit: Visiting, picture: Picture) -> None:
    page = visit(lang="en").open(LAB)
    reach(page, 'input[name="predict.after"]')
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    reach(page, 'input[name="predict.shape"]')
    page.keyboard.press("Space")
    reach(page, 'input.slider[data-for="arg-rate"]')
    before = page.locator("#arg-rate").input_value()
    page.keyboard.press("ArrowRight")
    assert float(page.locator("#arg-rate").input_value()) == pytest.approx(float(before) + 0.1)
    reach(page, "#lab-reset")
    page.keyboard.press("Enter")
    assert page.locator("#arg-rate").input_value() == "2.0"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/runs/\w+$"))
    expect(page.locator("#run[data-state=finished]")).to_be_visible()
    expect(page.locator(".run-said")).to_contain_text("A normal run")
    assert page.locator(".told").count() == 2
    expect(page.locator(".told").nth(1)).to_contain_text("not as predicted")
    reach(page, "#run .plot-canvas")
    page.keyboard.press("ArrowRight")
    expect(page.locator('[data-chart="size"] .plot-value').nth(1)).to_have_text("2")
    reach(page, "#run details.chart-data summary")
    page.keyboard.press("Enter")
    expect(page.locator("#run details.chart-data[open] tbody tr")).to_have_count(12)
    reach(page, "#remark-text")
    page.keyboard.type("as the lesson says")
    expect(page.locator("#remark-state")).to_have_text("Remark saved")
    page.reload()
    expect(page.locator("#remark-text")).to_have_value("as the lesson says")
    picture(page, "labs-run-en")


def test_a_chart_grows_while_the_lab_runs_then_it_is_stopped_and_goes_on(visit: Visiting, picture: Picture) -> None:
    page = visit(lang="zh", theme="dark").open("/runs")
    begin(page, steps="400", pause="0.05")
    expect(page.locator("#run-meter")).to_contain_text("约剩")
    until(page, "document.querySelector('#run-progress').value > 2")
    early = page.evaluate(DRAWN)
    value = page.locator("#run-progress").evaluate("(bar) => bar.value")
    until(page, f"document.querySelector('#run-progress').value > {value} + 15")
    assert page.evaluate(DRAWN) != early
    assert inked(page, "size") > 100
    expect(page.locator(".level-value")).to_have_text("2 倍")
    page.locator('[data-chart="size"] details summary').click()
    rows = page.locator('[data-chart="size"] tbody tr')
    begun = rows.count()
    until(page, f"document.querySelectorAll('[data-chart=size] tbody tr').length > {begun} + 2")  # so does the table
    picture(page, "labs-live-zh-dark")
    since = time.monotonic()
    page.locator("#run-stop button").click()
    expect(page.locator("#run[data-state=stopped]")).to_be_visible()
    assert time.monotonic() - since < 4
    kept = inked(page, "size")
    assert kept > 100, "what was measured stays"
    page.locator("#run form button", has_text="接着跑").click()
    expect(page.locator("#run[data-state=running]")).to_be_visible()
    until(page, f"document.querySelector('#run-progress').value > {value} + 15")
    page.locator("#run-stop button").click()
    expect(page.locator("#run[data-state=stopped]")).to_be_visible()


def test_a_run_that_waits_begins_by_itself(visit: Visiting) -> None:
    seen = visit(lang="en")
    page, other = seen.open("/runs"), seen.open("/runs")
    begin(page, steps="400", pause="0.05")
    begin(other)
    expect(other.locator("#run-place")).to_contain_text("1 ahead of it")
    page.locator("#run-stop button").click()
    expect(other.locator("#run[data-state=finished]")).to_be_visible(timeout=15000)
    assert inked(other, "size") > 100


def test_a_stream_that_breaks_says_so_and_misses_nothing(visit: Visiting, course: Grown) -> None:
    seen = visit(lang="en")
    page = seen.open("/runs")
    begin(page, steps="49", pause="0.2")
    until(page, "document.querySelector('#run-progress').value > 3")
    page.evaluate("document.body.dataset.here = 'still'")
    course.site.leaving.set()  # the server ends every stream
    expect(page.locator("#run-away")).to_be_visible()
    course.site.leaving.clear()
    expect(page.locator("#run-away")).to_be_hidden()
    page.locator('[data-chart="ratio"] details summary').click()
    until(page, "document.querySelector('#run-progress').value > 30")
    steps = page.locator('[data-chart="ratio"] tbody th').all_inner_texts()
    assert steps == [str(n) for n in range(len(steps))], "none is missing, none stands twice"
    assert page.locator("body").get_attribute("data-here") == "still", "the page was not loaded anew"
    page.locator("#run-stop button").click()
    expect(page.locator("#run[data-state=stopped]")).to_be_visible()


def test_every_page_of_labs_fits_a_phone(visit: Visiting, picture: Picture) -> None:
    seen = visit(lang="en", width=390, height=844)
    page = seen.open(f"{LAB}?rate=9")
    expect(page.locator("#faults")).to_be_focused()
    picture(page, "labs-form-en-narrow")
    assert widest(page) <= 390
    begin(page, rate="3.5")
    expect(page.locator("#run[data-state=finished]")).to_be_visible()
    picture(page, "labs-run-en-narrow")
    assert widest(page) <= 390
    begin(page)
    expect(page.locator("#run[data-state=finished]")).to_be_visible()
    page.goto(page.url.rpartition("/")[0])
    picture(page, "labs-book-en-narrow")
    assert widest(page) <= 390
    page.locator(".book-compare button").click()
    expect(page.locator(".pair-run")).to_have_count(2)
    expect(page.locator("canvas")).to_have_count(2)
    picture(page, "labs-compare-en-narrow")
    assert widest(page) <= 390


def test_a_run_that_lasts_has_no_fault_that_axe_finds(course: Grown, browser: Browser, picture: Picture) -> None:
    eye = Eye(course, browser, picture)  # type: ignore[arg-type]
    combination = ("zh", "dark", 390)
    page = eye.context(combination).new_page()
    page.goto(course.address + LAB)
    begin(page, steps="400", pause="0.1")
    expect(page.locator("#run-stop")).to_be_visible()
    path = page.url.removeprefix(course.address)
    assert eye.look(Shown(path, act=unfold), path, combination, act=True) == []
    page.locator("#run-stop button").click()
    expect(page.locator("#run[data-state=stopped]")).to_be_visible()
    eye.context(combination).close()


def test_charts_follow_the_theme_and_are_sharp_on_paper(visit: Visiting, picture: Picture) -> None:
    page = visit(lang="en").open("/runs")
    begin(page)
    expect(page.locator("#run[data-state=finished]")).to_be_visible()
    light = page.evaluate(DRAWN)
    page.locator(".theme select").select_option("dark")
    until(page, f"{DRAWN} !== {light!r}")
    page.emulate_media(media="print")
    expect(page.locator("canvas").first).to_be_hidden()
    expect(page.locator("svg.plot-area").first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light", "ink on white"
    picture(page, "labs-print-en")


def test_without_scripts_a_run_is_started_and_read(visit: Visiting) -> None:
    page = visit(lang="en", scripts=False).open(LAB)
    page.locator("input[value=thousands]").check()
    page.locator("input[value=straight]").check()
    assert not page.locator("input.slider").first.is_visible()
    page.locator("button[value=run]").click()
    end = time.monotonic() + 20
    while page.locator("#run[data-state=finished]").count() == 0:
        assert time.monotonic() < end
        time.sleep(0.3)
        page.reload()
    assert page.locator("svg.plot-area .curve-run").count() >= 3
    assert page.locator(".run-said").is_visible()
    page.locator("#remark-text").fill("by hand")
    page.locator("#remark button").click()
    assert page.locator("#remark-text").input_value() == "by hand"


def widest(page: Page) -> int:
    found: int = page.evaluate("document.documentElement.scrollWidth")
    return found
