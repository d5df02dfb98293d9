"""`wenjin news`: which topics are new or have changed since the learner looked last. Nothing is asked of a network."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.learning import Data, Json, Root, record, titled
from wenjin.study.cli.terminal import clean, fail, say

if TYPE_CHECKING:
    from wenjin.study.course.graph import Course
    from wenjin.study.progress.news import News

HELP = Text(
    """课程里有什么新的：从你上次看到现在，哪些主题新写好了，哪些改过。看过就记下，下次从这里比。不用网络。

    \b
    wenjin news                        从上次看到现在；看过就记下
    wenjin news --since 2026-11-01     从那一天起；不记
    wenjin news --json                 给脚本用；不记
    """,
    """What is new in the course: which topics were written or have changed since you looked last. Once shown it is
    noted, and the next time is compared with it. No network is needed.

    \b
    wenjin news                        since you looked last; noted once shown
    wenjin news --since 2026-11-01     since that day; nothing is noted
    wenjin news --json                 for scripts; nothing is noted
    """,
)
SINCE = Text("从哪一天起，例如 2026-11-01", "since which day, as in 2026-11-01")
FIRST = Text("这是第一次看，全部主题都是新的：", "This is the first look: every topic is new.")
HEAD = Text("与 {day} 看到的课程相比：", "Beside the course as you saw it on {day}:")
NEW = Text("新写好的", "New")
CHANGED = Text("改过的", "Changed")
GONE = Text("不在了的", "Gone")
NOTHING = Text("什么也没有变。", "Nothing has changed.")
BAD_DAY = Text(
    "--since 要写成日期，例如 2026-11-01；现在是 {day}。", "--since needs a date such as 2026-11-01; it is {day}."
)


def register(app: typer.Typer) -> None:
    @app.command(help=say(HELP))
    def news(
        since: Annotated[str | None, typer.Option(metavar="DATE", help=say(SINCE))] = None,
        root: Root = None,
        data: Data = None,
        as_json: Json = False,
    ) -> None:
        from datetime import date

        from wenjin.study.course.marks import marks, met
        from wenjin.study.progress.news import news as derived

        try:
            day = date.fromisoformat(since) if since is not None else None
        except ValueError:
            fail(BAD_DAY.format(day=clean(since or "")), 2)
        with record(data, root) as here:
            course = here.course
            present = met(course, marks(course))
            now = datetime.now().astimezone()
            found = derived(here.log.events("setting", "met"), present, now, day)
            if as_json:
                told = {"met": found.met and found.met.isoformat(), "new": found.new, "changed": found.changed}
                print(json.dumps(told | {"gone": found.gone}, ensure_ascii=False))
                return
            print("\n".join(lines(found, course)))
            if day is None and (found.any or found.met is None):
                here.write({"met": present})


def lines(found: "News", course: "Course") -> list[str]:
    told = [say(HEAD.format(day=found.met.astimezone().date())) if found.met else say(FIRST)]
    for head, topics in ((NEW, found.new), (CHANGED, found.changed)):
        if topics:
            told += ["", say(head), *(f"  {titled(course.topics[id])}" for id in topics)]
    if found.gone:
        told += ["", say(GONE), *(f"  {clean(id)}" for id in found.gone)]
    return told if found.any else [*told, say(NOTHING)]
