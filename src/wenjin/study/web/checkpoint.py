"""Stage tests and checkpoints: the list, a paper on the clock, its report, a certificate to print.

    GET  /checkpoint                  what can be tested, by track
    GET  /checkpoint/TRACK/UNIT       one unit or test; POST begins a sitting
    GET  /papers/ID?n=2               a question; POST keeps its answer, hands the paper in, gives it up
    GET  /api/papers/ID/open          while this is being received, the clock runs (presence.py)
    GET  /papers/ID/report            once it has ended; POST rates a card
    GET  /papers/ID/certificate

All of it works as plain forms. The island paper.ts shows the seconds, keeps what is typed, and hands in at the bell.
"""

import secrets
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.responses import Response

from wenjin.kit.text import Text
from wenjin.study.course.graph import Card, Exercise, Topic
from wenjin.study.judge import forms
from wenjin.study.judge.sitting import UNFINISHED, UNJUDGED, Over, Room, Typed, page_of
from wenjin.study.progress.paper import Scope, Sitting, paper, seal
from wenjin.study.progress.report import report
from wenjin.study.web import presence
from wenjin.study.web.site import Site, whole

CHARACTERS = 200_000  # of a form's field
NAME = 80  # characters of a name on a certificate


def router(site: Site) -> APIRouter:
    routes = APIRouter()
    room = Room(site.log, site.course, lambda: site.judge, typed=lambda sat: unkept(sat))
    judging = CapacityLimiter(4)

    def scope(track: str, unit: str) -> Scope:
        found = room.scopes().get(f"{track}/{unit}")
        if found is None:
            raise HTTPException(404)
        return found

    def sitting(id: str) -> Sitting:
        found = room.get(id)
        if found is None:
            raise HTTPException(404)
        return found

    @routes.get("/checkpoint")
    def every(request: Request) -> Response:
        settings = site.progress().settings
        followed = settings.get("tracks") or [settings.get("track")]
        mine = [track for track in followed if isinstance(track, str) and track in site.course.tracks]
        past = site.record.sittings()
        sat = {one.of for one in past.sat.values()}  # of whatever track: a report is found again
        shown = [one for one in room.scopes().values() if one.track.id in mine or not mine or one.id in sat]
        papers = {one.id: paper(site.course, one, 0) for one in shown}
        tracks = list(dict.fromkeys(one.track.id for one in shown))
        return site.page(
            request,
            "checkpoints.html",
            place="checkpoint",
            tracks=[
                (site.course.tracks[t], [s for s in shown if s.track.id == t and papers[s.id].items]) for t in tracks
            ],
            papers=papers,
            scopes=room.scopes(),
            past=past,
        )

    @routes.get("/checkpoint/{track}/{unit}")
    def one(request: Request, track: str, unit: str) -> Response:
        return before(request, scope(track, unit))

    def before(request: Request, found: Scope, seed: str = "", fault: bool = False) -> Response:
        """A unit or test, before it is begun; a number of a paper that is none is said there."""
        past = site.record.sittings()
        return site.page(
            request,
            "checkpoint.html",
            422 if fault else 200,
            place="checkpoint",
            scope=found,
            paper=paper(site.course, found, 0),
            open=past.open(found.id),
            given_up=past.given_up(found.id)[:1],
            over=past.over(found.id)[::-1],
            seed=seed,
            fault=fault,
        )

    @routes.post("/checkpoint/{track}/{unit}")
    async def begin(request: Request, track: str, unit: str) -> Response:
        found = scope(track, unit)
        asked = str((await request.form()).get("seed", "")).strip()
        seed = whole(asked) if asked else secrets.randbelow(1_000_000)
        if seed is None:
            return await to_thread.run_sync(lambda: before(request, found, asked[:NAME], fault=True))
        if not paper(site.course, found, seed).items:
            raise HTTPException(404)
        return RedirectResponse(f"/papers/{await to_thread.run_sync(room.enter, found, seed)}", 303)

    @routes.get("/papers/{id}")
    def question(request: Request, id: str, n: int = 1) -> Response:
        return show(request, sitting(id), n)

    @routes.post("/papers/{id}")
    async def keep(request: Request, id: str) -> Response:
        form = {key: str(value)[:CHARACTERS].replace("\r\n", "\n") for key, value in (await request.form()).items()}
        return await to_thread.run_sync(lambda: take(request, sitting(id), form), limiter=judging)

    def take(request: Request, sat: Sitting, form: dict[str, str]) -> Response:
        do, _, confirmed = form.get("do", "keep").partition("-")
        pages = len(sat.items) + bool(sat.cards)
        n = max(1, min(whole(form.get("n", "")) or 1, pages))
        if sat.ended is not None:
            return Response(status_code=204) if do == "draft" else RedirectResponse(f"/papers/{sat.id}/report", 303)
        if sat.given_up or do in ("drop", "again"):
            return turn(sat, do)
        room.count(sat, sat.items[n - 1][0] if n <= len(sat.items) and form.keys() - forms.BESIDES else None)
        if room.late(sat):
            room.end(sat, "time")
            return RedirectResponse(f"/papers/{sat.id}/report?late=1", 303)
        forms.save(site.log, page_of(sat.id, n), form)
        if do == "draft":
            return Response(status_code=204)
        told: dict[str, Any] | None = None
        try:
            if do == "keep" and n > len(sat.items):
                for card in sat.cards:
                    typed = form.get(f"card.{card}", "").strip()
                    if typed and (card not in sat.typed or sat.typed[card].text != typed):
                        room.type(sat, card, typed)
            elif do == "keep":
                item, variant = sat.items[n - 1]
                exercise = site.course.exercises[item]
                given = forms.answer(exercise, problem(exercise, variant), form, variant)
                told = room.answer(sat, item, given, confirmed=bool(confirmed))
        except Over:
            room.end(sat, "time")
            return RedirectResponse(f"/papers/{sat.id}/report?late=1", 303)
        if room.clock(sat).over:
            room.end(sat, "time")
        elif do == "end":
            room.end(sat, "handed-in")
        if sat.ended is not None:
            return RedirectResponse(f"/papers/{sat.id}/report", 303)
        if told is not None and told["name"] in (*UNJUDGED, *UNFINISHED):
            return show(request, sat, n, told)
        return RedirectResponse(f"/papers/{sat.id}?n={n + 1 if n < pages else n}", 303)

    def turn(sat: Sitting, do: str) -> Response:
        """Give a paper up, or take it up again where no other one of its unit is open."""
        if do == "drop":
            room.give_up(sat)
        elif do == "again" and not room.all().open(sat.of):
            room.take_up(sat)
            return RedirectResponse(f"/papers/{sat.id}", 303)
        return RedirectResponse(f"/checkpoint/{sat.of}", 303)

    def unkept(sat: Sitting) -> Typed:
        """What stands in the fields of a sitting; a question whose fields are untouched is left open."""
        items, cards = {}, {}
        for n, (item, variant) in enumerate(sat.items, 1):
            form = forms.kept(site.log, page_of(sat.id, n))
            exercise = site.course.exercises.get(item)
            if form and exercise and not forms.untouched(exercise, problem(exercise, variant), form):
                items[item] = forms.answer(exercise, problem(exercise, variant), form, variant)
        form = forms.kept(site.log, page_of(sat.id, len(sat.items) + 1))
        for card in sat.cards:
            if typed := form.get(f"card.{card}", "").strip():
                cards[card] = typed
        return Typed(items, cards)

    def problem(exercise: Exercise, variant: int) -> Mapping[str, Any]:
        return {"form": exercise.kind} if exercise.code else site.problem(exercise.id, variant)

    def show(request: Request, sat: Sitting, n: int, told: dict[str, Any] | None = None) -> Response:
        if room.over(sat):
            return RedirectResponse(f"/papers/{sat.id}/report", 303)
        if sat.given_up:
            return RedirectResponse(f"/checkpoint/{sat.of}", 303)
        room.seen(sat)
        language = site.speaks(request)
        pages = len(sat.items) + bool(sat.cards)
        n = max(1, min(n, pages))
        form = forms.kept(site.log, page_of(sat.id, n))
        values: dict[str, Any] = {"exercise": None, "problem": None, "task": "", "show": "", "asked": []}
        if n <= len(sat.items):
            item, variant = sat.items[n - 1]
            exercise = site.course.exercises[item]
            asks = problem(exercise, variant)
            values |= {
                "exercise": exercise,
                "topic": site.course.topics[exercise.topic],
                "problem": asks,
                "task": site.html(exercise.task, language) if exercise.task else "",
                "show": site.html(Text(**asks["show"]), language) if "show" in asks else "",
            }
        else:
            values["asked"] = [(id, topic, site.html(card.front, language)) for id, topic, card in asked(site, sat)]
        scope = room.scopes().get(sat.of)
        return site.page(
            request,
            "paper.html",
            place="checkpoint",
            sat=sat,
            title=scope.title if scope else Text(sat.of, sat.of),
            n=n,
            pages=pages,
            filled=defaultdict(str, form),
            source=form.get("source"),
            told=told,
            left=clock(room.clock(sat).left),
            maths=site.maths(),
            **values,
        )

    @routes.get("/api/papers/{id}/open")
    async def opened(request: Request, id: str, picture: bool = False) -> Response:
        sat = await to_thread.run_sync(sitting, id)
        if sat.ended is not None or sat.given_up:
            raise HTTPException(404)
        told = presence.picture if picture else presence.events
        return StreamingResponse(
            told(room, sat, site.leaving),
            media_type="image/gif" if picture else "text/event-stream",
            headers={"cache-control": "no-store"},
        )

    @routes.get("/papers/{id}/report")
    def reported(request: Request, id: str, late: bool = False) -> Response:
        sat = sitting(id)
        if not room.over(sat):
            return RedirectResponse(f"/papers/{id}", 303)
        language = site.speaks(request)
        found = report(sat, room.all(), site.course)
        backs = {
            id: (topic, card, site.html(card.front, language), site.html(card.back, language))
            for id, topic, card in asked(site, sat)
        }
        return site.page(
            request,
            "paper_report.html",
            place="checkpoint",
            found=found,
            sat=sat,
            late=late,
            title=found.scope.title if found.scope else Text(sat.of, sat.of),
            cards=[(card, *backs[card.id]) for card in found.cards if card.id in backs],
            spent=clock(sat.spent),
            maths=site.maths(),
        )

    @routes.post("/papers/{id}/report")
    async def rate(request: Request, id: str) -> Response:
        form = await request.form()
        card, rating = str(form.get("card", "")), str(form.get("rating", ""))
        sat = await to_thread.run_sync(sitting, id)
        if rating in ("1", "2", "3", "4"):
            await to_thread.run_sync(room.rate, sat, card, int(rating))
        return RedirectResponse(f"/papers/{id}/report#cards", 303)

    @routes.get("/papers/{id}/certificate")
    def certificate(request: Request, id: str, name: str = "") -> Response:
        sat = sitting(id)
        if sat.ended is None:
            return RedirectResponse(f"/papers/{id}", 303)
        code = seal(site.log.events("paper", id), id)
        found = report(sat, room.all(), site.course)
        return site.page(
            request,
            "certificate.html",
            place="checkpoint",
            found=found,
            sat=sat,
            title=found.scope.title if found.scope else Text(sat.of, sat.of),
            name=name.strip()[:NAME],
            digits=[code[at : at + 8] for at in range(0, 64, 8)],
            spent=clock(sat.spent),
            day=sat.ended.astimezone().date(),
        )

    return routes


def asked(site: Site, sat: Sitting) -> list[tuple[str, Topic, Card]]:
    """The cards of a paper that the course still has."""
    known = {f"{topic.id}/{card.id}": (topic, card) for topic in site.course.topics.values() for card in topic.cards}
    return [(id, *known[id]) for id in sat.cards if id in known]


def clock(seconds: float) -> str:
    """12:05."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02}"
