"""`wenjin models add`: what is said and asked before a model is fetched or copied, and the progress of it."""

import sys
from pathlib import Path

import typer

from wenjin.stack.cli.terminal import Say, bar, fail, size
from wenjin.stack.serve.bring import Fetch, bring
from wenjin.stack.serve.errors import ServeError
from wenjin.stack.serve.known import KNOWN, Known
from wenjin.stack.serve.local import glance, resolved
from wenjin.stack.serve.parts import of_file, of_folder
from wenjin.stack.serve.shelf import Kept, add, names, shelf


def add_one(
    model: str, name: str | None, source: Path | None, data: Path | None, fetch: Fetch, say: Say, *, yes: bool
) -> Kept:
    """A known model, a file or a folder. Raises ServeError and what a model that is none raises."""
    if model in KNOWN:
        return known(KNOWN[model], source, data, fetch, say, yes=yes)
    if source is not None:
        raise ServeError(
            f"--from 只用于能取的模型：{'、'.join(KNOWN)}。自己的文件直接写路径。",
            f"--from is for models that can be fetched: {', '.join(KNOWN)}. Name a file of your own by its path.",
        )
    if not Path(model).expanduser().exists():
        raise ServeError(
            f"没有 {model} 这个文件或文件夹，也没有叫这个名字的模型可取。可取的：{'、'.join(KNOWN)}。",
            f"There is no file or folder {model}, and no model of that name to fetch. To fetch: {', '.join(KNOWN)}.",
        )
    path = resolved(Path(model), data)
    parts = of_folder(path) if path.is_dir() else of_file(path)
    with bar(sum(part.size for part in parts), say("复制并核对", "copying and hashing"), say) as grown:
        return add(data, name or named_after(path), parts, origin=path.name, license="", look=glance, grown=grown)


def known(one: Known, source: Path | None, data: Path | None, fetch: Fetch, say: Say, *, yes: bool) -> Kept:
    """Fetched, or taken from `source`."""
    if one.name in names(data):
        raise ServeError(
            f"{one.name} 已经在了。要重新取，先运行 wenjin models remove {one.name}。",
            f"{one.name} is here already. To get it anew run wenjin models remove {one.name} first.",
        )
    if source is not None:
        with bar(one.bytes, say("核对并放好", "checking and laying"), say) as grown:
            return bring(data, one, fetch, look=glance, grown=grown, file=source.expanduser())
    asked = say(
        "{name}：{what}\n  来自 {title}，许可：{license}\n  要下载 {fetch}，留下 {kept}，放在 {place}",
        "{name}: {what}\n  from {title}, license: {license}\n  to fetch {fetch}, to keep {kept} in {place}",
    )
    told = {"name": one.name, "what": say(one.zh, one.en), "title": one.package["title"], "license": one.license}
    told |= {"fetch": size(one.package["bytes"]), "kept": size(one.bytes), "place": str(shelf(data) / one.name)}
    typer.echo(asked.format(**told), err=True)
    agreed(yes, say)
    with bar(one.package["bytes"], say("下载中", "fetching"), say) as fetched:
        return bring(data, one, fetch, look=glance, fetched=fetched)


def named_after(path: Path) -> str:
    """A name for a file or folder of the learner's: its own, with what a name may not have made into dashes."""
    word = path.stem if path.suffix == ".gguf" else path.resolve().name
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in word).strip("-._")[:64] or "model"


def agreed(yes: bool, say: Say) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        fail(say("没有人可问：加上 --yes 就是同意。", "Nobody is here to ask: --yes means that you agree."))
    if not typer.confirm(say("现在取来？", "Fetch it now?"), default=True, err=True):
        raise typer.Exit(1)
