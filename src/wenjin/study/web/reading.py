"""While the log is being read (a new version, an import): the page that says how far it is, and comes back by itself.

What is sent waits until all is read, so that nothing of it is lost; what is asked for waits two seconds, then is this
page, which asks again every second until the wished one comes. Scripts get 503 and when to come again.
"""

from contextlib import suppress

from anyio import to_thread
from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from wenjin.study.store.log import StoreError
from wenjin.study.web import security
from wenjin.study.web.kept import StillReading
from wenjin.study.web.results import duration
from wenjin.study.web.site import Site

AGAIN = "1"  # seconds


class Settled:
    """ASGI middleware: what may change something is heard once the log is read."""

    def __init__(self, app: ASGIApp, *, site: Site) -> None:
        self.app, self.site = app, site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in security.READING and not self.site.record.settled:
            with suppress(StoreError):  # the route will meet it too, and say so
                await to_thread.run_sync(self.site.record.settle, abandon_on_cancel=True)
        await self.app(scope, receive, send)


def page(site: Site, request: Request, error: StillReading) -> Response:
    """How much is read, and how long the rest will take."""
    reading = error.reading
    if request.url.path.startswith("/api/") and not request.headers.get("hx-request"):
        told = {"error": site.words["reading.title"].as_dict(), "read": reading.read, "of": reading.whole}
        response: Response = JSONResponse(told, 503)
    else:
        left = duration(reading.left, site.speaks(request))
        response = site.page(request, "reading.html", 503, reading=reading, left=left)
        if request.method in security.READING:
            response.headers["refresh"] = AGAIN
    response.headers["retry-after"] = AGAIN
    return response
