"""POST /v1/completions: plain text goes on. With `echo` and `logprobs` it also tells how likely a given text is.

Choices are numbered through: the answers to the first prompt, those to the second, …

Proof    tests/stack/serve/test_eval.py: lm-eval reads the scores that the model gives in process; test_client.py
"""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from wenjin.stack.serve.answers import TextChoice, TextCompletion, TextLogprobs
from wenjin.stack.serve.asked import of_completion
from wenjin.stack.serve.documents import JsonRoute, answers
from wenjin.stack.serve.growing import Piece, TextAnswer
from wenjin.stack.serve.schemas_text import Completion
from wenjin.stack.serve.service import Service
from wenjin.stack.serve.under_way import UnderWay
from wenjin.stack.serve.worker import Writing

Told = TextLogprobs | None


class Continuation(UnderWay):
    PREFIX, OBJECT = "cmpl", "text_completion"
    answers: list[TextAnswer]

    def __init__(self, service: Service, body: Completion, prompt: int, writing: Writing) -> None:
        local, told = service.local, body.logprobs is not None
        answers = [TextAnswer(local.pieces, local.stops, logprobs=told) for _ in writing.tickets]
        super().__init__(service, body, prompt, writing, answers)

    async def pieces(self) -> AsyncIterator[tuple[int, Piece, Told]]:
        """What comes next of which answer."""
        async for number, tokens in self.tokens():
            piece, told = self.answers[number].take(tokens)
            if told or not piece.empty:
                yield number, piece, told

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
            model=self.model,
            choices=[
                TextChoice(index=number, text=piece.text, logprobs=told[number], finish_reason=reason(piece))
                for number, piece in enumerate(texts)
            ],
            usage=self.usage(),
        )

    async def events(self) -> AsyncIterator[bytes]:
        async for number, piece, told in self.pieces():
            logprobs = told.model_dump() if told else None
            yield self.told({"index": number, "text": piece.text, "logprobs": logprobs, "finish_reason": piece.finish})
        if self.counted:
            yield self.told_usage()


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
        return await Continuation(service, body, sum(map(len, prompts)), writing).reply(request)

    return routes
