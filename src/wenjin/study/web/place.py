"""Placement, gates, and why a topic counts as known.

    GET  /place                    the question, or what the test found; POST begins, answers, ends
    GET  /topics/TOPIC/mastery     each piece of evidence and their sum
    GET  /topics/TOPIC/gate        the same as /place for one topic

All of it works as plain forms. What is typed is kept (typed.ts, `do=draft`) until its question is answered, and shown
when the page is opened again. It is not an answer: a program counts when it is handed in, and in time.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from wenjin.kit.text import Text
from wenjin.study.course.graph import Topic
from wenjin.study.judge import forms
from wenjin.study.judge.forms import Form
from wenjin.study.web.site import Site

if TYPE_CHECKING:
    from wenjin.study.judge.proving import Proving
    from wenjin.study.progress.placement import Item

CHARACTERS = 100_000  # of a program, and of any other field
UNCONFINED = "answer-unconfined"
ANSWERS = ("answer", UNCONFINED, "skip")
DRAFTS = ("draft", "keep")  # kept as it is typed; kept by a button, where there are no scripts


def router(site: Site) -> APIRouter:
    routes = APIRouter()
    judging = CapacityLimiter(4)

    @cache
    def proving() -> "Proving":
        from wenjin.study.judge.proving import Proving  # what it reckons with is loaded when somebody is tested

        return Proving(site.log, site.course, lambda: site.judge)

    def find(topic: str) -> Topic:
        if topic not in site.course.topics:
            raise HTTPException(404)
        return site.course.topics[topic]

    async def sent(request: Request, take: Callable[[Form], Response]) -> Response:
        form = {key: str(value)[:CHARACTERS].replace("\r\n", "\n") for key, value in (await request.form()).items()}
        return await to_thread.run_sync(lambda: take(form), limiter=judging)

    def keep(sitting: str, number: int, form: Form, back: str) -> Response:
        """Keep what is typed; a form of a question that is answered already changes nothing."""
        if form.get("item") == f"{sitting}-{number}":
            forms.save(site.log, draft(sitting, number), form)
        return Response(status_code=204) if form["do"] == "draft" else RedirectResponse(back, 303)

    @routes.get("/place")
    def place(request: Request) -> Response:
        return show(request)

    def show(request: Request, told: Mapping[str, Any] | None = None) -> Response:
        from wenjin.study.progress.placement import MOST

        test = proving().placement()
        item = proving().question(test)
        values: dict[str, Any] = {"test": test, "item": item, "most": MOST, "told": told}
        if item is not None:
            values |= question(site, request, item, test.id, test.opened)
        elif test.id:
            values["outcome"] = found = proving().outcome(test)
            asked = set(site.course.topics) - set(found.unasked)
            groups = ((name, found.of(name)) for name in ("known", "unsure", "unknown"))
            values["groups"] = [(name, [topic for topic in topics if topic in asked]) for name, topics in groups]
        else:
            values["askable"] = sum(any(e.written for e in t.exercises) for t in written(site))
        return site.page(request, "place.html", place="place", **values, maths=site.maths())

    @routes.post("/place")
    async def placed(request: Request) -> Response:
        def take(form: Form) -> Response:
            from wenjin.study.judge.proving import counts

            test, do = proving().placement(), form.get("do")
            if do in DRAFTS:
                return keep(test.id, len(test.answers) + 1, form, "/place")
            item = proving().question(test)
            if do == "begin":
                proving().begin()
            elif do == "end" and test.open:
                proving().end(test)
            elif item is not None and form.get("item") == f"{test.id}-{item.number}":
                if do == "open" and item.exercise.code:
                    proving().open(test, item)
                elif do == "spare" and item.exercise.code:
                    proving().spare(test)
                elif do in ANSWERS:
                    forms.save(site.log, draft(test.id, item.number), form)
                    given = answer(site, item, form)
                    verdict = proving().answer(test, item, given, confirmed=do == UNCONFINED)
                    if not counts(verdict):
                        return show(request, verdict)
            return RedirectResponse("/place", 303)

        return await sent(request, take)

    @routes.get("/topics/{topic}/gate")
    def gate(request: Request, topic: str) -> Response:
        return show_gate(request, find(topic))

    def show_gate(request: Request, topic: Topic, told: Any = None) -> Response:
        from wenjin.study.progress.gate import asked

        sat = proving().gate(topic)
        item = proving().gate_question(topic, sat) if sat else None
        values: dict[str, Any] = {"topic": topic, "sat": sat, "item": item, "told": told}
        values["items"] = asked(topic, sat.id if sat else "")
        mastery = site.record.learner().mastery
        values["held"] = mastery[topic.id]
        values["missing"] = [site.course.topics[t] for t in topic.prerequisites if not mastery[t].proven]
        if item is not None and sat is not None:
            values |= question(site, request, item, sat.id, sat.opened)
        return site.page(request, "gate.html", **values, maths=site.maths())

    @routes.post("/topics/{topic}/gate")
    async def answered(request: Request, topic: str) -> Response:
        found = find(topic)

        def take(form: Form) -> Response:
            from wenjin.study.judge.proving import counts
            from wenjin.study.progress.gate import asked

            sat, do = proving().gate(found), form.get("do")
            if do in DRAFTS and sat:
                return keep(sat.id, len(sat.answers) + 1, form, f"/topics/{found.id}/gate")
            item = proving().gate_question(found, sat) if sat else None
            if do == "begin" and asked(found, ""):
                proving().open_gate(found)
            elif sat and item and form.get("item") == f"{sat.id}-{item.number}":
                if do == "open" and item.exercise.code:
                    proving().gate_begin(found, sat, item)
                elif do in ANSWERS:
                    forms.save(site.log, draft(sat.id, item.number), form)
                    given = answer(site, item, form)
                    verdict = proving().gate_answer(found, sat, item, given, confirmed=do == UNCONFINED)
                    if not counts(verdict):
                        return show_gate(request, found, verdict)
            return RedirectResponse(f"/topics/{found.id}/gate", 303)

        return await sent(request, take)

    @routes.get("/topics/{topic}/mastery")
    def mastery(request: Request, topic: str) -> Response:
        found = find(topic)
        held = site.record.mastery(found)
        rows = [
            (each, each.at.astimezone().date().isoformat(), address(each.kind, each.subject)) for each in held.evidence
        ]
        return site.page(request, "mastery.html", topic=found, held=held, rows=rows)

    return routes


def written(site: Site) -> list[Topic]:
    return [topic for topic in site.course.topics.values() if topic.written]


def question(site: Site, request: Request, item: "Item", sitting: str, opened: datetime | None) -> dict[str, Any]:
    """What the page of a question shows. A program is shown once its time runs; `until` is when that ends."""
    from wenjin.study.progress.placement import MINUTES, late

    language, code = site.speaks(request), item.exercise.code
    problem: Mapping[str, Any] = {"form": item.exercise.kind} if code else site.problem(item.exercise.id, item.variant)
    kept = forms.kept(site.log, draft(sitting, item.number))
    return {
        "problem": problem,
        "show": site.html(Text(**problem["show"]), language) if "show" in problem else "",
        "task": site.html(item.exercise.task, language) if item.exercise.task else "",
        "about": site.course.topics[item.exercise.topic],
        "filled": defaultdict(str, kept),
        "opened": opened,
        "minutes": MINUTES,
        "until": opened and (opened + timedelta(minutes=MINUTES)).astimezone(),
        "late": bool(opened and late(opened, datetime.now(UTC))),
        "source": kept.get("source", item.exercise.starter),
    }


def answer(site: Site, item: "Item", form: Form) -> dict[str, Any] | str | None:
    """What was answered: None for "I do not know"; a program; or what was filled in."""
    if form.get("do") == "skip":
        return None
    if item.exercise.code:
        return form.get("source", "")
    return forms.filled_in(site.problem(item.exercise.id, item.variant), form)


def draft(sitting: str, number: int) -> str:
    """Where the fields of a question are kept until it is answered."""
    return f"proof/{sitting}/{number}/form"


def address(kind: str, subject: str) -> str:
    """Where the thing stands that a piece of evidence is about."""
    topic, _, name = subject.partition("/")
    match kind:
        case "attempt" | "paper":
            return f"/topics/{topic}/exercises/{name}"
        case "lab" | "prediction":
            return f"/topics/{topic}/labs/{name}"
        case "card":
            return f"/topics/{topic}#cards"
        case "gate":
            return f"/topics/{topic}/gate"
        case _:
            return "/place"
