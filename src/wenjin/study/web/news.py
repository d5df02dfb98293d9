"""What is new in the course: as `wenjin news` tells it. To open the page is to look: the next one is compared with it.

/news                    beside the last look; while nothing is new, below it what that look had found
/news?since=2026-11-01   beside the last look of that day or before; nothing is noted
"""

from datetime import date, datetime, timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from wenjin.kit.text import visible
from wenjin.study.progress.deck import day_of
from wenjin.study.progress.news import news
from wenjin.study.store.log import happened
from wenjin.study.web.site import Site
from wenjin.study.web.tracks import day

LONGEST = 40  # characters of a date that is shown again when it is none


def router(site: Site) -> APIRouter:
    routes = APIRouter()

    @routes.get("/news")
    def show(request: Request, since: str = "") -> Response:
        typed, now = since.strip(), datetime.now().astimezone()
        try:
            wanted = date.fromisoformat(typed) if typed else None
        except ValueError:
            shown = visible(typed[:LONGEST])
            return site.page(request, "news.html", 422, place="progress", found=None, typed=shown)
        looks = site.log.events("setting", "met")
        found = news(looks, site.met, now, wanted)
        before = None
        if wanted is None and found.met and not found.any:
            before = news(looks, site.met, now, day_of(found.met, now) - timedelta(days=1))
        if wanted is None and (found.any or found.met is None):
            site.log.append(happened("setting", "met", {"key": "met", "value": dict(site.met)}))
        return site.page(
            request,
            "news.html",
            place="progress",
            found=found,
            before=before,
            typed=wanted or "",
            looked=lambda told: day(day_of(told.met, now)),
        )

    return routes
