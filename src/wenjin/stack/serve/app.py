"""The application: the routes over one opened model, the guard around them, figures around both.

    app = create_app(service, key="…", own=True)

Proof    tests/stack/serve
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from wenjin.stack.serve import api_errors, chat, completions, inspect, operate, texts
from wenjin.stack.serve.documents import describe
from wenjin.stack.serve.metrics import Watch
from wenjin.stack.serve.security import Guard, Limits
from wenjin.stack.serve.service import Service


def create_app(service: Service, *, key: str | None, own: bool, limits: Limits | None = None) -> FastAPI:
    """`key`: what clients must send, None for none; `own`: answer to this machine's own names only."""
    # FastAPI looks for models of pydantic 1 among ours, and would load all of it for that: none are there.
    sys.modules.setdefault("pydantic.v1", None)  # type: ignore[arg-type]

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.worker.start()
        measuring = asyncio.ensure_future(service.measure())
        yield
        measuring.cancel()
        with suppress(asyncio.CancelledError):
            await measuring
        service.worker.stop()

    app = FastAPI(title="Wenjin model server", docs_url=None, redoc_url=None, lifespan=lifespan, redirect_slashes=False)
    app.state.service = service
    for routes in (chat, completions, texts, inspect, operate):
        app.include_router(routes.router(service))
    app.add_middleware(Guard, key=key, own=own, limits=limits or Limits())
    app.add_middleware(Watch, metrics=service.metrics)
    api_errors.handle(app)
    describe(app, model=service.local.name, key=key is not None)
    return app
