"""Server-sent events, and what happens when the reader leaves in the middle.

    data: {"choices": [{"delta": {"content": "Hi"}, …}], …}

    data: [DONE]

Source   html.spec.whatwg.org, "Server-sent events"
Proof    tests/stack/serve/test_streams.py: each event is valid JSON, one role, one finish_reason, [DONE] last;
         test_cancel.py: a closed connection frees its slot
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from wenjin.stack.serve.api_errors import ApiError
from wenjin.stack.serve.logs import log
from wenjin.stack.serve.security import Gone

T = TypeVar("T")
DONE = b"data: [DONE]\n\n"
STALL = 300.0  # seconds that a reader may take no byte at all
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def event(value: dict[str, Any]) -> bytes:
    """JSON in UTF-8 has no line break of its own, so one line holds it."""
    return f"data: {encode(value)}\n\n".encode()


class EventStream(Response):
    """Sends what `events` gives. However it ends, `over` is called: the reader left, an error, or all was sent."""

    def __init__(self, events: AsyncIterator[bytes], over: Callable[[], None]) -> None:
        super().__init__(media_type="text/event-stream", headers={"x-accel-buffering": "no"})
        del self.headers["content-length"]
        self.events, self.over = events, over

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            await first(self.pump(send), receive)
        except Gone:
            pass
        finally:
            self.over()

    async def pump(self, send: Send) -> None:
        async def tell(data: bytes, more: bool = True) -> None:
            async with asyncio.timeout(STALL):
                await send({"type": "http.response.body", "body": data, "more_body": more})

        with suppress(TimeoutError):
            try:
                async for data in self.events:
                    await tell(data)
            except ApiError as error:
                await tell(event(error.inside()))
            except TimeoutError:
                raise
            except Exception:
                log.exception("a stream failed")
                sorry = ApiError(
                    500, "The server failed at this request; its log has the reason.", code="internal_error"
                )
                await tell(event(sorry.inside()))
            await tell(DONE, more=False)


async def unless_gone(request: Request, work: Coroutine[Any, Any, T], over: Callable[[], None]) -> T:
    """The result of `work`. When whoever asked leaves before, the work is cancelled. Raises Gone."""
    try:
        return await first(work, request.receive)
    finally:
        over()


async def first(work: Coroutine[Any, Any, T], receive: Receive) -> T:
    """Do the work and listen for the end of the connection at the same time. Raises Gone."""
    working, listening = asyncio.ensure_future(work), asyncio.ensure_future(left(receive))
    try:
        await asyncio.wait((working, listening), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise Gone
    finally:
        for task in (working, listening):
            task.cancel()
        await asyncio.gather(working, listening, return_exceptions=True)


async def left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
