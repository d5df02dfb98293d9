"""The learner's notes: beside the sections of a lesson, all on one page, saved while they are typed."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse
from markupsafe import Markup
from pydantic import BaseModel, Field
from starlette.responses import Response

from wenjin.kit.text import Language
from wenjin.study.course.margins import margins
from wenjin.study.store.log import Conflict
from wenjin.study.store.notes import LONGEST, Note
from wenjin.study.web.door import own_page
from wenjin.study.web.site import Site


class Typed(BaseModel):
    """`revision` is the one that the text was based on; `settled`: the hand rests, so it is a revision of its own."""

    text: Annotated[str, Field(max_length=LONGEST)]
    revision: Annotated[int, Field(ge=0, le=10**9)]
    settled: bool = False


def router(site: Site) -> APIRouter:
    routes = APIRouter()

    def check(topic: str, anchor: str) -> None:
        """Is there such a place, or was there one when the note was written?"""
        known = site.course.topics.get(topic)
        if known is None or (anchor not in margins(known, "zh") and not site.notes.draft(topic, anchor).revision):
            raise HTTPException(404)

    @routes.get("/notes")
    def every(request: Request, q: str = "") -> Response:
        query = " ".join(q[:200].split())
        language = site.speaks(request)
        notes = site.notes.every(language)
        found = {hit.url for hit in site.search_notes().find(query, language, limit=len(notes) + 1)}
        shown = [note for note in notes if not query or place(note) in found]
        return listing(site, request, shown, query=query, total=len(notes))

    @routes.get("/notes/{topic}")
    def of_topic(request: Request, topic: str) -> Response:
        if topic not in site.course.topics:
            raise HTTPException(404)
        return listing(site, request, list(site.notes.of(topic, site.speaks(request)).values()), topic=topic)

    @routes.post("/notes/{topic}")
    def write(
        request: Request,
        topic: str,
        anchor: Annotated[str, Form()],
        text: Annotated[str, Form(max_length=LONGEST)] = "",
        revision: Annotated[int, Form(ge=0, le=10**9)] = 0,
        back: Annotated[str, Form()] = "",
    ) -> Response:
        """The form, for who reads without scripts. Where another window has saved since, both texts are shown."""
        check(topic, anchor)
        text = text.replace("\r\n", "\n")
        try:
            site.notes.save(topic, anchor, text, revision)
        except Conflict as conflict:
            notes = list(site.notes.of(topic, site.speaks(request)).values())
            mine = {"anchor": anchor, "text": text, "revision": conflict.current.revision}
            return listing(site, request, notes, 409, topic=topic, mine=mine)
        site.notes.settle(topic, anchor, site.speaks(request))
        return RedirectResponse(f"{own_page(back, f'/topics/{topic}')}#note-{anchor}", 303)

    @routes.get("/api/notes/{topic}/{anchor}")
    def read(request: Request, topic: str, anchor: str) -> Response:
        check(topic, anchor)
        site.notes.absorb(topic, site.speaks(request))
        now = site.notes.draft(topic, anchor)
        return JSONResponse({"text": now.text, "revision": now.revision})

    @routes.put("/api/notes/{topic}/{anchor}")
    def save(request: Request, topic: str, anchor: str, typed: Typed) -> Response:
        """Keep a note; 409 with what stands there when another window, or the file, has changed it since."""
        check(topic, anchor)
        language = site.speaks(request)
        site.notes.absorb(topic, language)
        try:
            saved = site.notes.save(topic, anchor, typed.text, typed.revision)
        except Conflict as conflict:
            return JSONResponse({"text": conflict.current.text, "revision": conflict.current.revision}, 409)
        answer: dict[str, Any] = {"revision": saved.revision}
        if typed.settled:
            fault = site.notes.settle(topic, anchor, language)
            answer |= {"html": html(site, topic, typed.text, language), "maths": site.maths()}
            answer |= {"fault": fault.as_dict() if fault else None}
        return JSONResponse(answer)

    return routes


def place(note: Note) -> str:
    """Where a note stands in its lesson."""
    return f"/topics/{note.topic}#note-{note.anchor}"


def html(site: Site, topic: str, text: str, language: Language) -> Markup:
    """A note as HTML: Markdown with formulas and the course's links, never with HTML of its own."""
    known = site.course.topics.get(topic)
    if known is None:
        return Markup(site.renderer.markdown(text, language))
    return Markup(site.renderer.note(text, known, site.course, language))


def listing(site: Site, request: Request, notes: list[Note], code: int = 200, **values: Any) -> Response:
    """The page of notes, by topic: each with the section that it stands beside, the text and its form."""
    language = site.speaks(request)
    topics: dict[str, list[dict[str, Any]]] = {}
    for note in notes:
        known = site.course.topics.get(note.topic)
        heads = margins(known, language) if known else {}
        shown = {"note": note, "head": heads.get(note.anchor), "html": html(site, note.topic, note.text, language)}
        topics.setdefault(note.topic, []).append(shown)
    faults = [fault for topic, fault in site.notes.faults.items() if values.get("topic") in (None, topic)]
    values = {"query": "", "total": len(notes), "topic": None, "mine": None} | values
    return site.page(
        request, "notes.html", code, place="notes", topics=topics, faults=faults, maths=site.maths(), **values
    )
