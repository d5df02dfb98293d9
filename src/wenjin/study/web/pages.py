"""The pages that are read: home, track, map, topic, search, settings."""

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from wenjin.study.course.graph import Course, Exercise, Topic
from wenjin.study.course.listing import ListingError
from wenjin.study.progress.state import Progress, Status
from wenjin.study.web.atlas import Drawing
from wenjin.study.web.security import api_token
from wenjin.study.web.site import Site


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next: a topic, and the exercise in it that is still to be passed."""

    topic: Topic
    exercise: Exercise | None
    status: Status


def router(site: Site) -> APIRouter:
    routes = APIRouter()
    course = site.course
    written = sum(topic.written for topic in course.topics.values())

    @routes.get("/")
    def home(request: Request) -> Response:
        progress = site.progress()
        began = any(standing.attempts for standing in progress.exercises.values())
        step = next_step(course, progress)
        return site.page(request, "home.html", place="home", next=step, began=began, written=written)

    @routes.get("/tracks/{track}")
    def track(request: Request, track: str) -> Response:
        if track not in course.tracks:
            raise HTTPException(404)
        return site.page(request, "track.html", track=course.tracks[track])

    @routes.get("/map")
    def map(request: Request) -> Response:
        drawn = site.drawing
        progress = site.progress()
        guests = {t.id for t in course.topics.values() if not inside(drawn, t)}
        done = {t.id for t in course.topics.values() if passed(t, progress)}
        return site.page(request, "map.html", place="map", drawing=drawn, guests=guests, passed=done, written=written)

    @routes.get("/topics/{topic}")
    def topic(request: Request, topic: str) -> Response:
        if topic not in course.topics:
            raise HTTPException(404)
        found = course.topics[topic]
        language = site.speaks(request)
        standings = site.progress().exercises
        page = site.renderer.render(found, course, language) if found.written else None
        cards = [
            {
                "id": c.id,
                "section": c.section,
                "front": site.html(c.front, language),
                "back": site.html(c.back, language),
            }
            for c in found.cards
        ]
        return site.page(
            request,
            "topic.html",
            topic=found,
            page=page,
            cards=cards,
            status=lambda exercise: standings[exercise.id].status,
            leads=[t for t in course.topics.values() if topic in t.prerequisites],
            near=[] if found.written else list(near(course, found)),
            tracks=[t for t in course.tracks.values() if topic in t.topics],
            maths=site.maths(),
        )

    @routes.get("/library/{module}")
    def library(request: Request, module: str) -> Response:
        try:
            source = site.renderer.source(module)
        except ListingError:
            raise HTTPException(404) from None
        return site.page(request, "library.html", module=module, source=source)

    @routes.get("/search")
    def search(request: Request, q: str = "") -> Response:
        query = " ".join(q[:200].split())
        hits = site.search().find(query, site.speaks(request))
        return site.page(request, "search.html", place="search", query=query, hits=hits)

    @routes.get("/settings")
    def settings(request: Request) -> Response:
        tier = site.tier()
        return site.page(
            request,
            "settings.html",
            place="settings",
            places=site.places,
            canaries=tier and tier["canaries"],
            api_token=api_token(site.sessions.secret),
        )

    return routes


def next_step(course: Course, progress: Progress) -> Step | None:
    """After the exercise tried last, the first that is not passed; when all are, the first topic that is written."""
    latest = [name for name, standing in progress.exercises.items() if standing.attempts]
    name = progress.following(latest[-1] if latest and progress.exercises[latest[-1]].status == "passed" else None)
    unfinished = [n for n in latest if progress.exercises[n].status == "tried"]
    if unfinished:
        name = unfinished[-1]
    if name is not None:
        exercise = course.exercises[name]
        return Step(course.topics[exercise.topic], exercise, progress.exercises[name].status)
    return next((Step(topic, None, "new") for topic in course.topics.values() if topic.written), None)


def passed(topic: Topic, progress: Progress) -> bool:
    """Are all exercises of a topic passed?"""
    own = [progress.exercises[e.id].status for e in topic.exercises if e.id in progress.exercises]
    return bool(own) and all(status == "passed" for status in own)


def inside(drawn: Drawing, topic: Topic) -> bool:
    """Is a topic drawn in the region of its own stage?"""
    region, node = drawn.regions.get(topic.stage), drawn.nodes[topic.id]
    return region is not None and region.y < node.y < region.bottom and region.x < node.center < region.x + region.width


def near(course: Course, topic: Topic) -> Iterator[Topic]:
    """The written topics nearest to one that is not: among what it needs, else all that are written, a few."""
    seen, wave = {topic.id}, list(topic.prerequisites)
    found: list[Topic] = []
    while wave and not found:
        seen.update(wave)
        found = [course.topics[id] for id in dict.fromkeys(wave) if course.topics[id].written]
        wave = [need for id in wave for need in course.topics[id].prerequisites if need not in seen]
    yield from found or [t for t in course.topics.values() if t.written][:3]
