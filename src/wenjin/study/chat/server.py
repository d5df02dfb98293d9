"""The model server: a process of this machine that serves one model at a time, asked over HTTP on loopback.

It is started when it is first needed, with a key made for it alone, and dies with this process, however that dies. For
another model it is started anew, once nobody uses the one before. When it died, the next use starts it again.

    with server.use("smollm2", wait) as line:      loads the model, seconds for a large one; `wait()` True gives up
        with line.post("/v1/chat/completions", body) as answer: …

State   off -> loading -> ready; failed, with `why`, until it is used again
"""

import http.client
import json
import logging
import os
import secrets
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal

from wenjin.kit.text import Text, visible
from wenjin.study.chat.commands import Models, Process
from wenjin.study.sandbox import launch

State = Literal["off", "loading", "ready", "failed"]
LOADING = 600.0  # seconds within which a model must be loaded
SILENCE = 600.0  # seconds without a byte after which an answer is given up
LOOK = 0.05
LINE = 4096
SAID = 4000  # characters of what it printed last
PASSED = (
    "PATH",
    "LD_LIBRARY_PATH",
    "SYSTEMROOT",
    "TMPDIR",
    "HOME",
    "CUDA_VISIBLE_DEVICES",
    "TORCH_EXTENSIONS_DIR",
    "OMP_NUM_THREADS",
)
log = logging.getLogger("wenjin.chat")

NO_COMMAND = Text("这个课程没有带模型服务。", "This course came without a model server.")
GAVE_UP = Text("已停下，没有等到模型。", "Stopped before the model was there.")
DIED = Text(
    "模型服务没能启动（退出码 {code}）：{said}。再发一次会重新启动；还不行，就运行 wenjin serve {model} 看原因。",
    "The model server did not start (exit code {code}): {said}. Sending again starts it anew; if that fails, run "
    "wenjin serve {model} in a terminal to see why.",
)
SLOW = Text(
    "模型 {model} 过了 {seconds:.0f} 秒还没有载入，已停下。换一个小些的模型，或关掉别的程序再试。",
    "The model {model} was not loaded after {seconds:.0f} seconds and was stopped. Choose a smaller model, or close "
    "other programs and try again.",
)


class ServerError(Exception):
    """The model cannot be asked. `text` says why and what to do."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Line:
    """How a running server is reached."""

    port: int
    key: str
    model: str  # as the server calls it

    def connect(self, timeout: float = SILENCE) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def send(self, connection: http.client.HTTPConnection, path: str, body: Mapping[str, Any] | None = None) -> None:
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        sent = None if body is None else json.dumps(body).encode()
        connection.request("GET" if body is None else "POST", path, sent, headers)

    def ask(self, path: str, body: Mapping[str, Any] | None = None, timeout: float = 5.0) -> tuple[int, Any]:
        """Status and JSON; OSError when it is not reached."""
        connection = self.connect(timeout)
        try:
            self.send(connection, path, body)
            answer = connection.getresponse()
            told = answer.read(1 << 20)
            with suppress(ValueError):
                return answer.status, json.loads(told)
            return answer.status, None
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()


class ModelServer:
    """Thread-safe."""

    def __init__(self, models: Models) -> None:
        self.models = models
        self.model = ""
        self.state: State = "off"
        self.why: Text | None = None
        self.began = 0.0  # when it was started, by the steady clock
        self._users = 0
        self._turn = threading.Condition()
        self._process: Process | None = None
        self._line = Line(0, "", "")
        self._said = ""
        self._closed = False

    @contextmanager
    def use(self, model: str, wait: Callable[[], bool]) -> Iterator[Line]:
        """The line to a server of this model, which stays as long as the block. Raises ServerError."""
        self._take(model, wait)
        try:
            self._ready(wait)
            yield self._line
        finally:
            with self._turn:
                self._users -= 1
                self._turn.notify_all()

    def stats(self) -> dict[str, Any] | None:
        """What a ready server tells of itself; None when there is none or it does not answer."""
        if self.state != "ready":
            return None
        with suppress(OSError):
            status, told = self._line.ask("/v1/stats", timeout=2.0)
            return told if status == 200 and isinstance(told, dict) else None
        return None

    def close(self) -> None:
        with self._turn:
            self._closed = True
            self._end()
            self._turn.notify_all()

    def _take(self, model: str, wait: Callable[[], bool]) -> None:
        """Be one of its users: the process is there, or has just been started."""
        with self._turn:
            while self._users and self.model != model:
                if wait() or self._closed:
                    raise ServerError(GAVE_UP)
                self._turn.wait(LOOK)
            if self._closed or wait():
                raise ServerError(GAVE_UP)
            dead = self._process is None or self._process.poll() is not None
            if self.model != model or dead:
                self._end()
                self._start(model)
            self._users += 1

    def _start(self, model: str) -> None:
        """The lock is held."""
        commands, data = self.models.commands, self.models.places.data
        if not commands.serve:
            raise ServerError(NO_COMMAND)
        key = secrets.token_urlsafe(32)
        environment = {name: os.environ[name] for name in PASSED if name in os.environ}
        environment |= {"LANG": "C.UTF-8", "PYTHONUTF8": "1", "WENJIN_API_KEY": key, "WENJIN_DATA": str(data)}
        argv = [*commands.serve, self.models.opens(model), "--data", str(data), "--port", "0", "--until-eof"]
        self.model, self.state, self.why, self.began, self._said = model, "loading", None, time.monotonic(), ""
        readable = [*self.models.folders(), *commands.readable]
        process = launch.start_worker(argv, environment=environment, readable=readable, errors=subprocess.PIPE)
        self._process = process
        threading.Thread(target=self._complain, args=(process,), name="model-complains", daemon=True).start()
        threading.Thread(target=self._listen, args=(process, key), name="model-says", daemon=True).start()

    def _listen(self, process: Process, key: str) -> None:
        """Its one line says that it is ready, and where."""
        assert process.stdout is not None
        with process.stdout as pipe:
            with suppress(ValueError, KeyError, TypeError):
                told = json.loads(pipe.readline(LINE))
                with self._turn:
                    if self._process is process:
                        self._line = Line(int(told["port"]), key, str(told["model"]))
                        self.state = "ready"
            while pipe.read(LINE):
                pass
        process.wait()

    def _complain(self, process: Process) -> None:
        """Keep the last that it printed: it says why it could not start."""
        assert process.stderr is not None
        said = ""
        with process.stderr as pipe:
            while piece := os.read(pipe.fileno(), LINE):
                said = (said + piece.decode("utf-8", "replace"))[-SAID:]
                if self._process is process:
                    self._said = said

    def _ready(self, wait: Callable[[], bool]) -> None:
        """Until it answers."""
        while True:
            process = self._process
            if wait() or self._closed or process is None:
                raise ServerError(GAVE_UP)
            if (code := process.poll()) is not None:
                time.sleep(LOOK)  # for its last words
                last = visible(self._said).strip().splitlines()[-1:] or ["—"]
                self._fail(DIED.format(code=code, said=last[0][:300], model=self.model))
            if self.state == "ready":
                return
            if time.monotonic() - self.began > LOADING:
                with self._turn:
                    self._end()
                self._fail(SLOW.format(model=self.model, seconds=LOADING))
            time.sleep(LOOK)

    def _fail(self, why: Text) -> None:
        self.state, self.why = "failed", why
        log.error("model server: %s", why.en)
        raise ServerError(why)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            launch.stop(process)
            if process.stdin is not None:
                with suppress(OSError):
                    process.stdin.close()
        self.state = "off"
