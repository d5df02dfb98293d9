"""lab list|run and runs list|show|compare|remark|stop|resume|doctor: experiments in the terminal. Runs exported,
pinned and repeated are in runwork.py."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from wenjin.kit.text import Text
from wenjin.study.cli import labhelp as told
from wenjin.study.cli import runwork
from wenjin.study.cli.exercises import open_desk
from wenjin.study.cli.terminal import console, fail, language, say, sentences

if TYPE_CHECKING:
    from wenjin.study.cli.desk import Desk
    from wenjin.study.labs.book import Run
    from wenjin.study.labs.runner import Runner

CODES = {"finished": 0, "stopped": 130}  # of the exit; a run that failed is 1

NO_RUN = Text(
    "没有编号以 {id} 开头的运行；用 wenjin runs list 看全部运行。", "No run begins with {id}; see wenjin runs list."
)
MANY = Text("有 {n} 次运行的编号以 {id} 开头；请多写几位。", "{n} runs begin with {id}; write more of the number.")
STOPPED = Text("{id} 已停下。", "{id} is stopped.")
REMARKED = Text("记下了。", "Noted.")
APART = Text(
    "{a} 和 {b} 是两个实验的运行（{lab_a}、{lab_b}），不能并排比较。",
    "{a} and {b} are runs of two labs ({lab_a}, {lab_b}) and cannot be set side by side.",
)

Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(told.DATA))]
Json = Annotated[bool, typer.Option("--json", help=say(told.JSON))]
Id = Annotated[str, typer.Argument(metavar="RUN", help=say(told.RUN))]
FREE = {"allow_extra_args": True, "ignore_unknown_options": True}  # the lab's own parameters


def register(app: typer.Typer, open_desk: Callable[[Path | None], "Desk"] = open_desk) -> None:
    """Add the commands to the command line."""
    lab = typer.Typer(help=say(told.LABS), no_args_is_help=True)
    app.add_typer(lab, name="lab")
    runs = typer.Typer(help=say(told.RUNS), no_args_is_help=True)
    app.add_typer(runs, name="runs")

    @lab.command("list", help=say(told.LAB_LIST))
    def labs(data: Data = None) -> None:
        from wenjin.study.cli import labviews

        with sentences(), open_desk(data) as desk:
            console().print(labviews.labs(desk.course, desk.language))

    @lab.command("run", help=say(told.LAB_RUN), context_settings=FREE)
    def run(
        context: typer.Context,
        lab: Annotated[str, typer.Argument(metavar="LAB", help=say(told.LAB))],
        predict: Annotated[list[str] | None, typer.Option("--predict", metavar="KEY", help=say(told.PREDICT))] = None,
        as_json: Json = False,
        data: Data = None,
    ) -> None:
        from wenjin.study.cli import labrun

        with at_work(open_desk, data) as (desk, runner):
            found = labrun.find(desk, lab)
            assert found.form is not None
            assert found.texts is not None
            arguments = found.form.read(labrun.words(found.form, context.args))
            ask = not as_json and sys.stdin.isatty() and sys.stderr.isatty()
            chosen = labrun.prediction(found.texts.predictions, predict or [], ask, desk.language)
            finish(desk, labrun.attend(desk, runner, runner.submit(found.id, arguments, chosen)), as_json)

    @runs.command("list", help=say(told.RUNS_LIST))
    def listing(as_json: Json = False, data: Data = None) -> None:
        from wenjin.study.cli import labviews

        with at_work(open_desk, data) as (desk, runner):
            found = list(runner.runs().values())
            if as_json:
                brief = [{k: v for k, v in each.as_dict().items() if k != "frames"} for each in found]
                print(json.dumps({"runs": brief}, ensure_ascii=False))
                return
            console().print(labviews.listing(found, desk.language))

    @runs.command(help=say(told.RUNS_SHOW))
    def show(id: Id, as_json: Json = False, data: Data = None) -> None:
        with at_work(open_desk, data) as (desk, runner):
            present(desk, named(runner, id), as_json)

    @runs.command(help=say(told.RUNS_COMPARE))
    def compare(a: Id, b: Id, as_json: Json = False, data: Data = None) -> None:
        from wenjin.study.cli import labviews
        from wenjin.study.labs import book

        with at_work(open_desk, data) as (desk, runner):
            one, other = named(runner, a), named(runner, b)
            if one.lab != other.lab:
                fail(APART.format(a=one.id[:8], b=other.id[:8], lab_a=one.lab, lab_b=other.lab), 2)
            both = book.compare(one, other)
            if as_json:
                print(json.dumps(both.as_dict(), ensure_ascii=False))
                return
            console().print(labviews.comparison(both, desk.course, desk.language))

    @runs.command(help=say(told.RUNS_REMARK))
    def remark(
        id: Id,
        text: Annotated[str, typer.Argument(metavar="TEXT", help=say(told.TEXT))],
        as_json: Json = False,
        data: Data = None,
    ) -> None:
        with at_work(open_desk, data) as (_, runner):
            found = named(runner, id)
            runner.remark(found.id, text)
            remarked = {"run": found.id, "remark": runner.runs()[found.id].remark}
            print(json.dumps(remarked, ensure_ascii=False) if as_json else say(REMARKED))

    @runs.command(help=say(told.RUNS_STOP))
    def stop(id: Id, data: Data = None) -> None:
        with at_work(open_desk, data) as (_, runner):
            found = named(runner, id)
            runner.stop(found.id)
            for _row in runner.follow(found.id):
                pass
            print(say(STOPPED.format(id=found.id[:8])))

    @runs.command(help=say(told.RUNS_RESUME))
    def resume(
        id: Id,
        force: Annotated[bool, typer.Option("--force", help=say(told.FORCE))] = False,
        as_json: Json = False,
        data: Data = None,
    ) -> None:
        from wenjin.study.cli import labrun

        with at_work(open_desk, data) as (desk, runner):
            found = named(runner, id)
            told_before = labrun.end(runner, found.id)
            runner.resume(found.id, force=force)
            finish(desk, labrun.attend(desk, runner, found.id, told_before), as_json)

    @runs.command(help=say(told.RUNS_DOCTOR))
    def doctor(
        file: Annotated[Path, typer.Argument(metavar="FILE", help=say(told.FILE))],
        even: Annotated[int | None, typer.Option("--classes", min=2, help=say(told.CLASSES))] = None,
        as_json: Json = False,
    ) -> None:
        from wenjin.study.cli.losses import examine

        raise typer.Exit(examine(file, even, language(), as_json=as_json))

    runwork.register(runs, lambda data: at_work(open_desk, data), named)


@contextmanager
def at_work(open_desk: Callable[[Path | None], "Desk"], data: Path | None) -> Iterator[tuple["Desk", "Runner"]]:
    """The desk and all runs; what makes no sense is told in a sentence, with the code of wrong usage."""
    from wenjin.study.course.form import FormError
    from wenjin.study.labs.records import RunError
    from wenjin.study.labs.runner import Runner

    with sentences(), open_desk(data) as desk:
        try:
            yield desk, Runner(desk.log, desk.course, desk.places)
        except (FormError, RunError) as error:
            fail(error.text, 2)


def named(runner: "Runner", id: str) -> "Run":
    """The run whose number begins so; `last` is the newest."""
    runs = runner.runs()
    found = [run for run in runs.values() if run.id.startswith(id.lower())]
    if id == "last" and runs:
        found = [list(runs.values())[-1]]
    if not found:
        fail(NO_RUN.format(id=id), 2)
    if len(found) > 1:
        fail(MANY.format(n=len(found), id=id), 2)
    return found[0]


def present(desk: "Desk", run: "Run", as_json: bool) -> None:
    from wenjin.study.cli import labviews

    if as_json:
        print(json.dumps(run.as_dict(), ensure_ascii=False))
    else:
        console().print(labviews.result(run, desk.course, desk.language))


def finish(desk: "Desk", run: "Run", as_json: bool) -> NoReturn:
    """Show the run and end: 0 when it is whole, whatever it showed."""
    present(desk, run, as_json)
    code: Any = CODES.get(run.state, 1)
    raise typer.Exit(code)
