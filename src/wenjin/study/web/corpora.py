"""The page of a corpus that labs read: what it is, what fetching it would cost, and its fetching when asked for."""

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from wenjin.study.web import results
from wenjin.study.web.fetches import Refused
from wenjin.study.web.site import Site

HERE = ("whole", "shipped", "running")  # states in which nothing need be fetched


def router(site: Site) -> APIRouter:
    routes = APIRouter(prefix="/data/{id}")
    labs = [lab for lab in site.course.labs.values() if lab.written]
    used = {id for lab in labs for id in lab.data if site.course.sources[id].kind == "package"}

    def known(id: str) -> str:
        if id not in used:
            raise HTTPException(404)
        return id

    @routes.get("")
    def read(request: Request, id: str) -> Response:
        language = site.speaks(request)
        fetch = site.fetches.of(known(id))
        row, why = None, fetch.why if fetch and fetch.state == "failed" else ""
        if fetch is None or fetch.state != "running":
            try:
                row = site.fetches.offer(id, language)
            except Refused as error:
                why = str(error)
        here = row is not None and row["state"] in HERE
        left = fetch.left if fetch else None
        return site.page(
            request,
            "data.html",
            place="runs",
            source=site.course.sources[id],
            state="running" if row is None and not why else "here" if here else "absent",
            fetch=fetch,
            left="" if left is None else results.duration(left, language),
            row=row,
            why=why,
            labs=[lab for lab in labs if id in lab.data],
            megabytes=lambda bytes_: f"{bytes_ / 1e6:.1f} MB",
        )

    @routes.post("/add")
    def add(request: Request, id: str) -> Response:
        site.fetches.begin(known(id), site.speaks(request))
        return RedirectResponse(f"/data/{id}", 303)

    @routes.post("/stop")
    def stop(id: str) -> Response:
        if fetch := site.fetches.of(known(id)):
            fetch.stop()
        return RedirectResponse(f"/data/{id}", 303)

    return routes
