"""What `wenjin review` shows besides cards: the statistics; an answer that is typed, beside the right one."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from wenjin.kit.text import Language, Text
from wenjin.study.cli.terminal import clean, console

if TYPE_CHECKING:
    from rich.console import RenderableType

    from wenjin.study.progress.deck import Deck
    from wenjin.study.progress.retention import Retention, Share, Statistics
    from wenjin.study.progress.typed import Expected
    from wenjin.study.web.cards import Cards

SAME = Text("与答案相同。", "The same as the answer.")
DIFFERS = Text("与答案不同；写法可以不同。", "Not the same as the answer; another way may be right too.")
SIDES = {
    "same": Text("相同", "same"),
    "typed": Text("你写", "yours"),
    "expected": Text("答案", "answer"),
}
AIM = Text("到期时还记得多少（目标 {aim}%）", "Recalled when due (aim {aim}%)")
LATELY, EVER = Text("近 30 天", "last 30 days"), Text("全部", "all")
PARTS = Text("年轻 {young}，成熟 {mature}，合计 {both}", "young {young}, mature {mature}, both {both}")
NONE = Text("还没有", "none yet")
FORECAST = Text("往后三十天到期", "Due in the next thirty days")
CARDS = Text("卡片", "Cards")
PHASES = {
    "new": Text("没看过", "new"),
    "learning": Text("在学", "learning"),
    "young": Text("年轻", "young"),
    "mature": Text("成熟", "mature"),
    "mistakes": Text("要重做的错误", "mistakes to solve again"),
    "suspended": Text("搁置", "set aside"),
}
LIMITS = Text("每天最多 {new} 张新卡片、{reviews} 张复习。", "At most {new} new cards and {reviews} reviews a day.")
DAYS = Text("过去一年里 {days} 天，{answers} 次。", "Of the last year: days {days}, answers {answers}.")
ASIDE = Text("搁置：", "Set aside:")
LEECH = Text("忘了 {n} 次，先重读 {section}", "forgotten {n} times, read {section} again first")
WIDE = 40  # columns of the longest bar


def show(cards: "Cards", language: Language, *, as_json: bool) -> None:
    """Print the statistics."""
    found, deck = cards.statistics(), cards.deck()
    if as_json:
        print(json.dumps(as_dict(found, deck), ensure_ascii=False))
        return
    out = console()
    for line in lines(found, deck, language):
        out.print(clean(line))


def lines(found: "Statistics", deck: "Deck", language: Language) -> list[str]:
    made = [AIM.format(aim=f"{100 * found.aim:.0f}")[language]]
    made += [
        f"  {name[language]}: {parts(kept, language)}" for name, kept in ((LATELY, found.lately), (EVER, found.ever))
    ]
    made += ["", CARDS[language]]
    made += [f"  {PHASES[name][language]} {n}" for name, n in found.phases.items()]
    made += ["", LIMITS.format(new=deck.new_a_day, reviews=deck.reviews_a_day)[language]]
    year = [n for day, n in found.days.items() if (deck.now.date() - day).days < 365]
    made += [DAYS.format(days=len(year), answers=sum(year))[language], "", FORECAST[language]]
    most = max(n for _, n in found.forecast) or 1
    made += [f"  {day.isoformat()} {n:4d} {'█' * round(WIDE * n / most)}".rstrip() for day, n in found.forecast]
    if deck.aside:
        made += ["", ASIDE[language]]
        for entry in deck.aside:
            section = f"{entry.topic.id}#{entry.card.section}" if entry.card else entry.topic.id
            leech = LEECH.format(n=entry.standing.lapses, section=section)[language] if entry.leech else ""
            made.append(f"  {entry.id}  {leech}".rstrip())
    return made


def parts(kept: "Retention", language: Language) -> str:
    def told(one: "Share") -> str:
        return f"{100 * one.part:.0f}% ({one.right}/{one.asked})" if one.part is not None else NONE[language]

    return PARTS.format(young=told(kept.young), mature=told(kept.mature), both=told(kept.both))[language]


def as_dict(found: "Statistics", deck: "Deck") -> dict[str, Any]:
    def kept(one: "Retention") -> dict[str, Any]:
        shares = {"young": one.young, "mature": one.mature, "both": one.both}
        return {name: {"right": share.right, "asked": share.asked} for name, share in shares.items()}

    return {
        "aim": found.aim,
        "lately": kept(found.lately),
        "ever": kept(found.ever),
        "forecast": {day.isoformat(): n for day, n in found.forecast},
        "days": {day.isoformat(): n for day, n in found.days.items()},
        "phases": dict(found.phases),
        "new_a_day": deck.new_a_day,
        "reviews_a_day": deck.reviews_a_day,
        "aside": [{"card": entry.id, "lapses": entry.standing.lapses, "leech": entry.leech} for entry in deck.aside],
    }


def compared(typed: str, wanted: "Expected", language: Language) -> "RenderableType":
    """What was typed, line by line beside the answer."""
    from rich.text import Text as Rich

    from wenjin.study.progress.typed import compare

    found = compare(typed, wanted)
    made = Rich((SAME if found.same else DIFFERS)[language] + "\n", style="bold")
    styles = {"same": "dim", "typed": "red", "expected": "green"}
    for side, line in found.lines:
        made.append(f"{SIDES[side][language]:>6} ", "not bold dim").append(
            f"{clean(line)}\n", f"not bold {styles[side]}"
        )
    return made


def written(at_terminal: bool) -> str:
    """Lines as they are typed, up to an empty one."""
    lines: list[str] = []
    with typing_lines() if at_terminal else nullcontext(sys.stdin.readline) as read:
        while line := read().rstrip("\r\n"):
            lines.append(line)
    return "\n".join(lines)


@contextmanager
def typing_lines() -> Iterator[Callable[[], str]]:
    """A terminal that shows what is typed and hands it on by lines, where a key acted at once before."""
    import termios

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    shown = [*before]
    shown[3] |= termios.ECHO | termios.ICANON
    try:
        termios.tcsetattr(terminal, termios.TCSADRAIN, shown)
        yield lambda: os.read(terminal, 1 << 14).decode("utf-8", "replace")
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
