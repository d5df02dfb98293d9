"""The application: the site, its routes, and the guard around all of it."""

import logging
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from wenjin.kit.text import Language
from wenjin.study.chat.commands import Commands
from wenjin.study.course.graph import Course
from wenjin.study.course.maths import Maths
from wenjin.study.course.render import Renderer
from wenjin.study.judge.client import Judge, JudgeError
from wenjin.study.labs.runner import Runner
from wenjin.study.progress.readable import reader
from wenjin.study.store.daily import Daily
from wenjin.study.store.log import StoreError
from wenjin.study.store.owner import SharedLog
from wenjin.study.store.places import Places
from wenjin.study.web import (
    again,
    answers,
    api,
    archive,
    chat,
    chatlive,
    checkpoint,
    corpora,
    door,
    explore,
    exports,
    labs,
    news,
    notes,
    pages,
    place,
    progress,
    questions,
    reading,
    retention,
    review,
    runs,
    shelves,
    stream,
    summary,
    today,
    topics,
    tracks,
    week,
)
from wenjin.study.web.assets import STATIC, Files
from wenjin.study.web.guard import Guard
from wenjin.study.web.kept import StillReading
from wenjin.study.web.moving import Moves
from wenjin.study.web.security import Sessions
from wenjin.study.web.site import Site

log_of_web = logging.getLogger("wenjin.web")


def create_app(
    course: Course,
    log: SharedLog,
    judge: Judge,
    places: Places,
    *,
    secret: bytes,
    language: Language = "zh",
    version: str = "",
    commands: Commands | None = None,
) -> FastAPI:
    """The pages over these parts. Nothing is started before the server does; the caller closes log and judge.

    secret    of the data folder (`security.make_secret`); tokens minted with it from now on open one session each
    commands  how the models of this machine are listed and served; without them there are none
    """
    # FastAPI looks for models of pydantic 1 among ours, and would load all of it for that: none are there.
    sys.modules.setdefault("pydantic.v1", None)  # type: ignore[arg-type]
    sessions = Sessions(secret, time.time())
    renderer = Renderer(Maths(places.data / "formulas"))
    runner = Runner(log, course, places)
    site = Site(course, log, judge, runner, places, sessions, renderer, language, version, commands or Commands())
    daily = Daily(log, places)
    moves = Moves(
        log,
        places,
        busy=lambda: site.busy,
        forget=site.forget,
        reader=lambda: reader(course, datetime.now().astimezone().tzinfo),
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        site.warm()
        runner.start()
        site.talk.start()
        daily.start()
        yield
        daily.close()
        moves.close()
        site.talk.close()
        site.record.close()
        site.fetches.close()
        runner.close()

    app = FastAPI(title="Wenjin", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.site = site
    rooms = (
        today,
        pages,
        place,
        progress,
        news,
        shelves,
        topics,
        again,
        tracks,
        notes,
        questions,
        summary,
        review,
        retention,
        answers,
        api,
        door,
        labs,
        corpora,
        exports,
        runs,
        stream,
        chat,
        chatlive,
        checkpoint,
        week,
        explore,
    )
    for routes in rooms:
        app.include_router(routes.router(site))
    app.include_router(archive.router(site, moves, daily))
    app.mount("/static", Files(directory=STATIC), name="static")
    app.add_middleware(reading.Settled, site=site)
    app.add_middleware(Guard, sessions=sessions, refuse=site.refuse)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        key = {404: "missing", 405: "method"}.get(error.status_code, "bad")
        response = site.refuse(request, error.status_code, key)
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    async def unreadable(request: Request, error: RequestValidationError) -> Response:
        return site.refuse(request, 422, "bad")

    @app.exception_handler(JudgeError)
    async def judge_gone(request: Request, error: JudgeError) -> Response:
        log_of_web.error("the judge does not answer: %s", error)
        return site.refuse(request, 503, "judge")

    @app.exception_handler(StillReading)
    async def still_reading(request: Request, error: StillReading) -> Response:
        return reading.page(site, request, error)

    @app.exception_handler(StoreError)
    async def store_failed(request: Request, error: StoreError) -> Response:
        log_of_web.error("the store failed: %s", error)
        return site.refuse(request, 503, "store", error.text)

    return app
