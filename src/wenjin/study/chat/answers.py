"""Answers that are being written: each in a thread that reads the model server's stream and keeps every piece at once.

An answer belongs to the course, not to the page that asked: a closed tab changes nothing, and a page that opens later
reads it from its first piece. It ends by itself, by `stop`, or, after kill -9, when the course starts again.
"""

import http.client
import json
import logging
import socket
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from wenjin.kit.text import Text
from wenjin.study.chat.protocol import LINE, Piece, pieces, refusal, request
from wenjin.study.chat.server import Line, ModelServer, ServerError
from wenjin.study.store.chats import LONGEST, Chat, Chats, Turn
from wenjin.study.store.log import StoreError
from wenjin.study.store.runs import Writer

State = Literal["waiting", "loading", "reading", "writing", "ended"]
PATIENCE = 5.0  # seconds to end them all
log = logging.getLogger("wenjin.chat")

REFUSED = Text("模型服务没有答应：{said}", "The model server refused: {said}")
GONE = Text(
    "模型服务在回答途中结束了，已经写出的都在。再发一次会重新启动它。",
    "The model server ended in the middle of the answer; what was written is kept. Sending again starts it anew.",
)
UNKEPT = Text("回答没能存下，所以停在这里。", "The answer could not be kept, so it ends here.")


class Busy(Exception):
    """This conversation has an answer under way."""


@dataclass(eq=False)
class Live:
    """An answer under way. `rows` only grows; `rate` counts from the first token."""

    chat: str
    turn: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    state: State = "waiting"
    tokens: int = 0
    prompt: int = 0
    began: float = field(default_factory=time.monotonic)
    asked: float = 0.0
    first: float = 0.0
    last: float = 0.0
    stopped: threading.Event = field(default_factory=threading.Event)
    line: socket.socket | None = None
    thread: threading.Thread | None = None

    @property
    def rate(self) -> float | None:
        """Tokens a second, the first one left out: it waits for the prompt to be read."""
        return (self.tokens - 1) / (self.last - self.first) if self.tokens > 1 and self.last > self.first else None

    def told(self) -> dict[str, Any]:
        """What is known of its making."""
        found: dict[str, Any] = {"tokens": self.tokens, "prompt": self.prompt}
        if self.rate:
            found["rate"] = round(self.rate, 2)
        if self.first:
            found["first"] = round(self.first - self.asked, 3)
        return {name: value for name, value in found.items() if value}


class Answers:
    """Safe to use from several threads."""

    def __init__(self, chats: Chats, server: ModelServer) -> None:
        self.chats, self.server = chats, server
        self._lock = threading.Lock()
        self._live: dict[str, Live] = {}

    def begin(self, chat: Chat, parent: Turn, asked: dict[str, Any]) -> Live:
        """Start to answer a turn. Raises Busy while another answer of this conversation is written, and StoreError."""
        with self._lock:
            if any(live.chat == chat.id for live in self._live.values()):
                raise Busy
            turn, writer = self.chats.begin(chat.id, parent.id, asked)
            live = self._live[turn] = Live(chat.id, turn)
        turns = line_of(chat, parent)
        live.thread = threading.Thread(target=self._work, args=(live, writer, turns, asked), name="answer", daemon=True)
        live.thread.start()
        return live

    @property
    def busy(self) -> bool:
        """Is any answer under way?"""
        return bool(self._live)

    def live(self, turn: str) -> Live | None:
        return self._live.get(turn)

    def stop(self, turn: str, wait: bool = False) -> bool:
        """End it where it is, and with `wait` until its end is kept; False when it is not under way."""
        live = self._live.get(turn)
        if live is None:
            return False
        live.stopped.set()
        if (line := live.line) is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)  # who reads it wakes up; the server sees that nobody listens
        if wait and live.thread is not None:
            live.thread.join(PATIENCE)
        return True

    def close(self) -> None:
        """Stop all, and the server."""
        going = list(self._live.values())
        for live in going:
            self.stop(live.turn)
        for live in going:
            if live.thread is not None:
                live.thread.join(PATIENCE)
        self.server.close()

    def _work(self, live: Live, writer: Writer, turns: list[Turn], asked: dict[str, Any]) -> None:
        finish, why = "failed", None
        try:
            with closing(writer):
                live.state = "loading"
                with self.server.use(asked["model"], live.stopped.is_set) as line:
                    live.state = "reading"
                    finish, why = self._follow(live, writer, line, turns, asked)
        except ServerError as error:
            why = error.text
        except StoreError as error:
            why = error.text
        except Exception:
            log.exception("an answer failed")
            why = UNKEPT
        if live.stopped.is_set():
            finish, why = "stopped", None
        try:
            text = "".join(row["text"] for row in live.rows)
            self.chats.end(live.chat, live.turn, text, finish, live.told(), why)
        except StoreError:
            log.exception("the end of an answer was not kept")  # its file has all of it: the next start settles it
        with self._lock:
            self._live.pop(live.turn, None)
        live.state = "ended"

    def _follow(
        self, live: Live, writer: Writer, line: Line, turns: list[Turn], asked: dict[str, Any]
    ) -> tuple[str, Text | None]:
        """Read the stream to its end; how it ended."""
        live.asked = time.monotonic()
        path, body = request(asked | {"model": line.model}, turns, self.server.models.commands.poem)
        connection = line.connect()
        finish = ""
        held: list[Any] = []  # tokens whose text is still to come: part of a character, or held back by the server
        size = 0
        try:
            connection.connect()
            live.line = connection.sock
            line.send(connection, path, body)
            with connection.getresponse() as answer:
                if answer.status != 200:
                    return "failed", REFUSED.format(said=refused(answer.read(1 << 16)))
                for piece in pieces(iter(lambda: answer.readline(LINE), b"")):
                    if piece.error:
                        return "failed", REFUSED.format(said=piece.error)
                    finish = piece.finish or finish
                    self._count(live, piece)
                    held += [[text, p, [list(one) for one in top]] for text, p, top in piece.tokens]
                    if piece.text:
                        row = {"text": piece.text, "tokens": held}
                        writer.write(row)
                        live.rows.append(row)
                        held = []
                        size += len(piece.text)
                    if size > LONGEST or live.stopped.is_set():
                        return "length", None
        except (OSError, http.client.HTTPException):
            return "failed", GONE
        finally:
            live.line = None
            connection.close()
        return (finish or "failed", None if finish else GONE)

    def _count(self, live: Live, piece: Piece) -> None:
        new = len(piece.tokens) or bool(piece.text)
        if new:
            now = time.monotonic()
            live.first = live.first or now
            live.state, live.last = "writing", now
            live.tokens += new
        if piece.usage:
            live.prompt = piece.usage.get("prompt_tokens", live.prompt)
            live.tokens = piece.usage.get("completion_tokens", live.tokens)


def line_of(chat: Chat, turn: Turn) -> list[Turn]:
    """The turns from the first to this one."""
    found: list[Turn] = []
    above: Turn | None = turn
    while above is not None:
        found.append(above)
        above = chat.turns.get(above.parent or "")
    return found[::-1]


def refused(body: bytes) -> str:
    try:
        return refusal(json.loads(body))
    except ValueError:
        return refusal(None)
