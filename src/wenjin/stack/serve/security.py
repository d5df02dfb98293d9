"""Who may speak to the model server, and how much they may send. The outermost layer: a new route is safe before
anyone thinks of it.

host     served on this machine's own address, only its own names are answered: a page of another site that has its
         name lead here (DNS rebinding) is refused. With any other address the key is what protects
key      `Authorization: Bearer KEY` on every route but /healthz. Nothing is allowed to other origins (no CORS)
kind     a body is JSON and says so, which no plain form of a browser can
size     a body over the limit is not kept while it comes, and one that does not come is not waited for

Proof    tests/stack/serve/test_security.py
"""

import asyncio
import hmac
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wenjin.stack.serve.api_errors import ApiError
from wenjin.stack.serve.logs import log

LOOPBACK = ("127.0.0.1", "localhost", "::1")
OWN = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE)
OPEN = ("/healthz",)  # needs no key
HEADERS = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]


@dataclass(frozen=True, slots=True)
class Limits:
    """`body`: bytes of a request that are read; `spare`: of one too long that are heard out before it is told so, for
    a client in the midst of sending does not listen; `patience`: seconds that a body may take."""

    body: int = 4 << 20
    spare: int = 64 << 20
    patience: float = 30.0


class Guard:
    """ASGI middleware. `key` None: nobody needs one. `own`: only names of this machine are answered."""

    def __init__(self, app: ASGIApp, *, key: str | None, own: bool, limits: Limits) -> None:
        self.app, self.key, self.own, self.limits = app, key, own, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":  # no route speaks WebSocket: close before it opens
            return await send({"type": "websocket.close", "code": 1008})
        began = False

        async def dressed(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        try:
            headers = Headers(scope=scope)
            self.know(scope["path"], headers)
            if scope["method"] in ("POST", "PUT", "PATCH"):
                receive = replay(await self.body(headers, receive), receive)
            return await self.app(scope, receive, dressed)
        except ApiError as error:
            return await error.answer()(scope, receive, dressed)
        except Gone:
            return None
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            if began:
                raise
            sorry = ApiError(500, "The server failed at this request; its log has the reason.", code="internal_error")
            return await sorry.answer()(scope, receive, dressed)

    def know(self, path: str, headers: Headers) -> None:
        """Raises ApiError for whoever may not come in."""
        if self.own and not OWN.fullmatch(headers.get("host", "")):
            raise ApiError(403, "This name is not one of this machine's own.", code="foreign_host")
        if path in OPEN or self.key is None:
            return
        kind, _, sent = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not hmac.compare_digest(sent.strip().encode(), self.key.encode()):
            fault = "The API key is not this server's" if sent else "No API key was sent"
            raise ApiError(401, f"{fault}: it belongs into Authorization: Bearer KEY.", code="invalid_api_key")

    async def body(self, headers: Headers, receive: Receive) -> bytes:
        """All of it. Raises ApiError for one that is too long, too slow or not JSON; Gone."""
        length = headers.get("content-length", "")
        most = self.limits.body
        if length.isdecimal() and int(length) > most and (int(length) > self.limits.spare or headers.get("expect")):
            raise too_large(most)
        try:
            async with asyncio.timeout(self.limits.patience):
                body = await read(receive, most, self.limits.spare)
        except TimeoutError:
            raise ApiError(408, "The request's body did not come in time.", code="request_timeout") from None
        if body is None:
            raise too_large(most)
        kind = headers.get("content-type", "").split(";")[0].strip().lower()
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise ApiError(415, "Compressed bodies are not read here.")
        if body and kind != "application/json":
            raise ApiError(415, "A body must be JSON and say so: Content-Type: application/json.")
        return body


class Gone(Exception):
    """Whoever asked has left."""


def too_large(most: int) -> ApiError:
    return ApiError(413, f"The request is larger than {most} bytes.")


async def read(receive: Receive, most: int, spare: int) -> bytes | None:
    """The whole body; None when it is longer than `most`, of which up to `spare` are heard and forgotten."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        size += len(part)
        if size <= most:
            parts.append(part)
        else:
            parts.clear()
        if size > spare or not message.get("more_body"):
            return b"".join(parts) if size <= most else None


def replay(body: bytes, receive: Receive) -> Callable[[], Awaitable[Message]]:
    """A `receive` that hands the body over again, then listens on."""
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
