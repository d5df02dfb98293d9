"""Corpora that the learner asked for on a page, fetched by `wenjin data add` in a process of its own.

    fetches.begin("classical-poems", "zh")
    fetches.of("classical-poems")        Fetch: state, bytes so far, seconds, and why it failed

A package that is whole is not fetched again; half of one is not used.
"""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Literal

from wenjin.kit.text import Language
from wenjin.study.sandbox import launch

COMMAND = ("-P", "-m", "wenjin.cli", "data", "add")
PATIENCE = 120.0  # seconds for an answer about a corpus: every kept file is checked by its hash
State = Literal["running", "done", "stopped", "failed"]


class Refused(Exception):
    """The sentence of the command, in the language that it was asked in."""


class Fetch:
    """One fetch, from its begin to its end."""

    def __init__(self, id: str, data: Path, language: Language) -> None:
        self.state: State = "running"
        self.bytes, self.of, self.began, self.why = 0, 0, time.monotonic(), ""
        self._stopped = False
        self._process = launch.start(
            [sys.executable, *COMMAND, id, "--yes", "--json", "--data", str(data)],
            env=_environment(language),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True, name=f"fetch {id}")
        self._listener.start()

    @property
    def left(self) -> float | None:
        """Seconds that it will probably take; None while nothing can be said."""
        took = time.monotonic() - self.began
        return took * (self.of - self.bytes) / self.bytes if self.bytes and took > 1 else None

    def stop(self) -> None:
        """End it and the client that it has started; returns when that has happened."""
        self._stopped = True
        self._process.terminate()
        self._listener.join()

    def _listen(self) -> None:
        said = []
        with self._process.stderr as lines:  # type: ignore[union-attr]
            for line in lines:
                try:
                    told = json.loads(line)
                    self.bytes, self.of = int(told["fetched"]), int(told["of"])
                except (ValueError, KeyError, TypeError):
                    said.append(line.decode("utf-8", "replace"))
        code = self._process.wait()
        self.why = "".join(said).strip()
        self.state = "done" if code == 0 else "stopped" if self._stopped else "failed"


class Fetches:
    """All of one course."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._fetches: dict[str, Fetch] = {}
        self._one = threading.Lock()

    def of(self, id: str) -> Fetch | None:
        """The last one of this corpus since the server began."""
        return self._fetches.get(id)

    def begin(self, id: str, language: Language) -> Fetch:
        """Fetch it; the one that goes on where there is one."""
        with self._one:
            known = self._fetches.get(id)
            if known is None or known.state != "running":
                known = self._fetches[id] = Fetch(id, self.data, language)
            return known

    def offer(self, id: str, language: Language) -> dict[str, Any]:
        """What would be fetched (study/cli/dataviews.offer), or the row of a corpus that is here. Raises Refused."""
        argv = [sys.executable, *COMMAND, id, "--json", "--data", str(self.data)]
        done = launch.run_trusted(argv, cwd=Path.cwd(), environment=_environment(language), timeout=PATIENCE)
        try:
            row: dict[str, Any] = json.loads(done.output)
        except ValueError:
            raise Refused(done.errors.decode("utf-8", "replace").strip()) from None
        return row

    def close(self) -> None:
        """End all that go on."""
        for fetch in self._fetches.values():
            if fetch.state == "running":
                fetch.stop()


def _environment(language: Language) -> dict[str, str]:
    return os.environ | {"WENJIN_LANG": language, "PYTHONUTF8": "1"}
