"""The page of a lab: what it asks, a prediction, the form made of its signature. A good form starts a run."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wenjin.kit.text import Language, Text
from wenjin.study.course.form import Field, Form, FormError, Value, as_kept
from wenjin.study.course.graph import Lab
from wenjin.study.course.lab import LabTexts
from wenjin.study.course.scale import spell
from wenjin.study.labs.records import RunError
from wenjin.study.web import results
from wenjin.study.web.runs import formulas, saying
from wenjin.study.web.site import Site

RECENT = 5  # earlier runs listed on the page; the rest stands in the book


@dataclass(frozen=True, slots=True)
class Asked:
    """A field as the page shows it. `word`: what stands in it; `fault`: why that cannot be read; `slides`: a slider
    stands beside the number."""

    field: Field
    title: str
    help: str
    unit: str
    word: str
    default: str  # as it is sent
    usual: str  # and as it is read
    options: tuple[tuple[str, str], ...]
    fault: Text | None

    @property
    def slides(self) -> bool:
        return self.field.kind in ("int", "float") and self.field.name != "seed" and self.bounded

    @property
    def bounded(self) -> bool:
        return self.field.low is not None and self.field.high is not None and self.field.high < 2**31 - 1


def router(site: Site) -> APIRouter:
    routes = APIRouter(prefix="/topics/{topic}/labs/{lab}")
    labs = {id: lab for id, lab in site.course.labs.items() if lab.written}

    def find(topic: str, lab: str) -> Lab:
        if f"{topic}/{lab}" not in labs:
            raise HTTPException(404)
        return labs[f"{topic}/{lab}"]

    @routes.get("")
    def read(request: Request, topic: str, lab: str) -> Response:
        found = find(topic, lab)
        words = {name: word for name, word in request.query_params.items() if name not in ("lang", "token")}
        return show(site, request, found, words, {})

    @routes.post("")
    async def start(request: Request, topic: str, lab: str) -> Response:
        found = find(topic, lab)
        sent = {name: str(value) for name, value in (await request.form()).items()}
        return await run_in_threadpool(take, request, found, sent)

    def take(request: Request, lab: Lab, sent: Mapping[str, str]) -> Response:
        """Start a run, or the page again with what is wrong, each by its name."""
        form, texts = parts(lab)
        words = {name[4:]: word.strip() for name, word in sent.items() if name.startswith("arg.")}
        chosen = {name[8:]: key for name, key in sent.items() if name.startswith("predict.")}
        known = {p.id: [option.key for option in p.options] for p in texts.predictions}
        prediction = {id: key for id, key in chosen.items() if key in known.get(id, [])}
        given, faults = reading(form, words)
        if sent.get("do") == "skip":
            prediction = {}
        elif missing := [id for id in known if id not in prediction]:
            faults |= {f"predict.{id}": site.words["lab.no-prediction"] for id in missing}
        if faults:
            return show(site, request, lab, words, faults, chosen, 422)
        id = once(lab, given, sent.get("run", ""))
        try:
            run = site.runner.submit(lab.id, given, prediction, id)
        except RunError as error:  # the lab that it goes on from has not been run
            return show(site, request, lab, words, {"": error.text}, chosen, 409)
        return RedirectResponse(f"/runs/{run}", 303)

    def once(lab: Lab, given: Mapping[str, Value], drawn: str) -> str | None:
        """The id that was drawn with the form, so that a form sent twice is one run. None, for a new id, when that
        run is over, or was asked for otherwise: then somebody came back to the form to start another."""
        if not re.fullmatch("[0-9a-f]{32}", drawn):
            return None
        known = site.runner.run(drawn)
        same = known is None or (known.lab, known.arguments) == (lab.id, as_kept(given))
        return drawn if same and (known is None or known.state in ("queued", "running")) else None

    return routes


def parts(lab: Lab) -> tuple[Form, LabTexts]:
    """A written lab has both."""
    if lab.form is None or lab.texts is None:
        raise HTTPException(404)
    return lab.form, lab.texts


def reading(form: Form, words: Mapping[str, str]) -> tuple[dict[str, Value], dict[str, Text]]:
    """The arguments, and all that is wrong with them by name: one look at the page mends everything."""
    given, faults = dict(form.defaults), {}
    for name, word in words.items():
        try:
            given |= {name: form.field(name).read(word)}
        except FormError as error:
            faults[name] = error.text
    return given, faults


def show(
    site: Site,
    request: Request,
    lab: Lab,
    words: Mapping[str, str],
    faults: Mapping[str, Text],
    chosen: Mapping[str, str] | None = None,
    code: int = 200,
) -> Response:
    """The page of a lab; with faults, filled in as it was sent."""
    form, texts = parts(lab)
    language = site.speaks(request)
    faults = faults or reading(form, words)[1]
    titles = {name: p.title for name, p in texts.parameters.items()}
    titles |= {f"predict.{prediction.id}": prediction.question for prediction in texts.predictions}
    runs = [run for run in reversed(site.runner.runs().values()) if run.lab == lab.id]
    return site.page(
        request,
        "lab.html",
        code,
        place="runs",
        lab=lab,
        texts=texts,
        topic=site.course.topics[lab.topic],
        asks=site.html(texts.asks, language),
        fields=[asked(lab, texts, field, words, faults, language) for field in form.fields],
        faults=faults,
        titles=titles,
        chosen=chosen or {},
        drawn=uuid4().hex,
        sources=[site.course.sources[id] for id in lab.data],
        absent=[
            id
            for id in lab.data
            if site.course.sources[id].kind == "package" and not (site.places.data / "corpora" / id).is_dir()
        ],
        usual=results.duration(lab.reference.seconds, language) if lab.reference else "",
        runs=runs[:RECENT],
        count=len(runs),
        spell=spell,
        **saying(language, lambda _: lab),
        maths=formulas(site, texts, language),
    )


def asked(
    lab: Lab, texts: LabTexts, field: Field, words: Mapping[str, str], faults: Mapping[str, Text], language: Language
) -> Asked:
    known = texts.parameters.get(field.name)
    default = field.word(field.default)
    names = dict(known.options) if known else {}
    values = {"choice": field.options, "bool": ("true", "false")}.get(field.kind, ())
    if field.kind == "bool":
        names = {"true": Text("是", "yes"), "false": Text("否", "no")} | names
    return Asked(
        field,
        known.title[language] if known else field.name,
        known.help[language] if known and known.help else "",
        known.unit[language] if known and known.unit else "",
        words.get(field.name, default),
        default,
        results.worded(lab, field.name, field.default, language),
        tuple((value, names[value][language] if value in names else value) for value in values),
        faults.get(field.name),
    )
