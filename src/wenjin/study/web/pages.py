"""The pages that lead somewhere: map, search, settings."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from wenjin.study.course.graph import Topic
from wenjin.study.course.passes import PASSES
from wenjin.study.progress.overview import Skill
from wenjin.study.progress.state import Progress
from wenjin.study.web.atlas import Drawing
from wenjin.study.web.search import errors, joined
from wenjin.study.web.security import api_token
from wenjin.study.web.site import Site

LONGEST = 4000  # characters of what is looked for: a traceback has many
NOTES = 5  # of the learner's own notes, questions and conversations each, above what else a search finds


def router(site: Site) -> APIRouter:
    routes = APIRouter()
    course = site.course
    written = sum(topic.written for topic in course.topics.values())

    @routes.get("/map")
    def map(request: Request, track: str = "") -> Response:
        drawn = site.drawing
        lit = course.tracks.get(track)
        progress = site.progress()
        guests = {t.id for t in course.topics.values() if not inside(drawn, t)}
        done = {t.id for t in course.topics.values() if passed(t, progress)}
        mastery = site.record.learner().mastery
        return site.page(
            request,
            "map.html",
            place="map",
            drawing=drawn,
            guests=guests,
            passed=done,
            written=written,
            lit=lit,
            skills={t.id: Skill(t, mastery[t.id]) for t in course.topics.values()},
            again=site.record.passes(),
            eight=PASSES,
        )

    @routes.get("/search")
    def search(request: Request, q: str = "") -> Response:
        pasted = q[-LONGEST:].strip()
        query = " ".join(pasted.split())
        language = site.speaks(request)
        own = site.search_notes().find(query, language, limit=NOTES)
        own += site.search_asked().find(query, language, limit=NOTES)
        own += site.search_chats(language).find(query, language, limit=NOTES)
        hits = joined(errors(pasted, course, language), own, site.search().find(query, language))
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


def passed(topic: Topic, progress: Progress) -> bool:
    """Are all exercises of a topic passed?"""
    own = [progress.exercises[e.id].status for e in topic.exercises if e.id in progress.exercises]
    return bool(own) and all(status == "passed" for status in own)


def inside(drawn: Drawing, topic: Topic) -> bool:
    """Is a topic drawn in the region of its own stage?"""
    region, node = drawn.regions.get(topic.stage), drawn.nodes[topic.id]
    return region is not None and region.y < node.y < region.bottom and region.x < node.center < region.x + region.width
