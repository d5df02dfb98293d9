"""`wenjin search`: the course and all that the learner wrote, as the search of the pages finds it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.opened import opened
from wenjin.study.cli.terminal import clean, fail, language, say

SEARCH = Text(
    """找课文、练习、实验、卡片、常见报错，和你写的笔记、总结、问题、实验备注、对话。

    \b
    wenjin search 梯度消失
    wenjin search softmax --json
    """,
    """Search lessons, exercises, labs, cards, pitfalls, and your notes, summaries, questions, remarks and chats.

    \b
    wenjin search vanishing gradient
    wenjin search softmax --json
    """,
)
JSON = Text("给脚本用的 JSON", "JSON for scripts")
DATA = Text("数据目录（也可用 WENJIN_DATA）", "The data folder (or WENJIN_DATA)")
NONE = Text("没有找到；试试更短的词。", "Nothing found; try a shorter word.")
KINDS = {
    "topic": Text("主题", "topic"),
    "lesson": Text("课文", "lesson"),
    "card": Text("卡片", "card"),
    "exercise": Text("练习", "exercise"),
    "lab": Text("实验", "lab"),
    "pitfall": Text("报错", "pitfall"),
    "note": Text("笔记", "note"),
    "summary": Text("总结", "summary"),
    "question": Text("问题", "question"),
    "run": Text("实验备注", "remark"),
    "chat": Text("对话", "chat"),
}


def register(app: typer.Typer) -> None:
    app.command(help=say(SEARCH))(search)


def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS...")],
    as_json: Annotated[bool, typer.Option("--json", help=say(JSON))] = False,
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(DATA))] = None,
) -> None:
    from wenjin.study.labs.book import book
    from wenjin.study.progress.questions import questions
    from wenjin.study.store.chats import Chats
    from wenjin.study.store.notes import Notes
    from wenjin.study.web import search as found

    query, tongue = " ".join(words), language()
    with opened(data) as desk:
        course, log = desk.course, desk.log
        own = [
            *found.of_notes(Notes(log, desk.here.workspace, course).every(tongue), course),
            *found.of_questions(questions(log.events("question")).values(), course),
            *found.of_runs(book(log.events("run")).values(), course),
            *found.of_chats(Chats(log, desk.here).newest(), tongue),
        ]
        hits = found.joined(
            found.errors(query, course, tongue),
            found.Search(own).find(query, tongue),
            found.Search(found.documents(course)).find(query, tongue),
        )
    if as_json:
        rows = [
            {
                "kind": hit.kind,
                "language": hit.language,
                "title": hit.title.striptags(),
                "within": hit.within,
                "address": hit.url,
                "text": hit.snippet.striptags(),
            }
            for hit in hits
        ]
        print(json.dumps({"query": query, "hits": rows}, ensure_ascii=False))
        return
    for hit in hits:
        where = " · ".join(part for part in (say(KINDS[hit.kind]), hit.within) if part)
        print(clean(f"{hit.title.striptags()}  ({where})  {hit.url}"))
        print(clean(f"    {hit.snippet.striptags()}"))
    if not hits:
        fail(NONE)
