"""`wenjin type TOPIC`: a lesson's programs typed by hand, step by step; each is run beside the listing."""

import codeop
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.learning import refuse
from wenjin.study.cli.opened import Opened, opened
from wenjin.study.cli.terminal import clean, fail, language, say

if TYPE_CHECKING:
    from wenjin.study.course.graph import Topic
    from wenjin.study.course.steps import Block
    from wenjin.study.judge.client import Judge
    from wenjin.study.progress.retyped import Typed

HELP = Text(
    """手敲一课的程序：一步一步照着打，每一步都和原文一起运行，看做的是不是同一件事。

    名字可以换，意思不能变。写了一半的语句会接着问；函数这样的多行语句以空行结束。Ctrl-D 停下，下次从这一步接着打。

    \b
    wenjin type self-attention                    从没打完的那一段接着打
    wenjin type self-attention --block average    打这一段
    wenjin type self-attention --block average --again  从头再打一遍
    wenjin type self-attention --list             各段打到哪里
    """,
    """Type the programs of a lesson by hand, step by step; each step runs beside the listing, to see that both do the
    same.

    Names may be others, the meaning may not. A statement of several lines ends with an empty one. Ctrl-D stops; the
    next time it goes on with that step.

    \b
    wenjin type self-attention                    go on with the first block that is not whole
    wenjin type self-attention --block average    this block
    wenjin type self-attention --block average --again  from its beginning
    wenjin type self-attention --list             how far each block is
    """,
)
TOPIC = Text("主题的名字，如 self-attention", "The topic's name, such as self-attention")
BLOCK = Text("课文里的哪一段程序", "Which program of the lesson")
AGAIN = Text("从头再打一遍", "Type it from its beginning again")
LIST = Text("只列出各段打到哪里", "Only list how far each block is")
JSON = Text("把进度输出成 JSON（与 --list 同义）", "Print how far each is as JSON (as --list does in words)")
DATA = Text("数据目录（也可用 WENJIN_DATA）", "The data folder (or WENJIN_DATA)")
UNCONFINED = Text("这台机器没有任何隔离（F 级）时，确认运行", "Where nothing confines answers (tier F): run them")
NO_TOPIC = Text("没有名为 {name} 的主题。", "There is no topic called {name}.")
NO_BLOCK = Text("{topic} 的课文里没有名为 {name} 的程序。", "The lesson {topic} has no program called {name}.")
UNWRITTEN = Text("{topic} 这一课还没有写。", "The lesson {topic} is not written yet.")
NONE = Text("{topic} 的课文里没有程序。", "The lesson {topic} has no programs.")
HEAD = Text("{block}（{topic}#{section}），{of} 步", "{block} ({topic}#{section}), {of} steps")
STEP = Text("第 {n} / {of} 步", "Step {n} of {of}")
RIGHT = Text("✓", "✓")
UNRUN = Text(
    "✓（这段程序要读课程的数据，沙箱里没有；只比较了写法）",
    "✓ (this program reads data of the course, which the sandbox has not: only its form was compared)",
)
WHOLE = Text(
    "{block} 打完了：{minutes:.1f} 分钟，每分钟 {pace:.0f} 个字符，失误 {slips} 处{kinds}。",
    "{block} is whole: {minutes:.1f} minutes, {pace:.0f} characters a minute, {slips} slips{kinds}.",
)
ALL = Text(
    "这一课的程序都打完了；--block 名字 --again 可以再打一遍。",
    "Every program of this lesson is whole; --block NAME --again types one again.",
)
STOPPED = Text("停在 {block} 的第 {n} 步；打过的都记下了。", "Stopped at step {n} of {block}; what you typed is kept.")
ROW = Text("{mark} {name:14} {done}/{of} 步{more}", "{mark} {name:14} {done}/{of} steps{more}")
MORE = Text("，每分钟 {pace:.0f} 个字符，失误 {slips} 处", ", {pace:.0f} characters a minute, {slips} slips")
SLIPS = {
    "syntax": Text("语法", "syntax"),
    "name": Text("名字", "names"),
    "raises": Text("报错", "errors"),
    "value": Text("意思", "meaning"),
    "output": Text("输出", "output"),
    "later": Text("后文", "later steps"),
    "stopped": Text("没有结束", "no end"),
}


def register(app: typer.Typer) -> None:
    app.command("type", help=say(HELP))(type_)


def type_(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help=say(TOPIC))],
    block: Annotated[str, typer.Option(metavar="NAME", help=say(BLOCK))] = "",
    again: Annotated[bool, typer.Option("--again", help=say(AGAIN))] = False,
    listed: Annotated[bool, typer.Option("--list", help=say(LIST))] = False,
    unconfined: Annotated[bool, typer.Option("--unconfined", help=say(UNCONFINED))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=say(JSON))] = False,
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(DATA))] = None,
) -> None:
    from wenjin.study.judge.client import local_judge
    from wenjin.study.progress.retyped import retyped

    with opened(data) as desk:
        known = desk.course.topics.get(topic) or refuse(NO_TOPIC, topic, desk.course.topics)
        found = blocks_of(known)
        held = dict(retyped(desk.log.events("type", topic)).get(topic, {}))
        if listed or as_json:
            print(json.dumps(as_rows(topic, found, held), ensure_ascii=False) if as_json else in_words(found, held))
            return
        if block and block not in found:
            refuse(NO_BLOCK.format(topic=topic, name="{name}"), block, found)
        left = [name for name in found if not whole(found[name], held.get(name))]
        if not block and not left:
            print(say(ALL))
            return
        with local_judge(desk.course.root) as judge:
            for name in [block] if block else left:
                if not along(desk, judge, topic, found[name], held.get(name), again=again, confirmed=unconfined):
                    raise typer.Exit(1)


def blocks_of(topic: "Topic") -> "dict[str, Block]":
    """The programs of a lesson by name. Both languages hold the same."""
    from wenjin.study.course import lesson
    from wenjin.study.course.steps import blocks

    if topic.folder is None or not topic.written:
        fail(UNWRITTEN.format(topic=topic.id))
    found = {block.name: block for block in blocks(lesson.read(topic.folder, language()))}
    return found or fail(NONE.format(topic=topic.id))


def whole(block: "Block", held: "Typed | None") -> bool:
    return held is not None and held.of == len(block.steps) and held.whole


def along(
    desk: Opened, judge: "Judge", topic: str, block: "Block", held: "Typed | None", *, again: bool, confirmed: bool
) -> bool:
    """Type a block to its end. False when the input ended before."""
    from wenjin.study.progress.retyped import Retyped
    from wenjin.study.store.log import happened

    steps, fold = list(block.steps), Retyped()
    fresh = held is None or again or held.of != len(steps) or held.whole
    typed: list[str] = [] if fresh or held is None else list(held.steps)
    if not fresh and held is not None:
        fold.topics[topic] = {block.name: held}
    print(clean(say(HEAD.format(block=block.name, topic=topic, section=block.section, of=len(steps)))))
    while len(typed) < len(steps):
        at = len(typed)
        print(clean(f"\n{say(STEP.format(n=at + 1, of=len(steps)))}\n\n{indented(steps[at])}\n"))
        began = time.monotonic()
        text = read_step()
        if text is None:
            print("\n" + clean(say(STOPPED.format(block=block.name, n=at + 1))))
            return False
        spent = round(1000 * (time.monotonic() - began))
        told = judge.beside(steps, typed, text, confirmed=confirmed)
        if told["slip"] == "unconfined":
            fail(Text(**told["text"]))
        kept: dict[str, Any] = {"block": block.name, "step": at, "of": len(steps), "right": told["right"]}
        kept |= {"slip": told["slip"], "ms": spent, "typed": len(text)} | ({"text": text} if told["right"] else {})
        event = happened("type", topic, kept)
        desk.log.append(event)
        fold.take(event)
        if told["right"]:
            typed.append(text)
            print(clean(told["output"]), end="")
            print(say(RIGHT if told["run"] else UNRUN))
        else:
            print(clean(f"✗ {Text(**told['text'])[language()]}"))
            lines = text.splitlines()
            if told["line"] and told["line"] <= len(lines):
                print(clean(f"    {told['line']} | {lines[told['line'] - 1]}"))
    print("\n" + clean(say(ended(block.name, fold.topics[topic][block.name]))))
    return True


def read_step() -> str | None:
    """One statement, as at Python's own prompt; None when the input has ended."""
    lines: list[str] = []
    while True:
        line = ask("... " if lines else ">>> ")
        if line is None:
            return "\n".join(lines) if any(one.strip() for one in lines) else None
        if not lines and not line.strip():
            continue
        lines.append(line.rstrip())
        if finished(lines):
            return "\n".join(lines).rstrip()


def ask(prompt: str) -> str | None:
    print(prompt, end="", flush=True)
    line = sys.stdin.readline()
    return line.rstrip("\r\n") if line else None


def finished(lines: Sequence[str]) -> bool:
    """Is the statement whole? One that cannot become Python is: its fault is then told."""
    text = "\n".join(lines)
    try:
        if codeop.compile_command(text, symbol="single") is None:
            return False
    except (SyntaxError, ValueError, OverflowError):
        return True
    return True


def ended(name: str, held: "Typed") -> Text:
    kinds = [(SLIPS[kind], n) for kind, n in sorted(held.slips.items(), key=lambda row: -row[1]) if kind in SLIPS]
    zh = "（" + "，".join(f"{kind.zh} {n}" for kind, n in kinds) + "）" if kinds else ""
    en = " (" + ", ".join(f"{kind.en} {n}" for kind, n in kinds) + ")" if kinds else ""
    blanks = {"block": name, "minutes": held.ms / 60_000, "pace": held.pace, "slips": sum(held.slips.values())}
    return WHOLE.format(**blanks, kinds=Text(zh, en))


def in_words(found: "dict[str, Block]", held: "dict[str, Typed]") -> str:
    rows = []
    for name, block in found.items():
        done = held.get(name)
        current = done if done is not None and done.of == len(block.steps) else None
        mark = "✓" if whole(block, current) else "◐" if current and current.steps else "○"
        more = MORE.format(pace=current.pace, slips=sum(current.slips.values())) if current else Text("", "")
        blanks = {"mark": mark, "name": name, "done": len(current.steps) if current else 0, "of": len(block.steps)}
        rows.append(clean(say(ROW.format(**blanks, more=more))))
    return "\n".join(rows)


def as_rows(topic: str, found: "dict[str, Block]", held: "dict[str, Typed]") -> dict[str, Any]:
    rows = []
    for name, block in found.items():
        done = held.get(name)
        row: dict[str, Any] = {"block": name, "section": block.section, "of": len(block.steps), "steps": 0}
        row |= {"whole": False, "slips": {}, "done": done.done if done else 0, "characters a minute": None}
        if done is not None and done.of == len(block.steps):
            row |= {"steps": len(done.steps), "whole": done.whole, "slips": done.slips}
            row |= {"characters a minute": round(done.pace, 1)}
        rows.append(row)
    return {"topic": topic, "blocks": rows}


def indented(code: str) -> str:
    return "\n".join(f"    {line}" for line in code.splitlines())
