"""`wenjin review`: the cards that are due, in the terminal, a key at a time.

At a terminal a key acts at once and the screen is cleared; over a pipe a line is a key, an empty one is Space. What the
learner sees besides the cards (statistics, a typed answer beside the right one) is in `reviewviews`.
"""

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.exercises import open_desk
from wenjin.study.cli.terminal import clean, console, fail, say, sentences

if TYPE_CHECKING:
    from rich.console import RenderableType

    from wenjin.study.cli.desk import Desk
    from wenjin.study.course.graph import Card
    from wenjin.study.progress.deck import Deck, Entry

HELP = Text(
    """复习到期的卡片：想一想，看答案，说说记得怎么样；每张在快忘的时候再来。

    按键：空格 看答案，1 忘了，2 难，3 好，4 易，z 撤销上一次，q 退出；t 先写下答案再对照，b 明天再说，x 不再问。

    \b
    wenjin review                                 复习到期的和今天的新卡片
    wenjin review --take self-attention           先加入一个主题的卡片
    wenjin review --more 10                       今天多看 10 张新卡片
    wenjin review --new-a-day 10                  从今以后每天最多 10 张新卡片
    wenjin review --reviews-a-day 80              从今以后每天最多复习 80 张
    wenjin review --statistics                    记住了多少，往后每天多少，搁置了什么
    wenjin review --unsuspend self-attention/three-roles   重新问一张搁置的卡片
    wenjin review --json                          只说有多少张，给脚本用
    """,
    """Review the cards that are due: think, see the answer, say how well you knew it; each comes back when it is nearly
    forgotten.

    Keys: Space shows the answer, 1 again, 2 hard, 3 good, 4 easy, z undoes the last, q quits; t lets you type the
    answer first and compare, b puts the card off until tomorrow, x sets it aside.

    \b
    wenjin review                                 what is due, and the new cards of today
    wenjin review --take self-attention           add a topic's cards first
    wenjin review --more 10                       ten more new cards today
    wenjin review --new-a-day 10                  from now on at most ten new cards a day
    wenjin review --reviews-a-day 80              from now on at most eighty reviews a day
    wenjin review --statistics                    what is recalled, the load to come, what is set aside
    wenjin review --unsuspend self-attention/three-roles   ask a card again that is set aside
    wenjin review --json                          only how many there are, for scripts
    """,
)
TAKE = Text("先加入这个主题的卡片", "add the cards of this topic first")
MORE = Text("今天多看几张新卡片", "so many more new cards today")
AS_JSON = Text("输出 JSON，不复习", "print JSON, review nothing")
NEW = Text("每天最多几张新卡片", "at most so many new cards a day")
REVIEWS = Text("每天最多复习几张", "at most so many reviews a day")
STATISTICS = Text("只看统计", "only show the statistics")
UNSUSPEND = Text("重新问一张搁置的卡片", "ask a card again that is set aside")
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
KEYS = Text(
    "空格 看答案  {type}b 明天再说  x 不再问  z 撤销  q 退出",
    "Space answer  {type}b not today  x set aside  z undo  q quit",
)
TYPE = Text("t 先写下来  ", "t type it first  ")
MISTAKE = Text("错过的练习", "a mistake of yours")
SOLVE = Text("换一组数，再做一遍：{title}", "Once more, with fresh numbers: {title}")
COMMANDS = Text(
    "wenjin reset {exercise}，做好以后 wenjin check {exercise}",
    "wenjin reset {exercise}, and when it is done wenjin check {exercise}",
)
LATER = Text(
    "b 明天再说  x 不再问  z 撤销  q 退出  空格 下一张", "b not today  x set aside  z undo  q quit  Space next"
)
RATING = Text("1 2 3 4 评分  z 撤销  q 退出", "1 2 3 4 rate  z undo  q quit")
UNDONE = Text("上一次的操作已撤销。", "The last is taken back.")
WRITE = Text("写下答案；空行结束：", "Type the answer; an empty line ends it:")
NOT_ASIDE = Text(
    "没有搁置名为 {card} 的卡片；搁置的有：{cards}。", "No card called {card} is set aside; these are: {cards}."
)
ASIDE = Text("搁置了 {n} 张：wenjin review --statistics", "Set aside: {n}; see wenjin review --statistics")
BURIED = Text("另有 {n} 张今天不问。", "Not asked today: {n} more.")
PUT_OFF = Text(
    "今天的复习上限到了，还有 {n} 张到期的留给明天。",
    "The limit of today is reached; {n} more that are due wait for tomorrow.",
)
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
        new_a_day: Annotated[
            int | None, typer.Option("--new-a-day", min=0, max=9999, metavar="N", help=say(NEW))
        ] = None,
        reviews_a_day: Annotated[
            int | None, typer.Option("--reviews-a-day", min=0, max=9999, metavar="N", help=say(REVIEWS))
        ] = None,
        unsuspend: Annotated[str | None, typer.Option("--unsuspend", metavar="CARD", help=say(UNSUSPEND))] = None,
        statistics: Annotated[bool, typer.Option("--statistics", help=say(STATISTICS))] = False,
        as_json: Annotated[bool, typer.Option("--json", help=say(AS_JSON))] = False,
        data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(DATA))] = None,
    ) -> None:
        with sentences(), open_desk(data) as desk:
            if take is not None:
                add(desk, take)
            session = Session(desk, more)
            for name, value in (("new-a-day", new_a_day), ("reviews-a-day", reviews_a_day)):
                if value is not None:
                    session.cards.limit(name, value)
            if unsuspend is not None:
                back(session, unsuspend)
            session.begin()
            if statistics:
                from wenjin.study.cli import reviewviews

                reviewviews.show(session.cards, desk.language, as_json=as_json)
            elif as_json:
                print(json.dumps(session.counted()))
            else:
                session.run()


def back(session: "Session", card: str) -> None:
    """Ask a card again that is set aside; the end with a sentence where it is not."""
    aside = [entry.id for entry in session.cards.deck().aside]
    if card not in aside:
        fail(NOT_ASIDE.format(card=clean(card), cards=", ".join(aside) or "—"), 2)
    session.cards.set_aside(card, "unsuspend")


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
        from wenjin.study.web.cards import Cards

        self.desk, self.language = desk, desk.language
        self.cards = Cards(desk.log, desk.course, desk.record)
        self.more = more
        self.skipped: set[str] = set()  # exercises that are left for later
        self.new_a_day: int | None = None
        self.open = False
        self.said = self.typed = ""

    def begin(self) -> None:
        self.deck = self._deck()
        if self.more:
            self.new_a_day = max(self.deck.new_a_day, self.deck.begun) + self.more
            self.deck = self._deck()
        self._ask()

    def run(self) -> None:
        """Show a card, wait for a key, until nothing is left or the learner has enough."""
        from wenjin.study.cli import reviewviews

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
                if key in ("t", "T") and self.wanted and not self.open:
                    print(f"\n{WRITE[self.language]}")
                    self.typed = reviewviews.written(at_terminal)
                    self.open = True
                else:
                    self.pressed(key)
        if at_terminal and self.asked is None:
            out.clear()
        out.print(clean(self.ending()))

    def pressed(self, key: str) -> None:
        self.said = ""
        match key.lower():
            case " " | "\n" | "\r" if self.asked and self.asked.exercise:
                self._skip()
            case " " | "\n" | "\r":
                self.open = True
            case "b" | "x":
                self._aside("bury" if key.lower() == "b" else "suspend")
            case "1" | "2" | "3" | "4" if self.open:
                self._rate(int(key))
            case "z" | "u":
                self._undo()

    def shown(self) -> "Iterator[RenderableType]":
        """The card as it stands."""
        from rich.text import Text as Rich

        from wenjin.study.cli.views import prose

        entry = self.asked
        assert entry is not None
        head = Rich(LEFT.format(n=len(self.deck.queue))[self.language], style="bold")
        kind = KINDS[entry.card.kind] if entry.card else MISTAKE
        head.append(f"  {clean(entry.topic.title[self.language])} · {kind[self.language]}", "not bold dim")
        yield head
        yield ""
        if entry.card is None:
            assert entry.exercise is not None
            named = entry.exercise.title[self.language] if entry.exercise.title else entry.exercise.id
            yield prose(SOLVE.format(title=named)[self.language])
            yield Rich(f"\n{clean(COMMANDS.format(exercise=entry.exercise.id)[self.language])}", style="cyan")
        else:
            assert entry.sides is not None
            front, back = entry.sides
            yield prose(front[self.language])
            if self.open:
                yield from self._answer(entry, entry.card, back)
        yield ""
        if self.said:
            yield Rich(self.said, style="yellow")
        usual = KEYS.format(type=TYPE[self.language] if self.wanted else "")
        yield Rich((LATER if entry.exercise else RATING if self.open else usual)[self.language], style="dim")

    def _answer(self, entry: "Entry", card: "Card", back: Text) -> "Iterator[RenderableType]":
        """The back, what was typed beside it, and the ratings."""
        from rich.rule import Rule
        from rich.text import Text as Rich

        from wenjin.study.cli import reviewviews
        from wenjin.study.cli.views import prose
        from wenjin.study.memory.spoken import spoken

        yield Rule(style="dim")
        if self.typed and self.wanted:
            yield reviewviews.compared(self.typed, self.wanted, self.language)
        yield prose(back[self.language])
        yield ""
        yield Rich(SECTION.format(section=f"{entry.topic.id}#{card.section}")[self.language], style="cyan")
        buttons = Rich("\n")
        for n, (name, interval) in enumerate(zip(RATES, self.deck.intervals(entry), strict=True), 1):
            buttons.append(f"{n} ", "bold").append(name[self.language])
            buttons.append(f" {spoken(interval)[self.language]}    ", "dim")
        yield buttons

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
        for text, n in ((PUT_OFF, deck.put_off), (BURIED, deck.buried), (ASIDE, len(deck.aside))):
            if n and not deck.queue:
                told.append(text.format(n=n))
        return "\n".join(text[self.language] for text in told)

    def counted(self) -> dict[str, object]:
        deck = self.deck
        return {
            "left": len(deck.queue),
            "due": deck.left("review"),
            "learning": deck.left("learning", "relearning"),
            "new": deck.left("new"),
            "mistakes": deck.mistakes,
            "buried": deck.buried,
            "put_off": deck.put_off,
            "suspended": len(deck.aside),
            "waiting": deck.waiting,
            "today": len(deck.today),
            "next": deck.following and deck.following.isoformat(),
        }

    def _deck(self) -> "Deck":
        return self.cards.deck(self.new_a_day)

    def _ask(self, wish: str = "") -> None:
        from wenjin.study.progress.typed import expected

        self.asked: Entry | None = self.deck.asked(wish)
        card = self.asked.card if self.asked else None
        back = self.asked.sides[1] if self.asked and self.asked.sides else None
        self.wanted = expected(card.kind, back[self.language]) if card and back else None
        self.typed = ""
        self.open = False
        self.said = ""
        self._since = time.monotonic()

    def _rate(self, rating: int) -> None:
        entry = self.asked
        if entry is None or entry.card is None:
            return
        took = round(1000 * (time.monotonic() - self._since))
        self.cards.rate(entry.id, rating, uuid4().hex, took, entry.standing.reviews)
        self.deck = self._deck()
        self._ask()

    def _aside(self, what: str) -> None:
        assert self.asked is not None
        self.cards.set_aside(self.asked.id, what)
        self.deck = self._deck()
        self._ask()

    def _skip(self) -> None:
        """The next after this one: an exercise is solved elsewhere."""
        assert self.asked is not None
        self.skipped.add(self.asked.id)
        left = [id for id in self.deck.queue if id not in self.skipped]
        if left:
            self._ask(left[0])
        else:
            self.asked = None

    def _undo(self) -> None:
        card = self.cards.undo(None)
        if card is None:
            self.said = NOTHING_UNDONE[self.language]
            return
        self.deck = self._deck()
        self._ask(card)
        self.said = UNDONE[self.language]


def keys(at_terminal: bool) -> AbstractContextManager[Iterator[str]]:
    """Keys as they are pressed, or the first letters of lines."""
    from wenjin.study.cli.happenings import keyboard

    if at_terminal:
        return keyboard(sys.stdin, True)
    return nullcontext(line.strip()[:1] or " " for line in sys.stdin)
