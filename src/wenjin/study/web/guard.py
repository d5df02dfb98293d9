"""The outermost layer of the application: decides by `security` before any route sees a request."""

import logging
import secrets
import time
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wenjin.study.web import security

Refuse = Callable[[Request, int, str], Response]
log = logging.getLogger("wenjin.web")

OPEN = ("/login", "/static/", "/favicon.ico")  # need no session: the door itself, and the files that dress it


class Guard:
    """ASGI middleware. `refuse(request, status, key)` renders a refusal: a designed page, or JSON for a script."""

    def __init__(self, app: ASGIApp, *, sessions: security.Sessions, refuse: Refuse) -> None:
        self.app, self.sessions, self.refuse = app, sessions, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":  # no route speaks WebSocket: close before it opens
            return await send({"type": "websocket.close", "code": 1008})
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {}).update(nonce=nonce, session=None, csrf="")
        began = False

        async def dressed(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                message["headers"] = [*message["headers"], *security.headers_for(nonce)]
            await send(message)

        try:
            await self.answer(scope, receive, dressed)
        except Exception:
            log.exception(
                "%s %r failed", scope["method"], scope["path"]
            )  # the learner sees a sentence, the log the rest
            if began:
                raise
            await self.refuse(Request(scope), 500, "failed")(scope, receive, dressed)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        request = Request(scope)
        if not security.own_host(headers.get("host", ""), (scope.get("server") or ("", 0))[1] or 0):
            # Nothing of ours is shown to a foreign name, not even the page that says so.
            response: Response = PlainTextResponse("This name is not this machine's own. 这不是本机的名字。\n", 403)
            return await response(scope, receive, send)
        script = self.sessions.is_script(headers, time.time())
        session = self.sessions.session(request.cookies.get(self.sessions.cookie), time.time())
        if session:
            scope["state"].update(session=session, csrf=security.csrf_token(self.sessions.secret, session))
        reading = scope["method"] in security.READING
        upload = scope["method"] == "POST" and scope["path"] in security.UPLOADS
        more = False
        body: bytes | None = b""
        if upload:  # who sends it is proven by its beginning; the rest is the route's to read
            body, more = await begin(receive)
        elif not reading:
            body = await read(receive)
        if body is None:
            response = self.refuse(request, 413, "too-large")
        elif not (script or session or (reading and scope["path"].startswith(OPEN))):
            response = self.refuse(request, 401, "who")
        elif not (reading or script or self.ours(headers, session, body)):
            response = self.refuse(request, 403, "forged")
        else:
            return await self.app(scope, receive if reading else replay(body, receive, more), send)
        return await response(scope, receive, send)

    def ours(self, headers: Headers, session: str | None, body: bytes) -> bool:
        """Does a request that may change something come from a page of this session?"""
        if session is None or not security.own_origin(headers):
            return False
        return security.same(security.sent_csrf(headers, body), security.csrf_token(self.sessions.secret, session))


async def read(receive: Receive) -> bytes | None:
    """The whole body, or None as soon as it is longer than a request may be."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > security.BODY_LIMIT:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


async def begin(receive: Receive) -> tuple[bytes, bool]:
    """The beginning of a body, and whether there is more of it."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        more = bool(message.get("more_body")) and message["type"] != "http.disconnect"
        if not more or sum(map(len, parts)) >= security.HEAD_LIMIT:
            return b"".join(parts), more


def replay(body: bytes, receive: Receive, more: bool = False) -> Callable[[], Awaitable[Message]]:
    """A `receive` that hands the body over again, then listens on."""
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": more}

    return again
