"""Between the engine, which writes in a thread of its own, and requests, which wait on the event loop.

    writing = Writing(engine, [request, …])        raises what the engine refuses with
    async for batch in writing:                    [(number, token), …]: all that has come meanwhile
    writing.cancel()                               whoever asked has left: slots and pages are free with the next step

The engine's thread never waits for a reader: tokens of a slow one are kept here, as many as the text may have. What
came while a reader was busy is handed over at once, so that it catches up. The first token and the last go out as they
come, those between at most once in PACE seconds: faster than a film nobody sees, and eight texts of a small model would
keep the loop busier with telling than the engine is with writing. Where log-probabilities are asked for, each token is
told by itself as far as the reader keeps up: whoever looks at tokens wants them apart.

Proof    tests/stack/serve/test_cancel.py, test_streams.py
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from functools import partial

from wenjin.stack.infer.engine import Engine
from wenjin.stack.infer.request import Request, Token
from wenjin.stack.serve.logs import log

Batch = list[tuple[int, Token]]
PACE = 1 / 30  # seconds


class Writing:
    """The texts of one request, numbered from 0. `freed` is called on the loop once for each text that is over."""

    def __init__(self, engine: Engine, requests: Sequence[Request], freed: Callable[[], None]) -> None:
        self.loop = asyncio.get_running_loop()
        self.freed, self.open = freed, len(requests)
        self.come: Batch = []
        self.lock = threading.Lock()
        self.pace = PACE if all(request.logprobs is None for request in requests) else 0.0
        self.awaited = True  # somebody is to be told of the next token
        self.news, self.last = asyncio.Event(), asyncio.Event()
        self.tickets = []
        try:
            for request in requests:
                self.tickets.append(engine.submit(request))
        except BaseException:
            self.cancel()
            raise
        for number, ticket in enumerate(self.tickets):
            ticket.listen(partial(self.hear, number))

    def hear(self, number: int, token: Token) -> None:
        """In the engine's thread."""
        with self.lock:
            self.come.append((number, token))
            awaited, self.awaited = self.awaited, False
        if awaited or token.finish:
            with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                self.loop.call_soon_threadsafe(self.tell, token.finish is not None)

    def tell(self, over: bool) -> None:
        """On the loop, whether or not anybody reads: a text that is over gives its place back."""
        self.news.set()
        if over:
            self.open -= 1
            self.freed()
            if not self.open:
                self.last.set()

    async def __aiter__(self) -> AsyncIterator[Batch]:
        """Ends after the last token of the last text."""
        unread = len(self.tickets)
        while unread:
            await self.news.wait()
            self.news.clear()
            batch = self.taken()
            unread -= sum(token.finish is not None for _, token in batch)
            if batch:
                yield batch
            if self.pace:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.pace):
                        await self.last.wait()
            with self.lock:
                self.awaited = not self.come
            if not self.awaited:
                self.news.set()

    def taken(self) -> Batch:
        """What has come since."""
        with self.lock:
            batch, self.come = self.come, []
            return batch

    def cancel(self) -> None:
        """Give up what is not over."""
        for ticket in self.tickets:
            ticket.cancel()


class Worker:
    """The engine's thread. `failed` once it has ended by itself."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.failed = False
        self.thread = threading.Thread(target=self.work, name="engine", daemon=True)

    def work(self) -> None:
        try:
            self.engine.run()
        except Exception:
            self.failed = True
            log.exception("the engine has stopped")

    def start(self) -> None:
        self.thread.start()

    def stop(self, patience: float = 10.0) -> None:
        self.engine.close()
        self.thread.join(patience)
