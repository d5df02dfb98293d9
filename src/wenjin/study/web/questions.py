"""The learner's questions: asked beside a section, listed, answered, removed and brought back, told as an issue."""

import re
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import PlainTextResponse, RedirectResponse
from markupsafe import Markup
from starlette.responses import Response

from wenjin.kit.text import Language
from wenjin.study.course.margins import margins
from wenjin.study.progress.questions import Question
from wenjin.study.web.asking import LONGEST, Deed
from wenjin.study.web.door import own_page
from wenjin.study.web.search import HAN, place, plain, tokens
from wenjin.study.web.site import Site

SHOWN = ("open", "answered", "all")
NEAR = 3  # sections of the lessons that may answer a question
Long = Annotated[str, Form(max_length=LONGEST)]


def router(site: Site) -> APIRouter:
    routes = APIRouter()

    def find(id: str) -> Question:
        found = site.box.every().get(id)
        if found is None:
            raise HTTPException(404)
        return found

    @routes.get("/questions")
    def listing(request: Request, show: str = "open", removed: str = "") -> Response:
        language = site.speaks(request)
        every = site.box.every()
        kept = [question for question in every.values() if not question.removed]
        groups = {name: [q for q in kept if name in (q.state, "all")] for name in SHOWN}
        show = show if show in SHOWN else "open"
        return site.page(
            request,
            "questions.html",
            place="questions",
            rows=[row(site, question, language) for question in reversed(groups[show])],
            counts={name: len(found) for name, found in groups.items()},
            total=len(kept),
            show=show,
            removed=next(
                (question for question in every.values() if question.id == removed and question.removed), None
            ),
            maths=site.maths(),
        )

    @routes.post("/questions")
    def ask(
        request: Request,
        topic: Annotated[str, Form()],
        anchor: Annotated[str, Form()],
        text: Long,
        tried: Long = "",
        back: Annotated[str, Form()] = "",
    ) -> Response:
        """Keep a question, and go back to where it was asked."""
        if not text.strip():
            raise HTTPException(422)
        try:
            asked = site.box.ask(topic, anchor, tidy(text), tidy(tried), site.speaks(request))
        except KeyError:
            raise HTTPException(404) from None
        return RedirectResponse(f"{own_page(back, f'/topics/{asked.topic}')}#ask-{asked.anchor}", 303)

    @routes.post("/questions/{id}")
    def change(id: str, do: Annotated[str, Form()], text: Long = "") -> Response:
        find(id)
        what: Deed | None = next((deed for deed in get_args(Deed) if deed == do), None)
        if what is None or (what == "answered" and not text.strip()):
            raise HTTPException(422)
        site.box.change(id, what, tidy(text))
        if what == "removed":
            return RedirectResponse(f"/questions?removed={id}", 303)
        return RedirectResponse(f"/questions?show=all#q-{id}", 303)

    @routes.get("/questions/{id}/issue")
    def issue(request: Request, id: str) -> Response:
        text = site.box.issue(find(id).id, site.places, site.speaks(request))
        return site.page(request, "issue.html", place="questions", question=find(id), text=text)

    @routes.get("/api/questions/{id}/issue")
    def download(request: Request, id: str) -> Response:
        text = site.box.issue(find(id).id, site.places, site.speaks(request))
        headers = {"content-disposition": f'attachment; filename="question-{id[:8]}.md"'}
        return PlainTextResponse(text, media_type="text/markdown", headers=headers)

    return routes


def row(site: Site, question: Question, language: Language) -> dict[str, Any]:
    """A question as the page shows it: its place, its Markdown, and for an open one where a lesson may answer it."""
    known = site.course.topics.get(question.topic)
    heads = margins(known, language) if known else {}

    def html(text: str) -> Markup:
        return Markup(site.renderer.note(text, known, site.course, language))

    return {
        "question": question,
        "topic": known.title[language] if known else question.topic,
        "head": heads.get(question.anchor, question.anchor),
        "home": place(question.topic, question.anchor),
        "text": html(question.text),
        "tried": html(question.tried),
        "answer": html(question.answer),
        "near": near(site, question, language) if question.state == "open" else [],
    }


def near(site: Site, question: Question, language: Language) -> list[dict[str, str]]:
    """The sections of lessons that have most of the question's words; named as the reader's language names them,
    whichever language the question is in."""
    words = [word for word in tokens(question.text).split() if len(word) > 3 or not word.isascii()]
    asked: Language = "zh" if re.search(f"[{HAN}]", question.text) else "en"
    hits = site.search().find(" ".join(words), asked)
    found = []
    for hit in hits:
        topic, _, anchor = hit.url.removeprefix("/topics/").partition("#")
        if hit.kind == "lesson" and topic in site.course.topics:
            known = site.course.topics[topic]
            title = plain(margins(known, language).get(anchor) or hit.title.striptags())
            found.append({"url": hit.url, "within": known.title[language], "title": title})
    return found[:NEAR]


def tidy(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
