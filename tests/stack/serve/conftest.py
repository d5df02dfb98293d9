"""Servers as people start them: a process, a port, a key."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.stack.serve import tiny
from wenjin.stack.serve.local import Local, opened

KEY = "key-of-the-tests"
SLOTS, QUEUE = 4, 16


@dataclass
class Running:
    """A server that listens. `log`: what it wrote to its error stream."""

    process: subprocess.Popen[str]
    url: str
    model: str
    log: Path
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        head = {"Authorization": f"Bearer {KEY}"}
        self.http = httpx.Client(base_url=self.url, headers=head, timeout=60, trust_env=False)

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def openai(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=self.url + "/v1", api_key=KEY, max_retries=0, http_client=self.http)

    def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get("/v1/stats").json()
        return found

    def chat(self, text: str = "你好", **fields: Any) -> httpx.Response:
        asked = {"model": self.model, "messages": [{"role": "user", "content": text}], "max_tokens": 16} | fields
        return self.http.post("/v1/chat/completions", json=asked)

    def complete(self, prompt: Any = "你好", **fields: Any) -> httpx.Response:
        return self.http.post("/v1/completions", json={"model": self.model, "prompt": prompt} | fields)

    def raw(self, address: str, **fields: Any) -> bytes:
        """A request as it goes over the line, for clients that behave as no library does."""
        body = json.dumps({"model": self.model} | fields).encode()
        head = (
            f"POST {address} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAuthorization: Bearer {KEY}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def quiet(self, seconds: float = 1.0) -> dict[str, Any]:
        """Nothing runs and nothing waits, `seconds` from now at the latest."""
        last = time.monotonic() + seconds
        while (now := self.stats())["running"] or now["waiting"] or now["pages_used"]:
            assert time.monotonic() < last, now
            time.sleep(0.01)
        return now

    def stop(self, patience: float = 60) -> int:
        self.http.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        if self.process.stdout:
            self.process.stdout.close()
        return self.process.wait(patience)


def start(model: Path, folder: Path, *options: str, threads: int = 1) -> Running:
    """Returns when the server is ready."""
    words = [
        sys.executable,
        "-m",
        "wenjin.stack.serve.main",
        str(model),
        "--port",
        "0",
        "--threads",
        str(threads),
        "--format",
        "fp32",
    ]
    log = folder / f"{time.monotonic_ns()}.log"
    environment = os.environ | {"WENJIN_API_KEY": KEY, "OMP_NUM_THREADS": str(threads), "PYTHONUNBUFFERED": "1"}
    with log.open("w") as file:
        process = subprocess.Popen([*words, *options], stdout=subprocess.PIPE, stderr=file, text=True, env=environment)
    assert process.stdout
    line = process.stdout.readline()
    assert line, log.read_text()
    ready = json.loads(line)
    return Running(process, ready["url"], ready["model"], log)


Start = Callable[..., Running]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.make(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def start_server(model: Path, tmp_path: Path) -> Iterator[Start]:
    """`start_server(*options)`: one more, for tests that end it or need another kind."""
    begun: list[Running] = []

    def another(*options: str) -> Running:
        begun.append(start(model, tmp_path, *options))
        return begun[-1]

    yield another
    for running in begun:
        running.stop()


@pytest.fixture(scope="session")
def server(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One for all tests that do not end it: four slots and a queue of sixteen."""
    running = start(model, tmp_path_factory.mktemp("server"), "--slots", str(SLOTS), "--queue", str(QUEUE))
    yield running
    assert running.stop() == 0, running.log.read_text()[-2000:]
    assert "Traceback" not in running.log.read_text()


@pytest.fixture(scope="session")
def smollm2_server(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(smollm2, tmp_path_factory.mktemp("smollm2"), "--slots", "2", threads=2)
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def smollm2_local(smollm2: Path) -> Local:
    return opened(smollm2, format="fp32", threads=2)
