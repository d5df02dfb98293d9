"""Today after ten years of heavy use (a million events): the page's time in a fresh process and after; a bare page.

The first start reads the whole log once and keeps what it came to. How long that takes, and after how many seconds a
page says how far it is, is told and is no goal: the figures are those of the next start, its first request and the ones
that follow. Memory is what it takes beyond the same program without events.
"""

import json
import statistics
import time
from pathlib import Path
from typing import Any

import decade
import page
import server

EVENTS = 1_000_000
GOAL, WEIGHT = 0.100, 100.0  # seconds, MB
WARM, STARTS = 40, 3
LONGEST = 600.0  # seconds after which a page counts as never shown


def read(visitor: page.Visitor) -> tuple[float, float]:
    """Seconds until all events are read and the page is there; the longest that a page kept one waiting meanwhile."""
    begun, longest = time.perf_counter(), 0.0
    while time.perf_counter() - begun < LONGEST:
        status, _, spent = visitor.get("/")
        longest = max(longest, spent)
        if status == 200:
            return time.perf_counter() - begun, longest
        time.sleep(1.0)  # as the page asks again
    raise RuntimeError(f"after {LONGEST:g} s the events were not read")


def weighed(data: Path) -> float:
    """MB of the process that serves this folder."""
    owner = json.loads((data / "owner.lock").read_text(encoding="utf-8"))
    return page.memory(owner["pid"])[0]


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
            first, waited = read(page.Visitor(course.url))
        cold, starts, warm, weight = [], [], [], 0.0
        for n in range(STARTS):
            with server.served(folder) as course, page.bare() as (other, _):
                visitor, stranger = page.Visitor(course.url), page.Visitor(other)
                starts.append(time.perf_counter() - course.begun)
                cold.append(opened(visitor))
                if n == STARTS - 1:
                    warm = [opened(visitor) for _ in range(WARM)]
                    theirs = [stranger.get("/")[2] for _ in range(WARM)]
                    weight = weighed(data)
    with server.folders() as folder, server.served(folder) as course:
        visitor = page.Visitor(course.url)
        for _ in range(WARM + 1):
            opened(visitor)
        without = weighed(folder / "data")
    base = statistics.median(theirs)
    told = f"{EVENTS:,} events in {size:.0f} MB of SQLite, made in {made:.0f} s; the very first reading took "
    told += (
        f"{first:.1f} s, a page said how far it was within {waited:.1f} s; the starts after it {min(starts):.1f} to "
    )
    told += f"{max(starts):.1f} s until they answered"
    no = "all of the process without events"
    slow, fast = max(cold), page.p95(warm)
    rows = [
        ("Today, first page of a fresh process", slow, base, "s", GOAL, f"the slowest of {STARTS}; {told}"),
        ("Today, p95", fast, base, "s", GOAL, f"{WARM} requests, median {statistics.median(warm) * 1e3:.1f} ms"),
        (
            "memory that the events take",
            weight - without,
            without,
            "MB",
            WEIGHT,
            f"of {weight:.0f} MB resident; peer: {no}",
        ),
    ]
    return [
        {"name": n, "ours": o, "peer": p, "unit": u, "goal": f"≤ {g:g} {u}", "ok": o <= g, "how": h}
        for n, o, p, u, g, h in rows
    ]
