"""A note in the browser: saved while it is typed, kept through what goes wrong, shown as text and never as HTML."""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from playwright.sync_api import Browser, Error, Locator, Page, expect

from tests.browser.conftest import Course, Picture, Visiting, chromium

TOPIC = "/topics/self-attention"
HOSTILE = '<script>document.title="taken"</script> $\\frac{1}{\\sqrt d}$ مرحبا 🙂 [there](#saturation)'


def box(page: Page, anchor: str) -> Locator:
    return page.locator(f"#note-{anchor}")


def write(page: Page, anchor: str, text: str) -> None:
    """Open a note and put this text into it."""
    note = box(page, anchor)
    if not note.locator("textarea").is_visible():
        note.locator("summary").click()
        expect(note.locator("textarea")).to_be_focused()
    note.locator("textarea").focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def said(page: Page, anchor: str, state: str) -> None:
    patience = 5000 if state == "failed" else 20000  # a failure must be seen at once; a busy machine may take its time
    expect(box(page, anchor).locator(".note-state")).to_have_attribute("data-state", state, timeout=patience)


def stored(page: Page, anchor: str) -> Any:
    origin = page.evaluate("location.origin")
    return page.request.get(f"{origin}/api/notes/self-attention/{anchor}").json()["text"]


def text(page: Page, anchor: str) -> str:
    return box(page, anchor).locator("textarea").input_value()


def waited(page: Page, anchor: str, text: str) -> float:
    """Milliseconds from the first key until the course is asked to keep it."""
    page.evaluate("window.typed = undefined")
    write(page, anchor, text)
    for _ in range(400):
        sent = "performance.getEntriesByType('resource').filter((each) => each.name.includes('/api/notes/'))"
        found = page.evaluate(f"({sent}.find((each) => each.startTime > typed)?.startTime ?? NaN) - typed")
        if found == found:
            return float(found)
        page.wait_for_timeout(50)
    raise AssertionError("it was not saved")


def test_written_shown_kept_and_in_the_file(visit: Visiting, course: Course, picture: Picture) -> None:
    seen = visit(lang="en")
    page = seen.open(TOPIC)
    title = page.title()
    page.evaluate("addEventListener('input', () => (window.typed ??= performance.now()))")
    waits = [waited(page, "softmax-axis", text) for text in ("one", "two", HOSTILE)]
    assert min(waits) < 2000, "by the page's own clock, which a machine with much else to do may stop now and then"
    said(page, "softmax-axis", "saved")
    page.keyboard.press("Control+Enter")
    shown = box(page, "softmax-axis").locator(".note-text")
    expect(shown).to_contain_text("<script>")
    expect(shown.locator(".katex-html")).to_be_visible()
    expect(box(page, "softmax-axis").locator("summary")).to_be_focused()
    assert shown.locator("script").count() == 0
    assert page.title() == title
    unruled = page.evaluate(
        """() => {
          const sheets = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
          const rules = sheets.map((rule) => rule.selectorText);
          const used = [...document.querySelectorAll('.note-text [class*="kx-"]')].flatMap((e) => [...e.classList]);
          return used.filter((name) => name.startsWith('kx-') && !rules.some((rule) => rule?.includes(name)));
        }"""
    )
    assert unruled == [], "a formula that is new to the page has its rules"
    picture(page, "note-shown")
    page.reload()
    assert "<script>" in box(page, "softmax-axis").locator(".note-text").inner_text()
    file = course.folder / "workspace" / "notes" / "self-attention.md"
    assert HOSTILE in file.read_text(encoding="utf-8")
    file.write_text(file.read_text(encoding="utf-8").replace("مرحبا", "read back"), encoding="utf-8")
    page.reload()
    expect(box(page, "softmax-axis").locator(".note-text")).to_contain_text("read back")


def test_two_windows_do_not_overwrite_each_other(visit: Visiting, picture: Picture) -> None:
    seen = visit(lang="zh")
    one, two = seen.open(TOPIC), seen.open(TOPIC)
    # The second window does not hear of what the first one saves: it cannot look.
    two.route("**/api/notes/**", lambda asked: asked.abort() if asked.request.method == "GET" else asked.continue_())
    box(two, "saturation").locator("summary").click()
    one.bring_to_front()
    write(one, "saturation", "第一个窗口")
    said(one, "saturation", "saved")
    two.bring_to_front()
    write(two, "saturation", "第二个窗口")
    said(two, "saturation", "conflict")
    assert stored(two, "saturation") == "第一个窗口"
    assert text(two, "saturation") == "第二个窗口"
    conflict = box(two, "saturation").locator(".conflict")
    conflict.locator("summary").click()
    expect(conflict.locator(".diff del")).to_contain_text("第一个窗口")
    picture(two, "note-conflict")
    conflict.locator("button").first.click()
    said(two, "saturation", "saved")
    assert stored(two, "saturation") == "第二个窗口"


def test_killed_browsers_and_servers_lose_two_seconds_at_most(
    browser: Browser, course: Course, session: list[Any], count: Callable[[int], int]
) -> None:
    """Typing goes on until the browser, the server, or both die; what is kept is all but the last two seconds."""
    for turn in range(count(50)):
        anchor = ("why-not-d", "several-heads", "mask-before-softmax")[turn // 3 % 3]
        kills = (("browser",), ("browser", "server"), ("server", "browser"))[(turn + 1) % 3]
        kept, typed, died = typed_until_killed(
            browser, course, session, f"r{turn}-", anchor, kills, 1.7 + turn % 5 * 0.6
        )
        assert kept >= sum(at < died - 2 for at in typed), (turn, kills, kept, len(typed))


def typed_until_killed(
    browser: Browser,
    course: Course,
    session: list[Any],
    word: str,
    anchor: str,
    kills: tuple[str, ...],
    seconds: float,
) -> tuple[int, list[float], float]:
    """How many of the words were kept, when each was typed, and when the first was killed."""
    other = browser.browser_type.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
    context = other.new_context()
    context.add_cookies(session)
    page = context.new_page()
    page.goto(course.address + TOPIC)
    write(page, anchor, "start ")
    typed: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        page.keyboard.insert_text(word)
        typed.append(time.monotonic())
        time.sleep(0.05)
    died = time.monotonic()
    for name in kills:
        if name == "server":
            course.kill()
        else:
            with suppress(Error):  # the browser dies before it can answer
                other.new_browser_cdp_session().send("Browser.crash")
    if "server" in kills:
        course.start()
    fresh = browser.new_context()
    fresh.add_cookies(session)
    kept = fresh.request.get(f"{course.address}/api/notes/self-attention/{anchor}").json()["text"].count(word)
    fresh.close()
    return kept, typed, died


def test_a_tab_closed_at_once_and_a_lost_server_lose_nothing(visit: Visiting, course: Course, picture: Picture) -> None:
    seen = visit(lang="en")
    page = seen.open(TOPIC)
    write(page, "half-precision", "typed and gone")
    page.close()
    page = seen.open(TOPIC)
    assert text(page, "half-precision") == "typed and gone"
    course.kill()
    try:
        write(page, "half-precision", "while it was away")
        began = time.monotonic()
        said(page, "half-precision", "failed")
        assert time.monotonic() - began < 5
        picture(page, "note-failed")
    finally:
        course.start()
    said(page, "half-precision", "saved")
    assert stored(page, "half-precision") == "while it was away"


def test_what_is_too_long_is_told_at_once(visit: Visiting) -> None:
    page = visit(lang="en").open(TOPIC)
    box(page, "summary").locator("summary").click()
    page.evaluate(
        """() => {
          const area = document.querySelector('#note-summary textarea');
          area.value = ('much '.repeat(200) + '\\n').repeat(1_050);
          area.dispatchEvent(new Event('input', {bubbles: true}));
        }"""
    )
    state = box(page, "summary").locator(".note-state")
    expect(state).to_have_attribute("data-state", "failed", timeout=20_000)  # to lay it out takes a browser seconds
    expect(state).to_contain_text("1 MB")
    assert stored(page, "summary") == ""


def test_keys_and_the_way_without_scripts(visit: Visiting) -> None:
    page = visit(lang="en").open(TOPIC)
    for _ in range(3):
        page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == "why-dot-product"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.id") == "query-key-value"
    page.keyboard.press("m")
    expect(box(page, "query-key-value").locator("textarea")).to_be_focused()
    page.keyboard.insert_text("j and k are letters here")
    page.keyboard.press("Escape")
    expect(box(page, "query-key-value").locator(".note-text")).to_contain_text("letters")
    plain = visit(lang="en", scripts=False).open(TOPIC)
    note = box(plain, "query-key-value")
    note.locator("summary").click()
    note.locator("textarea").fill("by a form")
    note.locator("button").click()
    assert plain.url.endswith("/topics/self-attention#note-query-key-value")
    expect(note.locator(".note-text")).to_have_text("by a form")


def test_the_place_is_kept_across_languages_and_depths(visit: Visiting) -> None:
    page = visit(lang="zh").open(f"{TOPIC}#half-precision")
    fold = page.locator("#half-precision details").first
    fold.locator("summary").first.click()
    page.locator("#half-precision").evaluate("e => scrollTo(0, e.offsetTop + e.offsetHeight * 0.4)")
    middle = """() => {
      const box = document.querySelector('#half-precision').getBoundingClientRect();
      return -box.top / box.height;
    }"""
    before = page.evaluate(middle)
    page.locator("a.language").evaluate("e => e.click()")  # a pointer's click would first scroll it into view
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.wait_for_load_state("load")
    until = time.monotonic() + 5
    while abs(page.evaluate(middle) - before) >= 0.1 and time.monotonic() < until:
        page.wait_for_timeout(100)
    assert abs(page.evaluate(middle) - before) < 0.1
    assert page.locator("#half-precision details").first.get_attribute("open") is not None
    assert page.url.endswith("#half-precision")
    page.locator(".depths a").last.evaluate("e => e.click()")
    expect(page.locator(".lesson[data-depth=beyond]")).to_be_visible()
    assert page.locator("#half-precision details.part:not([open])").count() == 0
    box_top = page.locator("#half-precision").bounding_box()
    assert box_top
    assert box_top["y"] < 400


def test_arrows_move_in_the_results(visit: Visiting) -> None:
    page = visit(lang="en").open("/")
    page.keyboard.press("/")
    page.keyboard.insert_text("softmax")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=softmax")
    for key, at in (("ArrowDown", 0), ("ArrowDown", 1), ("ArrowUp", 0)):
        page.keyboard.press(key)
        expect(page.locator(".hits h2 a").nth(at)).to_be_focused()
    target = page.locator(".hits h2 a").first.get_attribute("href") or ""
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{target}")


def test_paper_is_white_and_carries_the_notes_by_choice(visit: Visiting, course: Course) -> None:
    seen = visit(lang="zh", theme="dark")
    page = seen.open(TOPIC)
    write(page, "several-heads", "印出来")
    page.keyboard.press("Control+Enter")
    shown = box(page, "several-heads").locator(".note-text")
    expect(shown).to_be_visible()
    page.emulate_media(media="print")
    expect(shown).to_be_hidden()
    ink = page.evaluate("getComputedStyle(document.querySelector('.lesson p')).color")
    assert max(int(part) for part in re.findall(r"\d+", ink)[:3]) < 128, ink
    page.emulate_media(media="screen")
    page.goto(course.address + "/settings")
    page.locator("[name=paper][value=notes]").click()
    page.goto(course.address + TOPIC)
    page.emulate_media(media="print")
    expect(shown).to_be_visible()
    expect(box(page, "several-heads").locator("summary")).to_be_hidden()
    expect(box(page, "softmax-axis").locator("summary")).to_be_hidden()
