"""The addresses that the page's scripts and the learner's own scripts speak to. JSON both ways."""

from datetime import UTC
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.responses import Response

from wenjin.kit.text import Text
from wenjin.study.course.graph import Exercise
from wenjin.study.judge.attempt import attempt
from wenjin.study.store.log import Conflict, happened
from wenjin.study.web import desk
from wenjin.study.web.site import Site

SOURCE = 600_000  # characters of an answer
SHOWN = 200  # attempts in a history

Source = Annotated[str, Field(max_length=SOURCE)]


class Attempt(BaseModel):
    """An answer: a program as `source` or `answer`; for other forms the document {"variant", "answer"}, or its text."""

    source: Source | None = None
    answer: Source | dict[str, Any] | None = None
    variant: Annotated[int, Field(ge=0, le=10**9)] = 0
    confirmed: bool = False  # run it this once where nothing confines it


class Run(BaseModel):
    source: Source
    scratch: Source = ""
    confirmed: bool = False


class DraftText(BaseModel):
    """`revision` is the one that this text was based on; 0 when there was none."""

    text: Source
    revision: Annotated[int, Field(ge=0, le=10**9)]


def router(site: Site) -> APIRouter:
    routes = APIRouter(prefix="/api/exercises/{topic}/{exercise}")
    judging = CapacityLimiter(8)  # so that answers that run long never keep a page waiting

    def find(topic: str, exercise: str) -> Exercise:
        found = site.course.exercises.get(f"{topic}/{exercise}")
        if found is None or not found.written:
            raise HTTPException(404)
        return found

    @routes.post("/attempts")
    async def judge(request: Request, topic: str, exercise: str, given: Attempt) -> Response:
        """The verdict, the same object as `wenjin check --json` prints."""
        found = find(topic, exercise)
        answer = desk.document(found, given.source if given.source is not None else given.answer, given.variant)
        source = "page" if request.state.session else "api"

        def judged() -> dict[str, Any]:
            return attempt(
                site.judge,
                site.log,
                found.id,
                answer,
                variant=given.variant,
                source=source,
                confirmed=given.confirmed,
            )

        return JSONResponse(await to_thread.run_sync(judged, limiter=judging))

    @routes.get("/attempts")
    def history(topic: str, exercise: str) -> Response:
        """The attempts of this exercise, newest first."""
        events = site.log.events("attempt", find(topic, exercise).id)[-SHOWN:]
        kept = ("verdict", "name", "feedback", "answer", "variant", "source", "ms")
        rows = [
            {"id": e.id, "at": e.at.astimezone(UTC).isoformat(timespec="seconds")} | {k: e.data.get(k) for k in kept}
            for e in reversed(events)
        ]
        return JSONResponse({"attempts": rows})

    @routes.post("/runs")
    async def run(topic: str, exercise: str, given: Run) -> Response:
        """Run an answer on the learner's own lines: no verdict, no record."""
        found = find(topic, exercise)
        if not found.code:
            return refusal(site.words["exercise.no-run"], 400)

        def ran() -> dict[str, Any]:
            source = given.source.encode("utf-8", "surrogatepass")
            return site.judge.run(found.id, source, given.scratch, confirmed=given.confirmed)

        return JSONResponse(await to_thread.run_sync(ran, limiter=judging))

    @routes.get("/draft")
    def draft(topic: str, exercise: str) -> Response:
        kept = site.log.draft(find(topic, exercise).id)
        return JSONResponse({"text": kept and kept.text, "revision": kept.revision if kept else 0})

    @routes.put("/draft")
    def save(topic: str, exercise: str, given: DraftText) -> Response:
        """Keep a draft; 409 with what stands there when another window saved since."""
        try:
            saved = site.log.save_draft(find(topic, exercise).id, given.text, given.revision)
        except Conflict as conflict:
            return JSONResponse({"text": conflict.current.text, "revision": conflict.current.revision}, 409)
        return JSONResponse({"revision": saved.revision})

    @routes.post("/hints")
    def hint(request: Request, topic: str, exercise: str, number: int = Form(0)) -> Response:
        """Open the next hint. `number` makes a repeated request harmless; without it the next one opens."""
        found = find(topic, exercise)
        opened = site.progress().exercises[found.id].hints
        if opened < len(found.hints) and number in (0, opened + 1):
            opened += 1
            site.log.append(happened("hint", found.id, {"exercise": found.id, "number": opened}))
        if wants_page(request):
            return desk.fragment(site, request, found, "_hints.html", "#hints")
        shown = [text.as_dict() for text in found.hints[:opened]]
        return JSONResponse({"opened": opened, "total": len(found.hints), "hints": shown})

    @routes.post("/solution")
    def solution(request: Request, topic: str, exercise: str, variant: int = Form(0, ge=0, le=10**9)) -> Response:
        """The reference answer, once it is open: after a pass or the last hint."""
        found = find(topic, exercise)
        if not site.progress().exercises[found.id].solution_open:
            return refusal(site.words["exercise.solution-closed"], 403)
        if not site.log.events("solution", found.id):
            site.log.append(happened("solution", found.id, {"exercise": found.id}))
        if wants_page(request):
            return desk.fragment(site, request, found, "_solution.html", "#solution", variant)
        return JSONResponse({"solution": site.judge.solution(found.id, variant)})

    return routes


def wants_page(request: Request) -> bool:
    """Did a form of the page ask, rather than a script?"""
    return request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


def refusal(text: Text, status: int) -> Response:
    return JSONResponse({"error": text.as_dict()}, status)
