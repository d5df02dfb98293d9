"""Today after ten years of heavy use (a million events): the page's time in a fresh process and after; a bare page.

The first start reads the whole log once and keeps what it came to; that is told, and is no goal. The figures are those
of the next start: its first request, and the ones that follow while reviews come in.
"""

import json
import statistics
import time
from typing import Any

import decade
import page
import server

EVENTS = 1_000_000
GOAL, WEIGHT = 0.100, 100.0  # seconds, MB
WARM, STARTS = 40, 3
LONGEST = 600.0  # seconds after which a page counts as never shown


def opened(visitor: page.Visitor, path: str = "/") -> float:
    status, body, spent = visitor.get(path)
    if status != 200 or b"<main" not in body:
        raise RuntimeError(f"{path} was answered with {status}")
    return spent


def measure() -> list[dict[str, Any]]:
    patience, server.PATIENCE = server.PATIENCE, LONGEST
    try:
        return measured()
    finally:
        server.PATIENCE = patience


def measured() -> list[dict[str, Any]]:
    with server.folders() as folder:
        begun = time.perf_counter()
        data = decade.lay(folder / "data", EVENTS)
        made = time.perf_counter() - begun
        size = (data / "wenjin.db").stat().st_size / 1e6
        with server.served(folder) as course:
            first = opened(page.Visitor(course.url))
            time.sleep(1.0)  # what it came to is kept in the meantime
        cold, starts, warm, weight = [], [], [], 0.0
        for n in range(STARTS):
            with server.served(folder) as course, page.bare() as (other, _):
                visitor, stranger = page.Visitor(course.url), page.Visitor(other)
                starts.append(time.perf_counter() - course.begun)
                cold.append(opened(visitor))
                if n == STARTS - 1:
                    warm = [opened(visitor) for _ in range(WARM)]
                    theirs = [stranger.get("/")[2] for _ in range(WARM)]
                    owner = json.loads((data / "owner.lock").read_text(encoding="utf-8"))
                    weight = page.memory(owner["pid"])[0]
    base = statistics.median(theirs)
    told = f"{EVENTS:,} events in {size:.0f} MB of SQLite, made in {made:.0f} s; the very first page took "
    told += f"{first:.1f} s; the starts after it {min(starts):.1f} to {max(starts):.1f} s until they answered"
    slow, fast = max(cold), page.p95(warm)
    rows = [
        ("Today, first page of a fresh process", slow, base, "s", GOAL, f"the slowest of {STARTS}; {told}"),
        ("Today, p95", fast, base, "s", GOAL, f"{WARM} requests, median {statistics.median(warm) * 1e3:.1f} ms"),
        ("memory of the web process", weight, weight, "MB", WEIGHT, "resident set after these pages; no peer"),
    ]
    return [
        {"name": n, "ours": o, "peer": p, "unit": u, "goal": f"≤ {g:g} {u}", "ok": o <= g, "how": h}
        for n, o, p, u, g, h in rows
    ]
