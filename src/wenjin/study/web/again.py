"""What a topic offers beside its lesson: the eight passes, explaining it back, and the real errors people meet.

All are forms; what they write down is what `wenjin learn` and `wenjin explain` write down (progress/passes.py).
"""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from wenjin.kit.text import Language
from wenjin.study.course.graph import Topic
from wenjin.study.course.passes import Explain, explained, tasks
from wenjin.study.course.pitfalls import LONGEST as LONGEST_MESSAGE
from wenjin.study.course.pitfalls import Met, every, matching, of_topic
from wenjin.study.progress.difference import difference
from wenjin.study.progress.passes import Read, since, upcoming
from wenjin.study.progress.state import Progress
from wenjin.study.store.log import Event, happened
from wenjin.study.web.site import Site

LONGEST = 20_000  # characters of an explanation, and of what a pass found
SHOWN = 10  # explanations, the newest first

Said = Annotated[str, Form(max_length=LONGEST)]


def router(site: Site) -> APIRouter:
    routes = APIRouter()
    course = site.course

    def known(topic: str) -> Topic:
        if topic not in course.topics:
            raise HTTPException(404)
        return course.topics[topic]

    def rubric_of(topic: str) -> Explain:
        rubric = tasks(known(topic), course.root)[1]
        if rubric is None:
            raise HTTPException(404)
        return rubric

    @routes.post("/topics/{topic}/passes")
    def take(topic: str, name: Annotated[str, Form()], what: Annotated[str, Form()], text: Said = "") -> Response:
        """A pass was begun, or done with what was found; or what was found is written anew."""
        if name not in [task.id for task in tasks(known(topic), course.root)[0]] or what not in ("begun", "done"):
            raise HTTPException(422)
        told = text.replace("\r\n", "\n").strip()
        site.log.append(happened("pass", topic, {"pass": name, "what": what} | ({"text": told} if told else {})))
        return RedirectResponse(f"/topics/{topic}#pass-{name}", 303)

    @routes.get("/topics/{topic}/explain")
    def explain(request: Request, topic: str) -> Response:
        found, language = known(topic), site.speaks(request)
        rubric = tasks(found, course.root)[1]
        events = list(site.log.events("explain", topic))
        return site.page(
            request,
            "explain.html",
            topic=found,
            rubric=rubric,
            told=told(rubric, events, language) if rubric else [],
            longest=LONGEST,
            maths=site.maths(),
        )

    @routes.post("/topics/{topic}/explain")
    def check(topic: str, text: Said = "") -> Response:
        """Hold an explanation against the rubric, and keep it."""
        rubric, said = rubric_of(topic), text.replace("\r\n", "\n").strip()
        if not said:
            raise HTTPException(422)
        held = explained(rubric, said)
        missing, errors = [idea.id for idea in held.missing], [error.id for error in held.errors]
        site.log.append(happened("explain", topic, {"missing": missing, "errors": errors, "text": said}))
        return RedirectResponse(f"/topics/{topic}/explain#answer", 303)

    @routes.get("/pitfalls")
    def pitfalls(request: Request, q: str = "") -> Response:
        """The errors of all topics; with a pasted message those that it may be."""
        pasted = q[-LONGEST_MESSAGE:].strip()
        met = every(course)
        found = matching(pasted, met) if pasted else []
        return site.page(
            request,
            "pitfalls.html",
            pasted=pasted,
            found=[shown(site, one, site.speaks(request)) for one in found],
            topics=[topic for topic in course.topics.values() if of_topic(topic, course.root)],
            count=len(met),
            longest=4000,
            maths=site.maths(),
        )

    return routes


def beside(site: Site, topic: Topic, language: Language) -> dict[str, Any]:
    """What the page of a topic shows of all this."""
    found, rubric = tasks(topic, site.course.root)
    read = site.record.passes().get(topic.id, Read())
    texts = {
        str(event.data["pass"]): str(event.data["text"])
        for event in site.log.events("pass", topic.id)
        if isinstance(event.data.get("pass"), str) and event.data.get("text")
    }
    met = [shown(site, Met(topic, one), language) for one in of_topic(topic, site.course.root)]
    rows = [(task, read.passes.get(task.id), texts.get(task.id, "")) for task in found]
    ahead = upcoming(read, wrong=stuck(site.progress(), topic)) if found else None
    return {"passes": rows, "ahead": ahead, "read": read, "explains": rubric is not None, "pitfalls": met}


def stuck(progress: Progress, topic: Topic) -> bool:
    """Was an exercise of the topic tried that is not passed?"""
    own = [progress.exercises[e.id].status for e in topic.exercises if e.id in progress.exercises]
    return "tried" in own


def shown(site: Site, met: Met, language: Language) -> dict[str, Any]:
    """A pitfall as HTML."""
    one = met.pitfall
    return {
        "id": one.id,
        "topic": met.topic,
        "message": one.message,
        "program": one.program.strip(),
        "cause": site.html(one.cause, language),
        "repair": site.html(one.repair, language),
        "section": one.section,
    }


def told(rubric: Explain, events: list[Event], language: Language) -> list[dict[str, Any]]:
    """The explanations, newest first, each held against the rubric as it stands, and beside the one before it."""
    names = {idea.id: idea.name[language] for idea in rubric.ideas}
    names |= {error.id: error.name[language] for error in rubric.errors}
    found: list[dict[str, Any]] = []
    before: dict[str, Any] | None = None
    last = ""
    for number, event in enumerate(events, 1):
        text = str(event.data.get("text", ""))
        held = explained(rubric, text)
        now = {"missing": [one.id for one in held.missing], "errors": [one.id for one in held.errors]}
        row: dict[str, Any] = {"number": number, "at": dated(event.at), "text": text, "held": held, "names": names}
        row["since"] = since(before, now) if before is not None else None
        row["lines"] = difference(last, text) if before is not None else []
        found.append(row)
        before, last = now, text
    return found[: -SHOWN - 1 : -1]


def dated(at: datetime) -> str:
    return at.astimezone().isoformat(" ", "minutes")[:16]
