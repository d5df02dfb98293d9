"""The exercise page: what it shows."""

import json
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from starlette.responses import Response

from wenjin.kit.text import Language, Text
from wenjin.study.course.graph import Exercise
from wenjin.study.web.site import Site, link, whole

RECENT = 20  # attempts listed on the page; the rest is in the log


def document(exercise: Exercise, given: str | dict[str, Any] | None, variant: int) -> bytes:
    """An answer as the judge wants it: a program's bytes, or the JSON {"variant", "answer"}."""
    if isinstance(given, str):
        return given.encode("utf-8", "surrogatepass")
    if given is not None and "answer" not in given:
        given = {"variant": variant, "answer": given}
    return json.dumps(given or {"variant": variant, "answer": {}}).encode()


def show(
    site: Site,
    request: Request,
    exercise: Exercise,
    *,
    form: Mapping[str, str] | None = None,
    last: dict[str, Any] | None = None,
    ran: dict[str, Any] | None = None,
    fault: Text | None = None,
) -> Response:
    """The page of an exercise; with a form, filled in as it was sent, and what came of it."""
    form = form or {}
    language = site.speaks(request)
    events = site.log.events("attempt", exercise.id)[-RECENT:]
    variant = wanted_variant(request, form, events[-1].data.get("variant", 0) if events else 0)
    problem: Mapping[str, Any] = {"form": exercise.kind} if exercise.code else site.problem(exercise.id, variant)
    values = {"last": last, "ran": ran, "fault": fault} | parts(site, request, exercise, variant)
    draft = site.log.draft(exercise.id)
    siblings = [e for e in site.course.topics[exercise.topic].exercises if e.written]
    place = siblings.index(exercise)
    values |= {
        "variant": variant,
        "problem": problem,
        "show": site.html(Text(**problem["show"]), language) if "show" in problem else "",
        "filled": defaultdict(str, form),
        "draft": {
            "text": form.get("source") or (draft.text if draft else exercise.starter),
            "revision": draft.revision if draft else 0,
        },
        "scratch": form.get("scratch", ""),
        "attempts": [
            dict(event.data) | {"at": event.at.astimezone(UTC).isoformat(timespec="seconds")}
            for event in reversed(events)
        ],
        "task": site.html(exercise.task, language) if exercise.task else "",
        "number": place + 1,
        "total": len(siblings),
        "following": siblings[place + 1] if place + 1 < len(siblings) else None,
    }
    return site.page(request, "exercise.html", **values, maths=site.maths())


def parts(site: Site, request: Request, exercise: Exercise, variant: int) -> dict[str, Any]:
    """What the page and its fragments share: the hints and the solution, as far as they are open."""
    language = site.speaks(request)
    standing = site.progress().exercises[exercise.id]
    opened = bool(standing.solution_open and site.log.events("solution", exercise.id))
    return {
        "exercise": exercise,
        "topic": site.course.topics[exercise.topic],
        "status": lambda _: standing.status,
        "opened": standing.hints,
        "hints": [site.html(hint, language) for hint in exercise.hints[: standing.hints]],
        "may_open": standing.solution_open,
        "solution": solution(site, exercise, variant, language) if opened else None,
    }


def fragment(
    site: Site, request: Request, exercise: Exercise, template: str, anchor: str, variant: int = 0
) -> Response:
    """A part of the page for htmx; without scripts the whole page again, at that place."""
    if request.headers.get("hx-request"):
        return site.page(request, template, **parts(site, request, exercise, variant), variant=variant)
    return RedirectResponse(link(exercise) + anchor, 303)


def solution(site: Site, exercise: Exercise, variant: int, language: Language) -> Markup | list[tuple[str, str]]:
    """The reference answer: a program as HTML, or rows of what was asked and what is right, both Markdown."""
    text = site.judge.solution(exercise.id, variant)
    if exercise.code:
        return Markup(site.renderer.markdown(f"````python\n{text}\n````", language))
    problem, answer = site.problem(exercise.id, variant), tomllib.loads(text)["answer"]
    match problem["form"]:
        case "numeric":
            return [(f["label"][language], numbers(answer[f["name"]])) for f in problem["fields"]]
        case "order":
            texts = {item["key"]: item["text"][language] for item in problem["items"]}
            return [(str(place), texts[key]) for place, key in enumerate(answer["order"], 1)]
        case _:
            chosen = {(s["key"], o["key"]): o["text"][language] for s in problem["steps"] for o in s["options"]}
            return [(s["prompt"][language], chosen[s["key"], answer[s["key"]]]) for s in problem["steps"]]


def numbers(value: Any) -> str:
    """Numbers as the learner would write them; a matrix keeps its rows."""
    if not isinstance(value, list):
        return f"{value:.4g}"
    rows = value if value and isinstance(value[0], list) else [value]
    return "$" + r"\begin{bmatrix}" + r"\\".join("&".join(map(numbers, row)) for row in rows) + r"\end{bmatrix}$"


def wanted_variant(request: Request, form: Mapping[str, str], otherwise: int) -> int:
    """Which numbers an exercise shows: those of the form, of the address, or of the attempt before."""
    asked = form.get("variant") or request.query_params.get("variant") or ""
    found = whole(asked)
    return otherwise if found is None else found
