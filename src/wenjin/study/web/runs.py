"""The experiment book: all runs and how they are found again, one run with its result, two runs side by side."""

from collections.abc import Mapping
from datetime import UTC, date
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from wenjin.kit.lab import Cause
from wenjin.kit.text import Language, Text
from wenjin.study.course.form import FormError
from wenjin.study.course.graph import Lab
from wenjin.study.course.lab import LabTexts
from wenjin.study.course.margins import margins
from wenjin.study.course.scale import spell
from wenjin.study.labs.book import Run, compare
from wenjin.study.labs.pins import pinned
from wenjin.study.web import results
from wenjin.study.web.notes import head
from wenjin.study.web.search import place
from wenjin.study.web.site import Site

PAGE = 50  # runs on one page of the book
ASKED = ("lab", "ending", "q", "since")  # by what the book is filtered
ENDINGS = ("normal", "odd", "unjudged", "queued", "running", "stopped", "failed")


def router(site: Site) -> APIRouter:
    routes = APIRouter(prefix="/runs")
    labs = {id: lab for id, lab in site.course.labs.items() if lab.written}

    def find(id: str) -> Run:
        found = site.runner.run(id)
        if found is None:
            raise HTTPException(404)
        return found

    def lab_of(run: Run) -> Lab | None:
        return labs.get(run.lab)

    @routes.get("")
    def book(request: Request, page: int = 1) -> Response:
        language = site.speaks(request)
        everything = list(reversed(site.runner.runs().values()))
        asked = {name: request.query_params.get(name, "").strip()[:200] for name in ASKED}
        runs = [run for run in everything if fits(run, lab_of(run), asked, language)]
        pages = max(1, -(-len(runs) // PAGE))
        page = min(max(page, 1), pages)
        return site.page(
            request,
            "runs.html",
            place="runs",
            runs=runs[(page - 1) * PAGE : page * PAGE],
            found=len(runs),
            total=len(everything),
            pages=pages,
            number=page,
            asked=asked,
            filtered=urlencode({name: value for name, value in asked.items() if value}),
            endings=ENDINGS,
            labs={run.lab: lab_title(lab_of(run), run.lab, language) for run in everything},
            **saying(language, lab_of),
        )

    @routes.get("/compare")
    def side_by_side(request: Request, a: str = "", b: str = "") -> Response:
        language = site.speaks(request)
        runs = site.runner.runs()
        one, two = runs.get(a), runs.get(b)
        values: dict[str, Any] = {"one": one, "two": two, "trouble": None} | saying(language, lab_of)
        if one is None or two is None or a == b:
            return site.page(request, "compare.html", 422, place="runs", **values | {"trouble": "choose"})
        lab = lab_of(one)
        if one.lab != two.lab or lab is None:
            return site.page(request, "compare.html", 422, place="runs", **values | {"trouble": "labs"})
        found = compare(one, two)
        known = lab.form.fields if lab.form else ()
        order = {field.name: number for number, field in enumerate(known)}
        rows = [
            (
                lab.texts.parameters[name].title[language] if lab.texts and name in lab.texts.parameters else name,
                "—" if x is None else results.worded(lab, name, results.as_read(x), language),
                "—" if y is None else results.worded(lab, name, results.as_read(y), language),
                same,
            )
            for name, x, y, same in sorted(found.arguments, key=lambda row: order.get(row[0], 99))
        ]
        levels = [
            (
                results.title(lab.texts, name, language),
                "—" if x is None else results.level(lab.texts, name, x, language),
                "—" if y is None else results.level(lab.texts, name, y, language),
                "" if x is None or y is None else signed(y - x),
            )
            for name, x, y in found.levels
        ]
        frames = [site.runner.frames(run.id) for run in (one, two)]
        values |= {
            "lab": lab,
            "differing": [row for row in rows if not row[3]],
            "alike": [row for row in rows if row[3]],
            "levels": levels,
            "charts": results.overlaid(lab, frames[0], frames[1], ("A", "B"), language),
        }
        return site.page(request, "compare.html", place="runs", **values)

    @routes.get("/{id}")
    def run(request: Request, id: str) -> Response:
        found = find(id)
        return site.page(request, "run.html", place="runs", **result(site, found, lab_of(found), site.speaks(request)))

    @routes.post("/{id}/again")
    def again(id: str) -> Response:
        """The same lab with the same arguments; its prediction was made the first time."""
        found = find(id)
        lab = lab_of(found)
        if lab is None or lab.form is None:
            raise HTTPException(404)
        try:
            arguments = lab.form.read(lab.form.words(dict(found.arguments)))
        except FormError:  # the lab has changed since; its form shows what of this it still takes
            words = {name: str(value) for name, value in found.arguments.items()}
            return RedirectResponse(f"/topics/{lab.topic}/labs/{lab.name}?{urlencode(words)}", 303)
        return RedirectResponse(f"/runs/{site.runner.submit(lab.id, arguments, {})}", 303)

    return routes


def saying(language: Language, lab_of: Any) -> dict[str, Any]:
    """How templates speak of a run."""
    return {
        "named": lambda run: lab_title(lab_of(run), run.lab, language),
        "unusual": lambda run: [a for a in results.arguments(lab_of(run), run.arguments, language) if not a.usual],
        "ending": ending,
        "when": lambda at: at.astimezone(UTC).isoformat(timespec="seconds"),
        "duration": lambda seconds: results.duration(seconds, language),
    }


def lab_title(lab: Lab | None, id: str, language: Language) -> str:
    return lab.title[language] if lab and lab.title else id


def ending(run: Run) -> str:
    """How a run stands, in one word: its state, or, once it is finished, its verdict."""
    if run.state != "finished":
        return run.state
    normal = run.verdict.normal if run.verdict else None
    return {True: "normal", False: "odd", None: "unjudged"}[normal]


def fits(run: Run, lab: Lab | None, asked: Mapping[str, str], language: Language) -> bool:
    """Does a run answer the filter? `q` looks into arguments (`width=64`), values, remark and title."""
    if asked["lab"] and run.lab != asked["lab"]:
        return False
    if asked["ending"] and ending(run) != asked["ending"]:
        return False
    try:
        if asked["since"] and run.at.astimezone().date() < date.fromisoformat(asked["since"]):
            return False
    except ValueError:
        pass  # a date that is none filters nothing
    told = [f"{a.title}={a.value}" for a in results.arguments(lab, run.arguments, language)]
    pairs = [f"{name}={value}" for name, value in run.arguments.items()]
    text = " ".join([*told, *pairs, run.remark, lab_title(lab, run.lab, language), run.lab]).lower()
    return all(word in text for word in asked["q"].lower().replace(" = ", "=").split())


def result(site: Site, run: Run, lab: Lab | None, language: Language) -> dict[str, Any]:
    """What the page of a run shows."""
    live = run.state in ("queued", "running")
    rows = site.runner.rows(run.id)
    meter = next((row for row in reversed(rows.rows) if row["frame"] == "meter"), None)
    frames = site.runner.frames(run.id)
    topic = site.course.topics.get(run.lab.partition("/")[0])
    values: dict[str, Any] = (
        saying(language, lambda _: lab)
        | {
            "run": run,
            "lab": lab,
            "topic": topic,
            "live": live,
            "ahead": site.runner.place(run.id) or 0,
            "meter": meter,
            "cursor": rows.after,
            "arguments": results.arguments(lab, run.arguments, language),
            "words": lab.form.words(dict(run.arguments)) if lab and lab.form and known(lab, run) else None,
            "used": results.used(frames),
            "pictures": results.pictures(frames, language),
            "size": results.size,
            "pins": [
                (place(note.topic, note.anchor), head(site, note.topic, note.anchor, language))
                for note in pinned(site.notes.every(language), run)
            ],
            "margins": margins(topic, language) if topic else {},
        }
        | dict.fromkeys(("charts", "levels", "tables", "told", "said", "claims", "causes", "after", "seeds", "watched"))
    )
    if lab is None or lab.texts is None:
        return values
    texts, verdict = lab.texts, run.verdict
    holds = {held: site.words[f"run.{key}"][language] for held, key in ((True, "holds"), (False, "fails"))}
    names = {name: t.title for name, t in texts.levels.items()} | {name: t.text for name, t in texts.claims.items()}
    return values | {
        "maths": formulas(site, texts, language),
        "charts": results.plotted(lab, frames, language, reference=run.state == "finished", empty=live),
        "levels": results.measured(lab, run, frames, language),
        "tables": results.listed(lab, frames, language, empty=live),
        "told": results.told(lab, run, language, holds),
        "said": verdict.text(names) if verdict else None,
        "claims": [(names.get(name, Text(name, name)), held) for name, held in verdict.claims.items()]
        if verdict
        else [],
        "causes": [spoken(site, frame) for frame in frames if isinstance(frame, Cause)],
        "watched": texts.watched and verdict is None and run.state != "queued",
        "after": [
            other
            for other in site.course.topics[lab.topic].labs
            if other.texts and other.texts.takes == lab.name and run.state in ("finished", "stopped")
        ],
        "seeds": len(lab.reference.seeds) if lab.reference else 0,
    }


def formulas(site: Site, texts: LabTexts, language: Language) -> str:
    """The sheet of all formulas that a lab's texts hold; the page itself renders them too late for its own head."""
    for prediction in texts.predictions:
        for text in (prediction.question, prediction.because, *(option.text for option in prediction.options)):
            site.renderer.markdown(text[language] if text else "", language, inline=True)
    for claim in texts.claims.values():
        site.renderer.markdown(claim.text[language], language, inline=True)
    return site.maths()


def known(lab: Lab, run: Run) -> bool:
    """Does the lab's form still have all arguments of this run?"""
    fields = {field.name for field in lab.form.fields} if lab.form else set()
    return set(run.arguments) <= fields


def spoken(site: Site, cause: Cause) -> tuple[Text, Text | None, Text | None]:
    """(what is wrong, the likely reason, what to try) of a health cause, its facts filled in."""
    found = site.course.causes.get(cause.name)
    if found is None:
        return Text(cause.name, cause.name), None, None
    facts = {name: spell(value) if isinstance(value, float) else value for name, value in cause.facts.items()}
    try:
        return found.title.format(**facts), found.reason.format(**facts), found.remedy.format(**facts)
    except (KeyError, IndexError, ValueError):
        return found.title, found.reason, found.remedy


def signed(difference: float) -> str:
    return ("+" if difference > 0 else "") + spell(difference, 3)
