"""Pages of a running course: their time, the first paint, the server's memory; the peer is a bare FastAPI page."""

import http.client
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import server
import start

ROUNDS, STARTS, PAINTS, REQUESTS = 25, 5, 5, 1000
FIRST, P95, PAINT, WEIGHT = 1.0, 0.050, 0.6, 100.0  # seconds, seconds, seconds, MB
TOPIC = "/topics/self-attention"
SEEN = ("/", TOPIC, "/map")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PAINTED = "performance.getEntriesByName('first-contentful-paint').map(entry => entry.startTime)[0]"
Row = dict[str, Any]


class Visitor:
    """One connection that stays open, with the session's cookie, as a browser has it."""

    def __init__(self, url: str) -> None:
        self.host = urlsplit(url).netloc
        self.cookie = ""
        self.line = http.client.HTTPConnection(self.host, timeout=server.PATIENCE)
        if query := urlsplit(url).query:
            self.line.request("GET", f"/login?{query}")
            answer = self.line.getresponse()
            answer.read()
            self.cookie = (answer.getheader("set-cookie") or "").split(";")[0]

    def ask(self, path: str) -> http.client.HTTPResponse:
        self.line.request("GET", path, headers={"Cookie": self.cookie} if self.cookie else {})
        return self.line.getresponse()

    def get(self, path: str) -> tuple[int, bytes, float]:
        """Status, body, seconds until the last byte."""
        begun = time.perf_counter()
        try:
            answer = self.ask(path)
        except (http.client.RemoteDisconnected, ConnectionError):  # it was idle too long: a browser asks again
            self.line.close()
            answer = self.ask(path)
        body = answer.read()
        return answer.status, body, time.perf_counter() - begun


def pages(visitor: Visitor) -> dict[str, list[str]]:
    """All pages that links lead to, by their route: /topics/… is one route, however many topics there are."""
    waiting, routes = ["/"], defaultdict(list)
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        status, body, _ = visitor.get(path)
        if status != 200:
            raise RuntimeError(f"{path} was answered with {status}")
        parts = path.partition("?")[0].split("/")
        routes["/".join("…" if n % 2 == 0 and n else part for n, part in enumerate(parts)) or "/"].append(path)
        for link in re.findall(r'<a [^>]*href="(/[^"#]*)', body.decode()):
            if link not in seen and "lang=" not in link and "variant=" not in link:
                seen.add(link)
                waiting.append(link)
    routes["/search"].append("/search?q=softmax")
    return dict(routes)


def p95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * (len(times) - 1))]


def memory(pid: int) -> tuple[float, float]:
    """(RSS, PSS) of a process in MB; PSS counts what it shares with others by its share."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        sizes = dict(re.findall(r"^(Rss|Pss): +(\d+) kB", file.read(), re.MULTILINE))
    return int(sizes["Rss"]) * 1024 / 1e6, int(sizes["Pss"]) * 1024 / 1e6


@contextmanager
def bare() -> Iterator[tuple[str, int]]:
    """A FastAPI program of one page: its address and process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", start.BARE.format(port=port)])
    try:
        until = time.perf_counter() + server.PATIENCE
        while time.perf_counter() < until:
            try:
                server.fetch(server.browser(), f"http://127.0.0.1:{port}/")
                break
            except OSError:
                time.sleep(0.01)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait()


def row(name: str, ours: float, peer: float, unit: str, goal: float, how: str) -> Row:
    told = f"≤ {goal:g} {unit}" if unit != "s" or goal >= 0.1 else f"≤ {goal * 1e3:g} ms"
    return {"name": name, "ours": ours, "peer": peer, "unit": unit, "goal": told, "ok": ours <= goal, "how": how}


def first_pages(folder: Any) -> list[Row]:
    """From the command to the first page, and to the first lesson after it."""
    homes: list[float] = []
    lessons: list[float] = []
    peers: list[float] = []
    for number in range(STARTS + 1):
        with server.served(folder) as course:
            visitor = Visitor(course.url)
            for path, times in (("/", homes), (TOPIC, lessons)):
                status, _, _ = visitor.get(path)
                if status != 200:
                    raise RuntimeError(f"{path} was answered with {status}")
                times.append(time.perf_counter() - course.begun)
        if number:  # the first makes the data folder
            peers.append(start.peer())
    rows = []
    for name, times in (("launch to first page", homes[1:]), ("launch to first page and first lesson", lessons[1:])):
        how = (
            f"median of {STARTS}, {min(times):.2f} to {max(times):.2f}; from `./wenjin start` to the last byte; peer: "
        )
        how += f"a FastAPI program of one route, {min(peers):.2f} to {max(peers):.2f}, which is the floor"
        rows.append(row(name, statistics.median(times), statistics.median(peers), "s", FIRST, how))
    return rows


def each_page(visitor: Visitor, other: Visitor) -> list[Row]:
    """p95 of each route over its pages, each asked for several times on one connection."""
    rows = []
    routes = pages(visitor)
    base = p95([other.get("/")[2] for _ in range(8 * ROUNDS)])
    for route, paths in sorted(routes.items()):
        asked = paths[:: max(1, len(paths) // 12)]
        times = [visitor.get(path)[2] for path in asked for _ in range(max(2, 2 * ROUNDS // len(asked)))]
        how = f"{len(times)} requests of {len(asked)} pages, median {statistics.median(times) * 1e3:.1f} ms"
        rows.append(row(f"page {route}, p95", p95(times), base, "s", P95, f"{how}; peer: p95 of a page of one line"))
    return rows


def weight(pid: int, visitor: Visitor, other: Visitor, peer: int) -> list[Row]:
    """The web process after a walk over all pages, and after a thousand requests."""
    rows = []
    for name, count in (("all pages", 0), (f"{REQUESTS} requests", REQUESTS)):
        walk = [path for paths in pages(visitor).values() for path in paths]
        for number in range(count):
            visitor.get(walk[number % len(walk)])
            other.get("/")
        (resident, share), (theirs, _) = memory(pid), memory(peer)
        how = f"resident set of the web process; PSS {share:.1f} MB; peer: the bare FastAPI process"
        rows.append(row(f"memory after {name}", resident, theirs, "MB", WEIGHT, how))
    return rows


def paints(address: str, visitor: Visitor, other: str) -> list[Row]:
    """First contentful paint in Chromium, each time in a fresh profile with nothing cached."""
    from playwright.sync_api import sync_playwright

    program = os.environ.get("WENJIN_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    name, _, value = visitor.cookie.partition("=")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)

        def painted(url: str) -> float:
            context = chromium.new_context(viewport={"width": 1280, "height": 900})
            context.add_cookies([{"name": name, "value": value, "url": address}])
            page = context.new_page()
            page.goto(url)
            page.wait_for_function(f"() => {PAINTED} !== undefined")
            milliseconds: float = page.evaluate(PAINTED)
            context.close()
            return milliseconds / 1e3

        def median(measured: Callable[[], float]) -> tuple[float, str]:
            times = [measured() for _ in range(PAINTS)]
            return statistics.median(times), f"median of {PAINTS}, {min(times):.2f} to {max(times):.2f}"

        painted(other)  # the browser's own first time
        theirs, _ = median(lambda: painted(other))
        rows = []
        for path in SEEN:
            ours, how = median(lambda path=path: painted(address + path))  # type: ignore[misc]
            how += "; Chromium, fresh profile, 1280 px; peer: the page of one line"
            rows.append(row(f"first contentful paint {path}", ours, theirs, "s", PAINT, how))
        chromium.close()
    return rows


def measure() -> list[Row]:
    with server.folders() as folder:
        rows = first_pages(folder)
        with server.served(folder) as course, bare() as (other, peer):
            visitor, stranger = Visitor(course.url), Visitor(other)
            owner = json.loads((course.data / "owner.lock").read_text(encoding="utf-8"))
            rows += each_page(visitor, stranger)
            rows += weight(owner["pid"], visitor, stranger, peer)
            rows += paints(course.url.split("/login")[0], visitor, other)
    return rows
