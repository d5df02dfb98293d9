"""The clock of a paper before a real browser: it runs while the page is open, with scripts and without, and a closed
tab or a killed server neither takes a second nor gives one. What is typed there, in a placement and in a gate is kept.
"""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Course, Visiting, running
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

OF = "sixteen-topics/python"
PROGRAM = "/topics/causal-language-modeling/gate"  # its second question is one


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    with running(tmp_path_factory.mktemp("paper")) as started:
        yield started


def begin(page: Page, seed: int) -> str:
    """A sitting; its path. One that another test left open is given up."""
    if page.locator('button[value="drop"]').count():
        page.click('button[value="drop"]')
    page.fill("#seed", str(seed))
    page.click("form.paper-begin button", no_wait_after=True)
    page.wait_for_url(re.compile("/papers/[0-9a-f]{12}"), wait_until="commit")
    return page.url.partition("/papers/")[2]


def left(page: Page) -> int:
    """Seconds that the page shows."""
    minutes, _, seconds = str(page.locator("#left").text_content()).partition(":")
    return 60 * int(minutes) + int(seconds)


@pytest.mark.parametrize("scripts", [True, False])
def test_the_clock_runs_while_the_page_is_open_and_stands_when_its_tab_is_closed(
    visit: Visiting, scripts: bool
) -> None:
    there = visit(scripts=scripts)
    page = there.open(f"/checkpoint/{OF}")
    path = begin(page, 1 if scripts else 2)
    began = time.monotonic()
    time.sleep(4.0)
    open_for = time.monotonic() - began
    page.close()
    time.sleep(3.0)
    page = there.context.new_page()
    there.watch(page)
    page.goto(f"{there.course.address}/papers/{path}", wait_until="commit")
    limit = 29 * 60
    assert open_for - 1.5 < limit - left(page) < open_for + 1.5
    page.close()


def test_a_killed_server_stops_the_clock_and_the_page_goes_on_by_itself(visit: Visiting, course: Course) -> None:
    there = visit(lang="en")
    page = there.open(f"/checkpoint/{OF}")
    begin(page, 3)
    page.fill("#answer input >> nth=4", "7")
    page.wait_for_timeout(2000)
    before = left(page)
    course.kill()
    expect(page.locator("#clock-state")).to_contain_text("the clock stands", timeout=5000)
    time.sleep(3.0)
    course.start()
    expect(page.locator("#clock-state")).not_to_contain_text("cannot be reached", timeout=10000)
    assert before - 3 <= left(page) <= before + 1, "neither the outage nor more than a beat"
    expect(page.locator("#left")).not_to_have_text(str(page.locator("#left").text_content()), timeout=3000)
    page.reload()
    expect(page.locator("#answer input >> nth=4")).to_have_value("7")


def test_what_is_typed_is_kept_when_the_page_is_left_at_once_and_judged_when_it_is_handed_in(visit: Visiting) -> None:
    there = visit(lang="en")
    page = there.open(f"/checkpoint/{OF}")
    page.add_init_script("window.setTimeout = () => 1")  # the page is left before any pause is over
    path = begin(page, 5)
    numbers = [n for n in range(1, 5) if there_is(page, there.course, path, n, "#answer input[name^=field]")]
    for n in numbers:
        page.goto(f"{there.course.address}/papers/{path}?n={n}", wait_until="commit")
        for field in page.locator("#answer input[name^=field]").all():
            field.fill("77")
        page.click(f".paper-pages li:nth-child({n % 4 + 1}) a", no_wait_after=True)
        page.wait_for_url(re.compile(f"n={n % 4 + 1}"), wait_until="commit")
    for n in numbers:
        page.goto(f"{there.course.address}/papers/{path}?n={n}", wait_until="commit")
        fields = page.locator("#answer input[name^=field]").all()
        assert [field.input_value() for field in fields] == ["77"] * len(fields), "typed, and left at once"
    page.click(".paper-end summary")
    page.click('button[value="end"]')
    expect(page.locator("h1")).to_have_text("0 of 4 right")
    expect(page.locator(".state", has_text="left open")).to_have_count(4 - len(numbers))


def there_is(page: Page, course: Course, path: str, n: int, selector: str) -> bool:
    page.goto(f"{course.address}/papers/{path}?n={n}", wait_until="commit")
    page.wait_for_selector("#answer")
    return page.locator(selector).count() > 0


def test_the_bell_hands_in_what_was_typed_on_every_page(visit: Visiting, course: Course) -> None:
    there = visit(lang="en")
    page = there.open("/checkpoint/thirty-weeks/week-1")
    path = begin(page, 3)
    for n in (1, 2):
        page.goto(f"{there.course.address}/papers/{path}?n={n}", wait_until="commit")
        page.wait_for_selector("#answer")
        fill(page)
        page.wait_for_timeout(1500)
    course.kill()
    spend(course, path, 1e6)
    course.start()
    expect(page.locator("h1")).to_have_text("0 of 2 right", timeout=20000)
    expect(page.locator(".state", has_text="left open")).to_have_count(0)
    assert "time was up" in str(page.locator(".eyebrow").first.text_content())


def fill(page: Page) -> None:
    """Something that is wrong, into all fields of a question."""
    for field in page.locator("#answer input[name^=field]").all():
        field.fill("77")
    for step in page.locator("#answer fieldset.step").all():
        step.locator("input").last.check()
    if page.locator("#source").count():
        page.fill("#source", "x = 1\n")


def spend(course: Course, path: str, seconds: float) -> None:
    """The clock of a paper, as if it had run so long."""
    log = open_log(places(course.folder / "data", environ={}), role="command")
    kept = log.draft(f"paper/{path}/clock")
    log.save_draft(f"paper/{path}/clock", f"{seconds}", kept.revision if kept else 0)
    log.close()


def test_a_paper_is_sat_with_forms_alone_and_printed(visit: Visiting) -> None:
    there = visit(lang="en", scripts=False)
    page = there.open(f"/checkpoint/{OF}")
    path = begin(page, 4)
    page.goto(f"{there.course.address}/papers/{path}?n=9", wait_until="commit")
    page.fill("textarea >> nth=0", "what I recall")
    page.click('button[value="keep"]', no_wait_after=True)
    page.wait_for_url(re.compile("n="), wait_until="commit")
    page.click(".paper-end summary")
    page.click('button[value="end"]')
    expect(page.locator("h1")).to_have_text("0 of 4 right")
    page.locator('button[value="3"] >> nth=0').click()
    expect(page.locator('[aria-pressed="true"]')).to_have_text("Good")
    page.click("text=Record, to print")
    page.fill("#name", "Li Wen")
    page.click("text=Put it on")
    expect(page.locator(".certificate-name")).to_have_text("Li Wen")


def test_what_is_typed_in_a_gate_survives_a_killed_server_and_a_closed_tab(visit: Visiting, course: Course) -> None:
    there = visit(lang="en")
    page = there.open(PROGRAM)
    page.click('button[value="begin"]')
    page.click('button[value="skip"]')
    page.click('button[value="open"]')
    page.click("#source")
    page.keyboard.press("Control+a")
    began = time.monotonic()
    while time.monotonic() < began + 2.2:  # one key after another, with no pause
        page.keyboard.insert_text("a")
        page.wait_for_timeout(100)
    assert len(there.open(PROGRAM).locator("#source").input_value()) >= 2, "kept while it is typed"
    course.kill()
    page.bring_to_front()
    page.fill("#source", "x = 1\n")
    expect(page.locator("[data-unkept]")).to_be_visible(timeout=20_000)
    course.start()
    expect(page.locator("[data-unkept]")).to_be_hidden(timeout=20_000)
    page.fill("#source", "x = 2\n")
    page.close()  # at once
    page = there.open(PROGRAM)
    soon(page, lambda page: page.locator("#source").input_value() == "x = 2\n")
    course.kill()
    page.fill("#source", "x = 3\n")
    page.close()  # while nobody takes it
    course.start()
    page = there.open(PROGRAM)
    expect(page.locator("#source")).to_have_value("x = 3\n")
    taken(page)
    page = visit(lang="en", scripts=False).open(PROGRAM)
    assert page.locator("#source").input_value() == "x = 3\n"


def test_what_is_typed_before_the_scripts_are_there_and_on_a_page_that_is_not_opened_again_is_kept(
    visit: Visiting, course: Course
) -> None:
    there = visit(lang="en")
    page = there.open("/checkpoint/thirty-weeks/week-1")
    page.route(re.compile(r"/paper[^/]*\.js"), lambda route: (time.sleep(1.0), route.continue_()))
    path = begin(page, 7)
    page.wait_for_selector("#answer")
    fill(page)
    typed = fields(page)
    page.wait_for_timeout(3000)
    plain = visit(lang="en", scripts=False).open("/checkpoint")
    there_is(plain, course, path, 1, "#answer")
    assert fields(plain) == typed, "typed while the script was on its way"
    course.kill()
    for field in page.locator("#answer input[name^=field]").all():
        field.fill("78")
    page.close()
    course.start()
    page = there.open(f"/papers/{path}?n=2")
    taken(page)
    there_is(plain, course, path, 1, "#answer")
    assert fields(plain) == [(name, "78" if name.startswith("field") else value) for name, value in typed]


def test_what_is_typed_in_a_placement_is_kept_with_scripts_by_itself_and_without_them_by_a_button(
    visit: Visiting,
) -> None:
    there = visit(lang="en")
    page = there.open("/place")
    page.click('button[value="begin"]')
    fill(page)
    typed = fields(page)
    assert typed
    page.close()
    page = there.open("/place")
    soon(page, lambda page: fields(page) == typed)
    assert page.locator('button[value="keep"]').count() == 0
    page = visit(lang="en", scripts=False).open("/place")
    assert fields(page) == typed
    for field in page.locator("#answer input[name^=field]").all():
        field.fill("78")
    page.click('button[value="keep"]')
    assert fields(page) == [(name, "78" if name.startswith("field") else value) for name, value in typed]


def soon(page: Page, holds: Callable[[Page], bool]) -> None:
    """What a closed tab sent along comes beside what is opened next."""
    until = time.monotonic() + 20
    while not holds(page):
        assert time.monotonic() < until
        page.goto(page.url)


def taken(page: Page) -> None:
    """The course has what the browser kept."""
    until = time.monotonic() + 20
    while page.evaluate("localStorage.length"):
        assert time.monotonic() < until
        page.wait_for_timeout(50)


def fields(page: Page) -> list[tuple[str, str]]:
    """What stands in the fields of a question."""
    found = page.locator("#answer input[name^=field], #answer input[name^=place], #answer input:checked").all()
    return [(str(field.get_attribute("name")), field.input_value()) for field in found]
