"""The pages that are read: a topic with its lesson, cards and notes; a file of the library."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from wenjin.study.course.depth import DEPTHS
from wenjin.study.course.graph import Course, Topic
from wenjin.study.course.listing import ListingError
from wenjin.study.course.margins import margins, questions
from wenjin.study.course.passes import dated
from wenjin.study.web.again import beside
from wenjin.study.web.notes import shown as note_html
from wenjin.study.web.site import Site, remember

FOLDED = re.compile(r'<details (?=class="(?:part|aside)\b)')


def router(site: Site) -> APIRouter:
    routes = APIRouter()
    course = site.course

    @routes.get("/topics/{topic}")
    def topic(request: Request, topic: str) -> Response:
        if topic not in course.topics:
            raise HTTPException(404)
        found = course.topics[topic]
        language = site.speaks(request)
        progress = site.progress()
        standings = progress.exercises
        asked = request.query_params.get("depth")
        # Asked for here, or last in this browser, or last in a terminal; else all but what is set aside.
        wished = asked, request.cookies.get("wenjin-depth"), progress.settings.get("depth")
        depth = next((depth for depth in wished if depth in DEPTHS), "derivation")
        page = site.renderer.render(found, course, language) if found.written else None
        parts = (
            [FOLDED.sub("<details open ", part) if depth == "beyond" else part for part in page.sections]
            if page
            else []
        )
        notes = site.notes.of(topic, language)
        shown = site.page(
            request,
            "topic.html",
            topic=found,
            page=page,
            parts=parts,
            depth=depth,
            dated=dated(found, course.root),
            heads=margins(found, language),
            notes=notes,
            note_html={anchor: note_html(site, note, language) for anchor, note in notes.items()},
            fault=site.notes.faults.get(topic),
            asked=[question for question in site.box.every().values() if question.topic == topic],
            prompts=questions(found, language),
            cards=[
                {
                    "id": c.id,
                    "section": c.section,
                    "front": site.html(c.front, language),
                    "back": site.html(c.back, language),
                }
                for c in found.cards
            ],
            status=lambda exercise: standings[exercise.id].status,
            taken=topic in site.record.recall(datetime.now().astimezone(), lambda found: set(found.topics)),
            held=site.record.mastery(found),
            runs=runs(site, found),
            leads=[t for t in course.topics.values() if topic in t.prerequisites],
            ready=[] if found.written else [lab for lab in found.labs if lab.written],
            near=[] if found.written else list(near(course, found)),
            **beside(site, found, language),
            tracks=[t for t in course.tracks.values() if topic in t.topics],
            maths=site.maths(),
        )
        if asked in DEPTHS:
            remember(shown, "wenjin-depth", depth)
        return shown

    @routes.get("/library/{module}")
    def library(request: Request, module: str) -> Response:
        try:
            source = site.renderer.source(module)
        except ListingError:
            raise HTTPException(404) from None
        return site.page(request, "library.html", module=module, source=source.html)

    return routes


def runs(site: Site, topic: Topic) -> dict[str, Any]:
    """lab -> whether it was run to its end ("done"), only begun ("tried"), or never ("new")."""
    found = {lab.name: "new" for lab in topic.labs}
    for lab in topic.labs:
        told = {event.data.get("what") for event in site.log.events("run", f"{topic.id}/{lab.name}")}
        if told:
            found[lab.name] = "done" if "finished" in told else "tried"
    return found


def near(course: Course, topic: Topic) -> Iterator[Topic]:
    """The written topics nearest to one that is not: among what it needs, else all that are written, a few."""
    seen, wave = {topic.id}, list(topic.prerequisites)
    found: list[Topic] = []
    while wave and not found:
        seen.update(wave)
        found = [course.topics[id] for id in dict.fromkeys(wave) if course.topics[id].written]
        wave = [need for id in wave for need in course.topics[id].prerequisites if need not in seen]
    yield from found or [t for t in course.topics.values() if t.written][:3]
