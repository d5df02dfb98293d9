"""A power cut loses nothing that was acknowledged: each acknowledged write was synced before its answer came.

The running course is watched from outside, by strace: which process opens the database, and when it is synced.
"""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from uuid import uuid4

from tests.study.tools import program

TOPIC = "self-attention"
CARD_FILE = f"/api/exercises/{TOPIC}/write-attention"
WRONG = "def scaled_dot_product_attention(q, k, v, causal=False):\n    return v  # {mark}\n"
WATCH = ("-f", "-qq", "-y", "--seccomp-bpf", "-e", "trace=fdatasync,fsync,openat", "-e", "signal=none", "-o")


def synced(trace: Path) -> int:
    """How often the write-ahead log has been brought to the disk."""
    waiting: set[str] = set()
    done = 0
    for line in trace.read_text(encoding="utf-8", errors="replace").splitlines():
        thread, _, call = line.partition(" ")
        call = call.strip()
        if re.match(r"f(?:data)?sync\(.*wenjin\.db-wal>", call):
            if call.endswith("= 0"):
                done += 1
            else:
                waiting.add(thread)
        elif re.match(r"<\.\.\. f(?:data)?sync resumed>.*= 0$", call) and thread in waiting:
            waiting.remove(thread)
            done += 1
    return done


def opened(trace: Path) -> int:
    """How often any process has opened the database: each time is a connection."""
    calls = trace.read_text(encoding="utf-8", errors="replace")
    return len(re.findall(r'openat\([^"]*"[^"]*/wenjin\.db"', calls))


def test_each_acknowledged_write_was_synced_before_its_answer_and_by_one_connection(
    benchmark: Callable[[str], ModuleType], tmp_path: Path, count: Callable[[int], int]
) -> None:
    kill, hands = benchmark("kill"), benchmark("hands")
    trace, acknowledged = tmp_path / "trace", 0
    note, draft = f"/api/notes/{hands.NOTE}", f"{CARD_FILE}/draft"
    with kill.started(tmp_path, [program("strace"), *WATCH, str(trace)]) as (process, line, _):
        line.good("POST", "/review/cards", form={"topic": TOPIC})
        cards = re.findall(r'name="card" value="([^"]+)"', str(line.good("GET", "/review")[0]))
        assert cards

        def keep(method: str, path: str, body: object = None, form: dict[str, str] | None = None) -> None:
            nonlocal acknowledged
            before = synced(trace)
            line.good(method, path, body, form)
            assert synced(trace) > before, f"{method} {path} was answered before it was on the disk"
            acknowledged += 1

        first = synced(trace)
        for n in range(count(100)):
            keep("POST", "/api/review", {"card": cards[0], "rating": 1 + n % 4, "id": uuid4().hex})
            keep("POST", "/review/limits", form={"fresh": str(n + 1), "reviews": "30"})
            keep("PUT", note, {"text": f"note {n}", "revision": n, "settled": True})
            keep("PUT", draft, {"text": f"draft {n}", "revision": n})
            if n % 5 == 0:
                keep("POST", f"{CARD_FILE}/attempts", {"source": WRONG.format(mark=n)})
        assert synced(trace) - first >= acknowledged
        assert opened(trace) == 1
        server = min(pid for pid in kill.tree(process.pid) if pid != process.pid)
        os.kill(server, signal.SIGTERM)  # strace ends with what it watches
        process.wait(30)
