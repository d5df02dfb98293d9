"""`wenjin runs export | pin | repeat`: runs taken along, pinned to notes, and run once more to see whether it comes
again."""

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wenjin.kit.text import Text
from wenjin.study.cli import labhelp as told
from wenjin.study.cli.terminal import clean, console, fail, language, say

if TYPE_CHECKING:
    from rich.table import Table

    from wenjin.study.cli.desk import Desk
    from wenjin.study.labs.book import Run
    from wenjin.study.labs.runner import Runner

    Work = Callable[[Path | None], AbstractContextManager[tuple[Desk, Runner]]]

EXPORT = Text(
    """把运行存成表格（CSV，一行一个值：参数、曲线、结果、结论、备注），或 TensorBoard 的事件文件；不写编号就是全部。

    \b
    wenjin runs export --csv runs.csv
    wenjin runs export 3f2a last --tensorboard board
    wenjin runs export last --csv -               写到标准输出
    """,
    """Save runs as a table (CSV, a value a line: arguments, curves, results, verdict, remark), or as TensorBoard's
    event files; without numbers, all of them.

    \b
    wenjin runs export --csv runs.csv
    wenjin runs export 3f2a last --tensorboard board
    wenjin runs export last --csv -               to the output
    """,
)
PIN = Text(
    """把一次运行钉到笔记里：笔记添上一行，带它的结果和链接。

    \b
    wenjin runs pin last                          钉到这个实验的笔记
    wenjin runs pin 3f2a --section why-sqrt-d
    """,
    """Pin a run to a note: a line with its results and a link to it is added.

    \b
    wenjin runs pin last                          to the note on its lab
    wenjin runs pin 3f2a --section why-sqrt-d
    """,
)
REPEAT = Text(
    """用同样的参数和种子再跑一次，逐项对照结果。

    全都一样，或差别没有超出参考范围（计时的结果每次都不同），退出码为 0，否则为 1。

    \b
    wenjin runs repeat last
    """,
    """Run once more with the same arguments and seed, and compare each result.

    The exit code is 0 when all are the same, or differ within the recorded range (what measures time always differs);
    else 1.

    \b
    wenjin runs repeat last
    """,
)
CSV = Text("表格存到哪里；- 是标准输出", "Where the table goes; - is the output")
BOARD = Text("事件文件存到哪个文件夹", "The folder for event files")
SECTION = Text("钉到哪一节的笔记", "The section whose note it is pinned to")
ONE = Text("请说明存成什么：--csv FILE 或 --tensorboard DIR。", "Say what to save: --csv FILE or --tensorboard DIR.")
NOWHERE = Text("{where} 写不进去（{why}）。", "{where} cannot be written ({why}).")
NO_FOLDER = Text("没有文件夹 {where}；请先建好。", "There is no folder {where}; make it first.")
NO_RUNS = Text("还没有运行，没有存任何文件。", "There are no runs yet: nothing was saved.")
SAVED = Text("{n} 次运行存在 {where}", "{n} runs saved in {where}")
PINNED = Text("钉在 {note}，文件 {file}", "Pinned to {note}, in {file}")
NO_SECTION = Text("{topic} 没有 {name} 这一节。有：{known}。", "{topic} has no section {name}. It has {known}.")
GONE = Text("课程里已经没有主题 {topic}，不能钉。", "The course has no topic {topic} any more: it cannot be pinned.")
NOT_WHOLE = Text("{id} 没有跑完，没有结果可对照。", "{id} did not finish: there is no result to compare with.")
HOW = {
    "same": Text("一样", "the same"),
    "near": Text("都在参考范围里", "both in the recorded range"),
    "other": Text("不一样", "not the same"),
}
CODE = Text("代码在那以后改过，结果可能因此不同。", "The code has changed since, and the results may for that reason.")
AGAIN = Text("{id} 是 {old} 的重跑。", "{id} repeats {old}.")


def register(runs: typer.Typer, work: "Work", named: Callable[["Runner", str], "Run"]) -> None:
    @runs.command(help=say(EXPORT))
    def export(
        ids: Annotated[list[str] | None, typer.Argument(metavar="[RUN]...", help=say(told.RUN))] = None,
        csv: Annotated[str, typer.Option("--csv", metavar="FILE", help=say(CSV))] = "",
        board: Annotated[Path | None, typer.Option("--tensorboard", metavar="DIR", help=say(BOARD))] = None,
        data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(told.DATA))] = None,
    ) -> None:
        from wenjin.study.labs import board as files

        if not csv and board is None:
            fail(ONE, 2)
        for target in ([Path(csv)] if csv not in ("", "-") else []) + ([board] if board is not None else []):
            there(target)
        with work(data) as (_, runner):
            found = [named(runner, id) for id in ids] if ids else list(runner.runs().values())
            if not found and csv != "-":
                fail(NO_RUNS)
            whole = [(run, runner.frames(run.id)) for run in {run.id: run for run in found}.values()]
            if csv == "-":
                sys.stdout.write(files.table(whole))
            elif csv:
                write(Path(csv), ("\ufeff" + files.table(whole)).encode("utf-8", "replace"))
            if board is not None:
                for name, made in (files.event_file(run, frames) for run, frames in whole):
                    write(board / name, made)
        for where in (csv if csv != "-" else "", board):
            if where:
                print(clean(say(SAVED.format(n=len(whole), where=where))))

    @runs.command(help=say(PIN))
    def pin(
        id: Annotated[str, typer.Argument(metavar="RUN", help=say(told.RUN))],
        section: Annotated[str | None, typer.Option("--section", metavar="ANCHOR", help=say(SECTION))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say(told.JSON))] = False,
        data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(told.DATA))] = None,
    ) -> None:
        from wenjin.study.course.margins import margins
        from wenjin.study.labs import pins
        from wenjin.study.store.notes import Notes

        with work(data) as (desk, runner):
            run = named(runner, id)
            topic, _, name = run.lab.partition("/")
            if topic not in desk.course.topics:
                fail(GONE.format(topic=clean(topic)), 2)
            anchor = section or f"lab-{name}"
            if anchor not in (known := margins(desk.course.topics[topic], language())):
                fail(NO_SECTION.format(topic=topic, name=clean(anchor), known=", ".join(known)), 2)
            notes = Notes(desk.log, desk.places.workspace, desk.course)
            note = pins.pin(notes, run, desk.course.lab(run.lab), topic, anchor, language())
            if as_json:
                print(json.dumps({"run": run.id, "note": note.id, "file": str(notes.file(topic))}, ensure_ascii=False))
            elif topic not in notes.faults:
                print(clean(say(PINNED.format(note=note.id, file=notes.file(topic)))))
            if fault := notes.faults.get(topic):
                fail(fault)

    @runs.command(help=say(REPEAT))
    def repeat(
        id: Annotated[str, typer.Argument(metavar="RUN", help=say(told.RUN))],
        as_json: Annotated[bool, typer.Option("--json", help=say(told.JSON))] = False,
        data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(told.DATA))] = None,
    ) -> None:
        from wenjin.study.cli import labrun
        from wenjin.study.labs.book import repeated

        with work(data) as (desk, runner):
            first = named(runner, id)
            if first.state != "finished":
                fail(NOT_WHOLE.format(id=first.id[:8]), 2)
            again = labrun.attend(desk, runner, runner.submit(first.lab, dict(first.arguments), {}))
            found = repeated(first, again)
            changed = dict(first.code) != dict(again.code)
            if as_json:
                rows = {name: {"before": a, "now": b, "how": how} for name, a, b, how in found}
                row = {"run": again.id, "repeats": first.id, "state": again.state, "code_changed": changed}
                print(json.dumps(row | {"levels": rows}, ensure_ascii=False))
            else:
                console().print(table(found))
                print(say(AGAIN.format(id=again.id[:8], old=first.id[:8])))
                if changed:
                    print(say(CODE))
        well = again.state == "finished" and all(how != "other" for *_, how in found)
        raise typer.Exit(0 if well else 1)


def there(target: Path) -> None:
    """Refused where the folder that it would stand in is not there: a mistyped path makes no folders."""
    folder = target.absolute().parent
    if not folder.is_dir():
        fail(NO_FOLDER.format(where=clean(str(folder))), 2)


def write(file: Path, data: bytes) -> None:
    """All of it, or a sentence that says why not."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    except OSError as error:
        fail(NOWHERE.format(where=clean(str(file)), why=error.strerror))


def table(found: "list[tuple[str, float | None, float | None, str]]") -> "Table":
    """Result, before, now, how they compare."""
    from rich.table import Table

    made = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    for name, before, now, how in found:
        shown = ["—" if value is None else f"{value:.9g}" for value in (before, now)]
        made.add_row(clean(name), *shown, say(HOW[how]))
    return made
