"""POST /v1/chat/completions: a conversation goes on, whole or as a stream.

A stream tells the role once, then the text as it comes, then how it finished, then, where asked, the usage.

Proof    tests/stack/serve/test_client.py, test_streams.py, test_same.py
"""

import secrets
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from wenjin.stack.serve.answers import (
    AnswerMessage,
    ChatChoice,
    ChatCompletion,
    ChatLogprobs,
    FunctionCalled,
    Place,
    ToolCall,
)
from wenjin.stack.serve.asked import of_chat
from wenjin.stack.serve.documents import JsonRoute, answers
from wenjin.stack.serve.forms import Prepared, prepare
from wenjin.stack.serve.growing import ChatAnswer, Piece
from wenjin.stack.serve.schemas import Chat
from wenjin.stack.serve.service import Service
from wenjin.stack.serve.tools import Call, Calls
from wenjin.stack.serve.under_way import UnderWay
from wenjin.stack.serve.worker import Writing


class Talk(UnderWay):
    PREFIX, OBJECT = "chatcmpl", "chat.completion.chunk"
    answers: list[ChatAnswer]

    def __init__(self, service: Service, body: Chat, prepared: Prepared, writing: Writing) -> None:
        tools = bool(body.tools) and body.tool_choice != "none"
        self.logprobs, local = bool(body.logprobs), service.local
        answers = [
            ChatAnswer(
                local.pieces,
                local.stops,
                logprobs=self.logprobs,
                calls=Calls(inside=prepared.forced) if tools else None,
                faults=prepared.faults,
            )
            for _ in writing.tickets
        ]
        super().__init__(service, body, len(prepared.prompt), writing, answers)

    async def pieces(self) -> AsyncIterator[tuple[int, Piece]]:
        """What comes next of which answer."""
        async for number, tokens in self.tokens():
            piece = self.answers[number].take(tokens)
            if not piece.empty:
                yield number, piece

    async def whole(self) -> ChatCompletion:
        joined = [Piece() for _ in self.answers]
        async for number, piece in self.pieces():
            one = joined[number]
            one.text += piece.text
            one.calls += piece.calls
            one.places += piece.places
            one.finish = piece.finish or one.finish
        return ChatCompletion(
            id=self.id,
            created=self.created,
            model=self.model,
            choices=[self.choice(number, piece) for number, piece in enumerate(joined)],
            usage=self.usage(),
        )

    def choice(self, number: int, piece: Piece) -> ChatChoice:
        calls = [called(call) for call in piece.calls]
        message = AnswerMessage(content=piece.text or (None if calls else ""), tool_calls=calls or None)
        return ChatChoice(
            index=number,
            message=message,
            logprobs=ChatLogprobs(content=piece.places) if self.logprobs else None,
            finish_reason=piece.finish or "stop",
        )

    async def events(self) -> AsyncIterator[bytes]:
        count = [0] * len(self.answers)  # calls told so far
        for number in range(len(self.answers)):
            yield self.chunk(number, {"role": "assistant", "content": ""})
        async for number, piece in self.pieces():
            if piece.text or piece.places:
                yield self.chunk(number, {"content": piece.text}, piece.places)
            for call in piece.calls:
                told = called(call).model_dump() | {"index": count[number]}
                count[number] += 1
                yield self.chunk(number, {"tool_calls": [told]})
            if piece.finish:
                yield self.chunk(number, {}, finish=piece.finish)
        if self.counted:
            yield self.told_usage()

    def chunk(
        self, number: int, delta: dict[str, Any], places: list[Place] | None = None, finish: str | None = None
    ) -> bytes:
        logprobs = {"content": [place.model_dump() for place in places], "refusal": None} if places else None
        return self.told({"index": number, "delta": delta, "logprobs": logprobs, "finish_reason": finish})


def called(call: Call) -> ToolCall:
    function = FunctionCalled(name=call.name, arguments=call.arguments)
    return ToolCall(id=f"call_{secrets.token_hex(12)}", function=function)


def router(service: Service) -> APIRouter:
    routes = APIRouter(route_class=JsonRoute)

    @routes.post("/v1/chat/completions", response_model=None, responses=answers(ChatCompletion, stream=True))
    async def chat(request: Request, body: Chat) -> Response:
        """Go on with a conversation."""
        service.known(body.model)
        service.room(body.n or 1)
        prepared = await prepare(service, body)
        writing = service.write(of_chat(service, body, prepared.prompt, prepared.constraint))
        return await Talk(service, body, prepared, writing).reply(request)

    return routes
