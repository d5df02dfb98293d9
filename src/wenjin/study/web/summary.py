"""The summary of a week, or of a unit of a track: what was done as outline and map, and the place for one's own words.

Omits   the weekly check; what a paper says of its topics, which its report does
"""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import PlainTextResponse
from starlette.responses import Response

from wenjin.kit.text import Language
from wenjin.study.course.graph import Unit
from wenjin.study.progress import outline
from wenjin.study.progress.summary import REFLECTION, WEEK, Sat, Told, days_of, of_unit, of_week, papers, week_of
from wenjin.study.store.notes import body
from wenjin.study.web.mindmap import mindmap
from wenjin.study.web.notes import html
from wenjin.study.web.site import Site


def router(site: Site) -> APIRouter:
    routes = APIRouter()

    @routes.get("/summary")
    def page(request: Request, week: str = "", unit: str = "") -> Response:
        language = site.speaks(request)
        found = Found(site, language, week, unit)
        notes = site.notes.of(found.week, language) if found.week else {}
        note = notes.get(REFLECTION)
        root = found.root
        return site.page(
            request,
            "summary.html",
            place="summary",
            title=root.text,
            root=root,
            drawn=mindmap(root, root.text),
            week=found.week,
            unit=unit,
            span=days_of(found.week) if found.week else None,
            weeks=sorted({*found.weeks, week_of(found.now, found.now.tzinfo)}, reverse=True),
            tracks=list(site.course.tracks.values()),
            note=note,
            note_html=html(site, found.week, note.text, language) if note else "",
            address=f"week={found.week}" if found.week else f"unit={unit}",
            maths=site.maths(),
        )

    @routes.get("/api/summary")
    def download(request: Request, week: str = "", unit: str = "") -> Response:
        """The outline as Markdown, with the map in Mermaid's language below it."""
        found = Found(site, site.speaks(request), week, unit)
        text = f"{outline.markdown(found.root)}\n```mermaid\n{outline.mermaid(found.root)}```\n"
        name = found.week or unit.replace("/", "-")
        headers = {"content-disposition": f'attachment; filename="summary-{name}.md"'}
        return PlainTextResponse(text, media_type="text/markdown", headers=headers)

    return routes


class Found:
    """What an address asks for: a unit `track/unit`, else a week, else this one. Raises 404 where there is none."""

    def __init__(self, site: Site, language: Language, week: str, unit: str) -> None:
        self.now = datetime.now().astimezone()
        self.weeks = site.record.diary(lambda held: list(held.done.weeks))
        asked = site.box.every()
        self.week = "" if unit else week or week_of(self.now, self.now.tzinfo)
        told: tuple[Told, ...]
        sat: tuple[Sat, ...]
        if unit:
            known = unit_of(site, unit)
            title = f"{known.number} {known.title[language]}"
            topics = {*known.topics, *known.revisits}
            told, sat = site.record.diary(
                lambda held: (of_unit(held.done, asked, site.course, topics), papers(held.done, of=unit))
            )
        else:
            title = self.week
            try:
                days_of(self.week if WEEK.fullmatch(self.week) else "")
            except ValueError:
                raise HTTPException(404) from None
            told, sat = site.record.diary(
                lambda held: (of_week(held.done, asked, site.course, self.week), papers(held.done, self.week))
            )
        words: dict[str, Any] = {}
        if self.week:
            text = site.notes.draft(self.week, REFLECTION).text
            words = {"reflection": body(text), "link": f"/summary?week={self.week}#note-{REFLECTION}"}
        self.root = outline.tree(title, told, site.course, language, papers=sat, **words)


def unit_of(site: Site, name: str) -> Unit:
    track, _, unit = name.partition("/")
    units = site.course.tracks[track].units if track in site.course.tracks else ()
    found = next((one for one in units if one.id == unit), None)
    if found is None:
        raise HTTPException(404)
    return found
