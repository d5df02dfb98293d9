"""The weekly check: the form with what the log shows beside each question, and the weeks so far as a chart."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from starlette.responses import Response

from wenjin.kit.text import Language, Text
from wenjin.study.course.chart import Curve, sketch
from wenjin.study.course.lab import Chart
from wenjin.study.judge import weekly
from wenjin.study.progress.week import LEAST, MOST, QUESTIONS, Week, suggested, weeks
from wenjin.study.web.site import Site

REMARK = 2000  # characters
CHART = Chart(
    title=Text("各周的自评（跳过的周断开）", "The weeks as you judged them (skipped ones are gaps)"),
    x=Text("第几周", "week"),
    y=Text("分", "of 10"),
)


def router(site: Site) -> APIRouter:
    routes = APIRouter()

    @routes.get("/week")
    def week(request: Request, week: str = "") -> Response:
        return show(request, week)

    @routes.post("/week")
    async def keep(request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        return await to_thread.run_sync(take, request, form)

    def take(request: Request, form: dict[str, str]) -> Response:
        now, events = datetime.now().astimezone(), site.log.events()
        found = weekly.find(events, now, form.get("week", ""))
        if found is None:
            raise HTTPException(404)
        scores = {question: form.get(question, "") for question in QUESTIONS}
        if not all(n.isascii() and n.isdigit() and LEAST <= int(n[:3]) <= MOST for n in scores.values()):
            return show(request, found.id, form, 422)
        shown = weekly.gathered(events, site.course, now, found, site.places.workspace)
        remark = form.get("remark", "").strip()[:REMARK].replace("\r\n", "\n")
        weekly.keep(site.log, found.id, {question: int(n) for question, n in scores.items()}, remark, shown)
        return RedirectResponse(f"/week?week={found.id}", 303)

    def show(request: Request, name: str, form: dict[str, str] | None = None, code: int = 200) -> Response:
        now, events = datetime.now().astimezone(), site.log.events()
        found = weekly.find(events, now, name)
        if found is None:
            raise HTTPException(404)
        language = site.speaks(request)
        every = weeks(events, now)
        shown = weekly.gathered(events, site.course, now, found, site.places.workspace)
        check = found.check
        return site.page(
            request,
            "week.html",
            code,
            place="week",
            week=found,
            weeks=every[::-1],
            asked=[(q, weekly.ASKED[q], weekly.told(q, shown)) for q in QUESTIONS],
            short=weekly.SHORT,
            filled=form or (dict(check.scores) | {"remark": check.remark} if check else suggested(shown)),
            fault=form is not None,
            judged=check is not None,
            chart=chart(every, language),
        )

    return routes


def chart(found: Sequence[Week], language: Language) -> Markup | None:
    """The weeks as four curves from the first that was judged; None until there are two."""
    judged = [n for n, week in enumerate(found) if week.check]
    if len(judged) < 2:
        return None
    from_first = found[judged[0] :]
    lines = [
        Curve(weekly.SHORT[question][language], tone, tuple(points(from_first, question)), series=question)
        for tone, question in enumerate(QUESTIONS, 1)
    ]
    drawn = sketch(CHART, lines, language)  # without its table: all weeks stand in one below
    title = Markup('<figcaption class="chart-title">{}</figcaption>').format(drawn.title)
    return Markup('<figure class="chart">{}{}{}</figure>').format(title, Markup(drawn.legend), Markup(drawn.svg))


def points(found: Sequence[Week], question: str) -> list[tuple[float, float]]:
    values: list[Any] = [week.check.scores[question] if week.check else math.nan for week in found]
    return [(float(n), float(value)) for n, value in enumerate(values, 1)]
