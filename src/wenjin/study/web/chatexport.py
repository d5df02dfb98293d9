"""A conversation as a file: Markdown of the branch that is shown, or JSON of all of it, with its tokens."""

import json
from typing import Any

from fastapi import HTTPException
from starlette.responses import Response

from wenjin.kit.text import Language
from wenjin.study.store.chats import Chat, Chats

YOU = {"zh": "我", "en": "Me"}


def answer(chat: Chat, to: str, at: str, language: Language, chats: Chats) -> Response:
    if to not in ("md", "json"):
        raise HTTPException(404)
    body = markdown(chat, at, language) if to == "md" else as_json(chat, chats)
    kind = "text/markdown; charset=utf-8" if to == "md" else "application/json"
    name = f"wenjin-chat-{chat.at:%Y%m%d}-{chat.id[:8]}.{to}"
    return Response(body, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})


def markdown(chat: Chat, at: str, language: Language) -> str:
    """Each turn below who said it, as a quotation: what was said may hold headings of its own."""
    parts = [f"# {one_line(chat.title)}", f"{chat.at:%Y-%m-%d %H:%M} UTC"]
    for turn in chat.path(at):
        who = YOU[language] if turn.role == "user" else one_line(str(turn.asked.get("model", "?")))
        if system := turn.asked.get("system"):
            parts.append("**System**\n\n" + quoted(str(system)))
        parts.append(f"**{who}**\n\n{quoted(turn.text)}")
    return "\n\n".join(parts) + "\n"


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in (text or "…").splitlines())


def one_line(text: str) -> str:
    return " ".join(text.split())


def as_json(chat: Chat, chats: Chats) -> str:
    """Every turn of every branch, answers with their settings and, where they are still kept, their tokens."""
    turns: list[dict[str, Any]] = []
    for turn in chat.turns.values():
        row: dict[str, Any] = {"id": turn.id, "parent": turn.parent, "role": turn.role, "text": turn.text}
        row["at"] = turn.at.isoformat(timespec="milliseconds")
        if turn.poem:
            row["poem"] = dict(turn.poem)
        if turn.role == "assistant":
            row |= {"asked": dict(turn.asked), "finish": turn.finish, "told": dict(turn.told)}
            row["tokens"] = [token for piece in chats.rows(turn.id) for token in piece.get("tokens", ())]
        turns.append(row)
    told = {"format": 1, "id": chat.id, "title": chat.title, "at": chat.at.isoformat(timespec="milliseconds")}
    return json.dumps(told | {"turns": turns}, ensure_ascii=False, indent=1)
