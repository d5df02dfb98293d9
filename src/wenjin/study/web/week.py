"""The weekly check: the form with what the log shows beside each question, and the weeks so far as a chart."""

import math
from collections.abc import Sequence
from dataclasses import replace
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
from wenjin.study.progress.week import QUESTIONS, REMARK, Week, suggested, whole
from wenjin.study.web.site import Site

CHART = Chart(
    title=Text("各周的自评（跳过的周断开）", "The weeks as you judged them (skipped ones are gaps)"),
    x=Text("第几周（第 1 周是 {first}）", "week (the first is {first})"),
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
        now = datetime.now().astimezone()
        found = weekly.find(site.record.weeks(now), form.get("week", ""))
        if found is None:
            raise HTTPException(404)
        typed = {question: form.get(question, "").strip() for question in QUESTIONS}
        scores = {question: score for question, text in typed.items() if (score := whole(text)) is not None}
        remark = form.get("remark", "").replace("\r\n", "\n").strip()
        fault = "fault" if len(scores) < len(QUESTIONS) else "long" if len(remark) > REMARK else ""
        if fault:
            return show(request, found.id, typed | {"remark": remark}, fault)
        shown = weekly.gathered(site.record.learner().mastery, found, site.places.workspace, now)
        weekly.keep(site.log, found.id, scores, remark, shown)
        return RedirectResponse(f"/week?week={found.id}", 303)

    def show(request: Request, name: str, form: dict[str, str] | None = None, fault: str = "") -> Response:
        now = datetime.now().astimezone()
        every = site.record.weeks(now)
        found = weekly.find(every, name)
        if found is None:
            raise HTTPException(404)
        language = site.speaks(request)
        shown = weekly.gathered(site.record.learner().mastery, found, site.places.workspace, now)
        check = found.check
        return site.page(
            request,
            "week.html",
            422 if fault else 200,
            place="week",
            week=found,
            weeks=every[::-1],
            asked=[(q, weekly.ASKED[q], weekly.told(q, shown)) for q in QUESTIONS],
            short=weekly.SHORT,
            filled=form or (dict(check.scores) | {"remark": check.remark} if check else suggested(shown)),
            fault=fault,
            most=REMARK,
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
    named = replace(CHART, x=CHART.x.format(first=from_first[0].id))
    drawn = sketch(named, lines, language)  # without its table: all weeks stand in one below
    title = Markup('<figcaption class="chart-title">{}</figcaption>').format(drawn.title)
    return Markup('<figure class="chart">{}{}{}</figure>').format(title, Markup(drawn.legend), Markup(drawn.svg))


def points(found: Sequence[Week], question: str) -> list[tuple[float, float]]:
    values: list[Any] = [week.check.scores[question] if week.check else math.nan for week in found]
    return [(float(n), float(value)) for n, value in enumerate(values, 1)]
