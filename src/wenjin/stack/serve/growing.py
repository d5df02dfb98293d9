"""Answers as they grow: tokens come in, pieces of text with their log-probabilities and calls come out.

Streams send the pieces, whole answers join them, so that both say the same.

Omits    what the engine does: text held back for stop strings, characters never cut
Proof    tests/stack/serve/test_streams.py: a stream's pieces join to the whole answer; test_eval.py: places in a text
"""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from wenjin.stack.infer.request import Token
from wenjin.stack.serve.answers import Likely, Place, TextLogprobs
from wenjin.stack.serve.api_errors import ApiError
from wenjin.stack.serve.tools import Call, Calls

LEAST = -9999.0  # JSON has no minus infinity
Finish = Literal["stop", "length", "tool_calls"]


@dataclass
class Piece:
    """What a batch of tokens added to an answer."""

    text: str = ""
    calls: list[Call] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    finish: Finish | None = None

    @property
    def empty(self) -> bool:
        return not (self.text or self.calls or self.places or self.finish)


class Growing:
    """One answer. `written`: tokens drawn so far, also the one that ended it."""

    faults: Sequence[ApiError] = ()  # what explains a failure: it was asked for what cannot be done

    def __init__(self, pieces: Sequence[bytes], stops: frozenset[int], *, logprobs: bool) -> None:
        self.pieces, self.stops, self.logprobs = pieces, stops, logprobs
        self.written = 0
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def ended(self, token: Token) -> Finish | None:
        """How it finished, if it did. Raises ApiError where it could not be finished."""
        if token.finish == "error" and self.faults:
            raise self.faults[0]
        if token.finish == "error":
            raise ApiError(500, str(token.error or "Writing this text went wrong."), code="engine_error")
        if token.finish == "cancelled":
            raise ApiError(503, "The server ended before this text did.", code="shutting_down", retry=1)
        return token.finish

    def text(self, token: Token) -> str:
        return self.decoder.decode(token.text, token.finish is not None)

    def counts(self, token: Token) -> bool:
        """Is it a token that the answer holds, with log-probabilities of its own?"""
        return self.logprobs and token.id >= 0 and token.id not in self.stops

    def bytes(self, id: int) -> bytes:
        return self.pieces[id] if id < len(self.pieces) else b""


class ChatAnswer(Growing):
    """`calls`: reads calls of tools out of the text, where there are tools."""

    def __init__(
        self,
        pieces: Sequence[bytes],
        stops: frozenset[int],
        *,
        logprobs: bool,
        calls: Calls | None = None,
        faults: Sequence[ApiError] = (),
    ) -> None:
        super().__init__(pieces, stops, logprobs=logprobs)
        self.calls, self.faults = calls, faults

    def take(self, tokens: Sequence[Token]) -> Piece:
        piece = Piece()
        for token in tokens:
            piece.finish = self.ended(token)
            self.written += token.id >= 0
            piece.text += self.text(token)
            if self.counts(token):
                best = [self.likely(id, chance) for id, chance in token.top]
                shown = self.likely(token.id, token.logprob)
                piece.places.append(Place(**shown.model_dump(), top_logprobs=best))
        if self.calls:
            piece.text, piece.calls = self.calls.push(piece.text)
            if piece.finish:
                rest, last = self.calls.end()
                piece.text, piece.calls = piece.text + rest, piece.calls + last
                if self.calls.found and piece.finish == "stop":
                    piece.finish = "tool_calls"
        return piece

    def likely(self, id: int, chance: float | None) -> Likely:
        raw = self.bytes(id)
        shown = raw.decode("utf-8", "backslashreplace")
        return Likely(token=shown, logprob=clamp(chance), bytes=list(raw))


class TextAnswer(Growing):
    """`offset`: characters that stand before what comes next."""

    def __init__(self, pieces: Sequence[bytes], stops: frozenset[int], *, logprobs: bool) -> None:
        super().__init__(pieces, stops, logprobs=logprobs)
        self.offset = 0
        self.follow = codecs.getincrementaldecoder("utf-8")("replace")  # by tokens, not by what may be shown

    def take(self, tokens: Sequence[Token]) -> tuple[Piece, TextLogprobs | None]:
        piece = Piece()
        told = TextLogprobs(tokens=[], token_logprobs=[], top_logprobs=[], text_offset=[])
        for token in tokens:
            piece.finish = self.ended(token)
            self.written += token.id >= 0 and not token.of_prompt
            piece.text += self.text(token)
            if not (self.counts(token) or (self.logprobs and token.of_prompt)):
                continue
            told.tokens.append(self.name(token.id))
            told.token_logprobs.append(None if token.logprob is None else clamp(token.logprob))
            best = {self.name(id): clamp(chance) for id, chance in token.top}
            if token.logprob is not None:
                best.setdefault(self.name(token.id), clamp(token.logprob))
            told.top_logprobs.append(best or None)
            told.text_offset.append(self.offset)
            self.offset += len(self.follow.decode(self.bytes(token.id)))
        return piece, told if self.logprobs and (told.tokens or piece.finish) else None

    def name(self, id: int) -> str:
        """Its text, or its bytes where they are no whole characters: no two tokens of a place have one name."""
        raw = self.bytes(id)
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return "bytes:" + "".join(f"\\x{byte:02x}" for byte in raw)


def clamp(chance: float | None) -> float:
    return LEAST if chance is None else max(chance, LEAST)
