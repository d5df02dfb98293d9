"""Talking to a model of this machine: conversations, said and answered, branched, found again, taken away.

Each change is a form that works without scripts and leads to the page of the conversation; the island sends the same
forms in the background and puts the part of the answer that changed into the page. Words that come from a model are
shown by `Renderer.foreign` only. What the model server is asked goes through chatlive.py: no page sees its key.
"""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wenjin.kit.text import Text
from wenjin.study.chat.answers import Busy
from wenjin.study.store.chats import Chat, Turn
from wenjin.study.web import chatviews
from wenjin.study.web.chatform import NAMES, Fault, said, wished
from wenjin.study.web.site import Site

BUSY = Text(
    "这段对话里还有一个回答在写。等它写完，或先停下它。",
    "An answer of this conversation is still being written. Wait for it, or stop it first.",
)


Form = Mapping[str, str]
Act = Callable[[Request, str, Form], Response]


def router(site: Site) -> APIRouter:
    routes = APIRouter(prefix="/chat")
    talk = site.talk

    def find(id: str) -> Chat:
        chat = talk.chats.find(id)
        if chat is None:
            raise HTTPException(404)
        return chat

    def turn_of(chat: Chat, id: str) -> Turn:
        if id not in chat.turns:
            raise HTTPException(404)
        return chat.turns[id]

    @routes.get("")
    def every(request: Request, q: str = "", removed: str = "") -> Response:
        return chatviews.show(site, request, query=" ".join(q[:200].split()), removed=removed)

    @routes.get("/{id}")
    def one(request: Request, id: str, at: str = "", q: str = "") -> Response:
        return chatviews.show(site, request, chat=find(id), at=at, query=" ".join(q[:200].split()))

    def begin(request: Request, id: str, form: Form) -> Response:
        return tried(request, None, form, lambda: say(request, None, None, form))

    def go_on(request: Request, id: str, form: Form) -> Response:
        """A turn below `parent`: at the end, or beside one that is there, which makes a branch."""
        chat, parent = find(id), form.get("parent") or None
        if parent:
            turn_of(chat, parent)
        return tried(request, chat, form, lambda: say(request, chat, parent, form))

    def again(request: Request, id: str, form: Form) -> Response:
        """Another answer beside one that is there."""
        chat = find(id)
        old = turn_of(chat, form.get("turn", ""))
        if old.parent is None or old.role != "assistant":
            raise HTTPException(404)
        parent = chat.turns[old.parent]
        return tried(request, chat, form, lambda: answer(chat, parent, wanted(request, form, old.asked)))

    def stop(request: Request, id: str, form: Form) -> Response:
        turn = turn_of(find(id), form.get("turn", ""))
        talk.answers.stop(turn.id, wait=True)
        return RedirectResponse(place(id, turn.id), 303)

    def name(request: Request, id: str, form: Form) -> Response:
        find(id)
        talk.chats.rename(id, form.get("name", ""))
        return RedirectResponse(f"/chat/{id}", 303)

    def remove(request: Request, id: str, form: Form) -> Response:
        if live := find(id).live():
            talk.answers.stop(live.id)
        talk.chats.remove(id)
        return RedirectResponse(f"/chat?removed={id}", 303)

    def restore(request: Request, id: str, form: Form) -> Response:
        find(id)
        talk.chats.restore(id)
        return RedirectResponse(f"/chat/{id}", 303)

    def say(request: Request, chat: Chat | None, parent: str | None, form: Form) -> Response:
        asked = wanted(request, form, chatviews.before(site, chat, parent))
        text, poem = said(form, asked["kind"], talk.models.commands.forms)
        if chat is not None and (live := chat.live()) and talk.answers.live(live.id):
            raise Fault(BUSY)
        event = talk.chats.say(chat.id if chat else None, parent, text, poem)
        now = find(event.subject)
        return answer(now, now.turns[event.data["turn"]], asked)

    def wanted(request: Request, form: Form, before: Mapping[str, Any]) -> dict[str, Any]:
        language = site.speaks(request)
        titles = {name: site.words[f"chat.set-{name}"][language] for name in NAMES}
        return wished(form, before, talk.models.all(), titles)

    def answer(chat: Chat, parent: Turn, asked: dict[str, Any]) -> Response:
        try:
            live = talk.answers.begin(chat, parent, asked)
        except Busy:
            raise Fault(BUSY) from None
        return RedirectResponse(place(chat.id, live.turn), 303)

    def tried(request: Request, chat: Chat | None, form: Form, act: Callable[[], Response]) -> Response:
        """Do it; what cannot be done is said on the page, with what was written still there."""
        try:
            return act()
        except Fault as fault:
            at = form.get("parent") or form.get("turn", "")
            return chatviews.show(site, request, 422, chat=chat, at=at, form=form, fault=fault.text)

    routes.add_api_route("", taking(begin, named=False), methods=["POST"])
    for path, act in (("", go_on), ("/again", again), ("/stop", stop), ("/name", name), ("/remove", remove)):
        routes.add_api_route(f"/{{id}}{path}", taking(act), methods=["POST"])
    routes.add_api_route("/{id}/restore", taking(restore), methods=["POST"])
    return routes


def taking(act: Act, named: bool = True) -> Callable[..., Any]:
    """A route that reads a form and then acts in a thread of its own: what is kept may take its time."""

    async def with_id(request: Request, id: str) -> Response:
        sent = await request.form()
        form = {name: value for name, value in sent.items() if isinstance(value, str)}
        return await run_in_threadpool(act, request, id, form)

    async def without(request: Request) -> Response:
        return await with_id(request, "")

    return with_id if named else without


def place(chat: str, turn: str) -> str:
    """The page of a conversation, at one of its turns."""
    return f"/chat/{chat}?at={turn}#t-{turn}"
