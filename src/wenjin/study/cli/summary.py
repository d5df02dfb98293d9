"""`wenjin summary`: what was done in a week, or with a unit, as outline or map; the reflection is the learner's."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.opened import opened
from wenjin.study.cli.terminal import clean, fail, language, say

SUMMARY = Text(
    """一周（或一个单元）做了什么：主题、成绩、实验、笔记、没有答案的问题、测试。反思留给你写。

    \b
    wenjin summary --week                         这一周
    wenjin summary --week 2026-W47 --as map       那一周，画成图
    wenjin summary --unit qmatter/transformer     一个单元，从头到现在
    wenjin summary --week --reflect "下周慢一点"    写下反思
    """,
    """What was done in a week (or with a unit): topics, scores, runs, notes, questions, tests; the reflection is yours.

    \b
    wenjin summary --week                         this week
    wenjin summary --week 2026-W47 --as map       that week, as a map
    wenjin summary --unit qmatter/transformer     a unit, from the beginning to now
    wenjin summary --week --reflect "slower"      write the reflection
    """,
)
WEEK = Text("哪一周，如 2026-W47；不写就是这一周", "Which week, as 2026-W47; this one without a name")
UNIT = Text("路线/单元", "TRACK/UNIT")
AS = Text("outline（提纲）、map（图）或 mermaid", "outline, map or mermaid")
REFLECT = Text("添进这一周的反思", "Add to the week's reflection")
JSON = Text("给脚本用的 JSON", "JSON for scripts")
DATA = Text("数据目录（也可用 WENJIN_DATA）", "The data folder (or WENJIN_DATA)")
NO_WEEK = Text("没有 {name} 这一周；写成 2026-W47 这样。", "There is no week {name}; write it as 2026-W47.")
NO_UNIT = Text(
    "没有单元 {name}；写成 路线/单元，wenjin track show 路线 列出它们。",
    "There is no unit {name}; write TRACK/UNIT, and see wenjin track show TRACK.",
)
NO_FORM = Text("没有 {name} 这种样子；有 outline、map、mermaid。", "There is no form {name}: outline, map or mermaid.")
ONE = Text("反思是一周的；请用 --week。", "A reflection belongs to a week: use --week.")
EITHER = Text("--week 和 --unit 只能用一个。", "Use --week or --unit, not both.")
EMPTY = Text("--reflect 后面没有写字；什么都没有添。", "There are no words after --reflect; nothing was added.")
WRITTEN = Text("写进 {file}", "Written to {file}")
FORMS = ("outline", "map", "mermaid")


def register(app: typer.Typer) -> None:
    app.command(help=say(SUMMARY))(summary)


def summary(
    words: Annotated[list[str] | None, typer.Argument(metavar="[W]", hidden=True)] = None,
    week: Annotated[bool, typer.Option("--week", metavar="[W]", help=say(WEEK))] = False,
    unit: Annotated[str, typer.Option("--unit", metavar="TRACK/UNIT", help=say(UNIT))] = "",
    form: Annotated[str, typer.Option("--as", metavar="FORM", help=say(AS))] = "outline",
    reflect: Annotated[str | None, typer.Option("--reflect", metavar="TEXT", help=say(REFLECT))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say(JSON))] = False,
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(DATA))] = None,
) -> None:
    from wenjin.study.progress import outline
    from wenjin.study.progress.summary import REFLECTION, days_of, of_unit, of_week, papers, week_of
    from wenjin.study.progress.summary import WEEK as WEEKS
    from wenjin.study.store.notes import Notes, body

    if form not in FORMS:
        fail(NO_FORM.format(name=clean(form)), 2)
    if unit and reflect is not None:
        fail(ONE, 2)
    if unit and (week or words):
        fail(EITHER, 2)
    if reflect is not None and not reflect.strip():
        fail(EMPTY, 2)
    with opened(data) as desk:
        now = datetime.now().astimezone()
        key = words[0] if words else week_of(now, now.tzinfo)
        try:
            if words and (len(words) > 1 or not WEEKS.fullmatch(key)):
                raise ValueError
            days_of(key)
        except ValueError:
            fail(NO_WEEK.format(name=clean(" ".join(words or []))), 2)
        notes = Notes(desk.log, desk.here.workspace, desk.course)
        if reflect is not None:
            notes.add(key, REFLECTION, reflect.encode("utf-8", "replace").decode(), language())
            print(clean(say(notes.faults.get(key) or WRITTEN.format(file=notes.file(key)))))
            return
        asked = desk.record.questions()
        reflection = ""
        if unit:
            track, _, name = unit.partition("/")
            known = desk.course.tracks.get(track)
            found = next((one for one in known.units if one.id == name), None) if known else None
            if found is None:
                fail(NO_UNIT.format(name=clean(unit)), 2)
            title = f"{found.number} {found.title[language()]}"
            topics = {*found.topics, *found.revisits}
            told, sat = desk.record.diary(
                lambda held: (of_unit(held.done, asked, desk.course, topics), papers(held.done, of=unit))
            )
        else:
            note = notes.of(key, language()).get(REFLECTION)
            title = key
            told, sat = desk.record.diary(
                lambda held: (of_week(held.done, asked, desk.course, key), papers(held.done, key))
            )
            reflection = body(note.text) if note else ""
        if as_json:
            row = {"week": None if unit else key, "unit": unit or None, "topics": [one.as_dict() for one in told]}
            row |= {"papers": [one.as_dict() for one in sat], "reflection": reflection}
            print(json.dumps(row, ensure_ascii=False))
            return
        root = outline.tree(title, told, desk.course, language(), reflection, papers=sat)
    if form == "map":
        drawn = outline.branches(root)
    else:
        drawn = outline.mermaid(root) if form == "mermaid" else outline.markdown(root)
    print(clean(drawn).rstrip())
