"""Two pages by track: the jobs that its paths lead to, and what else to read; each beside what the learner knows.

The figures are those of `wenjin career` and `wenjin resources`.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from wenjin.study.progress.career import role, roles
from wenjin.study.progress.shelf import by_track
from wenjin.study.web.site import Site


def router(site: Site) -> APIRouter:
    routes = APIRouter()

    @routes.get("/career")
    def career(request: Request) -> Response:
        learner = site.record.learner()
        found = [role(learner, track, path) for track, path in roles(site.course)]
        tracks = {one.track.id: one.track for one in found}
        listed = [(track, [one for one in found if one.track is track]) for track in tracks.values()]
        return site.page(
            request, "career.html", place="progress", listed=listed, done=learner.done, shown=learner.work.projects
        )

    @routes.get("/resources")
    def resources(request: Request) -> Response:
        listed = by_track(site.course, frozenset(site.record.learner().done))
        return site.page(request, "resources.html", place="progress", listed=listed)

    return routes
