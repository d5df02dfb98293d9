"""What `wenjin data` says: a corpus in a list, what is asked before it is fetched, and how the fetching goes."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.terminal import clean, say

WIDTH = 20  # columns for the name
STATES = {
    "whole": Text("✓ 已装", "✓ here"),
    "shipped": Text("✓ 随课程来", "✓ shipped with the course"),
    "running": Text("✓ 本机就有", "✓ on this machine"),
    "absent": Text("· 未装，没有节选", "· not here, and no excerpt is shipped"),
    "excerpt": Text("· 未装，用随课程来的节选", "· not here: the shipped excerpt is used"),
    "spoiled": Text("✗ 坏了", "✗ spoiled"),
}
HERE = ("whole", "shipped", "running")  # states in which nothing need be fetched
LICENSE = Text("许可：{license}", "license: {license}")
TERMS = Text("许可：{license}（{terms}）", "license: {license} ({terms})")
INSTEAD = Text("代替它的：{instead}", "instead: {instead}")
NOTHING = Text("代替它的：没有", "instead: nothing")
FETCH = Text("  要下载 {size}", "  to fetch: {size}")
OWN = Text(
    "  指定文件夹：wenjin data add {id} --folder 文件夹", "  name its folder: wenjin data add {id} --folder FOLDER"
)
ASK = Text(
    "{id}：{holds}\n  来自 {title}，{license}\n  要下载 {fetch}，留下 {kept}，放在 {folder}{node}",
    "{id}: {holds}\n  from {title}, {license}\n  to fetch {fetch}, to keep {kept} in {folder}{node}",
)
NODE = Text(
    "\n  没有 npm：先把 {package} {version} 放进临时目录（下载 {fetch}，解开 {kept}），用完就删",
    "\n  there is no npm: {package} {version} is laid in a temporary folder first (fetch {fetch}, unpacked {kept}) "
    "and deleted after use",
)
DONE = Text(
    "✓ {id}：{rows} 行，来自 {source}，许可 {license}，SHA-256 {sha256}…\n  {folder}",
    "✓ {id}: {rows} rows of {source}, license {license}, sha256 {sha256}…\n  {folder}",
)


def text(row: Mapping[str, str]) -> Text:
    return Text(row["zh"], row["en"])


def state(row: Mapping[str, Any]) -> Text:
    """In a word, whether a corpus is here."""
    return STATES["excerpt" if row["state"] == "absent" and row["excerpt"] else row["state"]]


def listing(row: Mapping[str, Any]) -> str:
    """A corpus with what it holds, its license, its size, and what is used where it is not here."""
    there = row["state"] in HERE
    size_ = Text("", "")
    if there:
        size_ = Text(*[f"  {size(row['kept'])}  {row['package'] or row['made_from']}".rstrip()] * 2)
    elif row["way"] == "folder":
        size_ = OWN.format(id=row["id"])
    elif row["state"] == "absent":
        size_ = FETCH.format(size=size(row["offered"]))
    lines = [f"{row['id']:{WIDTH}}{say(state(row))}{say(size_)}", say(text(row["holds"])), say(license_(row))]
    if not there:
        lines.append(say(INSTEAD.format(instead=text(row["instead"])) if row["instead"] else NOTHING))
    if row["state"] == "whole":
        lines.append(row["folder"])
    return clean(("\n" + " " * WIDTH).join(lines))


def there(row: Mapping[str, Any]) -> str:
    """That nothing need be fetched."""
    id, origin = row["id"], row["made_from"]
    told = {
        "whole": Text(f"{id} 已经在 {row['folder']}。", f"{id} is in {row['folder']} already."),
        "shipped": Text(
            f"{id} 取自 {origin}，已经随课程来了。", f"{id} is from {origin}, and was shipped with the course."
        ),
        "running": Text(f"{id} 在这台机器的 {row['package']} 里。", f"{id} is on this machine, with {row['package']}."),
    }
    return clean(say(told[row["state"]]))


def license_(row: Mapping[str, Any]) -> Text:
    """Its name and, where there is more to say, what is true."""
    name = text(row["license"])
    return TERMS.format(license=name, terms=text(row["terms"])) if row["terms"] else LICENSE.format(license=name)


def asked(row: Mapping[str, Any], packages: Sequence[Mapping[str, Any]], node: tuple[str, str, int, int] | None) -> str:
    """What is to be fetched. `node`: name, version, bytes to fetch and on the disk of the client that is lacking."""
    more = Text("", "")
    if node:
        name, version, fetch, kept = node
        more = NODE.format(package=name, version=version, fetch=size(fetch), kept=size(kept))
    facts = {"id": row["id"], "folder": row["folder"], "title": " + ".join(package["title"] for package in packages)}
    facts |= {"fetch": size(sum(one["bytes"] for one in packages)), "kept": size(sum(one["kept"] for one in packages))}
    return clean(say(ASK.format(holds=text(row["holds"]), license=license_(row), node=more, **facts)))


def offer(
    row: Mapping[str, Any], packages: Sequence[Mapping[str, Any]], node: tuple[str, str, int, int] | None
) -> dict[str, Any]:
    """The same for programs: the row of the list with `fetch` and `keep` in bytes, `from` and `node`, None or what is
    fetched besides and deleted after use."""
    return {
        **row,
        "from": " + ".join(package["title"] for package in packages),
        "fetch": sum(one["bytes"] for one in packages),
        "keep": sum(one["kept"] for one in packages),
        "node": {"title": f"{node[0]} {node[1]}", "fetch": node[2]} if node else None,
    }


def done(id: str, row: Mapping[str, Any]) -> str:
    """A corpus that was laid."""
    facts = {"id": id, "rows": f"{row['rows']:,}", "source": row["source"], "sha256": row["sha256"][:12]}
    return clean(say(DONE.format(license=text(row["license"]), folder=row["folder"], **facts)))


@contextmanager
def bar(total: int) -> Iterator[Callable[[int], None]]:
    """A line on the error stream: bytes, share, time left. Nothing but the first and last words without a terminal."""
    began, live = time.monotonic(), sys.stderr.isatty()
    typer.echo(say(Text("· 下载中", "· fetching")), err=True, nl=not live)

    def grown(bytes_: int) -> None:
        there, took = min(bytes_, total), time.monotonic() - began
        if live and took > 0.5:
            left = took * (total - there) / there if there else float("inf")
            rest = say(Text("还要", "left")) + (f" {left // 60:.0f}:{left % 60:02.0f}" if left < 36_000 else " ?")
            line = f"\r  {size(there)} / {size(total)}  {there / total:4.0%}  {rest}   "
            typer.echo(line, err=True, nl=False)

    yield grown
    if live:
        typer.echo(f"\r  {size(total)}  {time.monotonic() - began:.0f} s" + " " * 30, err=True)


@contextmanager
def lines(total: int) -> Iterator[Callable[[int], None]]:
    """The same for programs: {"fetched": bytes, "of": bytes} a line, on the error stream."""

    def grown(bytes_: int) -> None:
        print(json.dumps({"fetched": min(bytes_, total), "of": total}), file=sys.stderr, flush=True)

    yield grown


def size(bytes_: int) -> str:
    return f"{bytes_ / 1e6:.1f} MB"
