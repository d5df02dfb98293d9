"""A poet of fifteen minutes: form, rhyme, copying, variety and loss of its free samples; peers: 3-grams, real verse.

Everything is what a learner types: `wenjin poet data`, `tokenizer`, `pretrain --minutes 15`, `report`, one after the
other in a data folder of its own, whose collection is the one that `wenjin data add classical-poems` laid. Quatrains
are drawn at temperature 0.8 on held-out titles, with no rule at decoding.

`python benchmarks/poet.py 2` does the same with a poet of two minutes, to see that it works.
"""

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from wenjin.poet.places import Places
from wenjin.stack.data.keep import corpora

MINUTES = 15.0
FORM, DISTINCT = 0.9, 0.9  # shares: of quatrains in form; of real verse's variety
FIRST, MEMORY = 20.0, 2000.0  # seconds to the first step, the corpus encoded before; MB at the peak
Row = dict[str, Any]


def said(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def run(data: Path, *words: str) -> tuple[float, float]:
    """A command to its end: seconds to the first step of training (infinite without one), peak memory in MB."""
    environment = os.environ | {"WENJIN_DATA": str(data), "WENJIN_LANG": "en"}
    records, first = Places(data).home().records, math.inf
    records.unlink(missing_ok=True)  # of the run before
    began = time.perf_counter()
    said(f"wenjin poet {' '.join(words)}")
    process = subprocess.Popen([sys.executable, "-m", "wenjin.cli", "poet", *words], env=environment)
    over = threading.Event()

    def watch() -> None:
        nonlocal first
        while not over.wait(0.05):
            if records.is_file() and records.read_bytes().count(b"\n") > 1:
                first = time.perf_counter() - began
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        _, status, used = os.wait4(process.pid, 0)
    finally:
        over.set()
        watcher.join()
    if status:
        raise RuntimeError(f"wenjin poet {words[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return first, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def bare() -> tuple[float, float]:
    """The same of a process that only loads PyTorch: what any program on it needs."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", "import torch; torch.zeros(1).add_(1)"])
    _, _, used = os.wait4(process.pid, 0)
    return time.perf_counter() - began, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def row(name: str, ours: float, peer: float, unit: str, goal: str, ok: bool, how: str) -> Row:
    return {"name": name, "ours": ours, "peer": peer, "unit": unit, "goal": goal, "ok": ok, "how": how}


def measure(minutes: float = MINUTES) -> list[Row]:
    collection = corpora() / "classical-poems"
    if not collection.is_dir():
        raise RuntimeError("first run: wenjin data add classical-poems")
    with tempfile.TemporaryDirectory(prefix="wenjin-poet-") as folder:
        data = Path(folder)
        (data / "corpora").mkdir()
        shutil.copytree(collection, data / "corpora" / "classical-poems")
        run(data, "data")
        run(data, "tokenizer")
        # The first call of all encodes the corpus and compiles; what every later run costs is measured on the second.
        run(data, "pretrain", "--minutes", f"{min(3.0, minutes):g}", "--again")
        first, memory = run(data, "pretrain", "--minutes", f"{minutes:g}", "--again")
        run(data, "report")
        facts = json.loads(Places(data).home().measured.read_text(encoding="utf-8"))
    return rows(facts, minutes, first, memory, *bare())


def rows(facts: dict[str, Any], minutes: float, first: float, memory: float, torch: float, held: float) -> list[Row]:
    poet, counted, real = (facts["measured"][who] for who in ("poet", "counted", "real"))
    halfway = (counted["rhyme"] + real["rhyme"]) / 2 if counted["rhyme"] is not None else math.nan
    rhyme = poet["rhyme"] if poet["rhyme"] is not None else 0.0
    bits = {name: nats / math.log(2) for name, nats in facts["losses"].items()}
    best = min(value for name, value in bits.items() if name != "poet")
    how = f"{minutes:g} minutes, {poet['poems']} quatrains at temperature {facts['temperature']:g} on held-out titles"
    lost = f"{facts['read']} held-out poems, whole documents; peer: the best of 2- to 5-grams (interpolated Kneser-Ney)"
    cold = "a process of its own, compiled step and encoded corpus kept from before; peer: one that only loads PyTorch"
    return [
        row("in form", poet["form"], counted["form"], "", f"≥ {FORM}", poet["form"] >= FORM, f"{how}; peer: 3-grams"),
        row(
            "rhymed, of those in form",
            rhyme,
            real["rhyme"],
            "",
            f"≥ {halfway:.3f}, halfway from 3-grams ({counted['rhyme'] or 0:.3f}) to real",
            rhyme >= halfway,
            f"{how}; peer: real quatrains of these titles",
        ),
        row(
            "longest run shared with the training verse",
            poet["shared_95"],
            real["shared_95"],
            "characters",
            "≤ real",
            poet["shared_95"] <= real["shared_95"],
            f"{how}; 95th percentile; peer: real quatrains that were held out",
        ),
        row(
            "distinct-2",
            poet["distinct_2"],
            real["distinct_2"],
            "",
            f"≥ {DISTINCT} of real",
            poet["distinct_2"] >= DISTINCT * real["distinct_2"],
            f"{how}; peer: as many real quatrains",
        ),
        row("loss", bits["poet"], best, "bits a character", "below every n-gram", bits["poet"] < best, lost),
        row("time to the first step", first, torch, "s", f"≤ {FIRST:g} s", first <= FIRST, cold),
        row("memory at its peak", memory, held, "MB", f"≤ {MEMORY:g} MB", memory <= MEMORY, cold),
    ]


if __name__ == "__main__":
    for one in measure(float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES):
        print(json.dumps(one, ensure_ascii=False))
