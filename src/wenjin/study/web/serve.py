"""Serve the application on this machine: take the port first, print the address after, stop in order.

listener = listen(host, port)                  the port is ours from here on
app = create_app(…, secret=secret)
print(start_url(listener, secret))             good for one login
serve(app, listener)                           returns after Ctrl-C or SIGTERM, with open requests answered
"""

import contextlib
import errno
import logging
import os
import socket
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI

from wenjin.kit.text import Text
from wenjin.study.web.security import mint_token

PORT = 8423
TRIES = 20  # ports after the usual one, when nobody asked for a certain one
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ServeError(Exception):
    """The course cannot be served there. `text` says why and what to do."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def listen(host: str = "127.0.0.1", port: int | None = None) -> socket.socket:
    """A listening socket: at `port`, or, when none is asked for, at the usual one or the first free one after it."""
    if host not in LOOPBACK:
        raise ServeError(
            Text(
                f"课程只在本机上提供，不能监听 {host}：别人也能进来，而这里没有账号。"
                "要从另一台机器打开，请在那台机器上用 ssh -L 转发端口。",
                f"The course is served to this machine only and cannot listen on {host}: others could come in, and "
                "there are no accounts. To open it from another machine, forward the port there with ssh -L.",
            )
        )
    family = socket.AF_INET6 if host == "::1" else socket.AF_INET
    for number in [port] if port is not None else range(PORT, PORT + TRIES):
        # The protocol by name: asyncio sends small pieces at once only for such a socket, and a page would otherwise
        # wait forty milliseconds for the browser to acknowledge its head.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, number))
            listener.listen(128)
            return listener
        except OSError as error:
            listener.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
    if port is not None:
        raise ServeError(
            Text(
                f"端口 {port} 用不了：已被占用，或没有权限。换一个，例如 --port {PORT}；不写 --port 会自动找空闲的。",
                f"Port {port} cannot be used: it is taken, or not allowed. Choose another, such as --port {PORT}, or "
                "leave --port out and a free one is found.",
            )
        )
    raise ServeError(
        Text(
            f"从 {PORT} 起的 {TRIES} 个端口都被占用了。请用 --port 指定一个空闲的端口。",
            f"The {TRIES} ports from {PORT} on are all taken. Name a free one with --port.",
        )
    )


def address(listener: socket.socket) -> str:
    """Where the course is, without a token."""
    host, port = listener.getsockname()[:2]
    return f"http://{'[::1]' if host == '::1' else host}:{port}"


def start_url(listener: socket.socket, secret: bytes) -> str:
    """The address that opens the course in one browser, once."""
    return f"{address(listener)}/login?token={mint_token(secret)}"


def log_to(path: Path) -> None:
    """Write what goes wrong to the server's log file: four files of a mebibyte at most, readable by their owner."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    handler = RotatingFileHandler(path, maxBytes=1 << 20, backupCount=3, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(OneLine("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)


class OneLine(logging.Formatter):
    """Control characters in a message (a name, a path that somebody sent) never make lines of their own."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in super().formatMessage(record))


def serve(app: FastAPI, listener: socket.socket) -> None:
    """Serve until Ctrl-C or SIGTERM. Requests that are being answered get five seconds to end."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nobody stands before us: a header must not change who we think is asking
        timeout_graceful_shutdown=5,
        ws="none",
    )
    with contextlib.suppress(KeyboardInterrupt):
        Server(config).run(sockets=[listener])


class Server(uvicorn.Server):
    """Tells what streams without end (the frames of a run) to end, before it waits for open requests."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.config.app.state.site.leaving.set()  # type: ignore[union-attr]
        super().handle_exit(sig, frame)
