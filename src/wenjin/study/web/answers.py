"""The exercise page and its form, which works without scripts: judge, run, reset."""

from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from wenjin.kit.text import Text
from wenjin.study.course.graph import Exercise
from wenjin.study.judge import forms
from wenjin.study.judge.attempt import attempt
from wenjin.study.store.log import Conflict, happened
from wenjin.study.web import desk
from wenjin.study.web.site import Site, link, whole


def router(site: Site) -> APIRouter:
    routes = APIRouter(prefix="/topics/{topic}/exercises/{exercise}")
    judging = CapacityLimiter(8)

    def find(topic: str, exercise: str) -> Exercise:
        found = site.course.exercises.get(f"{topic}/{exercise}")
        if found is None or not found.written:
            raise HTTPException(404)
        return found

    @routes.get("")
    def read(request: Request, topic: str, exercise: str) -> Response:
        return desk.show(site, request, find(topic, exercise))

    @routes.post("")
    async def answer(request: Request, topic: str, exercise: str) -> Response:
        found = find(topic, exercise)
        form = {key: str(value).replace("\r\n", "\n") for key, value in (await request.form()).items()}
        return await to_thread.run_sync(lambda: take(request, found, form), limiter=judging)

    def take(request: Request, exercise: Exercise, form: dict[str, str]) -> Response:
        do = form.get("do", "judge")
        if exercise.code and do == "reset":
            kept = site.log.draft(exercise.id)
            site.log.save_draft(exercise.id, exercise.starter, kept.revision if kept else 0)
            site.log.append(happened("reset", exercise.id, {"exercise": exercise.id}))
            return RedirectResponse(link(exercise), 303)
        source = form.get("source", "")
        fault = keep(exercise, source, form.get("revision", "")) if exercise.code else None
        last: dict[str, Any] | None = None
        ran: dict[str, Any] | None = None
        action, _, confirmed = do.partition("-")  # judge-unconfined: this once, where nothing confines it
        if exercise.code and action == "run":
            ran = site.judge.run(exercise.id, source.encode(), form.get("scratch", ""), confirmed=bool(confirmed))
        else:
            variant = desk.wanted_variant(request, form, 0)
            problem = {} if exercise.code else site.problem(exercise.id, variant)
            given = forms.answer(exercise, problem, form, variant)
            last = attempt(
                site.judge, site.log, exercise.id, given, variant=variant, source="page", confirmed=bool(confirmed)
            )
        return desk.show(site, request, exercise, form=form, last=last, ran=ran, fault=fault)

    def keep(exercise: Exercise, source: str, revision: str) -> Text | None:
        """Keep the text as the draft, unless another window has saved since; then say so. Nothing is overwritten."""
        try:
            known = whole(revision) or 0
            site.log.save_draft(exercise.id, source, known)
        except Conflict:
            return site.words["exercise.two-windows"]
        return None

    return routes
