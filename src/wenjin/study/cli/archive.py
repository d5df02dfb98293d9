"""`wenjin export | import | backup | restore`: what is the learner's, out of the house, in again, and kept safe."""

import json as plain
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.terminal import clean, fail, language, say, sentences

DATA = Text("数据目录（也可用 WENJIN_DATA）", "The data folder (or WENJIN_DATA)")
JSON = Text("输出 JSON", "Print JSON")
EXPORT = Text(
    """把你的全部记录写成一个归档文件：每一次作答、笔记、运行、工作目录；或写成 Anki 卡片包。

    \b
    wenjin export record.zip                      全部，可以再导入
    wenjin export anki cards.apkg                 卡片连同复习进度，给 Anki
    wenjin export anki cards.apkg --topic self-attention
    wenjin export --to site                       笔记、运行和进展，写成 Markdown 与静态网页
    wenjin export notebooks lessons               每个主题一份 Jupyter 笔记本，中英文各一份
    wenjin export notebooks --check --topic tokenization      从头到尾运行一遍，核对结果
    """,
    """Write all that is yours into one file: every answer, note and run, the workspace; or cards for Anki.

    \b
    wenjin export record.zip                      everything, to be imported again
    wenjin export anki cards.apkg                 the cards with their schedule, for Anki
    wenjin export anki cards.apkg --topic self-attention
    wenjin export --to site                       notes, runs and progress as Markdown and static pages
    wenjin export notebooks lessons               a Jupyter notebook for each topic, in Chinese and in English
    wenjin export notebooks --check --topic tokenization      run them from top to bottom and compare
    """,
)
IMPORT = Text(
    """把归档里的记录并进来：已有的不动，没有的加上。导入之前自动备份。

    \b
    wenjin import record.zip
    wenjin import record.zip --data ~/second      导入另一个数据目录
    """,
    """Take in the records of an archive: what is there stays, what is missing is added. A backup is made first.

    \b
    wenjin import record.zip
    wenjin import record.zip --data ~/second      into another data folder
    """,
)
BACKUP = Text(
    """现在备份一次，或列出全部备份。课程每天自动备份一次。

    \b
    wenjin backup
    wenjin backup list
    """,
    """Make a backup now, or list all of them. The course makes one each day by itself.

    \b
    wenjin backup
    wenjin backup list
    """,
)
RESTORE = Text(
    """恢复一份备份。此刻的记录先另存一份，所以可以再恢复回来。课程须先停下。

    \b
    wenjin restore latest
    wenjin restore wenjin-20261122T201500-daily
    """,
    """Put a backup back. The present is copied first, so this can be undone. The course must be stopped.

    \b
    wenjin restore latest
    wenjin restore wenjin-20261122T201500-daily
    """,
)
WHAT = Text(
    "归档写到哪里；或 anki 和卡片包；或 notebooks 和文件夹",
    "Where the archive goes; or anki and where the cards go; or notebooks and a folder",
)
CHECK = Text("把笔记本从头到尾运行一遍，核对结果", "run the notebooks from top to bottom and compare their results")
TO = Text("写成一个文件夹", "write a folder")
TOPIC = Text("只要这个主题的卡片或笔记本", "only the cards or the notebooks of this topic")
USAGE = Text(
    "请写明导出到哪里：wenjin export record.zip、wenjin export anki cards.apkg、wenjin export notebooks lessons 或 "
    "wenjin export --to site。",
    "Say where to: wenjin export record.zip, wenjin export anki cards.apkg, wenjin export notebooks lessons, or wenjin "
    "export --to site.",
)
EXISTS = Text(
    "{where} 已经存在，没有覆盖；请换一个名字，或先把它移开。",
    "{where} exists already and was not overwritten; choose another name, or move it away.",
)
NO_FOLDER = Text(
    "没有文件夹 {where}；请先建好它，或写到别处。", "There is no folder {where}; make it first, or write elsewhere."
)
NO_FILE = Text("没有文件 {where}。", "There is no file {where}.")
NO_TOPIC = Text("没有主题 {name}；地图上有全部主题的名字。", "There is no topic {name}; the map shows them all.")
EXPORTED = Text(
    "写好 {where}：{events} 条记录，{drafts} 份草稿，{files} 个文件，{size}。",
    "Wrote {where}: {events} events, {drafts} drafts, {files} files, {size}.",
)
NO_CARDS = Text(
    "还没有卡片可以导出：做过一个主题的练习，它的卡片就是你的了。",
    "There are no cards to export yet: those of a topic become yours once you try one of its exercises.",
)
NAME = Text("问津", "Wenjin")
CARDS = Text("写好 {where}：{cards} 张卡片，{reviews} 次复习。", "Wrote {where}: {cards} cards with {reviews} reviews.")
PUBLISHED = Text(
    "写好 {where}：{pages} 页。要发布的是 {site}；{record} 含有你的全部记录，请留给自己。",
    "Wrote {where}: {pages} pages. Publish {site}; {record} holds all your records: keep it to yourself.",
)
LEFT_OUT = Text("没有放进去：{names}", "Left out: {names}")
TAKEN = Text(
    "导入完成：新增 {events} 条记录、{drafts} 份草稿、{files} 个文件；{known} 条原来就有。",
    "Imported: {events} new events, {drafts} drafts, {files} files; {known} events were here already.",
)
BESIDE = Text(
    "{file} 这里已有另一份，归档里的放在 {where}", "{file} stands here otherwise; the archive's lies at {where}"
)
BEFORE = Text("之前的状态备份为 {name}", "The state before is the backup {name}")
BACKED_UP = Text("已备份：{name}（{size}）", "Backed up: {name} ({size})")
NO_BACKUPS = Text("还没有备份。", "No backups yet.")
RESTORED = Text("已恢复 {name}。", "Restored {name}.")
UNDO = Text("要撤销：wenjin restore {name}", "To undo: wenjin restore {name}")
WAS_DAMAGED = Text("损坏的数据库移到了 {where}", "The damaged database was moved to {where}")
WHY = {
    "daily": Text("每日", "daily"),
    "asked": Text("手动", "by hand"),
    "import": Text("导入之前", "before an import"),
    "restore": Text("恢复之前", "before a restore"),
    "upgrade": Text("升级之前", "before an upgrade"),
}
WRITING, CHECKING, TAKING = Text("写", "writing"), Text("检查", "checking"), Text("导入", "importing")

Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", show_default=False, help=say(DATA))]
Json = Annotated[bool, typer.Option("--json", help=say(JSON))]


def register(app: typer.Typer) -> None:
    app.command("export", help=say(EXPORT))(export)
    app.command("import", help=say(IMPORT))(take)
    app.command("backup", help=say(BACKUP))(backup)
    app.command("restore", help=say(RESTORE))(restore)


@contextmanager
def opened(data: Path | None) -> Iterator[tuple[Any, Any]]:
    """The log and the places, for one command."""
    from wenjin.study.store.owner import open_log
    from wenjin.study.store.places import places

    with sentences():
        here = places(data)
        log = open_log(here, role="command")
        try:
            yield log, here
        finally:
            log.close()


@contextmanager
def bar(what: Text) -> Iterator[Callable[[float], None]]:
    """A bar with the time left, on the error stream of a terminal; it shows nothing of what takes under two seconds."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from wenjin.study.cli.terminal import console

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    screen = console(error=True)
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        task = progress.add_task(say(what), total=1.0)
        yield lambda part: progress.update(task, completed=part)


def export(
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE | anki FILE | notebooks DIR", show_default=False, help=say(WHAT)),
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", metavar="DIR", show_default=False, help=say(TO))] = None,
    topic: Annotated[str | None, typer.Option("--topic", metavar="TOPIC", show_default=False, help=say(TOPIC))] = None,
    check: Annotated[bool, typer.Option("--check", help=say(CHECK))] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    match what or [], to:
        case ["notebooks", *folder], None if len(folder) <= 1 and (folder or check):
            from wenjin.study.cli.notebookwork import export_notebooks

            export_notebooks(free(Path(folder[0])) if folder else None, topic, check, data, json)
        case _ if check:
            fail(USAGE, 2)
        case [], Path():
            export_folder(to, data, json)
        case ["anki", file], None:
            export_anki(Path(file), topic, data, json)
        case [file], None if file not in ("anki", "notebooks") and topic is None:
            export_archive(Path(file), data, json)
        case _:
            fail(USAGE, 2)


def free(target: Path) -> Path:
    """A name that nothing has, in a folder that is there."""
    if target.exists():
        fail(EXISTS.format(where=clean(str(target))), 2)
    if not target.absolute().parent.is_dir():
        fail(NO_FOLDER.format(where=clean(str(target.absolute().parent))), 2)
    return target


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A folder that is filled beside its place and then moved there: all of it, or nothing. Raises StoreError."""
    import os
    import shutil

    from wenjin.study.store import faults
    from wenjin.study.store.log import StoreError

    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.mkdir(mode=0o700)
        yield part
        os.rename(part, target)
    except BaseException as error:
        shutil.rmtree(part, ignore_errors=True)
        if isinstance(error, OSError):
            raise faults.of_system(error, target) from error
        if isinstance(error, StoreError):  # told of the place that was asked for
            there, asked = str(part), str(target)
            raise StoreError(Text(error.text.zh.replace(there, asked), error.text.en.replace(there, asked))) from error
        raise


def export_archive(target: Path, data: Path | None, json: bool) -> None:
    from wenjin.study.store import archive
    from wenjin.study.store.database import SCHEMA

    free(target)
    with opened(data) as (log, here), bar(WRITING) as told:
        made = archive.write(target, log, here, schema=SCHEMA, told=told)
    if json:
        row = {"file": str(target), "events": made.events, "drafts": made.drafts, "files": made.files}
        print(plain.dumps(row | {"bytes": made.bytes, "left_out": made.left_out}))
        return
    counts = {"events": made.events, "drafts": made.drafts, "files": made.files, "size": size(made.bytes)}
    print(clean(say(EXPORTED.format(where=target, **counts))))
    if made.left_out:
        print(clean(say(LEFT_OUT.format(names=", ".join(made.left_out)))), file=sys.stderr)


def export_anki(target: Path, topic: str | None, data: Path | None, json: bool) -> None:
    from wenjin.study.cli.cards import rows
    from wenjin.study.course.load import load
    from wenjin.study.store import anki

    free(target)
    with opened(data) as (log, _):
        course = load(coverage=False)
        if topic is not None and topic not in course.topics:
            fail(NO_TOPIC.format(name=clean(topic)), 2)
        now = datetime.now().astimezone()
        found = rows(log.events(), course, language(), now, topic)
        if not found:
            fail(NO_CARDS)
        anki.write(target, say(NAME), found, now)
    reviews = sum(len(row.answers) for row in found)
    if json:
        print(plain.dumps({"file": str(target), "cards": len(found), "reviews": reviews}))
    else:
        print(clean(say(CARDS.format(where=target, cards=len(found), reviews=reviews))))


def export_folder(target: Path, data: Path | None, json: bool) -> None:
    from wenjin.study.cli.publishing import publish
    from wenjin.study.course.load import load
    from wenjin.study.store import archive
    from wenjin.study.store.database import SCHEMA

    free(target)
    with opened(data) as (log, here), whole(target) as part:
        course = load(coverage=False)
        pages = publish(part, log, here, course, language(), datetime.now().astimezone())
        with bar(WRITING) as told:
            archive.write(part / "record.zip", log, here, schema=SCHEMA, told=told)
    if json:
        row = {"folder": str(target), "site": str(target / "site"), "pages": pages}
        print(plain.dumps(row | {"record": str(target / "record.zip")}))
    else:
        found = {"site": target / "site", "record": target / "record.zip"}
        print(clean(say(PUBLISHED.format(where=target, pages=pages, **found))))


def take(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)], data: Data = None, json: Json = False
) -> None:
    from wenjin.study.course.load import load
    from wenjin.study.progress.readable import reader
    from wenjin.study.store import backups, intake
    from wenjin.study.store.opening import Opened

    if not file.is_file():
        fail(NO_FILE.format(where=clean(str(file))), 2)
    with opened(data) as (log, here), Opened(file, backups.KNOWN) as archive:
        with bar(CHECKING) as told:
            archive.check(told, reader(load(coverage=False), datetime.now().astimezone().tzinfo))
        before = None
        if log.since(0, most=1)[0] or log.drafts(most=1):
            with bar(WRITING) as told:
                before = backups.make(log, here, "import", datetime.now(), told)
        with bar(TAKING) as told:
            taken = intake.take_in(archive, log, here, told)
    if json:
        row: dict[str, Any] = {"events": taken.events, "known": taken.known, "drafts": taken.drafts}
        row |= {"files": taken.files, "beside": [[str(one), str(other)] for one, other in taken.beside]}
        print(plain.dumps(row | {"backup": before.name if before else None}))
        return
    counts = {"events": taken.events, "known": taken.known, "drafts": taken.drafts, "files": taken.files}
    print(say(TAKEN.format(**counts)))
    for one, other in taken.beside:
        print(clean(say(BESIDE.format(file=one, where=other))))
    if before:
        print(say(BEFORE.format(name=before.name)))


def backup(
    what: Annotated[str | None, typer.Argument(metavar="[list]", show_default=False)] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    from wenjin.study.store import backups
    from wenjin.study.store.places import places

    if what == "list":
        found = backups.backups(places(data))
    elif what is None:
        with opened(data) as (log, here), bar(WRITING) as told:
            made = backups.make(log, here, "asked", datetime.now(), told)
        found = [made] if made else []
    else:
        fail(Text("wenjin backup 之后只能写 list。", "wenjin backup takes nothing but list."), 2)
    if json:
        rows = [{"name": b.name, "at": b.at.isoformat(), "why": b.why, "bytes": b.size} for b in found]
        print(plain.dumps(rows))
    elif what == "list":
        for b in found:
            print(f"{b.name}  {b.at:%Y-%m-%d %H:%M}  {size(b.size)}  {say(WHY[b.why])}")
        if not found:
            print(say(NO_BACKUPS))
    else:
        print(say(BACKED_UP.format(name=found[0].name, size=size(found[0].size))))


def restore(
    name: Annotated[str, typer.Argument(metavar="NAME | latest", show_default=False)],
    data: Data = None,
    json: Json = False,
) -> None:
    from wenjin.study.store import backups
    from wenjin.study.store.places import places

    with sentences():
        here = places(data)
        found = backups.find(name, here)
        with bar(Text("恢复", "restoring")) as told:
            done = backups.restore(found, here, datetime.now(), told)
    if json:
        row = {"restored": found.name, "aside": done.aside.name if done.aside else None}
        print(plain.dumps(row | {"damaged": str(done.damaged) if done.damaged else None}))
        return
    print(say(RESTORED.format(name=found.name)))
    if done.damaged:
        print(clean(say(WAS_DAMAGED.format(where=done.damaged))))
    if done.aside:
        print(say(UNDO.format(name=done.aside.name)))


def size(count: int) -> str:
    return f"{count / 1024:.0f} KiB" if count < 1 << 20 else f"{count / (1 << 20):.1f} MiB"
