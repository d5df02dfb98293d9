"""Runs taken along: as a table, as TensorBoard's event files; pinned to a note."""

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from wenjin.study.course.margins import margins
from wenjin.study.labs import board
from wenjin.study.labs.pins import pin
from wenjin.study.web.runs import ASKED, fits
from wenjin.study.web.site import Site

FORMS = ("csv", "tensorboard")


def router(site: Site) -> APIRouter:
    routes = APIRouter()
    labs = {id: lab for id, lab in site.course.labs.items() if lab.written}

    @routes.get("/api/runs/export")
    def export(
        request: Request,
        form: Annotated[str, Query(alias="as")] = "csv",
        run: Annotated[list[str] | None, Query()] = None,
    ) -> Response:
        """The runs that are named, else those that fit the book's filter."""
        language = site.speaks(request)
        every = site.runner.runs()
        if form not in FORMS or any(id not in every for id in run or ()):
            raise HTTPException(404)
        asked = {name: request.query_params.get(name, "").strip()[:200] for name in ASKED}
        named = [every[id] for id in run or ()]
        chosen = named or [one for one in every.values() if fits(one, labs.get(one.lab), asked, language)]
        found = ((one, site.runner.frames(one.id)) for one in chosen)
        if form == "csv":
            return download(("\ufeff" + board.table(found)).encode("utf-8", "replace"), "text/csv", "wenjin-runs.csv")
        files = (board.event_file(one, frames) for one, frames in found)
        return download(board.archive(files), "application/zip", "wenjin-runs-tensorboard.zip")

    @routes.post("/runs/{id}/pin")
    def pinning(request: Request, id: str, anchor: Annotated[str, Form()]) -> Response:
        found = site.runner.run(id)
        topic = site.course.topics.get(found.lab.partition("/")[0]) if found else None
        if found is None or topic is None or anchor not in margins(topic, "zh"):
            raise HTTPException(404)
        pin(site.notes, found, labs.get(found.lab), topic.id, anchor, site.speaks(request))
        return RedirectResponse(f"/runs/{id}#pin", 303)

    return routes


def download(data: bytes, kind: str, name: str) -> Response:
    return Response(data, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})
