"""`wenjin pitfall`: the error that a pasted message means, and the proof that every error and its repair are real."""

import json
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.learning import refuse
from wenjin.study.cli.terminal import clean, console, fail, say, sentences

if TYPE_CHECKING:
    from wenjin.study.author.cures import Proof
    from wenjin.study.course.pitfalls import Met

HELP = Text(
    """查一条报错：它是怎么来的，怎么改；报错里的数字、名字和路径不必相同。

    \b
    wenjin pitfall "expected scalar type Float but found Half"
    python train.py 2>&1 | wenjin pitfall -       整段 traceback 从标准输入读
    wenjin pitfall --topic self-attention         一课的全部报错
    wenjin pitfall --self-test                    把每条报错真的引发一遍，再看改法是否管用
    """,
    """Look an error message up: why it comes and how to mend it. Numbers, names and paths in it may differ.

    \b
    wenjin pitfall "expected scalar type Float but found Half"
    python train.py 2>&1 | wenjin pitfall -       a whole traceback from the input
    wenjin pitfall --topic self-attention         all errors of one topic
    wenjin pitfall --self-test                    raise every listed error, and see its repair work
    """,
)
MESSAGE = Text("报错的文字；- 是标准输入", "The message; - is the input")
TOPIC = Text("只看一课的报错", "Only the errors of one topic")
TEST = Text("真的引发每条报错，再试它的改法", "Raise every listed error and try its repair")
JSON = Text("给脚本用的 JSON", "JSON for scripts")
ROOT = Text("另一个课程目录", "Another curriculum folder")
NO_TOPIC = Text("没有名为 {name} 的主题。", "There is no topic called {name}.")
NOTHING = Text(
    "没有写下这样的报错。确认贴的是最后一行；或用 wenjin search 在课文里找。",
    "No listed error is like it. See that its last line is there; or look in the lessons with wenjin search.",
)
WHAT = Text(
    "请给出报错的文字，或用 --topic、--self-test；例子见 --help。",
    "Give the message, or --topic or --self-test; --help has examples.",
)
CAUSE, REPAIR = Text("原因：", "Cause: "), Text("改法：", "Repair: ")
SECTION = Text("见 {topic}#{section}", "see {topic}#{section}")
PROVED = Text("{topic}：{n} 条报错都引发了，改法都管用。", "{topic}: raised and mended, all {n}.")
TOTAL = Text("{n} 条报错，{bad} 条不是所说的那样。", "{n} pitfalls, {bad} not as they say.")
NOT_RUN = Text("{topic}：没能运行（{why}）", "{topic}: could not be run ({why})")


def register(app: typer.Typer) -> None:
    app.command(help=say(HELP))(pitfall)


def pitfall(
    message: Annotated[str, typer.Argument(metavar="[MESSAGE]", help=say(MESSAGE))] = "",
    topic: Annotated[str, typer.Option(metavar="TOPIC", help=say(TOPIC))] = "",
    self_test: Annotated[bool, typer.Option("--self-test", help=say(TEST))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=say(JSON))] = False,
    root: Annotated[Path | None, typer.Option("--root", metavar="DIR", help=say(ROOT))] = None,
) -> None:
    from wenjin.study.course.load import load
    from wenjin.study.course.pitfalls import LONGEST, every, matching

    with sentences():
        course = load(root, coverage=False)
        if topic and topic not in course.topics:
            refuse(NO_TOPIC, topic, course.topics)
        known = [met for met in every(course) if topic in ("", met.topic.id)]
        if self_test:
            raise typer.Exit(tested(known, as_json))
        if message == "-":
            message = sys.stdin.buffer.read(4 * LONGEST).decode("utf-8", "replace")
        if not message.strip() and not topic:
            fail(WHAT, 2)
        found = matching(message, known) if message.strip() else known
    if as_json:
        print(json.dumps([as_row(met) for met in found], ensure_ascii=False))
    elif not found:
        print(say(NOTHING))
    else:
        print(clean("\n\n".join(in_words(met) for met in found)))
    raise typer.Exit(0 if found else 1)


def tested(known: "Sequence[Met]", as_json: bool) -> int:
    """Prove the pitfalls, topic by topic; the exit code."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from wenjin.study.author.cures import prove
    from wenjin.study.author.running import RunError

    rows: list[dict[str, Any]] = []
    bar = Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=console(error=True))
    with bar:
        doing = bar.add_task("", total=len(known))
        for name, each in groupby(known, key=lambda met: met.topic.id):
            pitfalls = [met.pitfall for met in each]
            bar.update(doing, description=name)
            try:
                proved = prove(pitfalls)
            except RunError as error:
                rows.append({"topic": name, "pitfall": None, "fault": error.text.as_dict()})
                bar.console.print(clean(say(NOT_RUN.format(topic=name, why=error.text))))
                continue
            finally:
                bar.advance(doing, len(pitfalls))
            rows += [proof_row(name, proof) for proof in proved]
            bad = [proof for proof in proved if proof.fault]
            if not as_json:
                told = [f"✗ {name}/{proof.pitfall.id}: {say(proof.fault)}" for proof in bad if proof.fault]
                print(clean("\n".join(told) if told else f"✓ {say(PROVED.format(topic=name, n=len(proved)))}"))
    wrong = sum(row["fault"] is not None for row in rows)
    if as_json:
        print(json.dumps({"pitfalls": rows, "wrong": wrong}, ensure_ascii=False))
    else:
        print(say(TOTAL.format(n=len(rows), bad=wrong)))
    return 1 if wrong else 0


def proof_row(topic: str, proof: "Proof") -> dict[str, Any]:
    fault = proof.fault and proof.fault.as_dict()
    return {"topic": topic, "pitfall": proof.pitfall.id, "message": proof.message, "fault": fault}


def as_row(met: "Met") -> dict[str, Any]:
    one = met.pitfall
    row = {"topic": met.topic.id, "pitfall": one.id, "message": one.message, "section": one.section}
    return row | {"program": one.program, "cause": one.cause.as_dict(), "repair": one.repair.as_dict()}


def in_words(met: "Met") -> str:
    one = met.pitfall
    where = say(SECTION.format(topic=met.topic.id, section=one.section))
    program = "\n".join(f"    {line}" for line in one.program.strip().splitlines())
    return f"{one.message}\n\n{program}\n\n{say(CAUSE)}{say(one.cause)}\n{say(REPAIR)}{say(one.repair)}\n({where})"
