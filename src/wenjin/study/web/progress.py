"""The page of the learner's progress: hours, a calendar, the skill map, strengths and gaps, roles; and the same as one
file to give away, which holds nothing else."""

from collections.abc import Mapping
from datetime import date, datetime
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from wenjin.study.progress.career import role, roles
from wenjin.study.progress.days import Day, calendar, habit, level
from wenjin.study.progress.deck import day_of
from wenjin.study.progress.overview import parts
from wenjin.study.web.site import Site

LONGEST = 60  # characters of a name


def router(site: Site) -> APIRouter:
    routes = APIRouter()

    @routes.get("/progress")
    def progress(request: Request) -> Response:
        return site.page(request, "progress.html", place="progress", **seen(site))

    @routes.get("/progress/page.html")
    def share(request: Request, name: str = "") -> Response:
        """The same as a file that stands alone."""
        told = " ".join(name.split())[:LONGEST]
        response = site.page(request, "shared.html", name=told, sheet=sheet(), **seen(site))
        response.headers["content-type"] = "application/octet-stream"  # a file to keep, no page of the course
        response.headers["content-disposition"] = 'attachment; filename="wenjin-progress.html"'
        return response

    return routes


def seen(site: Site) -> dict[str, Any]:
    """What both pages show."""
    now = datetime.now().astimezone()
    learner = site.record.learner()
    today = day_of(now, now)
    done = site.record.days()
    weeks = calendar(done, today)
    shown = [told for week in weeks for _, told in week if told and told.deeds]
    return {
        "today": today,
        "habit": habit(done, today),
        "weeks": [[(day, told.deeds, level(told.deeds)) for day, told in week if told] for week in weeks],
        "studied": len(shown),
        "deeds": sum(day.deeds for day in shown),
        "months": months(done, today),
        "parts": parts(site.course, learner.mastery),
        "held": sum(one.standing == "known" for one in learner.mastery.values()),
        "roles": [role(learner, track, path) for track, path in roles(site.course)],
    }


def months(done: Mapping[date, Day], today: date) -> list[tuple[str, int, float, int]]:
    """The months of the last year in which something was done: its name, days, hours, things. Newest first."""
    found = sorted(((day, told) for day, told in done.items() if 0 <= (today - day).days < 371), reverse=True)
    return [
        (month, len(own := [told for _, told in each]), sum(d.seconds for d in own) / 3600, sum(d.deeds for d in own))
        for month, each in groupby(found, key=lambda row: f"{row[0]:%Y-%m}")
    ]


def sheet() -> str:
    """The style of the file that stands alone: the colors of the pages, and what its own parts need."""
    from wenjin.study.web.assets import STATIC

    style = STATIC / "style"
    return "\n".join((style / name).read_text(encoding="utf-8") for name in ("1-tokens.css", "8-progress.css"))
