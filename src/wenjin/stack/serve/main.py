"""Open a model, take a port, serve until told to end; then finish what is under way.

    run("smollm2")                             blocks; the address and the key stand on the error stream
    python -m wenjin.stack.serve.main MODEL    for a program: one line of JSON on standard output when it is ready,
                                               {"url": …, "port": …, "model": …, "seconds": …}; the key comes by
                                               WENJIN_API_KEY, since anybody may read the words of a command

SIGTERM or Ctrl-C: new requests get 503 with Retry-After, those under way end by themselves within `drain` seconds or
are ended; a second signal ends at once. With --until-eof it also ends when its standard input does, so that it never
outlives the program that started it.

Proof    tests/stack/serve/test_operate.py, test_kill.py
"""

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI

from wenjin.stack.serve.app import create_app
from wenjin.stack.serve.errors import ServeError
from wenjin.stack.serve.logs import log_to_stderr
from wenjin.stack.serve.security import LOOPBACK
from wenjin.stack.serve.service import Service

PORT, TRIES = 8424, 20
SLOTS, QUEUE, DRAIN = 8, 64, 30.0
SWITCH = 0.0005  # seconds that the event loop may keep the engine waiting, and the other way round
KEY = "WENJIN_API_KEY"


def run(
    model: str | Path,
    *,
    data: Path | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    key: str | None = None,
    format: str = "auto",
    slots: int = SLOTS,
    queue: int = QUEUE,
    room: int | None = None,
    deterministic: bool = False,
    threads: int | None = None,
    drain: float = DRAIN,
    until_eof: bool = False,
    machine: bool = False,
) -> None:
    """Serve until told to end. Raises ServeError, and what opening a model raises; each has .zh and .en.

    key       None: that of WENJIN_API_KEY, or one made at random and printed
    port      None: the usual one or the first free one after it; 0: any
    room      tokens of all texts that the cache holds
    machine   print one line of JSON when ready, nothing for people
    """
    begun = time.perf_counter()
    known = key or os.environ.get(KEY)
    if not known and host not in LOOPBACK:
        raise ServeError(
            f"监听 {host} 会让别的机器也能使用模型，因此要有密钥：用 --key 或环境变量 {KEY} 给一个。",
            f"Listening on {host} lets other machines use the model, so it takes a key: give one by --key or {KEY}.",
        )
    secret = known or secrets.token_urlsafe(24)
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ServeError("密钥只能由可见的 ASCII 字符组成。", "A key is made of visible ASCII characters.")
    log_to_stderr()
    sys.setswitchinterval(SWITCH)
    listener = listen(host, port)
    try:
        service = opened_service(
            model,
            data=data,
            format=format,
            slots=slots,
            queue=queue,
            room=room,
            deterministic=deterministic,
            threads=threads,
        )
    except BaseException:
        listener.close()
        raise
    app = create_app(service, key=secret, own=host in LOOPBACK)
    ready = {"url": address(listener), "port": listener.getsockname()[1], "model": service.local.name}

    def told() -> None:
        if machine:
            print(json.dumps(ready | {"seconds": round(time.perf_counter() - begun, 3)}), flush=True)
            return
        shown = "" if known else f"\n  Authorization: Bearer {secret}"
        print(f"{service.local.name}: {ready['url']}/v1{shown}", file=sys.stderr, flush=True)

    server = Server(app, service, drain=drain, ready=told)
    if until_eof:
        threading.Thread(target=end_with_input, args=(server,), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])


def opened_service(
    model: str | Path,
    *,
    data: Path | None,
    format: str,
    slots: int,
    queue: int,
    room: int | None,
    deterministic: bool,
    threads: int | None,
) -> Service:
    """The model with its engine. torch is loaded here, after all that can be refused without it."""
    from wenjin.stack.infer.engine import Engine
    from wenjin.stack.serve.local import opened, resolved

    local = opened(resolved(model, data), format=format, threads=threads)
    engine = Engine(local.model, local.pieces, batch=slots, room=room, deterministic=deterministic, queue=slots + queue)
    return Service(local, engine, queue=queue)


class Server(uvicorn.Server):
    """Keeps its door open while it ends, so that whoever comes is told when to come again."""

    def __init__(self, app: FastAPI, service: Service, *, drain: float, ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # nobody stands before us: a header must not change who we think is asking
                timeout_graceful_shutdown=5,
                timeout_keep_alive=30,
                ws="none",
                loop="asyncio",
                http="h11",
            )
        )
        self.service, self.drain, self.ready = service, drain, ready
        self.ending: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.loop = asyncio.get_running_loop()
        self.ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal: the first begins the end, the second is not patient any more."""
        if self.started:
            self.loop.call_soon_threadsafe(self.stop if self.service.draining else self.begin_to_end)
            self.service.draining = True
        else:
            super().handle_exit(sig, frame)

    def begin_to_end(self) -> None:
        self.ending = self.loop.create_task(self.end())

    async def end(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.service.idle.wait(), self.drain)
        self.stop()

    def stop(self) -> None:
        """Whatever is still being written is given up."""
        self.service.engine.close()
        self.should_exit = True


def end_with_input(server: Server) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    os.kill(os.getpid(), signal.SIGTERM)


def listen(host: str, port: int | None) -> socket.socket:
    """A listening socket. Raises ServeError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for number in [port] if port is not None else range(PORT, PORT + TRIES):
        # The protocol by name: asyncio sends small pieces at once only for such a socket.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, number))
            listener.listen(256)
            return listener
        except (OSError, OverflowError) as error:
            listener.close()
            reason = str(error)
    where = f"{PORT}–{PORT + TRIES - 1}" if port is None else port
    raise ServeError(
        f"不能监听 {host} 的端口 {where}（{reason}）。请用 --port 换一个，0 表示任意。",
        f"Cannot listen on {host}, port {where} ({reason}). Choose another with --port; 0 takes any.",
    )


def address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def main(words: list[str] | None = None) -> None:
    read = argparse.ArgumentParser(prog="python -m wenjin.stack.serve.main", description="Serve a model to a program.")
    read.add_argument("model")
    read.add_argument("--data", type=Path)
    read.add_argument("--host", default="127.0.0.1")
    read.add_argument("--port", type=int, default=0)
    read.add_argument("--format", default="auto")
    read.add_argument("--slots", type=int, default=SLOTS)
    read.add_argument("--queue", type=int, default=QUEUE)
    read.add_argument("--room", type=int)
    read.add_argument("--threads", type=int)
    read.add_argument("--drain", type=float, default=DRAIN)
    read.add_argument("--deterministic", action="store_true")
    read.add_argument("--until-eof", action="store_true")
    asked = vars(read.parse_args(words))
    try:
        run(asked.pop("model"), **asked, machine=True)
    except Exception as error:
        if not hasattr(error, "zh"):
            raise
        sys.exit(str(error))


if __name__ == "__main__":
    main()
