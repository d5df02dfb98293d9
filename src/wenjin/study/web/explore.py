"""The attention explorer: a sentence, and what a model of this machine does with it, head by head, token by token.

All that is chosen stands in the address: the sentence, the head that is looked at, the heads that are off, the
settings of the draw. So every view can be sent to somebody, and the browser's back is the undo. Nothing is kept, and
the page works without scripts.

    /explore?model=smollm2&text=The+capital+of&layer=3&head=1&off=0.2&off=4.7&temperature=0.8&seed=1

A sentence that grew by draws is told by its ids, `ids`, as long as its words are those that the ids spell, `of`: the
same words, cut into tokens anew, might give other ids.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from wenjin.kit.text import visible
from wenjin.study.chat.commands import Model
from wenjin.study.chat.inspection import Inspection, inspect
from wenjin.study.chat.server import ServerError
from wenjin.study.web.chatform import NO_MODEL, NOTHING, SETTINGS, TOO_LONG, Fault
from wenjin.study.web.site import Site, whole

LONGEST = 600  # characters; the model server shows 64 tokens at most
SHOWN = tuple(one for one in SETTINGS if one.name in ("temperature", "top_k", "top_p", "min_p", "seed"))
MARKS = {"first": "⇤", "previous": "←", "own": "•", "spread": "∿"}  # where a head looks most
MOST = 0.4  # of its weight, that a head must give to one place to be called by it
LEVELS = 5  # of shading
TITLE = "秋夜"


@dataclass(frozen=True, slots=True)
class View:
    """What the address says."""

    model: str
    text: str
    ids: tuple[int, ...]
    layer: int
    head: int
    off: tuple[tuple[int, int], ...]
    settings: Mapping[str, float | int | None]

    def link(self, **changed: Any) -> str:
        """The address of another view."""
        values = {name: getattr(self, name) for name in self.__slots__} | changed
        query: list[tuple[str, Any]] = [(name, values[name]) for name in ("model", "text")]
        if values["ids"]:
            query += [("ids", ",".join(map(str, values["ids"]))), ("of", values["text"])]
        query += [(name, values[name]) for name in ("layer", "head")]
        query += [("off", f"{layer}.{head}") for layer, head in sorted(values["off"])]
        query += [(name, value) for name, value in values["settings"].items() if value is not None]
        return f"/explore?{urlencode(query)}"

    def without(self, *heads: tuple[int, int]) -> str:
        """The address with these heads switched the other way."""
        return self.link(off=tuple({*self.off} ^ {*heads}))

    def drawn(self, found: Inspection, keep: bool) -> str:
        """The address after the draw: with its token, or with other dice."""
        settings = {**self.settings, "seed": int(self.settings["seed"] or 0) + 1}
        if not keep:
            return self.link(settings=settings)
        id, token, _ = found.drawn
        return self.link(settings=settings, ids=(*(id for id, _, _ in found.tokens), id), text=self.text + token)


def router(site: Site) -> APIRouter:
    routes = APIRouter()

    @routes.get("/explore")
    def explore(request: Request) -> Response:
        models = site.talk.models.all()
        query = {name: value for name, value in request.query_params.items() if name not in ("lang", "token")}
        titles = {one.name: site.words[f"chat.set-{one.name}"][site.speaks(request)] for one in SHOWN}
        view, found, fault = None, None, None
        if "text" in query:
            try:
                view = wanted(query, request.query_params.getlist("off"), models, titles)
                found = inspect(site.talk.server, view.model, body(view))
            except (Fault, ServerError) as error:
                fault = error.text
        name = query.get("model") or (models[0].name if models else "")
        return site.page(
            request,
            "explore.html",
            422 if fault else 200,
            place="chat",
            models=models,
            model=name if any(one.name == name for one in models) or not models else models[0].name,
            text=visible(query["text"]) if "text" in query else suggested(site, models, name),
            settings=[(one, query.get(one.name, one.word(usual(one.name, one.usual)))) for one in SHOWN],
            view=view,
            found=found,
            fault=fault,
            seen=seen(view, found) if view and found else None,
            longest=LONGEST,
            marks=MARKS,
            visible=visible,
        )

    return routes


def usual(name: str, value: float | None) -> float | None:
    """A draw that can be repeated, from all that the model thinks possible."""
    return {"seed": 1.0, "temperature": 1.0, "top_p": 1.0}.get(name, value)


def suggested(site: Site, models: Sequence[Model], name: str) -> str:
    """What stands in the field at first: for a poet, the beginning of a poem as it has read them."""
    kind = next((one.kind for one in models if one.name == name), "chat")
    commands = site.talk.models.commands
    if kind == "poet" and commands.poem and commands.forms:
        return commands.poem.format(form=next(iter(commands.forms.values())), title=TITLE)
    return site.words["explore.suggested"]["en"]


def wanted(query: Mapping[str, str], off: Sequence[str], models: Sequence[Model], titles: Mapping[str, str]) -> View:
    """Raises Fault."""
    name, text = query.get("model", ""), query["text"].replace("\r\n", "\n")
    if not any(one.name == name for one in models):
        raise Fault(NO_MODEL.format(name=visible(name)[:60] or "—"))
    if not text:
        raise Fault(NOTHING)
    if len(text) > LONGEST:
        raise Fault(TOO_LONG.format(most=LONGEST))
    ids = tuple(numbers(query.get("ids", ""), ",")) if query.get("of", "").replace("\r\n", "\n") == text else ()
    heads = {(pair[0], pair[1]) for one in off if len(pair := numbers(one, ".")) == 2}
    settings = {
        one.name: one.read(query.get(one.name, ""), titles[one.name])
        if query.get(one.name)
        else usual(one.name, one.usual)
        for one in SHOWN
    }
    layer, head = (next(iter(numbers(query.get(name, ""), ",")), 0) for name in ("layer", "head"))
    return View(name, text, ids, layer, head, tuple(sorted(heads)), settings)


def numbers(given: str, between: str) -> list[int]:
    """What is no row of small numbers is none: it came from an address that nobody here wrote."""
    parts = given.split(between)
    found = [number for part in parts if (number := whole(part, digits=7)) is not None]
    return found if len(found) == len(parts) else []


def body(view: View) -> dict[str, Any]:
    settings = {name: value for name, value in view.settings.items() if value is not None}
    for name in ("top_k", "seed"):
        if name in settings:
            settings[name] = int(settings[name])
    return settings | {
        "prompt": list(view.ids) or view.text,
        "layer": view.layer,
        "head": view.head,
        "off": [list(one) for one in view.off],
    }


def level(share: float) -> int:
    return min(LEVELS, int(share * LEVELS + 0.5))


def seen(view: View, found: Inspection) -> dict[str, Any]:
    """What the page shows, in the order in which it shows it."""
    rows = []
    for layer, heads in enumerate(found.heads):
        row = []
        for head, told in enumerate(heads):
            place = max(("first", "previous", "own"), key=lambda name, told=told: told.get(name, 0.0))  # type: ignore[misc]
            share = told.get(place, 0.0)
            kind = place if share >= MOST else "spread"
            row.append((head, kind, level(share if kind != "spread" else 1 - share), told, (layer, head) in view.off))
        rows.append((layer, row, [(layer, head) for head in range(len(heads))]))
    whole = {one.id: one for one in found.whole.likeliest} if found.whole else {}
    return {
        "rows": rows,
        "off": (found.layer, found.head) in view.off,
        "sources": [sorted(((share, n) for n, share in enumerate(row)), reverse=True)[:5] for row in found.weights],
        "whole": whole,
        "lost": [
            one
            for one in (found.whole.likeliest[:3] if found.whole else ())
            if one.id not in {n.id for n in found.next.likeliest[:3]}
        ],
        "scale": max((one.chance for one in found.next.likeliest), default=1.0) or 1.0,
    }
