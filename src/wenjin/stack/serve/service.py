"""What all routes share: the opened model and its engine, who may be let in, and how the server is doing.

A request is let in whole or not at all: each text it asks for takes a place, of which there are as many as slots and
the queue have together; a text gives its place back when it is over, not when its reader has read it.

    open      requests are let in
    draining  told to end: what is under way is finished, whatever comes is sent away with 503 and Retry-After

Proof    tests/stack/serve/test_overload.py, test_operate.py
"""

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from typing import Any, TypeVar

from torch import Tensor

from wenjin.stack.infer.constrain import Forms
from wenjin.stack.infer.engine import Engine
from wenjin.stack.infer.pages import PAGE
from wenjin.stack.infer.request import Request
from wenjin.stack.serve.answers import Now
from wenjin.stack.serve.api_errors import ApiError, tame
from wenjin.stack.serve.local import Local
from wenjin.stack.serve.metrics import Metrics
from wenjin.stack.serve.prompts import Prompts
from wenjin.stack.serve.worker import Worker, Writing

T = TypeVar("T")
SECONDS = 10  # over which speeds are told
LONGEST_WAIT = 60  # seconds that Retry-After ever says
SMALL = 4096  # characters that are encoded on the event loop; more go to a thread


class Service:
    """`slots`: texts that are written at once; `queue`: those that may wait beside them."""

    def __init__(self, local: Local, engine: Engine, *, queue: int) -> None:
        self.local, self.engine, self.slots, self.queue = local, engine, engine.batch, queue
        self.prompts = Prompts(local, engine.longest)
        self.metrics = Metrics(engine.stats)
        self.worker = Worker(engine)
        self.hands = ThreadPoolExecutor(1, "text")  # one, so that who came first is served first
        self.readers = ThreadPoolExecutor(engine.batch, "embed")
        self.begun = time.time()
        self.taken, self.open, self.draining = 0, 0, False
        self.idle = asyncio.Event()
        self.idle.set()
        self.usual = 1.0  # seconds from a text's arrival to its end, of late
        self.speeds: deque[tuple[float, int]] = deque(maxlen=SECONDS + 1)  # (when, tokens written until then)

    def known(self, model: str | None) -> None:
        """Raises ApiError for a model that is not the one served."""
        if model is not None and model != self.local.name:
            raise ApiError(
                404,
                f"The model {tame(model)!r} is not served here; {self.local.name!r} is.",
                code="model_not_found",
                param="model",
            )

    @cached_property
    def forms(self) -> Forms:
        """What answers may be made to look like. No special token can stand in for its text."""
        special = set(self.local.tokenizer.specials.values())
        pieces = [b"" if id in special else piece for id, piece in enumerate(self.local.pieces)]
        return Forms(pieces, self.local.stops, self.engine.vocab)

    def room(self, texts: int) -> None:
        """Raises ApiError unless there are so many places now."""
        self.ready()
        if texts > self.slots + self.queue:
            raise ApiError(
                400,
                f"This server takes {self.slots + self.queue} texts at once at most, and the request asks for {texts}.",
                code="too_many_texts",
            )
        if self.taken + texts > self.slots + self.queue:
            self.metrics.refused.inc(texts)
            message = f"{self.taken} texts are being written or wait; the queue is full. Try again later."
            raise ApiError(429, message, code="queue_full", retry=self.wait())

    def ready(self) -> None:
        if self.worker.failed:
            raise ApiError(503, "The engine has stopped; the server must be started again.", code="engine_stopped")
        if self.draining:
            raise ApiError(503, "The server is about to end.", code="shutting_down", retry=self.wait())

    def wait(self) -> int:
        """Seconds until there should be a place: as long as texts took of late."""
        return max(1, min(LONGEST_WAIT, math.ceil(self.usual)))

    def free(self, begun: float) -> None:
        """A text that came at `begun` (of time.perf_counter) is over."""
        self.taken -= 1
        self.usual += 0.2 * (time.perf_counter() - begun - self.usual)
        if not self.taken:
            self.idle.set()

    def write(self, requests: Sequence[Request]) -> Writing:
        """Take places for these and hand them to the engine. Raises ApiError, and Refused for what it cannot do."""
        self.room(len(requests))
        begun = time.perf_counter()
        writing = Writing(self.engine, requests, lambda: self.free(begun))
        self.taken += len(requests)
        self.idle.clear()
        return writing

    def embed(self, texts: Sequence[tuple[int, ...]]) -> tuple[Coroutine[Any, Any, list[Tensor]], Callable[[], None]]:
        """The work of embedding all of these, one after the other in one place, and what gives it up."""
        self.room(1)
        begun, over, loop = time.perf_counter(), threading.Event(), asyncio.get_running_loop()
        self.taken += 1
        self.idle.clear()

        def all_of_them() -> list[Tensor]:
            return [self.engine.embed(ids).cpu() for ids in texts if not over.is_set()]

        def freed(job: Future[list[Tensor]]) -> None:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self.free, begun)

        job = self.readers.submit(all_of_them)
        job.add_done_callback(freed)

        async def work() -> list[Tensor]:
            return await asyncio.wrap_future(job)

        return work(), over.set

    async def off(self, work: Callable[[], T], size: int = SMALL + 1) -> T:
        """Do work on `size` characters where it holds up nobody."""
        if size <= SMALL:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self.hands, work)

    async def measure(self) -> None:
        """Note once a second how much has been written. Runs as long as the server does."""
        while True:
            self.speeds.append((time.perf_counter(), self.engine.stats().tokens))
            await asyncio.sleep(1)

    def now(self) -> Now:
        stats = self.engine.stats()
        moment, before = self.speeds[0] if self.speeds else (time.perf_counter(), stats.tokens)
        spent = time.perf_counter() - moment
        return Now(
            model=self.local.name,
            format=str(self.local.about.get("format", "")),
            context=self.engine.longest,
            running=stats.running,
            waiting=stats.waiting,
            slots=self.slots,
            queue=self.queue,
            pages=stats.pages,
            pages_used=stats.pages_used,
            pages_kept=stats.pages_kept,
            page=PAGE,
            prompt_tokens=stats.prompt_tokens,
            prefix_hits=stats.prefix_hits,
            tokens=stats.tokens,
            tokens_per_second=(stats.tokens - before) / spent if spent > 0 else 0.0,
            finished=stats.finished,
            cancelled=stats.cancelled,
            failed=stats.failed,
            seconds=time.time() - self.begun,
            draining=self.draining,
        )
