"""A real server, started as a learner starts it, and a real browser before it.

course     a server on a fresh data folder, one for all modules
lived      the same after somebody has learned in it
eye        looks at its pages in browser profiles that it keeps (look.py)
visit      opens pages of one fresh browser profile; every Content-Security-Policy violation, script error and failed
           request of ours fails the test that caused it
picture    `picture(page, "name")` keeps what was seen as a PNG in the folder WENJIN_PICTURES; without it, nothing
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser.lived import live
from tests.browser.look import Eye

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MISSING = (
    "Chromium is missing: install it (apt-get install chromium) or point WENJIN_CHROMIUM at it. "
    "缺少 Chromium：请安装它（apt-get install chromium），或用 WENJIN_CHROMIUM 指明位置。"
)
WRITE = "/topics/self-attention/exercises/write-attention"


@dataclass
class Course:
    """A running server. `kill` ends it as a power cut would; `start` brings it back on the same port and data.
    `program` is what Python runs, `beside` what stands in its environment beside what is there."""

    folder: Path
    port: int
    process: "subprocess.Popen[str] | None" = None
    token: str = ""
    cookies: list[Any] = field(default_factory=list)
    program: list[str] = field(default_factory=lambda: ["-m", "wenjin.cli"])
    beside: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        argv = [sys.executable, *self.program, "start", "--no-browser", "--port", str(self.port)]
        argv += ["--data", str(self.folder / "data")]
        environment = {**os.environ, "WENJIN_WORKSPACE": str(self.folder / "workspace"), "WENJIN_LANG": "en"}
        environment |= self.beside
        self.process = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        )
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            if found := re.search(r"http://\S+token=\S+", line):
                self.token = found[0]
                break
        assert self.token, f"the server did not start: {said}"
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"{self.address}/static/style.css", timeout=2).close()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def log_in(self) -> list[Any]:
        """The cookies of one session, by the address that `start` printed: it is good for one use."""
        if not self.cookies:
            jar = CookieJar()
            urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar)).open(self.token).close()
            as_sent = {"url": self.address, "httpOnly": True, "sameSite": "Strict"}
            self.cookies = [{"name": c.name, "value": c.value} | as_sent for c in jar]
        return list(self.cookies)

    def entrance(self) -> str:
        """A start address that nobody has used: a second `start` on the same data folder prints one."""
        argv = [sys.executable, "-m", "wenjin.cli", "start", "--no-browser", "--data", str(self.folder / "data")]
        said = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout
        found = re.search(r"http://\S+token=\S+", said)
        assert found, f"no address was printed: {said}"
        return found[0]

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.end()

    def stop(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.end()

    def end(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path) -> Iterator[Course]:
    """A server over that folder, on a port that was free."""
    started = Course(folder, free_port())
    started.start()
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    with running(tmp_path_factory.mktemp("course")) as started:
        yield started


def chromium() -> str:
    """The browser's program. Its absence is a failure, never a skip: what was not seen was not tested."""
    path = os.environ.get("WENJIN_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path or not Path(path).exists():
        pytest.fail(MISSING, pytrace=False)
    return path


@pytest.fixture(scope="package")  # while it lasts, an event loop runs in this thread: other folders want their own
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS, headless=True)
        yield launched
        launched.close()


Picture = Callable[[Page, str], None]


@pytest.fixture(scope="session")
def picture() -> Picture:
    folder = os.environ.get("WENJIN_PICTURES")

    def take(page: Page, name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    return take


@pytest.fixture(scope="module")
def session(course: Course) -> list[Any]:
    """The cookies of a login."""
    return course.log_in()


@dataclass
class Visit:
    """One browser profile. `wrong` gathers what no page may do."""

    course: Course
    context: BrowserContext
    wrong: list[str] = field(default_factory=list)

    def open(self, path: str, until: Literal["load", "domcontentloaded"] = "load") -> Page:
        page = self.context.new_page()
        self.watch(page)
        page.goto(self.course.address + path, wait_until=until)
        return page

    def watch(self, page: Page) -> None:
        def console(message: ConsoleMessage) -> None:
            if "Content Security Policy" in message.text or "Refused to" in message.text:
                self.wrong.append(f"{page.url}: {message.text}")

        page.on("console", console)
        page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))
        page.on(
            "response",
            lambda answer: answer.status >= 500 and self.wrong.append(f"{answer.url}: {answer.status}"),
        )


Visiting = Callable[..., Visit]


@pytest.fixture
def visit(course: Course, browser: Browser, session: list[Any]) -> Iterator[Visiting]:
    """`visit(lang="zh", theme="dark", scripts=True, width=1280)` gives a Visit."""
    made: list[Visit] = []

    def new(
        lang: str = "zh", theme: str = "light", scripts: bool = True, width: int = 1280, height: int = 900
    ) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            java_script_enabled=scripts,
            color_scheme="dark" if theme == "dark" else "light",
            locale="zh-CN" if lang == "zh" else "en-US",
            reduced_motion="reduce",
        )
        context.add_cookies(session)
        chosen = {"wenjin-lang": lang, "wenjin-theme": theme}
        context.add_cookies([{"name": k, "value": v, "url": course.address} for k, v in chosen.items()])
        made.append(Visit(course, context))
        return made[-1]

    yield new
    for one in made:
        one.context.close()
    wrong = [line for one in made for line in one.wrong]
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="package")
def eye(course: Course, browser: Browser, picture: Picture) -> Iterator[Eye]:
    """Looks at pages in browser profiles that it keeps."""
    opened = Eye(course, browser, picture)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def lived(course: Course) -> dict[str, str]:
    """The course after somebody has learned in it; fills the blanks of addresses."""
    return live(course)
