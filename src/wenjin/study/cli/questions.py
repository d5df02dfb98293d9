"""`wenjin ask` and `wenjin questions`: what is not clear yet, where it arose, and how it was answered."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.opened import opened
from wenjin.study.cli.terminal import clean, fail, language, say

if TYPE_CHECKING:
    from wenjin.study.progress.questions import Question
    from wenjin.study.store.places import Places
    from wenjin.study.web.asking import Box, Deed

ASK = Text(
    """在一课的某一节提一个问题，连同出处记下来。

    \b
    wenjin ask "为什么除以根号 d？" --at self-attention#why-sqrt-d
    wenjin ask "多头为什么不更贵？" --at self-attention --tried "数了参数"
    """,
    """Ask a question at a section of a lesson; it is kept with its place.

    \b
    wenjin ask "Why the root of d?" --at self-attention#why-sqrt-d
    wenjin ask "Why do more heads cost no more?" --at self-attention --tried "counted parameters"
    """,
)
QUESTIONS = Text(
    """列出没有答案的问题；后面可以跟 answer、reopen、remove、restore、issue。

    \b
    wenjin questions
    wenjin questions --all --json
    wenjin questions answer 3f2a "方差随 d 增长"
    wenjin questions issue 3f2a > question.md
    """,
    """List the open questions; answer, reopen, remove, restore and issue may follow.

    \b
    wenjin questions
    wenjin questions --all --json
    wenjin questions answer 3f2a "the variance grows with d"
    wenjin questions issue 3f2a > question.md
    """,
)
ANSWER = Text(
    """用自己的话写下答案；新的换掉旧的。

    \b
    wenjin questions answer 3f2a "方差随 d 增长，见 [[self-attention#why-sqrt-d]]"
    """,
    """Answer a question in your own words; it replaces an earlier answer.

    \b
    wenjin questions answer 3f2a "the variance grows with d: [[self-attention#why-sqrt-d]]"
    """,
)
REOPEN = Text(
    """又想不通了：让它回到没有答案的问题里。

    \b
    wenjin questions reopen 3f2a
    """,
    """It is not clear after all: open it again.

    \b
    wenjin questions reopen 3f2a
    """,
)
REMOVE = Text(
    """删去一个问题；restore 把它取回来。

    \b
    wenjin questions remove 3f2a
    """,
    """Remove a question; restore brings it back.

    \b
    wenjin questions remove 3f2a
    """,
)
RESTORE = Text(
    """取回删去的问题。

    \b
    wenjin questions restore 3f2a
    """,
    """Bring back a question that was removed.

    \b
    wenjin questions restore 3f2a
    """,
)
ISSUE = Text(
    """把问题写成一份问题报告（Markdown）：出处、课程版本、试过什么、机器的情况，不带名字和文件夹。

    \b
    wenjin questions issue 3f2a > question.md
    """,
    """The question as an issue (Markdown): place, version, what was tried, the machine; no names, no folders.

    \b
    wenjin questions issue 3f2a > question.md
    """,
)
AT = Text("出处：主题#小节，或主题", "The place: topic#section, or a topic")
TRIED = Text("试过什么", "What you tried")
ALL = Text("有答案的也列出来", "Those that are answered, too")
JSON = Text("给脚本用的 JSON", "JSON for scripts")
ID = Text("问题的编号，写前几位就行", "The question's number; its beginning will do")
DATA = Text("数据目录（也可用 WENJIN_DATA）", "The data folder (or WENJIN_DATA)")
NO_TOPIC = Text("没有主题 {name}；地图上有全部主题的名字。", "There is no topic {name}; the map shows them all.")
NO_SECTION = Text("{topic} 没有 {name} 这一节。有：{known}。", "{topic} has no section {name}. It has {known}.")
EMPTY = Text("没有文字；请把它写在后面。", "There is no text; write it behind.")
TOO_LONG = Text("超过 {most} 字，没有记；请写短些。", "More than {most} characters: not kept; make it shorter.")
UNKNOWN = Text(
    "没有编号以 {id} 开头的问题；用 wenjin questions --all 看全部。",
    "No question begins with {id}; see wenjin questions --all.",
)
MANY = Text("有 {n} 个问题的编号以 {id} 开头；请多写几位。", "{n} questions begin with {id}; write more of the number.")
NONE = Text("没有未答的问题。", "No open questions.")
KEPT = Text("记下了，编号 {id}。", "Kept as {id}.")
DONE = {
    "answered": Text("{id} 有答案了。", "{id} is answered."),
    "reopened": Text("{id} 又是没有答案的问题了。", "{id} is open again."),
    "removed": Text(
        "{id} 删去了；取回它：wenjin questions restore {id}",
        "{id} is removed; to bring it back: wenjin questions restore {id}",
    ),
    "restored": Text("{id} 取回来了。", "{id} is back."),
}
STATES = {"open": Text("没有答案", "open"), "answered": Text("有答案", "answered"), "removed": Text("删去", "removed")}

Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(DATA))]
Json = Annotated[bool, typer.Option("--json", help=say(JSON))]
Id = Annotated[str, typer.Argument(metavar="ID", help=say(ID))]


def register(app: typer.Typer) -> None:
    app.command(help=say(ASK))(ask)
    group = typer.Typer(help=say(QUESTIONS), invoke_without_command=True)
    group.callback()(listed)
    group.command(help=say(ANSWER))(answer)
    group.command(help=say(REOPEN))(reopen)
    group.command(help=say(REMOVE))(remove)
    group.command(help=say(RESTORE))(restore)
    group.command(help=say(ISSUE))(issue)
    app.add_typer(group, name="questions")


@contextmanager
def box(data: Path | None) -> Iterator[tuple["Box", "Places"]]:
    from wenjin.study.web.asking import Box
    from wenjin.version import VERSION

    with opened(data) as desk:
        yield Box(desk.log, desk.course, VERSION, desk.record), desk.here


def ask(
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    at: Annotated[str, typer.Option("--at", metavar="TOPIC#ANCHOR", help=say(AT))],
    tried: Annotated[str, typer.Option("--tried", metavar="TEXT", help=say(TRIED))] = "",
    as_json: Json = False,
    data: Data = None,
) -> None:
    from wenjin.study.course.margins import WHOLE, margins

    topic, _, anchor = at.partition("#")
    with box(data) as (asked, _here):
        found = asked.course.topics.get(topic)
        if found is None:
            fail(NO_TOPIC.format(name=clean(topic)), 2)
        known = margins(found, language())
        if (anchor or WHOLE) not in known:
            fail(NO_SECTION.format(topic=topic, name=clean(anchor), known=", ".join(known)), 2)
        kept = asked.ask(topic, anchor or WHOLE, worded(text), worded(tried) if tried else "", language())
        if as_json:
            print(json.dumps(kept.as_dict(), ensure_ascii=False))
        else:
            print(say(KEPT.format(id=kept.id[:8])))


def listed(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help=say(ALL))] = False,
    as_json: Json = False,
    data: Data = None,
) -> None:
    if context.invoked_subcommand:
        return
    with box(data) as (asked, _):
        found = [q for q in asked.every().values() if q.state == "open" or (every and not q.removed)]
        if as_json:
            print(json.dumps({"questions": [question.as_dict() for question in found]}, ensure_ascii=False))
            return
        for question in found:
            show(question, every)
    if not found:
        print(say(NONE))


def answer(
    id: Id, text: Annotated[str, typer.Argument(metavar="TEXT")], as_json: Json = False, data: Data = None
) -> None:
    change(id, "answered", data, as_json, worded(text))


def reopen(id: Id, as_json: Json = False, data: Data = None) -> None:
    change(id, "reopened", data, as_json)


def remove(id: Id, as_json: Json = False, data: Data = None) -> None:
    change(id, "removed", data, as_json)


def restore(id: Id, as_json: Json = False, data: Data = None) -> None:
    change(id, "restored", data, as_json)


def issue(id: Id, as_json: Json = False, data: Data = None) -> None:
    with box(data) as (asked, here):
        found = named(asked, id)
        text = clean(asked.issue(found.id, here, language()))
        if as_json:
            print(json.dumps({"question": found.id, "issue": text}, ensure_ascii=False))
        else:
            print(text, end="")


def change(id: str, what: "Deed", data: Path | None, as_json: bool, text: str = "") -> None:
    with box(data) as (asked, _):
        found = asked.change(named(asked, id).id, what, text)
        print(json.dumps(found.as_dict(), ensure_ascii=False) if as_json else say(DONE[what].format(id=found.id[:8])))


def named(asked: "Box", id: str) -> "Question":
    """The question whose number begins so."""
    found = [question for question in asked.every().values() if question.id.startswith(id.lower())]
    if not found:
        fail(UNKNOWN.format(id=clean(id)), 2)
    if len(found) > 1:
        fail(MANY.format(n=len(found), id=clean(id)), 2)
    return found[0]


def worded(text: str) -> str:
    """What was typed, as text that can be kept; refused where there is none, or too much."""
    from wenjin.study.web.asking import LONGEST

    text = text.encode("utf-8", "replace").decode().strip()
    if not text:
        fail(EMPTY, 2)
    if len(text) > LONGEST:
        fail(TOO_LONG.format(most=LONGEST), 2)
    return text


def show(question: "Question", state: bool) -> None:
    """A question as text: its number and place, then its words, set in."""
    told = f"  {say(STATES[question.state])}" if state else ""
    print(clean(f"{question.id[:8]}  {question.place}{told}"))
    print("".join(f"    {line}\n" for line in clean(question.text).split("\n")), end="")
    if question.answer:
        print("".join(f"    > {line}\n" for line in clean(question.answer).split("\n")), end="")
