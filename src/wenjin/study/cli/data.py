"""`wenjin data list | add | check | remove`: the corpora that labs and projects read.

The library knows the packages, their hashes and how to unpack them; it runs in a process of its own (keeper.py). Here
the learner is asked, and the registry's client is started. Nothing is fetched without being asked for.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from wenjin.kit.text import Text
from wenjin.study.cli import dataviews
from wenjin.study.cli.dataviews import size
from wenjin.study.cli.terminal import clean, fail, language, say

KEEPER = "wenjin.stack.data.keeper"
PATIENCE = 600.0  # seconds for unpacking
MARGIN = 2.2  # the client's cache and the file, at once, per byte that is fetched
EXAMPLES = Text(
    """例子：
    wenjin data list                      有哪些，装了哪些
    wenjin data add wordnet               问过再取
    wenjin data add classical-poems --yes
    wenjin data add wordnet --from apt    用 Debian 的包
    wenjin data add wikitext-files --folder ~/wikitext-2
    wenjin data add wordnet --json        不取，说出要取什么；加上 --yes 就取""",
    """Examples:
    wenjin data list                      what there is, and what is here
    wenjin data add wordnet               ask, then fetch it
    wenjin data add classical-poems --yes
    wenjin data add wordnet --from apt    the package of Debian
    wenjin data add wikitext-files --folder ~/wikitext-2
    wenjin data add wordnet --json        fetch nothing, tell what would be; with --yes fetch it""",
)
Data = Annotated[Path | None, typer.Option("--data", help=say(Text("数据目录", "The data folder")), show_default=False)]
Json = Annotated[bool, typer.Option("--json", help=say(Text("输出 JSON", "print JSON")))]


def register(app: typer.Typer) -> None:
    about = Text(
        "实验和项目读的数据：列出、取来、检查、删除", "Data that labs and projects read: list, add, check, remove"
    )
    data = typer.Typer(no_args_is_help=True, help=say(about), epilog="\b\n" + say(EXAMPLES))
    data.command("list", help=say(Text("有哪些，装了哪些", "What there is, and what is here")))(listed)
    data.command(
        "add", help=say(Text("取来一份，核对后放进数据目录", "Fetch one, check it, lay it in the data folder"))
    )(add)
    data.command("check", help=say(Text("核对已装的每个文件", "Check every file that is here by its hash")))(check)
    data.command("remove", help=say(Text("删去一份", "Delete one")))(remove)
    app.add_typer(data, name="data")


def listed(data: Data = None, json_: Json = False) -> None:
    rows = keeper("list", folder(data))
    if json_:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    typer.echo("\n\n".join(dataviews.listing(row) for row in rows))


def check(data: Data = None, json_: Json = False) -> None:
    rows = keeper("list", folder(data))
    if json_:
        typer.echo(json.dumps(rows, ensure_ascii=False))
    for row in rows if not json_ else ():
        why = f"\n  {row['why'][language()]}" if row["state"] == "spoiled" else ""
        typer.echo(clean(f"{row['id']:{dataviews.WIDTH}}{say(dataviews.state(row))}{why}"))
    if any(row["state"] == "spoiled" for row in rows):
        raise typer.Exit(1)


def remove(id: str, data: Data = None) -> None:
    (done,) = keeper("remove", folder(data), id)
    gone, none = Text(f"{id} 删掉了。", f"{id} is gone."), Text(f"本来就没有 {id}。", f"There was no {id}.")
    typer.echo(say(gone if done["removed"] else none))


def add(
    id: str,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=say(Text("不再问", "do not ask")))] = False,
    client: Annotated[
        str | None,
        typer.Option("--from", help=say(Text("用哪个客户端：npm、apt、pip", "the client to use: npm, apt, pip"))),
    ] = None,
    own: Annotated[
        Path | None,
        typer.Option("--folder", help=say(Text("你自己的文件所在的文件夹", "the folder with files of your own"))),
    ] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    from wenjin.study.cli import fetching  # the clients: not for --help

    if json_:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever stops this program ends the client, too
    place = folder(data)
    row = known(keeper("list", place), id)
    if row["way"] == "folder":
        return name(row, own, place)
    if own is not None:
        fail(Text(f"{id} 不从文件夹里读。", f"{id} is not read from a folder."))
    if row["state"] in dataviews.HERE:
        typer.echo(json.dumps(row, ensure_ascii=False) if json_ else dataviews.there(row))
        return None
    packages = chosen(row, client, fetching.clients())
    lacking = any(one["client"] == "npm" for one in packages) and not fetching.clients()["npm"]
    if json_ and not yes:
        typer.echo(json.dumps(dataviews.offer(row, packages, fetching.NODE if lacking else None), ensure_ascii=False))
        return None
    if not json_:
        agree(row, packages, yes, lacking=lacking)
    work = place / "corpora" / f".fetch-{id}"
    room(place, sum(int(MARGIN * one["bytes"]) + one["kept"] for one in packages))
    with alone(work):
        try:
            laid = [word for package in packages for word in (package["title"], bring(package, id, work, json_=json_))]
            if not json_:
                typer.echo(say(Text("· 核对无误，解开", "· its hash is right; unpacking")), err=True)
            (row,) = keeper("unpack", place, id, *laid)
        except fetching.FetchError as error:
            fail(error.text)
        except KeyboardInterrupt:
            fail(Text("停下了；再运行一次会接着做。", "Stopped; run it again to go on."), 130)
        except OSError as error:
            fail(Text(f"{error.filename}：{error.strerror}。", f"{error.filename}: {error.strerror}."))
        shutil.rmtree(work, ignore_errors=True)
    typer.echo(json.dumps(row, ensure_ascii=False) if json_ else dataviews.done(id, row))
    return None


def name(row: dict[str, Any], own: Path | None, place: Path) -> None:
    """Keep in mind where the learner's own files are."""
    if own is None:
        id = row["id"]
        fail(
            Text(
                f"{id} 要用你自己的文件，{row['terms']['zh']}。运行 wenjin data add {id} --folder 文件夹。",
                f"{id} needs files of your own; {row['terms']['en']}. Run wenjin data add {id} --folder FOLDER.",
            )
        )
    (told,) = keeper("name", place, row["id"], own.expanduser().absolute())
    typer.echo(dataviews.done(row["id"], told))


def bring(package: dict[str, Any], id: str, work: Path, *, json_: bool = False) -> Path:
    """A package that is whole and the pinned one, as it can be read from. Raises FetchError."""
    from wenjin.study.cli import fetching  # the clients: not for --help

    inside = work / fetching.stem(package)
    file = whole(package, id, inside)
    if file is None:
        with dataviews.lines(package["bytes"]) if json_ else dataviews.bar(package["bytes"]) as grown:
            file = fetching.fetch(package, inside, grown)
        verified(package, id, file)
    return fetching.lay(file)


def folder(data: Path | None) -> Path:
    from wenjin.study.store.places import places

    return places(data).data


def keeper(*words: object) -> list[dict[str, Any]]:
    """What the library answers. Ends with its sentence where it refuses."""
    from wenjin.study.sandbox.launch import run_trusted

    argv = [sys.executable, "-P", "-m", KEEPER, *map(str, words)]
    done = run_trusted(argv, cwd=Path.cwd(), environment=os.environ | {"PYTHONUTF8": "1"}, timeout=PATIENCE)
    rows = [json.loads(line) for line in done.output.decode("utf-8").splitlines() if line.startswith("{")]
    if rows and "error" in rows[-1]:
        fail(Text(**rows[-1]["error"]))
    if done.code != 0 or not rows:
        last = done.errors.decode("utf-8", "replace").strip().splitlines()[-1:] or ["-"]
        fail(Text(f"读数据的进程没有答完：{last[0]}", f"The process that reads data did not answer: {last[0]}"))
    return rows


def known(rows: list[dict[str, Any]], id: str) -> dict[str, Any]:
    found = next((row for row in rows if row["id"] == id), None)
    if found is None:
        names = [row["id"] for row in rows]
        fail(
            Text(
                f"没有 {id} 这份数据。有：{'、'.join(names)}。",
                f"There is no data {id}. There are: {', '.join(names)}.",
            )
        )
    return found


def chosen(row: dict[str, Any], client: str | None, here: dict[str, bool]) -> list[dict[str, Any]]:
    """The packages to fetch: all of a corpus that is made of several, else the best one.

    That is the one whose client was asked for, else whose client is here, else npm with a node of its own.
    """
    offered = {package["client"]: package for package in row["packages"]}
    names = (" + " if row.get("together") else ", ").join(offered)
    if client is not None and (client not in offered or (row.get("together") and len(offered) > 1)):
        fail(
            Text(
                f"{row['id']} 不能用 {client} 取。可以用：{names}。",
                f"{row['id']} cannot be fetched by {client}. It can by: {names}.",
            )
        )
    if client is not None and client not in here:
        fail(Text(f"这台机器上没有 {client}。", f"There is no {client} on this machine."))
    needed = set(offered) if row.get("together") else {client} if client else set()
    usable = [name for name in offered if here.get(name)] or [name for name in offered if name in here]
    if not usable or needed - here.keys():
        lacking = ", ".join(sorted(needed - here.keys())) or names
        fail(
            Text(
                f"{row['id']} 要用 {lacking} 取，这台机器上没有。",
                f"{row['id']} is fetched by {lacking}, which is not on this machine.",
            )
        )
    return [dict(one) for one in row["packages"]] if row.get("together") else [dict(offered[client or usable[0]])]


def agree(row: dict[str, Any], packages: list[dict[str, Any]], yes: bool, *, lacking: bool) -> None:
    """Say what is to be fetched, and ask."""
    from wenjin.study.cli import fetching  # the clients: not for --help

    typer.echo(dataviews.asked(row, packages, fetching.NODE if lacking else None), err=True)
    if yes:
        return
    if not sys.stdin.isatty():
        fail(Text("没有人可问：加上 --yes 就是同意。", "Nobody is here to ask: --yes means that you agree."))
    if not typer.confirm(say(Text("现在取来？", "Fetch it now?")), default=True, err=True):
        raise typer.Exit(1)


def room(place: Path, needed: int) -> None:
    there = place
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    if free < needed:
        fail(
            Text(
                f"{there} 只剩 {size(free)}，要 {size(needed)}。腾出地方再来。",
                f"{there} has {size(free)} free; {size(needed)} are needed. Make room and come back.",
            )
        )


def whole(package: dict[str, Any], id: str, work: Path) -> Path | None:
    """What an earlier attempt fetched, if it is whole; what is not is deleted."""
    from wenjin.study.cli import fetching  # the clients: not for --help

    try:
        file = fetching.brought(package, work)
    except fetching.FetchError:
        return None
    if file.stat().st_size == package["bytes"]:
        verified(package, id, file)
        return file
    file.unlink()
    return None


def verified(package: dict[str, Any], id: str, file: Path) -> None:
    """Ends with the refusal of a file that is not the pinned one; it is deleted, so that it is fetched anew."""
    try:
        keeper("verify", id, package["title"], file)
    except SystemExit:
        file.unlink(missing_ok=True)
        raise


@contextmanager
def alone(work: Path) -> Iterator[None]:
    """One fetch of a corpus at a time."""
    work.mkdir(parents=True, exist_ok=True)
    lock = work.with_suffix(".lock").open("w")
    try:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # Windows: two at once spoil nothing, the hash is checked
        pass
    except OSError:
        fail(Text("另一个命令正在取它。", "Another command is fetching it."))
    try:
        yield
    finally:
        lock.close()
        work.with_suffix(".lock").unlink(missing_ok=True)
