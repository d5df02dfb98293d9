"""A learner before the course's pages: clicks and keys, nothing else. Commands only where no page has a way.

What a learner knows is what the reference answers say (`Mind`); what they did is counted (`Done`), so that the pages
can be held against it. The clock of the course is moved by starting it anew on another day (later.py).
"""

import random
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import Course, Visit
from wenjin.kit.exercise import Numeric
from wenjin.kit.text import Language
from wenjin.study.course.graph import Course as Graph
from wenjin.study.judge.shelf import Shelf
from wenjin.study.judge.solution import reference
from wenjin.study.progress.placement import drawn

WAIT = 20_000  # milliseconds: a judge or a lab has a process to start, beside all that the machine does


class Machine(Course):
    """A computer with a course on it: a folder, a port, a time zone, and the day that its clock shows."""

    def on(self, moment: datetime, zone: str) -> None:
        """Switch it off, if it is on, and on again at that moment of its local time."""
        self.off()
        self.program = ["-P", str(Path(__file__).with_name("later.py")), moment.isoformat()]
        self.beside = {"TZ": zone}
        self.start()

    def off(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()


class Mind:
    """What is right, and what a mistake would answer."""

    def __init__(self, course: Graph) -> None:
        self.course, self.shelf = course, Shelf(course.root)

    def right(self, exercise: str, variant: int = 0) -> Any:
        """A program's text, or the answer sheet."""
        known = self.shelf.get(exercise)
        text = reference(known.exercise, known.folder, variant)
        return text if self.course.exercises[exercise].code else tomllib.loads(text)["answer"]

    def wrong(self, exercise: str, mistake: str, variant: int) -> dict[str, Any]:
        """The numbers to which a mistake leads."""
        known = self.shelf.get(exercise).exercise
        assert isinstance(known, Numeric)
        return known.solution(known.draw(random.Random(variant)), fault=frozenset((mistake,)))


@dataclass
class Done:
    """What the learner has done, as they would count it themselves."""

    days: set[date] = field(default_factory=set)  # on which something was done
    tried: Counter[str] = field(default_factory=Counter)  # exercises, by week
    passed: Counter[str] = field(default_factory=Counter)
    labs: Counter[str] = field(default_factory=Counter)
    exercises: set[str] = field(default_factory=set)
    reviews: Counter[date] = field(default_factory=Counter)  # cards answered and mistakes solved again
    asked: int = 0  # cards asked again after days, the first time on their day
    recalled: int = 0


class Learner:
    """One person with a browser before a machine. Each verb begins where the last one ended, as a person does."""

    def __init__(self, machine: Machine, context: BrowserContext, mind: Mind, lang: Language, done: Done) -> None:
        self.machine, self.mind, self.lang, self.done = machine, mind, lang, done
        self.page: Page = context.new_page()
        self.visit = Visit(machine, context)
        self.visit.watch(self.page)
        self.today = date.min

    # where one is

    def sits_down(self, moment: datetime, zone: str) -> None:
        """Start the course, and open the address that it prints."""
        self.page.goto("about:blank")
        self.machine.on(moment, zone)
        self.today = moment.date()
        self.page.goto(self.machine.token)
        expect(self.page.locator("nav [aria-current=page]")).to_have_attribute("href", "/")

    @property
    def week(self) -> str:
        year, week, _ = self.today.isocalendar()
        return f"{year}-W{week:02}"

    def click(self, target: str | Locator) -> None:
        """Follow a link or press a button that leads to another page; what is folded over it is unfolded."""
        one = self.page.locator(target).first if isinstance(target, str) else target.first
        for fold in one.locator("xpath=ancestor::details[not(@open)]/summary").all():
            fold.click()
        with self.page.expect_navigation(wait_until="domcontentloaded", timeout=WAIT):
            one.click(no_wait_after=True)

    def goes(self, *ways: str) -> None:
        """From link to link, by where they lead. The first stands in the head of every page, or on this one."""
        for way in ways:
            self.click(f'main a[href="{way}"], header a[href="{way}"]')

    def reads(self, selector: str) -> str:
        return " ".join(self.page.locator(selector).first.inner_text().split())

    def numbers(self, selector: str) -> list[int]:
        return [int(n) for n in re.findall(r"\d+", self.reads(selector))]

    # answers

    def fills(self, answer: dict[str, Any]) -> None:
        """An answer sheet, blank by blank."""

        def blanks(name: str, value: Any) -> None:
            if isinstance(value, list):
                for n, one in enumerate(value):
                    blanks(f"{name}.{n}", one)
            else:
                self.page.locator(f'[name="{name}"]').fill(f"{value:.10g}")

        for name, value in answer.items():
            if isinstance(value, str):
                self.page.locator(f'[name="step.{name}"][value="{value}"]').check()
            else:
                blanks(f"field.{name}", value)

    def answers(self, exercise: str, mistake: str | None = None) -> None:
        """Answer the exercise that is open, and read the verdict. A program is pasted over what stands there."""
        self.done.days.add(self.today)
        variant = int(self.page.locator("#exercise").get_attribute("data-variant") or 0)
        if self.mind.course.exercises[exercise].code:
            self.page.locator(".cm-content").focus()
            self.page.keyboard.press("Control+a")
            self.pastes(self.mind.right(exercise))
        else:
            self.fills(self.mind.wrong(exercise, mistake, variant) if mistake else self.mind.right(exercise, variant))
        self.page.locator('#answer button[value="judge"]').click()
        if mistake:
            expect(self.page.locator("#verdict .verdict-name")).to_have_text(mistake, timeout=WAIT)
        else:
            expect(self.page.locator('#verdict [data-verdict="pass"]')).to_be_visible(timeout=WAIT)
        if exercise not in self.done.exercises:
            self.done.exercises.add(exercise)
            self.done.tried[self.week] += 1
            self.done.passed[self.week] += 1  # before the day is over it is right

    def pastes(self, text: str) -> None:
        """What Ctrl-V does with this text on the clipboard."""
        self.page.evaluate(
            "(text) => { const held = new DataTransfer(); held.setData('text/plain', text);"
            " document.activeElement.dispatchEvent(new ClipboardEvent('paste',"
            " {clipboardData: held, bubbles: true, cancelable: true})); }",
            text,
        )

    def is_asked(self, knows: Callable[[str], bool]) -> int:
        """Answer the questions of a placement or gate test: right where the topic is known, else "I do not know"."""
        asked = 0
        self.done.days.add(self.today)
        while (item := self.page.locator("#answer input[name=item]")).count():
            test, _, number = str(item.get_attribute("value")).rpartition("-")
            title = self.page.locator("#answer h2").inner_text()
            exercise = next(e for e in self.mind.course.exercises.values() if e.title and e.title[self.lang] == title)
            known = knows(exercise.topic)
            if known and exercise.code:
                self.click('button[value="open"]')
                self.page.locator("#source").fill(self.mind.right(exercise.id))
            elif known:
                self.fills(self.mind.right(exercise.id, drawn(test, int(number) - 1)))
            self.click(f'button[value="{"answer" if known else "skip"}"]')
            asked += 1
        return asked

    # studying

    def notes(self, anchor: str, text: str) -> None:
        """Write beside a section of the lesson that is open."""
        self.done.days.add(self.today)
        self.page.locator(f"#note-{anchor} summary").click()
        self.page.locator(f"#note-{anchor} textarea").fill(text)
        expect(self.page.locator(f"#note-{anchor} .note-state")).to_have_attribute("data-state", "saved", timeout=WAIT)

    def asks(self, anchor: str, text: str) -> None:
        self.page.locator(f"#ask-{anchor} summary").click()
        self.page.locator(f'#ask-{anchor} textarea[name="text"]').fill(text)
        self.click(f"#ask-{anchor} button")

    def runs(self, words: dict[str, str], *, stop: bool = False) -> str:
        """A run of the lab whose page is open, without predicting; to its end, or stopped on the way. Its address."""
        for name, word in words.items():
            self.page.locator(f"#arg-{name}").fill(word)
        self.click('button[value="skip"]')
        expect(self.page).to_have_url(re.compile(r"/runs/\w+$"))
        if stop:
            expect(self.page.locator("#run[data-state=running]")).to_be_attached(timeout=WAIT)
            self.page.locator('form[action$="/stop"] button').click()
        ended = "stopped" if stop else "finished"
        expect(self.page.locator(f"#run[data-state={ended}]")).to_be_attached(timeout=3 * WAIT)
        self.done.labs[self.week] += not stop
        return self.page.url.removeprefix(self.machine.address)

    def reviews(self) -> None:
        """All that is asked today: one card in five is forgotten; a mistake is solved once more."""
        self.goes("/review")
        shown: set[str] = set()
        while self.page.locator(".review-card").count():
            if self.page.locator("#rate").count() == 0:
                way = self.page.locator(".review-card a.button-main")
                found = re.match(r"/topics/([^/]+)/exercises/([^/?]+)", str(way.get_attribute("href")))
                assert found
                self.click(way)
                self.answers(f"{found[1]}/{found[2]}")
                self.done.reviews[self.today] += 1
                self.goes("/review")
                continue
            seen = int(self.page.locator('#rate [name="seen"]').get_attribute("value") or 0)
            card = str(self.page.locator('#rate [name="card"]').get_attribute("value"))
            due = seen > 0 and card not in shown
            forgets = due and (len(card) + self.today.day) % 5 == 0
            shown.add(card)
            self.page.keyboard.press("Space")
            expect(self.page.locator(".ratings")).to_be_visible()
            with self.page.expect_navigation(wait_until="domcontentloaded", timeout=WAIT):
                self.page.keyboard.press("1" if forgets else "3")
            self.done.days.add(self.today)
            self.done.reviews[self.today] += 1
            self.done.asked += due
            self.done.recalled += due and not forgets

    def sits(self, questions: list[tuple[str, int]]) -> None:
        """The questions of a paper, one after the other, all that can be judged right; then the cards, in a word."""
        for exercise, variant in questions:
            self.answers_paper(exercise, variant)
        for box in self.page.locator('textarea[name^="card."]').all():
            box.fill("what I recall of it")
        self.click('button[value="keep"]')
        self.page.locator(".paper-end summary").click()
        self.click('.paper-end button[value="end"]')

    def answers_paper(self, exercise: str, variant: int) -> None:
        """The question of a paper that is open."""
        if self.mind.course.exercises[exercise].code:
            self.page.locator("#source").fill(self.mind.right(exercise))
        else:
            self.fills(self.mind.right(exercise, variant))
        self.click('button[value="keep"]')
