"""`wenjin doctor`: what this machine has, what was proven here, and what to do about each fault."""

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Literal

from wenjin.kit.text import Text
from wenjin.study.cli.terminal import clean, say
from wenjin.study.store.places import Places, places

ROOM = 1e9  # bytes that a month of answers, logs and backups stays far below
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MARKS = {"ok": "✓", "note": "·", "fault": "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. A fault keeps something from working; a note does not."""

    name: Text
    state: Literal["ok", "note", "fault"]
    found: Text
    remedy: Text | None = None

    def as_dict(self) -> dict[str, object]:
        remedy = self.remedy.as_dict() if self.remedy else None
        return {"name": self.name.as_dict(), "state": self.state, "found": self.found.as_dict(), "remedy": remedy}


def plain(text: object) -> Text:
    return Text(str(text), str(text))


def report(data: Path | None, *, as_json: bool) -> int:
    """Prints what was found; returns 1 if anything is a fault."""
    found = list(findings(places(data)))
    if as_json:
        print(json.dumps([finding.as_dict() for finding in found], ensure_ascii=False))
    else:
        for finding in found:
            print(clean(f"{MARKS[finding.state]} {say(finding.name)}: {say(finding.found)}"))
            if finding.remedy:
                print(clean(f"    → {say(finding.remedy)}"))
    return int(any(finding.state == "fault" for finding in found))


def findings(here: Places) -> Iterator[Finding]:
    """Everything that is looked at. What cannot be looked at is a fault, never a traceback."""
    for look in (programs, course, assets, sandbox, folder, record, shelf, models, browser):
        try:
            yield from look(here)
        except Exception as error:
            told = getattr(error, "text", None)
            found = told if isinstance(told, Text) else plain(f"{type(error).__name__}: {error}")
            yield Finding(plain(look.__name__), "fault", found)


def programs(here: Places) -> Iterator[Finding]:
    from wenjin.version import VERSION

    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    yield Finding(Text("问津", "Wenjin"), "ok", plain(f"{VERSION} · Python {platform.python_version()} · {system}"))
    try:
        yield Finding(plain("torch"), "ok", plain(installed("torch")))
    except PackageNotFoundError:
        remedy = Text("运行 ./wenjin start 重建环境。", "Run ./wenjin start to mend the environment.")
        yield Finding(plain("torch"), "fault", Text("没有装", "not installed"), remedy)


def course(here: Places) -> Iterator[Finding]:
    from wenjin.study.course.faults import CourseError
    from wenjin.study.course.load import load

    name = Text("课程", "course")
    try:
        loaded = load()
    except CourseError as error:
        count = len(error.faults)
        found = Text(
            f"{count} 处毛病，第一处：{error.faults[0].where}", f"{count} faults, first at {error.faults[0].where}"
        )
        yield Finding(name, "fault", found, Text("运行 wenjin course check。", "Run wenjin course check."))
        return
    written = sum(topic.written for topic in loaded.topics.values())
    total, tracks = len(loaded.topics), len(loaded.tracks)
    found = Text(
        f"{total} 个主题，已写成 {written}；{tracks} 条路线", f"{total} topics, {written} written; {tracks} tracks"
    )
    yield Finding(name, "ok", found)


def assets(here: Places) -> Iterator[Finding]:
    from wenjin.study.web import build

    name, remedy = Text("页面的脚本", "scripts of the pages"), Text("运行 ./wenjin start。", "Run ./wenjin start.")
    files = build.manifest()
    if not files:
        yield Finding(name, "fault", Text("没有建成", "not built"), remedy)
    elif not build.current():
        yield Finding(name, "note", Text("比源文件旧", "older than their sources"), remedy)
    else:
        yield Finding(name, "ok", Text(f"{len(files)} 个文件", f"{len(files)} files"))


def sandbox(here: Places) -> Iterator[Finding]:
    from wenjin.study.judge.client import JudgeError, local_judge
    from wenjin.study.sandbox import launch

    name = Text("沙箱", "sandbox")
    try:
        with local_judge() as judge:
            proven = judge.tier()
    except JudgeError as error:
        remedy = Text("看日志（wenjin where）里最后几行。", "See the last lines of the log (wenjin where).")
        yield Finding(name, "fault", plain(error), remedy)
        return
    tier, label = proven["tier"], Text(**proven["label"])
    found = Text(f"{tier} 级（实测）：{label.zh}", f"tier {tier} (proven): {label.en}")
    if tier in "AB":
        yield Finding(name, "ok", found)
    else:
        remedy = Text(
            "只运行你自己写的答案；若系统禁止了用户命名空间，请管理员允许 bubblewrap 使用它。",
            "Run only answers that you wrote yourself; where the system forbids user namespaces, have its keeper allow "
            "them to bubblewrap.",
        )
        yield Finding(name, "fault" if tier == "F" else "note", found, remedy)
    if failed := [canary for canary, held in proven["canaries"].items() if not held]:
        text = Text(f"没有挡住：{'、'.join(failed)}", f"not held back: {', '.join(failed)}")
        yield Finding(Text("探针", "canaries"), "note", text)
    else:
        count = len(proven["canaries"])
        yield Finding(Text("探针", "canaries"), "ok", Text(f"{count} 个全被挡住", f"all {count} held back"))
    program = launch.bwrap()
    if sys.platform.startswith("linux"):
        state: Literal["ok", "note"] = "ok" if program else "note"
        yield Finding(plain("bubblewrap"), state, plain(program) if program else Text("没有", "none"))


def folder(here: Places) -> Iterator[Finding]:
    name = Text("数据目录", "data folder")
    nearest = next(path for path in (here.data, *here.data.parents) if path.exists())
    free = shutil.disk_usage(nearest).free
    room = Text(f"{here.data}，剩 {free / 1e9:.1f} GB", f"{here.data}, {free / 1e9:.1f} GB free")
    remedy = Text("用 --data 换一个可写的目录。", "Choose a folder that can be written to with --data.")
    if not nearest.is_dir():
        yield Finding(name, "fault", Text(f"{nearest} 不是目录", f"{nearest} is not a folder"), remedy)
    elif not os.access(nearest, os.W_OK):
        yield Finding(name, "fault", Text(f"{nearest} 不可写", f"{nearest} cannot be written to"), remedy)
    elif free < ROOM:
        yield Finding(name, "fault", room, Text("腾出一些磁盘空间。", "Make room on the disk."))
    else:
        yield Finding(name, "ok", room)
    there = Text("", "") if here.workspace.exists() else Text("（还没有）", " (not there yet)")
    place = Text(f"{here.workspace}{there.zh}", f"{here.workspace}{there.en}")
    yield Finding(Text("练习目录", "workspace"), "ok", place)


def record(here: Places) -> Iterator[Finding]:
    from wenjin.study.store import owner
    from wenjin.study.store.database import sqlite_version

    number, sound = sqlite_version()
    if sound:
        yield Finding(plain("SQLite"), "ok", plain(number))
    else:
        found = Text(
            f"{number}，有 WAL 复位缺陷；这里只用一个连接，所以碰不到它",
            f"{number}, with the WAL-reset bug; the course uses one connection, which keeps it out",
        )
        yield Finding(plain("SQLite"), "note", found)
    name = Text("学习记录", "record")
    if not here.data.is_dir() or (here.database_url.startswith("sqlite") and not here.database.is_file()):
        yield Finding(name, "ok", Text("还没有", "none yet"))
        return
    running = owner.server(here)
    log = owner.open_log(here, role="command")
    try:
        count = log.count()
    finally:
        log.close()
    at = Text(f"，课程正在 {running} 运行", f", the course is running at {running}") if running else Text("", "")
    yield Finding(name, "ok", Text(f"{count} 条{at.zh}", f"{count} events{at.en}"))


def shelf(here: Places) -> Iterator[Finding]:
    """Data and models that written labs name."""
    from wenjin.study.course.load import load

    loaded = load()
    named = sorted({name for topic in loaded.topics.values() for lab in topic.labs if lab.written for name in lab.data})
    name = Text("数据与模型", "data and models")
    if named:
        yield Finding(name, "note", Text(f"实验要用：{'、'.join(named)}", f"the labs use {', '.join(named)}"))
    else:
        yield Finding(name, "ok", Text("已写成的主题都不需要", "the written topics need none"))


def models(here: Places) -> Iterator[Finding]:
    """Those that `wenjin serve` can use."""
    from wenjin.study.cli import held

    name, found = Text("模型", "models"), held.models(here)
    if not found:
        remedy = Text(
            "要在本机对话：wenjin models add smollm2。", "To chat on this machine: wenjin models add smollm2."
        )
        yield Finding(name, "ok", Text("还没有", "none yet"), remedy)
        return
    total = sum(one.bytes for one in found)
    text = held.told(found)
    all_ = Text(f"{text.zh}；共 {total / 1e6:.0f} MB", f"{text.en}; {total / 1e6:.0f} MB in all")
    if broken := [one.name for one in found if not one.whole]:
        remedy = Text(
            f"不完整的删掉：wenjin models remove {broken[0]}；以点开头的，下一次 add 会清理或接着用。",
            f"Delete what is not whole: wenjin models remove {broken[0]}; what begins with a dot the next add clears "
            "away or goes on with.",
        )
        yield Finding(name, "note", all_, remedy)
    else:
        yield Finding(name, "ok", all_)


def browser(here: Places) -> Iterator[Finding]:
    named = os.environ.get("WENJIN_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    name = Text("Chromium（只有测试要用）", "Chromium (only the tests need it)")
    if found and Path(found).is_file():
        yield Finding(name, "ok", plain(found))
    else:
        remedy = Text(
            "要运行浏览器测试，装一个（apt install chromium），或用 WENJIN_CHROMIUM 指明它。",
            "For the browser tests install one (apt install chromium) or name it in WENJIN_CHROMIUM.",
        )
        yield Finding(name, "note", Text("没有", "none") if not named else plain(named), remedy)
