"""What the page of a run asks for while it is open: its frames as they come, stop, resume, a remark.

The frames come as server-sent events. Each carries, as its id, the place in the record up to which it reaches: a
browser that lost the connection sends it back (Last-Event-ID) and misses nothing.

    event: frames   id: 4711   data: [{"frame": "point", …}, …]      rows of the record, as they stand there
    event: state               data: {"state": "queued", "place": 2}  whenever it changes
    event: end                 data: {"state": "finished"}            nothing follows; the page shows the result
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wenjin.study.labs.records import RunError
from wenjin.study.labs.runner import Following
from wenjin.study.web.site import Site, whole

PAUSE = 0.25  # seconds between two looks into the record
BEAT = 60  # looks without news after which a comment is sent: who is gone is noticed
AGAIN = 1000  # milliseconds after which a browser tries a lost stream again
REMARK = 20_000  # characters


def router(site: Site) -> APIRouter:
    routes = APIRouter(prefix="/api/runs/{id}")

    @routes.get("/frames")
    async def frames(request: Request, id: str, after: int = 0) -> Response:
        if await run_in_threadpool(site.runner.run, id) is None:
            raise HTTPException(404)
        last = whole(request.headers.get("last-event-id", ""), digits=15)
        start = max(after, 0) if last is None else last
        return StreamingResponse(
            events(site, id, start), media_type="text/event-stream", headers={"cache-control": "no-store"}
        )

    @routes.post("/stop")
    async def stop(request: Request, id: str) -> Response:
        return await change(request, id, lambda: site.runner.stop(id))

    @routes.post("/resume")
    async def resume(request: Request, id: str) -> Response:
        return await change(request, id, lambda: site.runner.resume(id))

    @routes.post("/remark")
    async def remark(request: Request, id: str) -> Response:
        text = str((await request.form()).get("text", ""))[:REMARK].replace("\r\n", "\n")
        return await change(request, id, lambda: site.runner.remark(id, text))

    async def change(request: Request, id: str, act: Callable[[], None]) -> Response:
        """Do it. A script is told; a form is led back to the page of the run."""
        if await run_in_threadpool(site.runner.run, id) is None:
            raise HTTPException(404)
        try:
            await run_in_threadpool(act)
        except RunError as error:
            if wants_json(request):
                return JSONResponse({"error": error.text.as_dict()}, 409)
            return site.page(request, "error.html", 409, status=409, key="run", text=error.text)
        return JSONResponse({"id": id}) if wants_json(request) else RedirectResponse(f"/runs/{id}", 303)

    return routes


def wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


async def events(site: Site, id: str, after: int) -> AsyncIterator[str]:
    """The record of a run from a place on, until it ends or the server does."""
    told: dict[str, Any] = {}
    quiet = 0
    yield f"retry: {AGAIN}\n\n"
    while not site.leaving.is_set():
        state, place, found = await asyncio.to_thread(look, site, id, after)
        now = {"state": state, "place": place}
        quiet += 1
        if now != told:
            told, quiet = now, 0
            yield event("state", now)
        if found.rows:
            after, quiet = found.after, 0
            yield event("frames", found.rows, after)
        if found.over:
            yield event("end", {"state": state})
            return
        if quiet >= BEAT:
            quiet = 0
            yield ": still here\n\n"
        await asyncio.sleep(PAUSE)


def look(site: Site, id: str, after: int) -> tuple[str, int | None, Following]:
    """Its state, its place in the queue, and what is new. The book is opened only when the run is over: it is long."""
    found = site.runner.rows(id, after)
    place = site.runner.place(id)
    if place is not None:
        return ("queued" if place else "running"), place, found
    run = site.runner.run(id) if found.over else None
    return (run.state if run else "running"), place, found


def event(name: str, data: Any, id: int | None = None) -> str:
    head = "" if id is None else f"id: {id}\n"
    return f"{head}event: {name}\ndata: {json.dumps(data, ensure_ascii=False, allow_nan=False)}\n\n"
