"""`wenjin week check | list`: four questions about the week, each with what the log shows; and the weeks so far."""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wenjin.kit.text import Language, Text, visible
from wenjin.study.cli.exercises import open_desk
from wenjin.study.cli.terminal import clean, console, fail, say, sentences

if TYPE_CHECKING:
    from rich.console import RenderableType

    from wenjin.study.cli.desk import Desk
    from wenjin.study.progress.week import Week

GROUP = Text("每周检查：这一周学得怎么样", "The weekly check: how the week went")
CHECK = Text(
    """每周检查：理论掌握、实践完成、代码质量、笔记整理，各打 1 到 10 分；旁边是记录里看得到的，分由你定。

    同一周再答一次，以新的为准。没有回答的周，记作跳过。

    \b
    wenjin week check                             逐条问
    wenjin week check --week 2026-W46             补上一周的
    wenjin week check --theory 7 --practice 6 --code 8 --notes 5 --remark "补了笔记"
    wenjin week check --json                      只看依据，不作答
    """,
    """The weekly check: theory, practice, code and notes, 1 to 10 each. What the log shows stands beside; you decide.

    Answering again replaces the answer of that week. A week without one is shown as skipped.

    \b
    wenjin week check                             asks one by one
    wenjin week check --week 2026-W46             for an earlier week
    wenjin week check --theory 7 --practice 6 --code 8 --notes 5 --remark "caught up on notes"
    wenjin week check --json                      only the evidence; nothing is answered
    """,
)
LIST = Text(
    """全部的周：打的分、跳过的周、走势。

    \b
    wenjin week list
    wenjin week list --json
    """,
    """All weeks: the scores, the skipped ones, how they went.

    \b
    wenjin week list
    wenjin week list --json
    """,
)
SCORE = Text("1 到 10 的整数", "a whole number from 1 to 10")
WEEK = Text("哪一周，如 2026-W47；不写就是这一周", "which week, as in 2026-W47; without it this one")
SENTENCE = Text("想记下的一句话", "a sentence to keep")
AS_JSON = Text("输出 JSON", "print JSON")
DATA = Text("数据目录（也可用 WENJIN_DATA）", "the data folder (or WENJIN_DATA)")
NO_WEEK = Text(
    "不能给 {week} 打分：周写成 2026-W47 这样，不晚于这一周；没有记录的，最多往前 52 周。wenjin week list 列出全部。",
    "The week {week} cannot be judged: a week is written as in 2026-W47, is not one to come, and without anything on "
    "record not more than 52 weeks ago; wenjin week list shows them all.",
)
ALL_FOUR = Text(
    "还缺：{missing}；四项要一起给，或者一项也不给、由它来问。",
    "Missing: {missing}; give all four, or none and be asked.",
)
AGAIN = Text("请写 1 到 10 的整数。", "Please write a whole number from 1 to 10.")
LONG = Text(
    "没有记下：--remark 最多 {most} 个字符，这里有 {n} 个；请改短。",
    "Nothing is kept: --remark has at most {most} characters, and this has {n}; make it shorter.",
)
LONG_LINE = Text(
    "最多 {most} 个字符，这里有 {n} 个；请写短些。", "At most {most} characters, and this has {n}; shorter, please."
)
ENDED = Text("没有记下：四个问题没有答完。", "Nothing is kept: the four questions were not all answered.")
KEPT = Text("{week} 记下了。", "{week} is kept.")
SKIPPED = Text("跳过", "skipped")
OPEN = Text("还没答", "not answered yet")
SKIPS = Text("{n} 周跳过", "weeks skipped: {n}")


def register(app: typer.Typer, open_desk: Callable[[Path | None], "Desk"] = open_desk) -> None:
    week = typer.Typer(no_args_is_help=True, help=say(GROUP))
    Score = Annotated[int | None, typer.Option(min=1, max=10, metavar="N", help=say(SCORE))]

    @week.command("check", help=say(CHECK))
    def check(
        theory: Score = None,
        practice: Score = None,
        code: Score = None,
        notes: Score = None,
        remark: Annotated[str, typer.Option(help=say(SENTENCE))] = "",
        which: Annotated[str | None, typer.Option("--week", metavar="WEEK", help=say(WEEK))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say(AS_JSON))] = False,
        data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(DATA))] = None,
    ) -> None:
        given = {"theory": theory, "practice": practice, "code": code, "notes": notes}
        with sentences(), open_desk(data) as desk:
            ask(desk, {key: value for key, value in given.items() if value is not None}, remark, which, as_json)

    @week.command("list", help=say(LIST))
    def every(
        as_json: Annotated[bool, typer.Option("--json", help=say(AS_JSON))] = False,
        data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(DATA))] = None,
    ) -> None:
        with sentences(), open_desk(data) as desk:
            found = desk.record.weeks(datetime.now().astimezone())
            if as_json:
                print(json.dumps({"weeks": [as_data(one) for one in found]}, ensure_ascii=False))
            else:
                console().print(listing(found, desk.language))

    app.add_typer(week, name="week")


def ask(desk: "Desk", given: dict[str, int], remark: str, which: str | None, as_json: bool) -> None:
    """Show the evidence, ask what is not given, keep it all."""
    from wenjin.study.judge import weekly
    from wenjin.study.progress.week import QUESTIONS, REMARK, suggested

    now = datetime.now().astimezone()
    if len(remark.strip()) > REMARK:
        fail(LONG.format(most=REMARK, n=len(remark.strip())), 2)
    found = weekly.find(desk.record.weeks(now), which)
    if found is None:
        fail(NO_WEEK.format(week=clean(which or "")), 2)
    shown = weekly.gathered(desk.record.learner().mastery, found, desk.places.workspace, now)
    hints = suggested(shown)
    if as_json and not given:
        print(json.dumps({"week": found.id, "evidence": shown, "suggested": hints}, ensure_ascii=False))
        return
    missing = [question for question in QUESTIONS if question not in given]
    if given and missing:
        fail(ALL_FOUR.format(missing=", ".join(f"--{question}" for question in missing)), 2)
    scores = given or answered(hints, shown, desk.language)
    if not given and not remark:
        remark = remark_asked()
    weekly.keep(desk.log, found.id, scores, remark.strip(), shown)
    if as_json:
        print(json.dumps({"week": found.id, **scores, "remark": remark, "evidence": shown}, ensure_ascii=False))
    else:
        print(say(KEPT.format(week=found.id)))


def answered(hints: dict[str, int | None], shown: dict[str, Any], tongue: Language) -> dict[str, int]:
    """The four answers, asked one by one; an empty line takes what the evidence says."""
    from wenjin.study.judge.weekly import ASKED, told
    from wenjin.study.progress.week import whole

    scores: dict[str, int] = {}
    for question, text in ASKED.items():
        print(clean(told(question, shown)[tongue]))
        hint = hints[question]
        while question not in scores:
            line = prompted(f"{text[tongue]}{f' [{hint}]' if hint else ''}: ")
            if line is None:
                fail(ENDED)
            if line == "" and hint:
                scores[question] = hint
            elif (score := whole(line)) is not None:
                scores[question] = score
            else:
                print(say(AGAIN))
    return scores


def remark_asked() -> str:
    """A sentence to keep, asked for until it is short enough."""
    from wenjin.study.progress.week import REMARK

    while len(line := prompted(say(SENTENCE) + ": ") or "") > REMARK:
        print(say(LONG_LINE.format(most=REMARK, n=len(line))))
    return line


def prompted(text: str) -> str | None:
    """A line of what is typed; None when nothing more comes."""
    print(text, end="", flush=True)
    line = sys.stdin.readline()
    return line.strip() if line else None


def as_data(week: "Week") -> dict[str, Any]:
    check = week.check
    row = {"week": week.id, "monday": week.monday.isoformat(), "standing": week.standing}
    if check is None:
        return row | {"scores": None}
    return row | {"scores": dict(check.scores), "remark": check.remark, "evidence": dict(check.evidence)}


def listing(found: "tuple[Week, ...]", tongue: Language) -> "RenderableType":
    """A row a week with a bar of its mean, the newest last; how many were skipped."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text as Rich

    from wenjin.study.judge.weekly import SHORT

    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column("", no_wrap=True)
    for text in SHORT.values():
        table.add_column(text[tongue], justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("")
    for week in found:
        if week.check is None:
            said = SKIPPED if week.standing == "skipped" else OPEN
            table.add_row(week.id, *["·"] * len(SHORT), Rich(said[tongue], style="yellow"), "")
            continue
        scores = [week.check.scores[question] for question in SHORT]
        bar = "█" * round(sum(scores) / len(scores)) + "░" * (10 - round(sum(scores) / len(scores)))
        table.add_row(
            week.id, *map(str, scores), Rich(bar, style="green"), Rich(visible(week.check.remark), style="dim")
        )
    skipped = sum(week.standing == "skipped" for week in found)
    return Group(table, Rich(SKIPS.format(n=skipped)[tongue], style="dim")) if skipped else table
