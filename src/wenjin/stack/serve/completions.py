"""POST /v1/completions: plain text goes on. With `echo` and `logprobs` it also tells how likely a given text is.

Choices are numbered through: the answers to the first prompt, those to the second, …

Proof    tests/stack/serve/test_eval.py: lm-eval reads the scores that the model gives in process; test_client.py
"""

import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from wenjin.stack.serve.answers import TextChoice, TextCompletion, TextLogprobs, Usage
from wenjin.stack.serve.asked import of_completion
from wenjin.stack.serve.documents import JsonRoute, answers
from wenjin.stack.serve.growing import Piece, TextAnswer
from wenjin.stack.serve.schemas_text import Completion
from wenjin.stack.serve.service import Service
from wenjin.stack.serve.streams import EventStream, event, unless_gone
from wenjin.stack.serve.worker import Writing

Told = TextLogprobs | None


class Continuation:
    """One request under way: what is being written for it, and how it is told. `prompts`: tokens of all of them."""

    def __init__(self, service: Service, body: Completion, prompts: int, writing: Writing) -> None:
        self.service, self.body, self.prompts, self.writing = service, body, prompts, writing
        self.begun = time.perf_counter()
        self.id, self.created = f"cmpl-{secrets.token_hex(12)}", int(time.time())
        local = service.local
        self.answers = [
            TextAnswer(local.pieces, local.stops, logprobs=body.logprobs is not None) for _ in writing.tickets
        ]

    async def pieces(self) -> AsyncIterator[tuple[int, Piece, Told]]:
        """What comes next of which answer."""
        first = True
        async for batch in self.writing:
            if first:
                self.service.metrics.first.observe(time.perf_counter() - self.begun)
                first = False
            for number in dict.fromkeys(number for number, _ in batch):
                piece, told = self.answers[number].take([token for other, token in batch if other == number])
                if told or not piece.empty:
                    yield number, piece, told

    def usage(self) -> Usage:
        written = sum(answer.written for answer in self.answers)
        return Usage(prompt_tokens=self.prompts, completion_tokens=written, total_tokens=self.prompts + written)

    async def whole(self) -> TextCompletion:
        texts = [Piece() for _ in self.answers]
        told: list[Told] = [None] * len(texts)
        async for number, piece, more in self.pieces():
            texts[number].text += piece.text
            texts[number].finish = piece.finish
            told[number] = joined(told[number], more)
        return TextCompletion(
            id=self.id,
            created=self.created,
            model=self.body.model,
            choices=[
                TextChoice(index=number, text=piece.text, logprobs=told[number], finish_reason=reason(piece))
                for number, piece in enumerate(texts)
            ],
            usage=self.usage(),
        )

    async def events(self) -> AsyncIterator[bytes]:
        counted = bool(self.body.stream_options and self.body.stream_options.include_usage)
        head: dict[str, Any] = {
            "id": self.id,
            "object": "text_completion",
            "created": self.created,
            "model": self.body.model,
            "system_fingerprint": None,
        }
        extra = {"usage": None} if counted else {}
        async for number, piece, told in self.pieces():
            choice = {
                "index": number,
                "text": piece.text,
                "logprobs": told.model_dump() if told else None,
                "finish_reason": piece.finish,
            }
            yield event(head | {"choices": [choice]} | extra)
        if counted:
            yield event(head | {"choices": [], "usage": self.usage().model_dump()})


def joined(told: Told, more: Told) -> Told:
    if told is None or more is None:
        return told or more
    told.tokens += more.tokens
    told.token_logprobs += more.token_logprobs
    told.top_logprobs += more.top_logprobs
    told.text_offset += more.text_offset
    return told


def reason(piece: Piece) -> Any:
    return piece.finish or "stop"


async def ids_of(service: Service, given: Any, param: str) -> list[tuple[int, ...]]:
    """The ids of a text, of ids, or of a list of either."""
    if isinstance(given, str) or isinstance(given[0], int):
        given = [given]
    found: list[tuple[int, ...]] = []
    for one in given:
        if isinstance(one, str):
            found.append(await service.off(lambda text=one: service.prompts.plain(text, param), len(one)))  # type: ignore[misc]
        else:
            found.append(tuple(one))
    return found


def router(service: Service) -> APIRouter:
    routes = APIRouter(route_class=JsonRoute)

    @routes.post("/v1/completions", response_model=None, responses=answers(TextCompletion, stream=True))
    async def completions(request: Request, body: Completion) -> Response:
        """Go on with a text."""
        service.known(body.model)
        service.room(body.n or 1)
        prompts = await ids_of(service, body.prompt, "prompt")
        writing = service.write(of_completion(service, body, prompts))
        continuation = Continuation(service, body, sum(map(len, prompts)), writing)
        if body.stream:
            return EventStream(continuation.events(), writing.cancel)
        answer = await unless_gone(request, continuation.whole(), writing.cancel)
        return Response(answer.model_dump_json(), media_type="application/json")

    return routes
