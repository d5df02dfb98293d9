"""What the page of conversations shows: the list, one conversation along one of its branches, the form below it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from wenjin.kit.text import Language, Text, visible
from wenjin.study.store.chats import LONGEST, Chat, Turn
from wenjin.study.web import chatform
from wenjin.study.web.site import Site

LISTED = 60  # conversations beside the one that is shown; a search finds the others


@dataclass(frozen=True, slots=True)
class Shown:
    """A turn on the page. `before`, `after`: the turns beside it in other branches; it is `place` of `places`."""

    turn: Turn
    html: Markup
    text: str
    place: int
    places: int
    before: str
    after: str
    live: bool
    finish: str
    told: Mapping[str, Any]  # "tokens", "rate", "first"; 0 for what is not known


def before(site: Site, chat: Chat | None, parent: str | None) -> Mapping[str, Any]:
    """With what was asked last: on this branch, else in the conversation that was spoken in last."""
    if chat is not None:
        line = chat.path(parent)
        answers = [turn.asked for turn in (*chat.turns.values(), *line) if turn.asked]
        return answers[-1] if answers else {}
    for newest in site.talk.chats.newest()[:1]:
        return next((turn.asked for turn in reversed(list(newest.turns.values())) if turn.asked), {})
    return {}


def show(
    site: Site,
    request: Request,
    code: int = 200,
    *,
    chat: Chat | None = None,
    at: str = "",
    query: str = "",
    removed: str = "",
    form: Mapping[str, str] | None = None,
    fault: Text | None = None,
) -> Response:
    """The page. With a form that could not be taken: its fault, and its words where they were written."""
    talk, language = site.talk, site.speaks(request)
    listed, found = site.talk.chats.newest(), None
    if query:
        hits = {hit.url for hit in site.search_chats(language).find(query, language, limit=len(listed) + 1)}
        listed = [one for one in listed if f"/chat/{one.id}" in hits]
        found = len(listed)
    path = chat.path(at) if chat else []
    turns = [shown(site, chat, turn, language) for turn in path] if chat else []
    models = talk.models.all()
    asked = dict(before(site, chat, path[-1].id if path else None))
    form = form or {}
    model = form.get("model") or asked.get("model") or (models[0].name if models else "")
    sampling = asked.get("sampling") or {}
    gone = talk.chats.find(removed) if removed else None
    return site.page(
        request,
        "chat.html",
        code,
        place="chat",
        chat=chat,
        title=visible(chat.title) if chat else "",
        at=path[-1].id if path else "",
        turns=turns,
        live=next((one for one in turns if one.live), None),
        chats=[(one, visible(one.title)) for one in listed[:LISTED]],
        more=max(0, len(listed) - LISTED),
        total=len(talk.chats.newest()),
        query=query,
        found=found,
        gone=(gone, visible(gone.title)) if gone and gone.removed else None,
        removed=[(one, visible(one.title)) for one in talk.chats.all().values() if one.removed][::-1][:LISTED],
        models=models,
        model=model if any(one.name == model for one in models) or not models else models[0].name,
        forms=talk.models.commands.forms,
        system=form.get("system", asked.get("system") or ""),
        settings=[(one, form.get(one.name, one.word(sampling.get(one.name, one.usual)))) for one in chatform.SETTINGS],
        typed=defaultdict(str, form),
        fault=fault,
        when=lambda moment: moment.isoformat(timespec="seconds"),
        length=LONGEST,
    )


def shown(site: Site, chat: Chat, turn: Turn, language: Language) -> Shown:
    beside = [one for one in chat.children(turn.parent) if one.role == turn.role]
    at = [one.id for one in beside].index(turn.id)
    live = site.talk.answers.live(turn.id) if turn.live else None
    if turn.live and live is None:  # it has just ended
        turn = (site.talk.chats.find(chat.id) or chat).turns[turn.id]
    text, finish, told = turn.text, turn.finish, turn.told
    if turn.live and live is not None:
        text, told = "".join(row["text"] for row in list(live.rows)), {}
    elif turn.live:  # it ended, but that could not be kept: its file has it
        text, finish = "".join(str(row.get("text", "")) for row in site.talk.chats.rows(turn.id)), "broken"
    return Shown(
        turn,
        html(site, turn, text, language) if live is None else Markup(),
        visible(text),
        at + 1,
        len(beside),
        beside[at - 1].id if at else "",
        beside[at + 1].id if at + 1 < len(beside) else "",
        live is not None,
        finish,
        {name: told.get(name, 0) for name in ("tokens", "rate", "first")},
    )


def html(site: Site, turn: Turn, text: str, language: Language) -> Markup:
    """An answer as Markdown; verse, and what the learner said, line by line as it stands."""
    if turn.role == "assistant" and turn.asked.get("kind") == "chat":
        return Markup(site.renderer.foreign(text, language))
    return Markup('<p class="turn-lines">{}</p>').format(visible(text))
