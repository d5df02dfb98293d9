"""`wenjin learn TOPIC` and `wenjin explain`: a lesson at a depth, read again with one eye, and told back."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.opened import Opened, opened
from wenjin.study.cli.terminal import clean, console, fail, language, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wenjin.study.course.passes import Explain, Pass
    from wenjin.study.progress.passes import Since

LEARN = Text(
    """按深浅读一课：core 只有问题和短答，derivation 是正文，beyond 连旁注也展开；深浅会记住，页面也照它显示。

    学完再换一只眼睛读：问题、图、数学、代码、数据、代价、历史、应用，每一面有自己的任务。

    \b
    wenjin learn self-attention --depth core            只读问题和短答
    wenjin learn self-attention --depth beyond          全文，旁注也在内
    wenjin learn self-attention                         八面各做到哪里
    wenjin learn self-attention --pass code             看这一面的任务，记作开始
    wenjin learn self-attention --pass code --done "…"  做完了，写下看到了什么
    """,
    """Read a lesson at a depth: core is the questions with short answers, derivation the lesson, beyond has what is set
    aside, too. The depth is remembered, for the pages as well.

    Once done, read it again with one eye: question, picture, mathematics, code, data, cost, history, application.

    \b
    wenjin learn self-attention --depth core            the questions and short answers alone
    wenjin learn self-attention --depth beyond          all of it, with what is set aside
    wenjin learn self-attention                         how far each of the eight is
    wenjin learn self-attention --pass code             that pass's task; it counts as begun
    wenjin learn self-attention --pass code --done "…"  it is done: say what you found
    """,
)
EXPLAIN = Text(
    """把一课的问题讲给别人听；--check 告诉你还缺哪些要点、哪句话是常见的误解。

    \b
    wenjin explain self-attention                       要讲的问题
    wenjin explain self-attention --check mine.md       检查写好的讲解
    wenjin explain self-attention --check -             从标准输入读
    """,
    """Explain a topic's question to somebody else; --check tells which ideas are missing and which errors are in it.

    \b
    wenjin explain self-attention                       the question to explain
    wenjin explain self-attention --check mine.md       check what you wrote
    wenjin explain self-attention --check -             read it from the input
    """,
)
TOPIC = Text("主题的名字，如 self-attention", "The topic's name, such as self-attention")
PASS = Text("哪一面", "Which pass")
DONE = Text("做完了：看到了什么", "It is done: what you found")
CHECK = Text("写着讲解的文件；- 是标准输入", "The file with your explanation; - is the input")
JSON = Text("给脚本用的 JSON", "JSON for scripts")
DATA = Text("数据目录（也可用 WENJIN_DATA）", "The data folder (or WENJIN_DATA)")
NO_TOPIC = Text("没有主题 {name}；地图上有全部主题的名字。", "There is no topic {name}; the map shows them all.")
NO_PASS = Text("没有 {name} 这一面；有：{known}。", "There is no pass {name}; there are: {known}.")
UNWRITTEN = Text("{topic} 这一课还没有写。", "The lesson {topic} is not written yet.")
DEPTH = Text("读多深：core、derivation、beyond", "How deep: core, derivation, beyond")
NO_DEPTH = Text("没有 {name} 这一层；有：{known}。", "There is no depth {name}; there are: {known}.")
EITHER = Text("--depth 和 --pass 请一次用一个。", "Use --depth or --pass, one at a time.")
NEXT = Text("下一面：{name}。{why}", "Next: {name}. {why}")
WHICH = Text("请用 --pass 说明做完的是哪一面。", "Say with --pass which one is done.")
UNREADABLE = Text("{file} 读不了（{why}）。", "{file} cannot be read ({why}).")
EMPTY = Text("讲解是空的；写几句话再来检查。", "The explanation is empty: write a few sentences first.")
TOO_LONG = Text("讲解超过 {most} 字；请写短些。", "The explanation has more than {most} characters: make it shorter.")
WHOLE = Text("要点都讲到了，没有常见的误解。", "Every idea is there, and none of the known errors.")
THERE, MISSING, ERRORS = Text("讲到了", "Told"), Text("还没讲到", "Missing"), Text("像是误解", "Looks like an error")
SECTION = Text("见 {topic}#{section}", "see {topic}#{section}")
SINCE, SAME = Text("和上一次比：", "Since the last one:"), Text("要点没有变化", "the same ideas")
GAINED, LOST = Text("+ 新讲到：", "+ now told: "), Text("- 这次漏了：", "- now missing: ")
MENDED, MADE = Text("+ 不再误解：", "+ no longer there: "), Text("- 新的误解：", "- a new error: ")
LONGEST = 100_000
MARKS = {None: "○", "begun": "◐", "done": "✓"}
NAMES = {
    "question": Text("问题", "question"),
    "picture": Text("图", "picture"),
    "mathematics": Text("数学", "mathematics"),
    "code": Text("代码", "code"),
    "data": Text("数据", "data"),
    "cost": Text("代价", "cost"),
    "history": Text("历史", "history"),
    "application": Text("应用", "application"),
}

WHY: dict[str, Text] = {
    "begun": Text("它开了头，先做完。", "It was begun: finish it first."),
    "missing": Text("上次讲解漏了要点，先把问题链接上。", "Your last explanation had a gap: mend the chain."),
    "wrong": Text("这一课有练习还没通过，先读代码。", "An exercise of it does not pass yet: read its code."),
    "order": Text("按八面的次序。", "It is next in the order of the eight."),
}

Topic = Annotated[str, typer.Argument(metavar="TOPIC", help=say(TOPIC))]
Json = Annotated[bool, typer.Option("--json", help=say(JSON))]
Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(DATA))]


def register(app: typer.Typer) -> None:
    app.command(help=say(LEARN))(learn)
    app.command(help=say(EXPLAIN))(explain)


def learn(
    topic: Topic,
    depth: Annotated[str, typer.Option("--depth", metavar="DEPTH", help=say(DEPTH))] = "",
    name: Annotated[str, typer.Option("--pass", metavar="PASS", help=say(PASS))] = "",
    done: Annotated[str | None, typer.Option("--done", metavar="TEXT", help=say(DONE))] = None,
    as_json: Json = False,
    data: Data = None,
) -> None:
    from wenjin.study.progress.passes import Read, passes, upcoming
    from wenjin.study.store.log import happened

    if depth:
        if name or done is not None:
            fail(EITHER, 2)
        read_at(topic, depth, as_json, data)
        return
    with opened(data) as desk:
        tasks = {task.id: task for task in found(desk, topic)[0]}
        if name and name not in tasks:
            fail(NO_PASS.format(name=clean(name), known=", ".join(tasks)), 2)
        if done is not None and not name:
            fail(WHICH, 2)
        if name:
            what = {"pass": name, "what": "begun" if done is None else "done"}
            text = (done or "").encode("utf-8", "replace").decode()[:LONGEST]
            before = passes(desk.log.events("pass", topic)).get(topic, Read()).passes.get(name)
            if before is None or done is not None:
                desk.log.append(happened("pass", topic, what | ({"text": text} if text else {})))
        again = [*desk.log.events("pass", topic), *desk.log.events("explain", topic)]
        read = passes(again).get(topic, Read())
        wrong = stuck(desk, topic)
    if as_json:
        rows = {id: {"task": task.task.as_dict(), "stage": read.passes.get(id)} for id, task in tasks.items()}
        print(json.dumps({"topic": topic, "passes": rows}, ensure_ascii=False))
        return
    if not name and (ahead := upcoming(read, wrong=wrong)):
        print(say(NEXT.format(name=NAMES[ahead[0]], why=WHY[ahead[1]])) + "\n")
    for id, task in tasks.items():
        if name in ("", id):
            print(f"{MARKS[read.passes.get(id)]} {id:12} {say(NAMES[id])}")
            if name:
                print(f"\n{clean(say(task.task))}")


def read_at(topic: str, depth: str, as_json: bool, data: Path | None) -> None:
    """Show a lesson at a depth, and remember the depth."""
    from wenjin.study.course.depth import DEPTHS, lesson_at
    from wenjin.study.store.log import happened

    chosen = next((one for one in DEPTHS if one == depth), None)
    if chosen is None:
        fail(NO_DEPTH.format(name=clean(depth), known=", ".join(DEPTHS)), 2)
    with opened(data) as desk:
        found(desk, topic)
        text = lesson_at(desk.course.topics[topic], desk.course, language(), chosen)
        desk.log.append(happened("setting", "depth", {"key": "depth", "value": chosen}))
    if as_json:
        print(json.dumps({"topic": topic, "depth": chosen, "lesson": text}, ensure_ascii=False))
    elif sys.stdout.isatty():
        from rich.markdown import Markdown

        console().print(Markdown(clean(text)))
    else:
        print(clean(text), end="")


def explain(
    topic: Topic,
    file: Annotated[str, typer.Option("--check", metavar="FILE", help=say(CHECK))] = "",
    as_json: Json = False,
    data: Data = None,
) -> None:
    from wenjin.study.course.passes import explained
    from wenjin.study.progress.passes import since
    from wenjin.study.store.log import happened

    with opened(data) as desk:
        rubric = found(desk, topic)[1]
        if not file:
            print(clean(say(rubric.prompt)))
            return
        text = words(file)
        held = explained(rubric, text)
        before = list(desk.log.events("explain", topic))[-1:]
        missing, errors = [idea.id for idea in held.missing], [error.id for error in held.errors]
        desk.log.append(happened("explain", topic, {"missing": missing, "errors": errors, "text": text}))
    if as_json:
        told = [idea.id for idea in held.told]
        print(json.dumps({"topic": topic, "whole": held.whole, "told": told, "missing": missing, "errors": errors}))
    else:
        for head, mark, ideas in ((THERE, "✓", held.told), (MISSING, "○", held.missing)):
            for idea in ideas:
                print(f"{mark} {say(head)}: {clean(say(idea.name))}")
        for error in held.errors:
            where = say(SECTION.format(topic=topic, section=error.section))
            print(f"✗ {say(ERRORS)}: {clean(say(error.name))} ({where})")
        if held.whole:
            print(say(WHOLE))
        if before:
            named = {idea.id: idea.name for idea in rubric.ideas} | {error.id: error.name for error in rubric.errors}
            print(clean("\n".join(progress(since(before[0].data, {"missing": missing, "errors": errors}), named))))
    raise typer.Exit(0 if held.whole else 1)


def progress(changed: "Since", named: "Mapping[str, Text]") -> list[str]:
    """What an explanation has that the one before had not, in words."""
    rows = ((GAINED, changed.gained), (LOST, changed.lost), (MENDED, changed.mended), (MADE, changed.made))
    told = [f"  {say(head)}{say(named[id])}" for head, ids in rows for id in ids if id in named]
    return [say(SINCE), *(told or [f"  {say(SAME)}"])]


def stuck(desk: Opened, topic: str) -> bool:
    """Was an exercise of the topic tried that is not passed?"""
    for exercise in desk.course.topics[topic].exercises:
        verdicts = [event.data.get("verdict") for event in desk.log.events("attempt", exercise.id)]
        if verdicts and "pass" not in verdicts:
            return True
    return False


def found(desk: Opened, topic: str) -> "tuple[list[Pass], Explain]":
    """The passes and the rubric of a written topic."""
    from wenjin.study.course.faults import Faults
    from wenjin.study.course.passes import read_passes

    known = desk.course.topics.get(topic)
    if known is None:
        fail(NO_TOPIC.format(name=clean(topic)), 2)
    tasks, rubric = read_passes(known.folder, Faults(desk.course.root)) if known.folder else ([], None)
    if rubric is None:
        fail(UNWRITTEN.format(topic=topic))
    return tasks, rubric


def words(file: str) -> str:
    """What stands in the file."""
    try:
        read = sys.stdin.buffer.read(4 * LONGEST + 1) if file == "-" else Path(file).read_bytes()
    except OSError as error:
        fail(UNREADABLE.format(file=clean(file), why=error.strerror))
    text = read.decode("utf-8", "replace").strip()
    if not text:
        fail(EMPTY, 2)
    if len(text) > LONGEST:
        fail(TOO_LONG.format(most=LONGEST), 2)
    return text
