"""The learner's notes: beside the sections of a lesson, all on one page, saved while they are typed."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse
from markupsafe import Markup
from pydantic import BaseModel, Field
from starlette.responses import Response

from wenjin.kit.text import Language
from wenjin.study.course.margins import WHOLE, margins
from wenjin.study.course.wikilinks import links
from wenjin.study.progress.difference import difference
from wenjin.study.progress.outline import REFLECT
from wenjin.study.progress.summary import REFLECTION, WEEK
from wenjin.study.store.log import Conflict
from wenjin.study.store.notes import LONGEST, Note, beginning, body, is_private
from wenjin.study.web.door import own_page
from wenjin.study.web.search import place, plain
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
        week = WEEK.fullmatch(topic) is not None
        there = anchor == REFLECTION if week else known is not None and anchor in margins(known, "zh")
        if not there and (known is None or not site.notes.draft(topic, anchor).revision):
            raise HTTPException(404)

    @routes.get("/notes")
    def every(request: Request, q: str = "") -> Response:
        query = " ".join(q[:200].split())
        language = site.speaks(request)
        notes = site.notes.every(language)
        found = {hit.url for hit in site.search_notes().find(query, language, limit=len(notes) + 1)}
        shown = [note for note in notes if not query or place(note.topic, note.anchor) in found]
        return listing(site, request, shown, query=query, total=len(notes))

    @routes.get("/notes/{topic}")
    def of_topic(request: Request, topic: str) -> Response:
        if topic not in site.course.topics and not WEEK.fullmatch(topic):
            raise HTTPException(404)
        language = site.speaks(request)
        return listing(site, request, list(site.notes.of(topic, language).values()), topic=topic)

    @routes.get("/notes/{topic}/{anchor}")
    def revisions(request: Request, topic: str, anchor: str, at: str = "", back: str = "") -> Response:
        """The texts that a note had: one of them, and what has become of it since."""
        check(topic, anchor)
        language = site.speaks(request)
        site.notes.absorb(topic, language)
        now, told = site.notes.draft(topic, anchor), site.notes.revisions(topic, anchor)
        chosen = next((one for one in told if one.id == at), None)
        if at and chosen is None:
            raise HTTPException(404)
        return site.page(
            request,
            "revisions.html",
            place="notes",
            topic=topic,
            anchor=anchor,
            head=head(site, topic, anchor, language),
            home=place(topic, anchor),
            told=list(reversed(told)),
            chosen=chosen,
            now=now,
            lines=difference(chosen.text, now.text) if chosen else None,
            html=html(site, topic, chosen.text, language) if chosen else "",
            returned=bool(back),
            maths=site.maths(),
        )

    @routes.post("/notes/{topic}/{anchor}")
    def bring_back(request: Request, topic: str, anchor: str, revision: Annotated[str, Form()]) -> Response:
        """An earlier text becomes the newest revision; nothing is taken away."""
        check(topic, anchor)
        try:
            site.notes.bring_back(topic, anchor, revision, site.speaks(request))
        except KeyError:
            raise HTTPException(404) from None
        return RedirectResponse(f"/notes/{topic}/{anchor}?back=1", 303)

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

    @routes.get("/api/links")
    def linkable(request: Request) -> Response:
        """What a note can link to: the topics, and beside what the learner has notes already."""
        language = site.speaks(request)
        topics = [{"name": t.id, "title": t.title[language], "kind": "topic"} for t in site.course.topics.values()]
        own = [note for note in site.notes.every(language) if note.topic in site.course.topics and note.anchor != WHOLE]
        notes = [
            {
                "name": f"{note.topic}#{note.anchor}",
                "title": plain(head(site, note.topic, note.anchor, language)),
                "kind": "note",
            }
            for note in own
        ]
        return JSONResponse(topics + notes)

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


def head(site: Site, topic: str, anchor: str, language: Language) -> str:
    """What a note stands beside, as Markdown."""
    if WEEK.fullmatch(topic) and anchor == REFLECTION:
        return f"{topic} · {REFLECT[language]}"
    known = site.course.topics.get(topic)
    return margins(known, language).get(anchor, anchor) if known else anchor


def beside(note: Note) -> str:
    """Where that stands in the pages."""
    if WEEK.fullmatch(note.topic):
        return place(note.topic, note.anchor)
    return f"/topics/{note.topic}#{'main' if note.anchor == WHOLE else note.anchor}"


def html(site: Site, topic: str, text: str, language: Language) -> Markup:
    """A note as HTML: Markdown with formulas and links to topics, never with HTML of its own."""
    made = Markup(site.renderer.note(body(text), site.course.topics.get(topic), site.course, language))
    if not is_private(text):
        return made
    return Markup('<p class="note-private">{}</p>').format(site.words["note.private"][language]) + made


def shown(site: Site, note: Note, language: Language) -> Markup:
    """A note as one of many: all of it, or of a long one the beginning."""
    return html(site, note.topic, beginning(note.text) if note.long else note.text, language)


def leading_here(site: Site, topic: str, language: Language) -> list[Note]:
    """The notes of other topics that link to this one."""
    others = [note for note in site.notes.every(language) if note.topic != topic and "[[" in note.text]
    return [note for note in others if any(link.topic == topic for link in links(note.text, site.course))]


def listing(site: Site, request: Request, notes: list[Note], code: int = 200, **values: Any) -> Response:
    """The page of notes, by topic: each with the section that it stands beside, the text and its form."""
    language = site.speaks(request)
    topics: dict[str, list[dict[str, Any]]] = {}
    topic = values.get("topic")
    for note in notes:
        row = {
            "note": note,
            "head": head(site, note.topic, note.anchor, language),
            "home": beside(note),
            "html": html(site, note.topic, note.text, language) if topic else shown(site, note, language),
        }
        topics.setdefault(note.topic, []).append(row)
    here = leading_here(site, topic, language) if topic else []
    faults = [fault for one, fault in site.notes.faults.items() if topic in (None, one)]
    values = {"query": "", "total": len(notes), "topic": None, "mine": None} | values
    return site.page(
        request,
        "notes.html",
        code,
        place="notes",
        topics=topics,
        faults=faults,
        leading=[
            (note, place(note.topic, note.anchor), head(site, note.topic, note.anchor, language)) for note in here
        ],
        maths=site.maths(),
        **values,
    )
