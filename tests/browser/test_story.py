"""The story of one learner: a month on one machine, by its pages alone, and on with it on another machine.

Day 1    chooses a track, says how many hours there are, is placed
2, 9, 16 a topic each: lesson, note, question, cards, exercises with a mistake on the way, a lab
each day what is due; on Sundays the weekly check and a word on the week
30       a stage test with its certificate; a second paper is left open, a run stopped; all of it is taken along
31       another machine, in another part of the world: everything is there, and goes on

The full depth lives through every day, the short one through those on which something begins.
"""

import json
import re
import zipfile
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.conftest import free_port
from tests.browser.learner import WAIT, Done, Learner, Machine, Mind
from tests.conftest import FULL
from wenjin.study.course.load import load
from wenjin.study.progress.paper import paper, scopes

TRACK = "thirty-weeks"
TEST, OPEN = f"{TRACK}/stage-1", f"{TRACK}/week-4"
KNOWN, GATED = "probability-and-bayes", "python-core"  # before the first lesson: by the placement, by a gate
TOPICS = {  # by the day on which they are begun
    2: "decision-trees-and-forests",
    9: "convolutional-networks",
    16: "tokenization",
}
MISTAKES = {  # made before it is right
    "decision-trees-and-forests/best-split": "gain-without-weights",
    "convolutional-networks/output-size": "padding-counted-once",
}
LAB = "one-tree-or-many"
SMALL, LARGE = {"trees": "10", "depths": "1, 2", "folds": "2", "halves": "4"}, {"trees": "2000", "halves": "200"}
NOTE, ASKED = "自己的话", "为什么"
MONDAY = date(2026, 3, 2)
SUNDAYS = (7, 14, 21, 28)
LAST = 30
DAYS = range(1, LAST + 1) if FULL else (1, 2, 7, 9, 16, LAST)
HERE, THERE = "Asia/Shanghai", "Europe/Berlin"


def clock(day: int) -> datetime:
    """When the learner sits down: in the evening. It is noon of the same day where the second machine stands, so that
    both cut the month into the same days."""
    return datetime.combine(MONDAY + timedelta(days=day - 1), time(18))


def profile(browser: Browser, lang: str) -> BrowserContext:
    return browser.new_context(
        viewport={"width": 1280, "height": 900},
        locale={"zh": "zh-CN", "en": "en-US"}[lang],
        reduced_motion="reduce",
        accept_downloads=True,
    )


def test_a_month_and_a_second_machine(browser: Browser, tmp_path: Path) -> None:
    mind, done = Mind(load(coverage=False)), Done()
    file = tmp_path / "wenjin.zip"
    first, second = Machine(tmp_path / "first", free_port()), Machine(tmp_path / "second", free_port())
    try:
        with profile(browser, "zh") as context:
            one = Learner(first, context, mind, "zh", done)
            for day in DAYS:
                lives(one, day)
            left = leaves(one, file)
        with profile(browser, "en") as context:
            two = Learner(second, context, mind, "en", done)
            arrives(two, file, left)
            goes_on(two, file, left)
        assert not one.visit.wrong + two.visit.wrong
    finally:
        first.off()
        second.off()


def lives(one: Learner, day: int) -> None:
    """One day of the month."""
    one.sits_down(clock(day), HERE)
    if day == 1:
        chooses(one)
        is_placed(one)
    if day in TOPICS:
        studies(one, TOPICS[day])
    elif day > 2:
        one.reviews()
    if day in SUNDAYS:
        looks_back(one, day)
    if day == LAST:
        is_tested(one)


def chooses(one: Learner) -> None:
    """A track, from the first page; hours; and its plan for them."""
    one.goes(f"/tracks/{TRACK}")
    one.click(f'form[action="/tracks/{TRACK}/choose"] button')
    one.page.locator("#weekday").fill("2")
    one.page.locator("#weekend").fill("4.5")
    one.click('form[action$="/hours"] button')
    plan = one.page.locator(".plan-said")
    expect(plan).to_have_attribute("data-pace", "on-time")
    weeks = one.page.locator(".weeks > li")
    expect(weeks.first).to_contain_text("2026-03-02")
    expect(weeks.first).to_contain_text("14.5")
    expect(weeks.first.locator('a[href="/topics/probability-and-bayes"]')).to_be_visible()


def is_placed(one: Learner) -> None:
    """What is proven is skipped from then on: in the plan, and on Today, which says why it offers what it offers."""
    one.goes("/place")
    one.click('button[value="begin"]')
    asked = one.is_asked(lambda topic: topic == KNOWN)
    assert 0 < asked <= 30
    assert asked == one.numbers(".lead")[0]
    expect(one.page.locator(f'section[aria-labelledby="known"] a[href="/topics/{KNOWN}"]')).to_be_visible()
    one.goes("/")
    expect(one.page.locator(f'.doing a[href="/topics/{GATED}"]').first).to_be_visible()
    one.goes("/progress", f"/topics/{GATED}/mastery", f"/topics/{GATED}/gate")  # it was not asked about this one
    one.click('button[value="begin"]')
    one.is_asked(lambda topic: True)
    assert evidence(one, GATED) >= 60
    one.goes("/")
    step = one.page.locator(".doing li", has=one.page.locator(f'a[href="/topics/{TOPICS[2]}"]'))
    expect(step).to_contain_text(one.mind.course.tracks[TRACK].title[one.lang])
    one.goes(f"/tracks/{TRACK}")
    expect(one.page.locator(f'.weeks a[href="/topics/{KNOWN}"], .weeks a[href="/topics/{GATED}"]')).to_have_count(0)


def evidence(one: Learner, topic: str) -> int:
    """How well a topic is known, in percent, and why: the table adds up to what is said."""
    one.goes("/progress", f"/topics/{topic}/mastery")
    told = one.numbers(".lead")[0]
    rows = [[float(x) for x in re.findall(r"\d\.\d{3}", row)] for row in one.page.locator("tbody tr").all_inner_texts()]
    weights, products = sum(row[1] for row in rows), sum(row[1] * row[2] for row in rows)
    assert abs(told - 100 * products / (weights + 1)) < 1
    return told


def studies(one: Learner, topic: str) -> None:
    """The topic that Today offers: lesson, note, question, exercises, a lab; what is due stays for tomorrow."""
    one.goes(f"/topics/{topic}")
    anchor = str(one.page.locator(".note").first.get_attribute("id")).removeprefix("note-")
    one.notes(anchor, f"{NOTE} {topic}: $\\sqrt d$")
    one.asks(anchor, f"{ASKED} {one.mind.course.topics[topic].title['zh']}?")
    for exercise in (e for e in one.mind.course.topics[topic].exercises if e.written):
        one.goes(f"/topics/{topic}/exercises/{exercise.name}")
        if exercise.id in MISTAKES:
            one.answers(exercise.id, MISTAKES[exercise.id])
        one.answers(exercise.id)
        one.goes(f"/topics/{topic}")
    if topic == TOPICS[2]:
        one.goes(f"/topics/{topic}/labs/{LAB}")
        one.runs(SMALL)
        one.goes("/")
    assert evidence(one, topic) >= 40


def looks_back(one: Learner, day: int) -> None:
    """The weekly check, filled in from what was done; and a word on the week."""
    one.goes("/progress", "/week")
    done, week = one.done, one.week
    assert one.numbers("#practice-shown")[:3] == [done.tried[week], done.passed[week], done.labs[week]]
    for question in ("theory", "practice", "code", "notes"):
        box = one.page.locator(f"#{question}")
        if not box.input_value():
            box.fill("5")
    one.page.locator("#remark").fill(f"第 {day} 天")
    one.click(".week-form button")
    expect(one.page.locator(".week-remark").first).to_contain_text(f"第 {day} 天")
    one.goes("/progress", "/summary")
    one.notes("reflection", f"第 {day} 天：慢一点，先读题。")


def is_tested(one: Learner) -> None:
    """The stage test, all of it right; its report and certificate."""
    one.goes("/progress", "/checkpoint", f"/checkpoint/{TEST}")
    one.page.locator("#seed").fill("7")
    one.click("form.paper-begin button")
    drawn = paper(one.mind.course, scopes(one.mind.course)[TEST], 7)
    assert one.page.locator(".paper-pages li").count() == len(drawn.items) + 1
    one.sits([(item.exercise.id, item.variant) for item in drawn.items])
    assert one.numbers("h1") == [len(drawn.items)] * 2
    one.page.locator('.ratings button[value="3"]').first.click()
    one.click('a[href$="/certificate"]')
    one.page.locator("#name").fill("李问津")
    one.click(".certificate-form button")
    expect(one.page.locator(".certificate-name")).to_have_text("李问津")


def adds_up(one: Learner) -> None:
    """The record of the month is what the learner did."""
    done, course = one.done, one.mind.course
    one.goes("/progress")
    days = sorted(done.days)
    rows = [0]
    for before, day in pairwise([date.min, *days]):
        rows.append(rows[-1] + 1 if day - before == timedelta(days=1) else 1)
    lately = sum(day > one.today - timedelta(days=28) for day in days)
    shown = one.page.locator(".totals dd").all_inner_texts()
    assert [int(text) for text in shown[1:3]] == [lately, max(rows)]
    one.goes("/review/statistics")
    assert one.numbers("section[aria-labelledby=year] > p") == [len(done.reviews), sum(done.reviews.values())]
    assert one.numbers("tbody tr:nth-child(2) td:last-child .quiet") == [done.recalled, done.asked]
    one.goes("/notes")
    for topic in TOPICS.values():
        expect(one.page.locator(f"#notes-{topic} + article")).to_contain_text(f"{NOTE} {topic}")
    one.goes("/questions")
    for topic in TOPICS.values():
        expect(one.page.locator("main")).to_contain_text(f"{ASKED} {course.topics[topic].title['zh']}?")


def today(one: Learner) -> list[str]:
    """What Today offers, by where it leads, and how many cards are due."""
    one.goes("/")
    ways = [str(way.get_attribute("href")) for way in one.page.locator(".doing a[aria-keyshortcuts]").all()]
    return ways + one.page.locator(".nav .count").all_inner_texts()


def leaves(one: Learner, file: Path) -> dict[str, Any]:
    """Something is left undone: a paper, a run. All of it is taken along. What the pages said last."""
    adds_up(one)
    one.goes("/progress", "/checkpoint", f"/checkpoint/{OPEN}")
    one.page.locator("#seed").fill("3")
    one.click("form.paper-begin button")
    drawn = paper(one.mind.course, scopes(one.mind.course)[OPEN], 3)
    first = drawn.items[0]
    one.answers_paper(first.exercise.id, first.variant)
    left: dict[str, Any] = {"paper": one.page.url.removeprefix(one.machine.address).partition("?")[0]}
    one.click(".paper-end > a")
    one.goes("/map", f"/topics/{TOPICS[2]}", f"/topics/{TOPICS[2]}/labs/{LAB}")
    left["run"] = one.runs(LARGE, stop=True)
    left["today"] = today(one)
    assert left["run"] in left["today"]
    left["mastery"] = [evidence(one, topic) for topic in TOPICS.values()]
    left["archive"] = takes_along(one, file)
    return left


def takes_along(one: Learner, file: Path) -> bytes:
    """The archive, from its page."""
    one.goes("/progress", "/archive")
    with one.page.expect_download(timeout=WAIT) as coming:
        one.page.locator('a[href="/archive/wenjin.zip"]').click()
    coming.value.save_as(file)
    return file.read_bytes()


def arrives(two: Learner, file: Path, left: dict[str, Any]) -> None:
    """Another machine, another language, another time zone: the archive is read in, by its page."""
    there = clock(LAST).replace(tzinfo=ZoneInfo(HERE)).astimezone(ZoneInfo(THERE))
    two.sits_down(there.replace(tzinfo=None) + timedelta(minutes=30), THERE)
    two.goes("/progress", "/archive")
    two.page.locator("#archive-file").set_input_files(file)
    two.click("#archive-upload button")
    expect(two.page.locator('#work[data-state="ready"]')).to_be_visible(timeout=WAIT)
    two.click('form[action="/archive/work/take"] button')
    expect(two.page.locator('#work[data-state="done"]')).to_be_visible(timeout=WAIT)
    assert takes_along(two, file.with_name("again.zip")) == left["archive"], "the same state is the same bytes"


def goes_on(two: Learner, file: Path, left: dict[str, Any]) -> None:
    """All is as it was left, and goes on."""
    assert today(two) == left["today"]
    adds_up(two)
    assert [evidence(two, topic) for topic in TOPICS.values()] == left["mastery"]
    code = f"/topics/{TOPICS[9]}/exercises/convolution-as-product"
    two.goes("/map", f"/topics/{TOPICS[9]}", code)
    expect(two.page.locator(".cm-content")).to_contain_text("def ")
    assert two.page.locator(".cm-line").first.inner_text() in two.mind.right(f"{TOPICS[9]}/convolution-as-product")
    two.goes("/progress", "/checkpoint", left["paper"])
    assert two.page.locator(".paper-pages .unseen").count() == 1, "the answer that was kept"
    two.goes("/", left["run"])
    two.click('form[action$="/resume"] button')
    expect(two.page.locator("#run[data-state=running]")).to_be_attached(timeout=WAIT)
    two.page.locator('form[action$="/stop"] button').click()
    expect(two.page.locator("#run[data-state=stopped]")).to_be_attached(timeout=WAIT)
    two.goes("/")
    lesson = two.page.locator('.doing a[aria-keyshortcuts="N"]')
    step = two.page.locator(f'.doing a[href^="{lesson.get_attribute("href")}/exercises/"]')
    found = re.match(r"/topics/([^/]+)/exercises/([^/]+)", str(step.get_attribute("href")))
    assert found, "Today offers the lesson of a topic that is new, and its exercise"
    two.click(step)
    two.answers(f"{found[1]}/{found[2]}")
    takes_along(two, file.with_name("further.zip"))
    before, after = (events(file.with_name(name)) for name in ("again.zip", "further.zip"))
    assert after[: len(before)] == before
    new = [(event["kind"], event["subject"], event["data"].get("what")) for event in after[len(before) :]]
    assert ("attempt", f"{found[1]}/{found[2]}", None) in new
    assert {kind for kind, _, _ in new} <= {"attempt", "run", "paper"}, new


def events(file: Path) -> list[dict[str, Any]]:
    with zipfile.ZipFile(file) as archive:
        return [json.loads(line) for line in archive.read("events.jsonl").splitlines()]
