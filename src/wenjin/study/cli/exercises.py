"""check, watch, hint, reset, next, list, solution: the loop of an exercise, in the terminal."""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wenjin.kit.text import Text
from wenjin.study.cli import help as told
from wenjin.study.cli.terminal import clean, console, fail, language, say, sentences

if TYPE_CHECKING:
    from wenjin.study.cli.desk import Desk
    from wenjin.study.course.graph import Exercise

MISSING = Text("读不了 {file}（{why}）；请检查路径。", "{file} cannot be read ({why}); look at the path.")
RESET = Text("{file} 已恢复为起始的样子。", "{file} is as it was at the start.")
KEPT = Text("原来的内容保存在 {kept}。", "What stood there is kept in {kept}.")
ALL_DONE = Text("全部 {n} 道练习都已通过。", "All {n} exercises are passed.")
NO_EXERCISES = Text("课程里还没有写好的练习。", "The course has no written exercises yet.")
ONE = Text("输出 JSON，不备文件", "print JSON, lay no file")
LACKS = Text("{topic} 建立在还没学会的这些之上：{names}。", "{topic} builds on what you do not know yet: {names}.")
WRITE = Text(
    "写在 {file}；保存后用 wenjin check {id} 判题，或一直开着 wenjin watch。",
    "Write in {file}, save, and ask wenjin check {id} for the verdict, or keep wenjin watch open.",
)

Name = Annotated[str, typer.Argument(metavar="EXERCISE", help=say(told.EXERCISE))]
Perhaps = Annotated[str | None, typer.Argument(metavar="[EXERCISE]", help=say(told.EXERCISE))]
Files = Annotated[list[str] | None, typer.Argument(metavar="[FILE]...", help=say(told.FILES))]
Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(told.DATA))]
Lines = Annotated[bool, typer.Option("--json", help=say(told.JSON))]
Told = Annotated[bool, typer.Option("--json", help=say(told.SCRIPTS))]


def open_desk(data: Path | None) -> "Desk":
    """Where the commands work: this installation's course, this user's files and log."""
    from wenjin.study.cli.desk import Desk
    from wenjin.study.store.places import places

    return Desk(places(data), language())


def register(app: typer.Typer, open_desk: Callable[[Path | None], "Desk"] = open_desk) -> None:
    """Add the commands to the command line."""

    @app.command(help=say(told.CHECK))
    def check(
        exercise: Name,
        files: Files = None,
        as_json: Lines = False,
        data: Data = None,
        unconfined: Annotated[bool, typer.Option("--unconfined", help=say(told.UNCONFINED))] = False,
    ) -> None:
        with sentences(), open_desk(data) as desk:
            right = judge_files(desk, find(desk, exercise), files or [], as_json, unconfined)
        sys.exit(0 if right else 1)

    @app.command(help=say(told.WATCH))
    def watch(exercise: Perhaps = None, as_json: Lines = False, data: Data = None) -> None:
        from wenjin.study.cli.watch import run

        with sentences(), open_desk(data) as desk:
            some(desk)
            run(desk, find(desk, exercise) if exercise else None, as_json)

    @app.command(help=say(told.HINT))
    def hint(exercise: Name, as_json: Told = False, data: Data = None) -> None:
        from wenjin.study.cli import views

        with sentences(), open_desk(data) as desk:
            found = find(desk, exercise)
            opened = desk.open_hint(found)
            if as_json:
                shown = [hint.as_dict() for hint in found.hints[:opened]]
                print(json.dumps({"exercise": found.id, "of": len(found.hints), "hints": shown}, ensure_ascii=False))
            else:
                console().print(views.hints(found, opened, desk.language))

    @app.command(help=say(told.RESET))
    def reset(exercise: Name, as_json: Told = False, data: Data = None) -> None:
        with sentences(), open_desk(data) as desk:
            found = find(desk, exercise)
            file, kept = desk.reset(found, datetime.now())
            if as_json:
                laid = {"exercise": found.id, "file": str(file), "kept": str(kept) if kept else None}
                print(json.dumps(laid, ensure_ascii=False))
                return
            print(clean(say(RESET.format(file=file))))
            if kept:
                print(clean(say(KEPT.format(kept=kept))))

    @app.command("next", help=say(told.NEXT))
    def following(data: Data = None, as_json: Annotated[bool, typer.Option("--json", help=say(ONE))] = False) -> None:
        from wenjin.study.cli import views
        from wenjin.study.progress.spoken import because
        from wenjin.study.progress.today import next_step

        with sentences(), open_desk(data) as desk:
            total = some(desk)
            step = next_step(desk.record.learner())
            if step is None or step.exercise is None:
                print(json.dumps({"step": None}) if as_json else say(ALL_DONE.format(n=total)))
                return
            if as_json:
                print(json.dumps(step.as_dict(), ensure_ascii=False))
                return
            found = step.exercise
            console().print(views.task(found, desk.language))
            print("\n" + clean(say(because(step))))
            if step.missing:
                names = ", ".join(topic.id for topic in step.missing)
                print(clean(say(LACKS.format(topic=step.topic.title, names=names))))
            print(clean(say(WRITE.format(file=desk.files.lay(desk.starter(found)), id=found.id))))

    @app.command("list", help=say(told.LIST))
    def every(data: Data = None, as_json: Told = False) -> None:
        from wenjin.study.cli import views

        with sentences(), open_desk(data) as desk:
            some(desk)
            progress = desk.progress()
            if as_json:
                print(json.dumps(views.rows(desk.course, progress), ensure_ascii=False))
                return
            console().print(views.listing(desk.course, progress, progress.following(), desk.language))
            console().print(views.bar(progress, desk.language))

    @app.command(help=say(told.SOLUTION))
    def solution(exercise: Name, as_json: Told = False, data: Data = None) -> None:
        from wenjin.study.cli import views

        with sentences(), open_desk(data) as desk:
            found = find(desk, exercise)
            text = desk.solution(found)
            if text is None:
                fail(views.closed(found, desk.standing(found).hints))
            if as_json:
                print(json.dumps({"exercise": found.id, "solution": text}, ensure_ascii=False))
            else:
                print(clean(text), end="")


def find(desk: "Desk", name: str) -> "Exercise":
    """The exercise of this name, or the end with a sentence and the code of wrong usage."""
    from wenjin.study.cli.desk import NoSuchExercise

    try:
        return desk.find(name)
    except NoSuchExercise as error:
        fail(error.text, 2)


def some(desk: "Desk") -> int:
    """How many exercises there are; the end with a sentence where there are none."""
    return sum(exercise.written for exercise in desk.course.exercises.values()) or fail(NO_EXERCISES)


def judge_files(desk: "Desk", exercise: "Exercise", files: list[str], as_json: bool, unconfined: bool = False) -> bool:
    """Judge each file in order, with one judge, and show each verdict as it comes. True when all pass."""
    from wenjin.study.cli.terminal import verdict

    desk.judge  # noqa: B018  it starts while we open the log
    names = files or [str(desk.files.lay(desk.starter(exercise)))]
    right = True
    for name in names:
        answer = read(name)
        if isinstance(answer, str):
            result = missing(desk, name, answer)
        else:
            result = desk.attempt(exercise, answer, "check", unconfined)
        right = right and result["verdict"] == "pass"
        if result.get("unkept"):
            print(clean(result["unkept"][desk.language]), file=sys.stderr)
        if as_json:
            print(json.dumps({"file": name, "exercise": exercise.id, "unkept": None, **result}), flush=True)
            continue
        if len(names) > 1:
            print(clean(f"── {name}"))
        console().print(verdict(result, exercise.topic, desk.language))
        if len(names) > 1:
            print()
    return right


def read(name: str) -> bytes | str:
    """The bytes of a file, or why there are none. More than any judge takes is not read."""
    most = (1 << 20) + 1
    try:
        if name == "-":
            return sys.stdin.buffer.read(most)
        with Path(name).open("rb") as file:
            return file.read(most)
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)


def missing(desk: "Desk", name: str, why: str) -> dict[str, Any]:
    """The verdict on a file that cannot be read: nothing was judged, and nothing is recorded."""
    from wenjin.kit.verdict import Verdict

    tier = desk.judge.tier()["tier"]
    return Verdict("error", MISSING.format(file=clean(name), why=why), "missing-file", tier=tier).as_dict()
