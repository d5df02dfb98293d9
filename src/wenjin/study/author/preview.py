"""`wenjin course preview`: the pages, with the course read again on each save and the page following.

A thread watches the course's folder. After a save the course is read again; where it has faults they are told and the
last good one stays. Each page asks every moment whether there is something new, and loads again when there is.
"""

import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

from wenjin.study.course.faults import Fault
from wenjin.study.course.graph import Course
from wenjin.study.course.load import read

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

SCRIPT = b"""let known = null
setInterval(async () => {
  try {
    const now = await (await fetch("/preview/version")).text()
    if (known !== null && now !== known) location.reload()
    known = now
  } catch { /* the preview was stopped; the next one answers again */ }
}, 500)
"""
TAG = b'<script src="/preview/reload.js" defer></script></body>'


class Preview:
    """An ASGI application around the pages: adds the script that follows saves, and answers it."""

    def __init__(
        self, app: App, root: Path, remake: Callable[[Course], App], told: Callable[[tuple[Fault, ...]], None]
    ) -> None:
        """app: the pages of now; remake: the pages of a course; told: hears its faults, none when it is good"""
        self.app, self.root, self.remake, self.told = app, root, remake, told
        self.version = 1

    def follow(self, stop: threading.Event) -> threading.Thread:
        """Start watching, until `stop` is set."""
        from watchfiles import watch

        changes: Iterator[Any] = watch(self.root, stop_event=stop, debounce=200, step=50)
        thread = threading.Thread(target=self._follow, args=(changes,), daemon=True, name="preview")
        thread.start()
        return thread

    def saved(self) -> None:
        """Read the course again and let the pages know."""
        course, faults = read(self.root)
        self.told(tuple(faults.found))
        if not faults.found:
            self.app = self.remake(course)
        self.version += 1

    def _follow(self, changes: Iterator[Any]) -> None:
        for _ in changes:
            self.saved()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/preview/version":
            await _answer(send, str(self.version).encode(), b"text/plain")
        elif scope["type"] == "http" and scope["path"] == "/preview/reload.js":
            await _answer(send, SCRIPT, b"text/javascript")
        elif scope["type"] == "http":
            await self.app(scope, receive, _Following(send))
        else:
            await self.app(scope, receive, send)


class _Following:
    """Sends a response on; a whole HTML page gets the script at its end."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.start: Message | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            self.start = message
        elif self.start is not None and message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                await self._end(self.start)
        else:
            await self.send(message)

    async def _end(self, start: Message) -> None:
        body = self.body.replace(b"</body>", TAG, 1)
        kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
        await self.send({**start, "headers": [*kept, (b"content-length", str(len(body)).encode())]})
        await self.send({"type": "http.response.body", "body": body})


def _is_page(start: Message) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in start["headers"])


async def _answer(send: Send, body: bytes, kind: bytes) -> None:
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
