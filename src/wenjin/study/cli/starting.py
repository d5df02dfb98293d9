"""`wenjin start`: everything between the command and the open page.

One server owns a data folder. A second `start` on it finds the first and opens that one, with a new token. Whatever
an update changed is told before the page opens: a migration with its backup, and starters as a difference.
"""

import ctypes
import gc
import getpass
import os
import signal
import sys
import threading
import webbrowser
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wenjin.kit.text import Text
from wenjin.study.cli.terminal import clean, language, say
from wenjin.study.course.graph import Course
from wenjin.study.store.places import Places, places

if TYPE_CHECKING:
    from wenjin.study.chat.commands import Commands
    from wenjin.study.judge.client import Judge

ARENA_MAX, TRIM_THRESHOLD = -8, -1  # names of glibc's settings (malloc.h)

OPEN = Text(
    "问津在这里打开（这个地址只能用一次，再运行一次 start 会给一个新的）：\n\n    {url}\n",
    "Wenjin opens here (the address is good for one use; run start again for a new one):\n\n    {url}\n",
)
RUNNING = Text("课程已经在运行。", "The course is running already.")
PLACES = Text("数据 {data}\n日志 {log}\nCtrl-C 结束。", "Data {data}\nLog  {log}\nCtrl-C ends it.")
REMOTE = Text(
    "你在 ssh 上。在你自己的机器上运行下面这条，再在那里打开上面的地址：\n\n    {command}\n",
    "You are on ssh. Run this on your own machine, then open the address above there:\n\n    {command}\n",
)
MIGRATED = Text("学习记录已升级；升级前的备份：{backup}", "The record was upgraded; the backup from before: {backup}")
STARTER_NEW = Text(
    "{file} 的起始代码更新了（你还没有动过它，已换成新的）：",
    "The starter of {file} changed; you had not touched it, so it is the new one now:",
)
STARTER_KEPT = Text(
    "{file} 的起始代码更新了；你的文件没有动，差别是：",
    "The starter of {file} changed; your file stays as it is. The difference:",
)


def start(host: str, port: int | None, *, browser: bool, data: Path | None, models: "Callable[[], Commands]") -> None:
    """Serves the course until Ctrl-C or SIGTERM. Raises ServeError, StoreError or CourseError with a sentence."""
    from wenjin.study.judge.client import local_judge

    here = places(data)
    end_in_order()
    keep_little()
    gc.disable()  # what a start makes stays: looking through it again and again costs a tenth of the time
    with ExitStack() as closing:
        judge = closing.enter_context(local_judge())
        judge.start()  # its sandbox loads torch on one processor while the course is made ready on the other
        if not open_running(here, browser):
            serve_course(host, port, browser, here, judge, closing, models())


def keep_little() -> None:
    """Have glibc give memory back, and threads share one pool of it: only one of them runs Python at a time, and pools
    of their own hold some three megabytes that nobody uses."""
    with suppress(OSError, AttributeError):  # another C library
        adjust = ctypes.CDLL(None).mallopt
        adjust(ARENA_MAX, 1)
        adjust(TRIM_THRESHOLD, 64 << 10)


def open_running(here: Places, browser: bool) -> bool:
    """Opens the course that serves this data folder already, if one does."""
    from wenjin.study.store import owner

    running = owner.server(here)
    if running is None:
        return False
    from wenjin.study.web.security import make_secret, mint_token

    print(say(RUNNING))
    tell(f"{running}/login?token={mint_token(make_secret(here.secret))}", browser)
    return True


def serve_course(
    host: str,
    port: int | None,
    browser: bool,
    here: Places,
    judge: "Judge",
    closing: "ExitStack[bool | None]",
    commands: "Commands",
) -> None:
    from wenjin.study.course.load import load
    from wenjin.study.store import owner
    from wenjin.study.web import serve, today
    from wenjin.study.web.app import create_app
    from wenjin.study.web.security import make_secret
    from wenjin.version import VERSION

    listener = closing.enter_context(serve.listen(host, port))
    before = backups(here)
    log = owner.open_log(here, role="server", url=serve.address(listener))
    closing.callback(log.close)
    serve.log_to(here.log)
    for path in backups(here) - before:
        print(say(MIGRATED.format(backup=path)))
    course = load(coverage=False)
    tell_changed_starters(course, here)
    secret = make_secret(here.secret)
    spoken = language()
    app = create_app(course, log, judge, here, secret=secret, language=spoken, version=VERSION, commands=commands)
    # The first page finds its templates compiled: from now on it shares the processors with the judge that warms up.
    for name in today.TEMPLATES:
        app.state.site.environment.get_template(name)
    tell(serve.start_url(listener, secret), browser)
    print(say(PLACES.format(data=here.data, log=here.log)), flush=True)
    gc.freeze()
    gc.enable()
    serve.serve(app, listener)


def end_in_order() -> None:
    """SIGTERM, or a closed terminal, ends the course as Ctrl-C does: the judge and the record are closed."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: sys.exit(0))


def tell(url: str, browser: bool) -> None:
    """Prints the address; opens it where a browser can be seen, or says how to reach it."""
    print(say(OPEN.format(url=url)), flush=True)
    if command := forward(url, os.environ):
        print(say(REMOTE.format(command=command)), flush=True)
    elif browser and has_screen(os.environ, sys.platform):
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def forward(url: str, environ: Mapping[str, str]) -> str | None:
    """The command that brings the address to the machine one sits at; None when that is this machine."""
    parts = environ.get("SSH_CONNECTION", "").split()
    if len(parts) != 4:
        return None
    address = urlsplit(url)
    inner = f"[{address.hostname}]" if address.hostname and ":" in address.hostname else address.hostname
    # The same port on both sides: the course refuses to be called by another name than its own.
    port = f" -p {parts[3]}" if parts[3] != "22" else ""
    return f"ssh -N -L {address.port}:{inner}:{address.port}{port} {getpass.getuser()}@{parts[2]}"


def has_screen(environ: Mapping[str, str], platform: str) -> bool:
    """Whether a browser would be seen. Without a screen a text browser would take the terminal over."""
    return not platform.startswith("linux") or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def backups(here: Places) -> set[Path]:
    return set(here.backups.glob("*.db")) if here.backups.is_dir() else set()


def tell_changed_starters(course: Course, here: Places) -> None:
    """After an update: starters that changed, as a difference. An answer that was begun is never touched."""
    from wenjin.study.store.workspace import Starter, Workspace

    workspace = Workspace(here.workspace)
    for topic in course.topics.values():
        for exercise in topic.exercises:
            if not topic.written or not exercise.starter:
                continue
            change = workspace.update(Starter(exercise.id, ".py", exercise.starter))
            if change is not None:
                told = STARTER_KEPT if change.kept else STARTER_NEW
                print(clean(say(told.format(file=change.file)) + "\n" + change.difference), flush=True)
