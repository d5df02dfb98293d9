"""A compiled form of the loss that costs no waiting: made by a process of its own while training goes on uncompiled.

    swap = Swap("wenjin.poet.pretrain:objective", {"depth": 6}, cache=folder)
    for record in fit(..., swap=swap): ...

    no cache      train on; the process compiles into `cache` (about a minute for a small model)
    it is ready   load it here (seconds), then take a few steps each way, in turn: the faster one is kept
    next run      what was found is known: loaded at the first step, or not at all

Compiled and uncompiled differ in the last bits, so a run that swaps is repeated only until the step where it did; the
record says which that was. Where there is no compiler the run stays as it is, and says why.

Omits    shapes that change from batch to batch: each would be compiled again; several processes that must agree
Source   PyTorch 2, Ansel et al. 2024, doi:10.1145/3620665.3640366 (4)
Proof    tests/stack/train/test_compiled.py: swapped when faster, not when slower, the second run at once, no compiler
"""

import ctypes
import hashlib
import importlib
import json
import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch

from wenjin.stack.train.manifest import sources
from wenjin.stack.train.records import Event

B = TypeVar("B")
Loss = Callable[[B], torch.Tensor]
TRIED = 5  # steps each way before one is chosen; the first compiled one, which loads, is not counted


class Swap:
    """`build` names a function, "package.module:function". Called with **settings it gives (loss, batch): the loss that
    fit() has, on a model of the same settings. `cache` is a folder that later runs find again."""

    def __init__(self, build: str, settings: Mapping[str, Any], cache: Path, *, backend: str = "inductor") -> None:
        module = build.partition(":")[0]
        threads = torch.get_num_threads()  # part of the code that is made
        order: dict[str, Any] = {"build": build, "settings": dict(settings), "threads": threads, "backend": backend}
        about = json.dumps([order, torch.__version__, sources("wenjin.stack", module)], sort_keys=True)
        self.order, self.cache = order | {"cache": str(cache)}, Path(cache)
        self.verdict = self.cache / f"verdict-{hashlib.sha256(about.encode()).hexdigest()[:16]}.json"
        self._log = self.cache / "compile.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.compiled: Any = None
        self.used = "eager"
        self.times: dict[str, list[float]] = {"eager": [], "compiled": []}
        self.news: list[Event] = []
        self.state = "new"  # then making, loading, trying, chosen

    def choose(self, eager: Loss[B]) -> Loss[B]:
        """The form of the loss for this step."""
        if self.state == "new":
            self._begin(eager)
        elif self.state == "making" and self.process and self.process.poll() is not None:
            self._made(eager, self.process)
        if self.state == "trying":
            self.used = min(self.times, key=lambda way: len(self.times[way]))
        chosen: Loss[B] = self.compiled if self.used == "compiled" else eager
        return chosen

    def took(self, seconds: float) -> list[Event]:
        """The step with what choose() gave took so long. Returns what there is to tell."""
        if self.state == "loading":  # not counted: it is paid once
            self.loaded, self.state = seconds, "chosen" if self.verdict.exists() else "trying"
            if self.state == "chosen":
                self.news.append(Event("compiled", {"used": "compiled", "seconds": seconds}))
        elif self.state == "trying":
            self.times[self.used].append(seconds)
            if all(len(times) >= TRIED for times in self.times.values()):
                self._decide()
        news, self.news = self.news, []
        return news

    def close(self) -> None:
        """Stop what is still compiling."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()

    def _begin(self, eager: Loss[Any]) -> None:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(self.cache)  # torch asks nowhere else
        self.cache.mkdir(parents=True, exist_ok=True)
        try:
            known = json.loads(self.verdict.read_text())
        except (OSError, ValueError):
            self.verdict.unlink(missing_ok=True)
            environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TORCHINDUCTOR_COMPILE_THREADS": "1"}
            command = [sys.executable, "-P", "-m", "wenjin.stack.train.compiled", json.dumps(self.order)]
            with self._log.open("wb") as log:
                self.process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            self.state = "making"
            return
        if known["used"] == "compiled":
            self._load(eager)
        else:
            self.state = "chosen"
            self.news.append(Event("compiled", known))

    def _made(self, eager: Loss[Any], process: subprocess.Popen[bytes]) -> None:
        if process.returncode:
            said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            self.state = "chosen"
            self.news.append(Event("not-compiled", {"why": said[-1] if said else f"{process.returncode}"}))
        else:
            self._load(eager)

    def _load(self, eager: Loss[Any]) -> None:
        self.compiled = torch.compile(eager, dynamic=False, backend=self.order["backend"])
        self.state, self.used = "loading", "compiled"

    def _decide(self) -> None:
        usual = {way: statistics.median(times) for way, times in self.times.items()}
        self.used = min(usual, key=lambda way: usual[way])
        self.state = "chosen"
        facts = {"used": self.used, "seconds": self.loaded, **usual}
        self.news.append(Event("compiled", facts))
        self.verdict.write_text(json.dumps(facts))


def main(order: Mapping[str, Any]) -> None:
    """Compile both passes into the cache, as the process that trains will ask for them."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: it dies with the run
    os.nice(5)
    torch.set_num_threads(order["threads"])
    module, _, name = order["build"].partition(":")
    loss, batch = getattr(importlib.import_module(module), name)(**order["settings"])
    compiled: Loss[Any] = torch.compile(loss, dynamic=False, backend=order["backend"])
    compiled(batch).backward()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
