"""Whether somebody has a paper open: they do as long as their page is still receiving something from here.

A page with scripts listens to events, which also tell it the seconds that are left. One without scripts loads a
picture that never ends: one clear pixel, and then a comment of the GIF every half second. When the tab is closed, the
browser killed or the laptop shut, the connection ends, and with it the time that counts.

    event: left   data: {"left": 1079.6}    twice a second
    event: over   data: {}                  nothing follows
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator

from wenjin.study.judge.sitting import Room
from wenjin.study.progress.paper import Sitting

PAUSE = 0.5  # seconds
AGAIN = 300  # milliseconds after which a browser tries a lost stream again
PIXEL = b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + bytes(6) + b"\x21\xf9\x04\x01\x00\x00\x00\x00"  # and no image yet
COMMENT = b"\x21\xfe\x01.\x00"  # an extension that says "."


async def events(room: Room, sat: Sitting, leaving: threading.Event) -> AsyncIterator[bytes]:
    yield f"retry: {AGAIN}\n\n".encode()
    async for left in counted(room, sat, leaving):
        yield f"event: left\ndata: {json.dumps({'left': round(left, 2)})}\n\n".encode()
    if sat.ended is not None or room.clock(sat).over:
        yield b"event: over\ndata: {}\n\n"


async def picture(room: Room, sat: Sitting, leaving: threading.Event) -> AsyncIterator[bytes]:
    yield PIXEL
    async for _ in counted(room, sat, leaving):
        yield COMMENT


async def counted(room: Room, sat: Sitting, leaving: threading.Event) -> AsyncIterator[float]:
    """The seconds left, again and again, while the clock is held; until it is over or nobody listens."""
    loop = asyncio.get_running_loop()
    holding = asyncio.ensure_future(asyncio.to_thread(room.hold, sat))
    try:
        clock = await asyncio.shield(holding)
    except asyncio.CancelledError:  # gone before it was held: it is held all the same, and let go
        holding.add_done_callback(lambda _: loop.run_in_executor(None, room.release, sat.id))
        raise
    try:
        while not leaving.is_set():
            over = await asyncio.to_thread(room.over, sat)
            yield clock.left
            if over:
                return
            await asyncio.sleep(PAUSE)
    finally:
        # Not awaited: whoever listened is gone, and this task is being cancelled.
        loop.run_in_executor(None, room.release, sat.id)
