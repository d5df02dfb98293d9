"""A track: choosing it and its path, the hours, the plan by weeks and whether it is kept, its units with what is done.

Everything is a form: what it writes down is what `wenjin track` and `wenjin plan` write down (progress/choosing.py).
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from wenjin.kit.text import Text
from wenjin.study.course.graph import Course, Track
from wenjin.study.progress import choosing
from wenjin.study.progress.pace import pace, remedy, until, ways
from wenjin.study.progress.plan import LEAST, MOST_WEEKDAY, MOST_WEEKEND, USUAL, Hours, hours_of, plan
from wenjin.study.progress.ways import followed, in_time, path_of, way
from wenjin.study.progress.work import Learner
from wenjin.study.store.log import happened
from wenjin.study.web.door import own_page
from wenjin.study.web.site import Site, whole

NEAR = 4  # weeks of the plan that are shown unfolded

Wish = Annotated[str, Form(max_length=20)]


def router(site: Site) -> APIRouter:
    routes = APIRouter()
    course = site.course

    def known(track: str) -> Track:
        if track not in course.tracks:
            raise HTTPException(404)
        return course.tracks[track]

    def keep(settings: Mapping[str, Any]) -> None:
        for key, value in settings.items():
            site.log.append(happened("setting", key, {"key": key, "value": value}))

    @routes.get("/tracks/{track}")
    def show(request: Request, track: str) -> Response:
        return shown(request, known(track))

    def shown(
        request: Request, track: Track, refused: Hours | None = None, share: tuple[str, int] | None = None
    ) -> Response:
        learner = site.record.learner()
        return site.page(
            request,
            "track.html",
            422 if refused or share else 200,
            refused=refused,
            refused_share=share,
            bounds=(MOST_WEEKDAY, MOST_WEEKEND, LEAST),
            near=NEAR,
            **planned(learner, track, site.marks),
            **units(learner, track, site.marks),
        )

    @routes.post("/tracks/{track}/choose")
    def choose(track: str, path: Annotated[str, Form()] = "") -> Response:
        """Put a track in front."""
        found = known(track)
        if path and path not in [one.id for one in found.paths]:
            raise HTTPException(404)
        keep(choosing.begin(site.record.learner(), [found.id], path or None, site.met))
        return back(found)

    @routes.post("/tracks/{track}/leave")
    def leave(track: str) -> Response:
        keep(choosing.leave(site.record.learner(), known(track).id))
        return back(known(track))

    @routes.post("/tracks/{track}/path")
    def path(track: str, path: Annotated[str, Form()] = "") -> Response:
        found = known(track)
        if path and path not in [one.id for one in found.paths]:
            raise HTTPException(404)
        keep(choosing.choose_path(site.record.learner(), found.id, path or None))
        return back(found)

    @routes.post("/tracks/{track}/from-today")
    def from_today(track: str) -> Response:
        """Count its plan from today."""
        keep(choosing.from_today(site.record.learner(), known(track).id))
        return back(known(track))

    @routes.post("/tracks/{track}/seen")
    def seen(track: str) -> Response:
        """The learner has seen the track as it stands."""
        keep(choosing.caught_up(site.record.learner(), known(track), site.marks))
        return back(known(track))

    @routes.post("/tracks/{track}/hours")
    def hours(request: Request, track: str, weekday: Wish = "", weekend: Wish = "") -> Response:
        """Keep the hours; the page with a sentence, where no plan fits into them."""
        found = known(track)
        wished = read(weekday, weekend)
        if not wished.usable:
            return shown(request, found, wished)
        keep(choosing.keep_hours(site.record.learner(), wished))
        return back(found)

    @routes.post("/tracks/{track}/share")
    def share(request: Request, track: str, share: Wish = "") -> Response:
        """Keep the share of the hours that a followed track has beside the others; none, and it waits for its turn."""
        found, learner = known(track), site.record.learner()
        if found not in followed(learner.work.settings, course):
            raise HTTPException(404)
        typed = share.strip().removesuffix("%").removesuffix("％").strip() or "0"
        percent = whole(typed, digits=3)
        if percent is None or percent > choosing.free(learner, found.id):
            return shown(request, found, share=(share, choosing.free(learner, found.id)))
        keep(choosing.keep_share(learner, found.id, percent))
        return back(found)

    @routes.post("/projects/{project}")
    def project(
        project: str, what: Annotated[str, Form(pattern="^(done|open)$")], then: Annotated[str, Form()] = "/"
    ) -> Response:
        """The learner says that a project is done, or that it is not."""
        if project not in course.projects:
            raise HTTPException(404)
        site.log.append(happened("project", project, {"what": what}))
        return RedirectResponse(own_page(then, "/"), 303)

    return routes


def back(track: Track) -> Response:
    return RedirectResponse(f"/tracks/{track.id}#plan", 303)


def read(weekday: str, weekend: str) -> Hours:
    """Hours as they were typed, with whatever stands for the point; what is no number fits into no plan."""
    try:
        return Hours(*(float(re.sub("[,，．。]", ".", typed)) for typed in (weekday, weekend)))
    except ValueError:
        return Hours(-1, -1)


def planned(learner: Learner, track: Track, present: Mapping[str, str]) -> dict[str, Any]:
    """The plan of a track. One that is followed comes after those in front of it; another is laid as if begun today."""
    settings, course = learner.work.settings, learner.course
    follows = followed(settings, course)
    hours = hours_of(settings)
    before, shares = until(learner, track)
    laid = plan(learner, ways(learner, before, present), hours or USUAL, learner.today, shares)
    found = pace(learner, track, laid)
    helps = remedy(learner, track, laid, found) if found.standing == "late" and track in follows else None
    told = []
    for n, week in enumerate(laid.weeks, 1):
        own = [share for share in week.shares if share.piece.track == track.id]
        if own:
            taken = sum(share.minutes for share in own)
            last = week.monday + timedelta(days=6)
            told.append({"n": n, "last": last, "week": week, "shares": own, "taken": taken})
    waits = track in follows and track.id not in shares
    front = [one for one in follows[: follows.index(track)] if one.id not in shares] if waits else []
    return {
        "track": track,
        "hours": hours,
        "usual": hours or USUAL,
        "follows": follows,
        "front": front,
        "given": shares,
        "free": choosing.free(learner, track.id),
        "path": path_of(track, settings),
        "laid": laid,
        "pace": found,
        "help": helps,
        "weeks": told,
        "starts": max((laid.ends[one.id] for one in front), default=None),
        "name": lambda piece: named(course, piece.kind, piece.id),
        "dated": day,
    }


def units(learner: Learner, track: Track, present: Mapping[str, str]) -> dict[str, Any]:
    """The units as the chosen path goes through them, then those that it leaves out; and what is done of each."""
    path = path_of(track, learner.work.settings)
    legs = way(learner, track, path, present)
    early: dict[str, list[str]] = {}
    for leg, stops in in_time(legs, learner):
        if leg.unit:
            early[leg.unit.id] = [stop.topic for stop in stops if stop.wanted and stop.topic not in leg.unit.topics]
    inside = list(path.units) if path else [unit.id for unit in track.units]
    by_id = {unit.id: unit for unit in track.units}
    left = {leg.unit.id: leg.topics for leg in legs if leg.unit}
    begun = {t for t in track.topics if learner.share(learner.course.topics[t]) or tried(learner, t)}
    return {
        "inside": [by_id[id] for id in inside],
        "outside": [unit for unit in track.units if unit.id not in inside],
        "before": legs[0].topics if legs and legs[0].unit is None else (),
        "early": early,
        "skipped": {id: [t for t in by_id[id].topics if t not in left.get(id, ())] for id in inside},
        "done": learner.done,
        "begun": begun - learner.done,
        "carried": lambda reference: carried(learner, reference),
    }


def tried(learner: Learner, topic: str) -> bool:
    return any(exercise.id in learner.work.tried for exercise in learner.course.topics[topic].exercises)


def carried(learner: Learner, reference: str) -> dict[str, Any]:
    """What carries a task: an exercise, a lab or a project; where it is, and whether it is done."""
    course, work = learner.course, learner.work
    kind, _, project = reference.partition("project:")
    if not kind:
        found = course.projects[project]
        told = {"kind": "project", "id": project, "title": found.title, "brief": found.brief, "hours": found.hours}
        return told | {"address": None, "state": "passed" if project in work.projects else "new"}
    topic, _, name = reference.partition("/")
    if reference in course.labs:
        lab = course.labs[reference]
        address = f"/topics/{topic}/labs/{name}" if lab.written else None
        state = "passed" if reference in work.finished else "new"
        return {"kind": "lab", "title": lab.title, "name": name, "address": address, "state": state, "topic": topic}
    exercise = course.exercises[reference]
    address = f"/topics/{topic}/exercises/{name}" if exercise.written else None
    told = {"kind": "exercise", "title": exercise.title, "name": name, "address": address, "topic": topic}
    return told | {"state": learner.status(reference)}


def named(course: Course, kind: str, id: str) -> Text:
    """A piece of a plan by its title."""
    if kind == "topic":
        return course.topics[id].title
    titles = [course.projects[one].title for one in id.split()] if kind == "project" else []
    return Text("、".join(title.zh for title in titles), ", ".join(title.en for title in titles))


def day(told: date) -> Text:
    """2026 年 11 月 23 日; November 23, 2026."""
    return Text(f"{told.year} 年 {told.month} 月 {told.day} 日", f"{told:%B} {told.day}, {told.year}")
