"""The door and the files: login by the one-time token, settings, style sheets."""

import time

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from wenjin.study.web.assets import FOREVER
from wenjin.study.web.security import SESSION_SECONDS
from wenjin.study.web.site import THEMES, Site, remember

PAPERS = ("plain", "notes")  # what is printed of a lesson: itself, or with the reader's notes
CHOICES = {"lang": ("zh", "en"), "theme": THEMES, "paper": PAPERS}


def router(site: Site) -> APIRouter:
    routes = APIRouter()

    @routes.get("/login")
    def login(request: Request, token: str = "") -> Response:
        """The start URL: its token opens a session, once. With a session already open it leads home."""
        if request.state.session:
            return RedirectResponse("/", 303)
        if not site.sessions.spend(token, time.time()):
            return site.refuse(request, 401, "token")
        response = RedirectResponse("/", 303)
        session = site.sessions.open(time.time())
        response.set_cookie(
            site.sessions.cookie, session, max_age=SESSION_SECONDS, httponly=True, samesite="strict", path="/"
        )
        return response

    @routes.post("/settings")
    async def change(request: Request) -> Response:
        """Remember a choice of language, theme or what is printed, and go back to where it was made. What is no choice
        is refused, and nothing of it remembered."""
        form = {key: str(value) for key, value in (await request.form()).items()}
        response = RedirectResponse(own_page(form.pop("back", "/"), "/"), 303)
        form.pop("csrf", None)
        if any(value not in CHOICES.get(key, ()) for key, value in form.items()):
            raise HTTPException(422)
        for key, value in form.items():
            remember(response, f"wenjin-{key}", value)
        return response

    @routes.get("/static/style.css")
    def style() -> Response:
        return site.assets.style()

    @routes.get("/maths.css")
    def maths() -> Response:
        """The rules of all formulas rendered so far; the address carries their hash."""
        return Response(site.renderer.maths.sheet(), media_type="text/css", headers={"cache-control": FOREVER})

    @routes.get("/favicon.ico")
    def icon() -> Response:
        return RedirectResponse(site.assets("seal.svg") or "/static/seal.svg", 301)

    return routes


def own_page(back: str, otherwise: str) -> str:
    """The page to go back to, if it is one of ours: a form may carry any address."""
    own = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
    return back if own else otherwise
