"""Conversations with a model as events: a tree of turns in which nothing that was said is ever changed.

    say      the learner's turn, below the turn that it follows        an edit is another turn below the same one
    answer   a model begins to answer a turn                           once more is another answer below the same one
    end      all that it wrote, and how it ended
    name, remove, restore      what the learner does with a conversation; what is removed can always come back

The words of an answer that is being written stand in a file (runs.py), a row a piece with the probabilities of its
tokens; `end` holds its text for good. Where a kill came before the end, the file tells what had been written.
"""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from wenjin.kit.text import Text
from wenjin.study.store.log import Event, Log, happened
from wenjin.study.store.places import Places
from wenjin.study.store.runs import Runs, Writer

Role = Literal["user", "assistant"]
TITLE = 80  # characters of a title that is taken from what was said first
NAME = 200  # of one that the learner gives
LONGEST = 200_000  # characters of one turn
ABANDONED = timedelta(days=1)  # after which an answer of another machine, of which we hold no file, has surely ended


@dataclass(frozen=True, slots=True)
class Turn:
    """
    parent  the turn that it follows; None for the first
    poem    {"title", "form"} where verse was asked for instead of words
    asked   of an answer: {"model", "kind", "system", "sampling"}
    finish  of an answer: "" while it is written, then stop, length, stopped, broken (a kill), failed
    told    of an answer: {"tokens", "prompt", "seconds", "first"}, as far as they are known
    """

    id: str
    parent: str | None
    role: Role
    text: str
    at: datetime
    poem: Mapping[str, str] | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    finish: str = ""
    why: Text | None = None
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        return self.role == "assistant" and not self.finish


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation. `changed`: when something was said last; `given`: the name that the learner gave, or ""."""

    id: str
    at: datetime
    changed: datetime
    turns: Mapping[str, Turn] = field(default_factory=dict)
    given: str = ""
    removed: bool = False

    @property
    def title(self) -> str:
        first = next((turn for turn in self.turns.values() if turn.role == "user"), None)
        said = " ".join(first.text.split()) if first else ""
        return self.given or (said if len(said) <= TITLE else said[: TITLE - 1] + "…")

    def children(self, parent: str | None) -> list[Turn]:
        """The turns that follow another, in the order in which they were made."""
        return [turn for turn in self.turns.values() if turn.parent == parent]

    def path(self, through: str | None = None) -> list[Turn]:
        """From the first turn through this one (else the newest) to the newest end of its branch."""
        turn = self.turns.get(through or "") or next(reversed(list(self.turns.values())), None)
        found: list[Turn] = []
        above = turn
        while above is not None:
            found.append(above)
            above = self.turns.get(above.parent or "")
        found.reverse()
        while turn is not None and (below := self.children(turn.id)):
            turn = below[-1]
            found.append(turn)
        return found

    def live(self) -> Turn | None:
        """The answer that is being written."""
        return next((turn for turn in self.turns.values() if turn.live), None)


class Chats:
    """All conversations of one learner. Safe to use from several threads; raises StoreError."""

    def __init__(self, log: Log, places: Places) -> None:
        self.log = log
        self.files = Runs(places, "chats")
        self._lock = threading.Lock()
        self._known: dict[str, Chat] = {}
        self._read = 0  # events that `_known` is made of

    def all(self) -> dict[str, Chat]:
        """By id, in the order in which they were begun, with those that were removed. Not to be changed."""
        events = self.log.events("chat")
        with self._lock:
            if len(events) < self._read:
                self._known, self._read = {}, 0
            for event in events[self._read :]:
                take(self._known, event)
            self._read = max(self._read, len(events))
            return dict(self._known)

    def forget(self) -> None:
        """The log was replaced by another: read it from its beginning."""
        with self._lock:
            self._known, self._read = {}, 0

    def find(self, id: str) -> Chat | None:
        return self.all().get(id)

    def newest(self) -> list[Chat]:
        """Those that are not removed, the one that was spoken in last first."""
        return sorted((chat for chat in self.all().values() if not chat.removed), key=lambda c: c.changed, reverse=True)

    def say(self, chat: str | None, parent: str | None, text: str, poem: Mapping[str, str] | None = None) -> Event:
        """A turn of the learner; without a chat it begins one. The event's subject is the chat."""
        told = {"do": "say", "turn": uuid4().hex, "parent": parent, "text": whole(text)[:LONGEST]}
        return self._append(chat or uuid4().hex, told | ({"poem": dict(poem)} if poem else {}))

    def begin(self, chat: str, parent: str, asked: Mapping[str, Any]) -> tuple[str, Writer]:
        """An answer begins: its id, and the file that takes its rows, which the caller closes."""
        turn = uuid4().hex
        writer = self.files.writer(turn)
        self._append(chat, {"do": "answer", "turn": turn, "parent": parent, "asked": dict(asked)})
        return turn, writer

    def end(
        self, chat: str, turn: str, text: str, finish: str, told: Mapping[str, Any], why: Text | None = None
    ) -> None:
        words = {"do": "end", "turn": turn, "text": whole(text), "finish": finish, "told": dict(told)}
        self._append(chat, words | ({"why": why.as_dict()} if why else {}))

    def rename(self, chat: str, title: str) -> None:
        """Its name from now on; without one it is called by what was said first."""
        self._append(chat, {"do": "name", "title": " ".join(whole(title).split())[:NAME]})

    def remove(self, chat: str) -> None:
        self._append(chat, {"do": "remove"})

    def restore(self, chat: str) -> None:
        self._append(chat, {"do": "restore"})

    def rows(self, turn: str) -> Iterator[dict[str, Any]]:
        """The pieces of an answer: {"text", "tokens": [[text, logprob, [[text, logprob], …]], …]}."""
        return self.files.all(turn)

    def settle(self) -> None:
        """End the answers that a kill cut off, with what they had come to. For the one process that writes answers,
        before it begins any."""
        for chat in self.all().values():
            for turn in chat.turns.values():
                here = (self.files.folder(turn.id) / "frames.jsonl").exists() if turn.live else False
                if turn.live and (here or datetime.now(UTC) - turn.at > ABANDONED):
                    rows = list(self.rows(turn.id))
                    tokens = sum(len(row.get("tokens", ())) for row in rows)
                    text = "".join(str(row.get("text", "")) for row in rows)
                    self.end(chat.id, turn.id, text, "broken", {"tokens": tokens} if tokens else {})

    def _append(self, chat: str, data: Mapping[str, Any]) -> Event:
        event = happened("chat", chat, data)
        self.log.append(event)
        return event


def take(chats: dict[str, Chat], event: Event) -> None:
    """Add an event to the conversations. One that is not understood, of a newer version perhaps, changes nothing."""
    data, chat = event.data, chats.get(event.subject)
    match data:
        case {"do": "say", "turn": str(id), "parent": None | str() as parent, "text": str(text)}:
            chat = chat or Chat(event.subject, event.at, event.at)
            if id not in chat.turns and (parent is None or parent in chat.turns):  # below one that is there: a tree
                turn = Turn(id, parent, "user", text, event.at, poem=data.get("poem"))
                chat = replace(chat, turns={**chat.turns, id: turn}, changed=event.at)
        case {"do": "answer", "turn": str(id), "parent": str(parent), "asked": dict(asked)} if chat:
            if id not in chat.turns and parent in chat.turns:
                turn = Turn(id, parent, "assistant", "", event.at, asked=asked)
                chat = replace(chat, turns={**chat.turns, id: turn}, changed=event.at)
        case {"do": "end", "turn": str(id), "text": str(text), "finish": str(finish), "told": dict(told)} if chat:
            why = Text(**data["why"]) if "why" in data else None
            if id in chat.turns and chat.turns[id].live:  # ended twice: the first counts
                turn = replace(chat.turns[id], text=text, finish=finish, why=why, told=told)
                chat = replace(chat, turns={**chat.turns, id: turn})
        case {"do": "name", "title": str(title)} if chat:
            chat = replace(chat, given=title)
        case {"do": "remove"} if chat:
            chat = replace(chat, removed=True)
        case {"do": "restore"} if chat:
            chat = replace(chat, removed=False)
    if chat is not None and chat.turns:
        chats[event.subject] = chat


def whole(text: str) -> str:
    """Without half characters, which no file and no page can hold."""
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text
