"""What the page of a conversation asks for: an answer's pieces as they come, its tokens later, all of it as a file.

The server's events are those of the model server's stream, kept and counted; each carries as its id how many pieces
came so far: a browser that lost the connection sends it back and misses nothing.

    event: state    data: {"state": "loading", "seconds": 3}        waiting, loading, reading, writing
    event: pieces   id: 17   data: [{"text", "tokens"}, …]
    event: meter    data: {"tokens", "rate", "cache": {"used", "all"}}
    event: end      data: {}                                        nothing follows; the page shows the answer
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wenjin.study.chat.answers import Live
from wenjin.study.store.chats import Turn
from wenjin.study.web import chatexport
from wenjin.study.web.site import Site, whole
from wenjin.study.web.stream import AGAIN, event

PAUSE = 0.03  # seconds between two looks at an answer: a piece is shown as soon as an eye sees it
METER = 0.5  # between two reports of how it goes
ASKED = 1.0  # between two questions to the model server how full its cache is
BEAT = 10.0  # seconds without news after which a comment is sent


def router(site: Site) -> APIRouter:
    routes = APIRouter(prefix="/api/chat/{id}")
    talk = site.talk

    def find(id: str, turn: str) -> Turn:
        chat = talk.chats.find(id)
        if chat is None or turn not in chat.turns:
            raise HTTPException(404)
        return chat.turns[turn]

    @routes.get("/{turn}/pieces")
    async def pieces(request: Request, id: str, turn: str, after: int = 0) -> Response:
        await run_in_threadpool(find, id, turn)
        last = whole(request.headers.get("last-event-id", ""))
        start = max(after, 0) if last is None else last
        return StreamingResponse(
            events(site, turn, start), media_type="text/event-stream", headers={"cache-control": "no-store"}
        )

    @routes.get("/{turn}/tokens")
    def tokens(id: str, turn: str) -> Response:
        """The pieces of an answer that has ended, with the probabilities of their tokens."""
        find(id, turn)
        return JSONResponse(list(talk.chats.rows(turn)))

    @routes.get("/export")
    def export(request: Request, id: str, to: str = "md", at: str = "") -> Response:
        chat = talk.chats.find(id)
        if chat is None:
            raise HTTPException(404)
        return chatexport.answer(chat, to, at, site.speaks(request), talk.chats)

    return routes


async def events(site: Site, turn: str, after: int) -> AsyncIterator[str]:
    """The pieces of an answer from a number on, until it ends or the course does."""
    live = site.talk.answers.live(turn)
    yield f"retry: {AGAIN}\n\n"
    told: dict[str, Any] = {}
    cache: dict[str, int] | None = None
    metered = asked = spoken = time.monotonic()
    while live is not None and not site.leaving.is_set():
        ended = live.state == "ended"  # before the rows are looked at: what is read after it is all there is
        now = time.monotonic()
        state = {"state": live.state} | ({"seconds": round(now - live.began)} if live.state == "loading" else {})
        if state != told and not ended:
            told, spoken = state, now
            yield event("state", state)
        rows = live.rows[after:]
        if rows:
            after += len(rows)
            spoken = now
            yield event("pieces", rows, after)
        if now - asked >= ASKED:
            asked = now
            cache = filled(await asyncio.to_thread(site.talk.server.stats))
        if now - metered >= METER or ended:
            metered = spoken = now
            yield event("meter", meter(live, cache))
        if ended:
            break
        if now - spoken >= BEAT:
            spoken = now
            yield ": still here\n\n"
        await asyncio.sleep(PAUSE)
    if not site.leaving.is_set():
        yield event("end", {})


def meter(live: Live, cache: dict[str, int] | None) -> dict[str, Any]:
    rate = live.rate
    return {"tokens": live.tokens, "rate": rate and round(rate, 1), "cache": cache}


def filled(stats: Mapping[str, Any] | None) -> dict[str, int] | None:
    """How full the cache of the model server is, in its pages: those in use and those kept for a beginning to come."""
    told = {} if stats is None else stats.get("engine", stats)
    used, kept, pages = (told.get(name) for name in ("pages_used", "pages_kept", "pages"))
    if not isinstance(used, int) or not isinstance(pages, int) or pages <= 0:
        return None
    return {"used": used + (kept if isinstance(kept, int) else 0), "all": pages}
