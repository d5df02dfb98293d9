"""The experiment book: all runs and how they are found again, one run with its result, runs side by side."""

from collections.abc import Mapping
from datetime import UTC, date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from wenjin.kit.lab import Cause
from wenjin.kit.text import Language, Text
from wenjin.study.course.form import FormError
from wenjin.study.course.graph import Lab
from wenjin.study.course.lab import LabTexts
from wenjin.study.course.margins import margins
from wenjin.study.course.scale import spell
from wenjin.study.labs.book import Run, Together, together
from wenjin.study.labs.pins import pinned
from wenjin.study.web import results
from wenjin.study.web.notes import head
from wenjin.study.web.search import place
from wenjin.study.web.site import Site

PAGE = 50  # runs on one page of the book
LETTERS = "ABCDEF"  # as runs are called side by side
TOGETHER = len(LETTERS)  # a chart has so many colors
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
    def side_by_side(
        request: Request, a: str = "", b: str = "", run: Annotated[list[str] | None, Query()] = None
    ) -> Response:
        """Two runs, `a` and `b`, or the chosen ones by age."""
        everything = site.runner.runs()
        chosen = sorted((everything[id] for id in set(run or ()) if id in everything), key=lambda one: one.at)
        runs = [*{id: everything[id] for id in (a, b) if id in everything}.values(), *chosen]
        language = site.speaks(request)
        values: dict[str, Any] = {"runs": runs, "trouble": None, "most": TOGETHER} | saying(language, lab_of)
        lab = lab_of(runs[0]) if runs else None
        if not 2 <= len(runs) <= TOGETHER:
            values["trouble"] = "choose" if len(runs) < 2 else "many"
        elif lab is None or any(one.lab != lab.id for one in runs):
            values["trouble"] = "labs"
        else:
            frames = [site.runner.frames(one.id) for one in runs]
            values |= compared(lab, together(runs), language)
            values["charts"] = results.overlaid(lab, frames, LETTERS[: len(runs)], language)
        return site.page(request, "compare.html", 422 if values["trouble"] else 200, place="runs", **values)

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


def compared(lab: Lab, found: Together, language: Language) -> dict[str, Any]:
    """Arguments and results of some runs, in words: (title, [(value, how it differs from the first run's)], alike)."""
    order = {field.name: number for number, field in enumerate(lab.form.fields if lab.form else ())}
    texts = lab.texts

    def argument(name: str, value: Any) -> str:
        return "—" if value is None else results.worded(lab, name, results.as_read(value), language)

    def level(name: str, value: float | None) -> str:
        return "—" if value is None else results.level(texts, name, value, language)

    rows = [
        (
            texts.parameters[name].title[language] if texts and name in texts.parameters else name,
            [(argument(name, value), value != values[0]) for value in values],
            all(value == values[0] for value in values),
        )
        for name, values in sorted(found.arguments, key=lambda row: order.get(row[0], 99))
    ]
    levels = [
        (
            results.title(texts, name, language),
            [(level(name, x), "" if x is None or values[0] is None else signed(x - values[0])) for x in values],
        )
        for name, values in found.levels
    ]
    return {
        "lab": lab,
        "letters": LETTERS,
        "differing": [row for row in rows if not row[2]],
        "alike": [row for row in rows if row[2]],
        "levels": levels,
    }


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
