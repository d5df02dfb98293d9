"""`wenjin review`: the cards that are due, in the terminal, a key at a time.

At a terminal a key acts at once and the screen is cleared; over a pipe a line is a key, an empty one is Space.
"""

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.exercises import open_desk
from wenjin.study.cli.terminal import clean, console, fail, say, sentences

if TYPE_CHECKING:
    from rich.console import RenderableType

    from wenjin.study.cli.desk import Desk
    from wenjin.study.progress.deck import Deck, Entry

HELP = Text(
    """复习到期的卡片：想一想，看答案，说说记得怎么样；每张在快忘的时候再来。

    按键：空格 看答案，1 忘了，2 难，3 好，4 易，z 撤销上一次，q 退出。

    \b
    wenjin review                                 复习到期的和今天的新卡片
    wenjin review --take self-attention           先加入一个主题的卡片
    wenjin review --more 10                       今天多看 10 张新卡片
    wenjin review --json                          只说有多少张，给脚本用
    """,
    """Review the cards that are due: think, see the answer, say how well you knew it; each comes back when it is nearly
    forgotten.

    Keys: Space shows the answer, 1 again, 2 hard, 3 good, 4 easy, z undoes the last, q quits.

    \b
    wenjin review                                 what is due, and the new cards of today
    wenjin review --take self-attention           add a topic's cards first
    wenjin review --more 10                       ten more new cards today
    wenjin review --json                          only how many there are, for scripts
    """,
)
TAKE = Text("先加入这个主题的卡片", "add the cards of this topic first")
MORE = Text("今天多看几张新卡片", "so many more new cards today")
AS_JSON = Text("输出 JSON，不复习", "print JSON, review nothing")
DATA = Text("数据目录（也可用 WENJIN_DATA）", "the data folder (or WENJIN_DATA)")

NO_TOPIC = Text(
    "没有名为 {topic} 的主题有卡片；有卡片的主题：{topics}。",
    "No topic called {topic} has cards; these have: {topics}.",
)
LEFT = Text("还剩 {n} 张", "{n} left")
KINDS = {
    "recall": Text("回忆", "recall"),
    "what-if": Text("如果……会怎样", "what if"),
    "find-error": Text("找错", "find the error"),
    "code": Text("写代码", "write code"),
}
RATES = (Text("忘了", "again"), Text("难", "hard"), Text("好", "good"), Text("易", "easy"))
SECTION = Text("课文：{section}", "Lesson: {section}")
KEYS = Text("空格 看答案  z 撤销  q 退出", "Space answer  z undo  q quit")
RATING = Text("1 2 3 4 评分  z 撤销  q 退出", "1 2 3 4 rate  z undo  q quit")
UNDONE = Text("上一次的评分已撤销。", "The last rating is taken back.")
NOTHING_UNDONE = Text("今天没有可以撤销的评分。", "Nothing of today is left to undo.")
SHOWN = 3  # topics whose cards are offered where there are none
EMPTY = Text(
    "还没有卡片。做过一个主题的练习，它的卡片就会来；也可以现在加入：{commands}",
    "There are no cards yet. Once you try an exercise of a topic its cards come; or add them now: {commands}",
)
OVER = Text("现在没有要复习的了。", "Nothing is left to review now.")
COUNT = Text("今天答了 {n} 次，{recalled} 次想起来了。", "{n} answered today, {recalled} recalled.")
FOLLOWING = Text("下一张在 {interval}后。", "The next card comes in {interval}.")
WAITING = Text(
    "还有 {n} 张新卡片留给明天；现在就看：wenjin review --more {n}",
    "{n} new cards wait for tomorrow; to see them now: wenjin review --more {n}",
)


def register(app: typer.Typer, open_desk: Callable[[Path | None], "Desk"] = open_desk) -> None:
    @app.command(help=say(HELP))
    def review(
        take: Annotated[str | None, typer.Option(metavar="TOPIC", help=say(TAKE))] = None,
        more: Annotated[int, typer.Option(min=0, metavar="N", show_default=False, help=say(MORE))] = 0,
        as_json: Annotated[bool, typer.Option("--json", help=say(AS_JSON))] = False,
        data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(DATA))] = None,
    ) -> None:
        with sentences(), open_desk(data) as desk:
            if take is not None:
                add(desk, take)
            session = Session(desk, more)
            if as_json:
                print(json.dumps(session.counted()))
            else:
                session.run()


def add(desk: "Desk", topic: str) -> None:
    """Take the cards of a topic; the end with a sentence where it has none."""
    from wenjin.study.store.log import happened

    offered = [each.id for each in desk.course.topics.values() if each.cards]
    if topic not in offered:
        fail(NO_TOPIC.format(topic=clean(topic), topics=", ".join(offered) or "—"), 2)
    desk.log.append(happened("cards", topic, {"topic": topic}))


class Session:
    """One sitting: which card is asked, whether its answer is open, and what a key does to it."""

    def __init__(self, desk: "Desk", more: int = 0) -> None:
        from wenjin.study.progress.deck import NEW_A_DAY

        self.desk, self.language = desk, desk.language
        self.new_a_day = NEW_A_DAY
        self.deck = self._deck()
        if more:
            self.new_a_day = max(NEW_A_DAY, self.deck.begun) + more
            self.deck = self._deck()
        self._ask()

    def run(self) -> None:
        """Show a card, wait for a key, until nothing is left or the learner has enough."""
        at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
        out = console()
        for ending in (signal.SIGTERM, signal.SIGHUP) if at_terminal else ():  # like Ctrl-C: it is put back as it was
            signal.signal(ending, signal.default_int_handler)
        with keys(at_terminal) as pressed:
            while self.asked is not None:
                if at_terminal:
                    out.clear()
                for part in self.shown():
                    out.print(part)
                sys.stdout.flush()
                key = next(pressed, "q")
                if key in ("q", "\x03", "\x04"):
                    break
                self.pressed(key)
        if at_terminal and self.asked is None:
            out.clear()
        out.print(clean(self.ending()))

    def pressed(self, key: str) -> None:
        self.said = ""
        match key.lower():
            case " " | "\n" | "\r":
                self.open = True
            case "1" | "2" | "3" | "4" if self.open:
                self._rate(int(key))
            case "z" | "u":
                self._undo()

    def shown(self) -> "Iterator[RenderableType]":
        """The card as it stands."""
        from rich.rule import Rule
        from rich.text import Text as Rich

        from wenjin.study.cli.views import prose
        from wenjin.study.memory.spoken import spoken

        entry = self.asked
        assert entry is not None
        head = Rich(LEFT.format(n=len(self.deck.queue))[self.language], style="bold")
        head.append(
            f"  {clean(entry.topic.title[self.language])} · {KINDS[entry.card.kind][self.language]}", "not bold dim"
        )
        yield head
        yield ""
        yield prose(entry.card.front[self.language])
        if self.open:
            yield Rule(style="dim")
            yield prose(entry.card.back[self.language])
            yield ""
            yield Rich(SECTION.format(section=f"{entry.topic.id}#{entry.card.section}")[self.language], style="cyan")
            buttons = Rich("\n")
            for n, (name, interval) in enumerate(zip(RATES, self.deck.intervals(entry), strict=True), 1):
                buttons.append(f"{n} ", "bold").append(name[self.language])
                buttons.append(f" {spoken(interval)[self.language]}    ", "dim")
            yield buttons
        yield ""
        if self.said:
            yield Rich(self.said, style="yellow")
        yield Rich((RATING if self.open else KEYS)[self.language], style="dim")

    def ending(self) -> str:
        """What was done today, and when it goes on."""
        from wenjin.study.memory.spoken import spoken

        deck = self.deck
        if not deck.entries:
            topics = [each.id for each in self.desk.course.topics.values() if each.cards]
            commands = ", ".join(f"wenjin review --take {id}" for id in topics[:SHOWN])
            return EMPTY.format(commands=commands)[self.language]
        told = [LEFT.format(n=len(deck.queue)) if deck.queue else OVER]
        if deck.today:
            told.append(COUNT.format(n=len(deck.today), recalled=sum(each.rating > 1 for each in deck.today)))
        if not deck.queue and deck.following:
            told.append(FOLLOWING.format(interval=spoken(deck.following - deck.now)[self.language]))
        if not deck.queue and deck.waiting:
            told.append(WAITING.format(n=deck.waiting))
        return "\n".join(text[self.language] for text in told)

    def counted(self) -> dict[str, object]:
        deck = self.deck
        return {
            "left": len(deck.queue),
            "due": deck.left("review"),
            "learning": deck.left("learning", "relearning"),
            "new": deck.left("new"),
            "waiting": deck.waiting,
            "today": len(deck.today),
            "next": deck.following and deck.following.isoformat(),
        }

    def _deck(self) -> "Deck":
        from wenjin.study.progress.deck import deck

        return deck(self.desk.log.events(), self.desk.course, datetime.now().astimezone(), self.new_a_day)

    def _ask(self, wish: str = "") -> None:
        self.asked: Entry | None = self.deck.asked(wish)
        self.open = False
        self.said = ""
        self._since = time.monotonic()

    def _rate(self, rating: int) -> None:
        from wenjin.study.store.log import happened

        entry, now = self.asked, self._deck()
        assert entry is not None
        took = round(1000 * (time.monotonic() - self._since))
        if now.entries[entry.id].standing.reviews == entry.standing.reviews:  # else another window was quicker
            self.desk.log.append(happened("review", entry.id, {"rating": rating, "ms": took}))
        self.deck = self._deck()
        self._ask()

    def _undo(self) -> None:
        from wenjin.study.store.log import happened

        last = self.deck.last
        if last is None:
            self.said = NOTHING_UNDONE[self.language]
            return
        self.desk.log.append(happened("undo", last.card, {"event": last.event}))
        self.deck = self._deck()
        self._ask(last.card)
        self.said = UNDONE[self.language]


def keys(at_terminal: bool) -> AbstractContextManager[Iterator[str]]:
    """Keys as they are pressed, or the first letters of lines."""
    from wenjin.study.cli.happenings import keyboard

    if at_terminal:
        return keyboard(sys.stdin, True)
    return nullcontext(line.strip()[:1] or " " for line in sys.stdin)
