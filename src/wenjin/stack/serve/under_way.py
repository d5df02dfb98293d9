"""A request under way, whatever its shape: what is being written for it, how it is counted, and how it is answered.

Omits    what an answer looks like: chat.py and completions.py say that
Proof    tests/stack/serve/test_client.py, test_streams.py, test_same.py: both shapes, whole and as a stream
"""

import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from wenjin.stack.infer.request import Token
from wenjin.stack.serve.answers import PromptDetails, Usage
from wenjin.stack.serve.growing import Growing
from wenjin.stack.serve.schemas import Sampling
from wenjin.stack.serve.service import Service
from wenjin.stack.serve.streams import EventStream, event, unless_gone
from wenjin.stack.serve.worker import Writing


class UnderWay(ABC):
    """`answers`: one for each text that is written; `prompt`: tokens of all prompts together."""

    PREFIX: ClassVar[str]  # of its id
    OBJECT: ClassVar[str]  # what an event of its stream is called

    def __init__(
        self, service: Service, body: Sampling, prompt: int, writing: Writing, answers: Sequence[Growing]
    ) -> None:
        self.service, self.prompt, self.writing, self.answers = service, prompt, writing, answers
        self.model, self.each, self.streamed = body.model, body.n or 1, bool(body.stream)
        self.counted = bool(body.stream_options and body.stream_options.include_usage)
        self.begun = time.perf_counter()
        self.id, self.created = f"{self.PREFIX}-{secrets.token_hex(12)}", int(time.time())

    @abstractmethod
    async def whole(self) -> BaseModel:
        """The answer in one piece."""

    @abstractmethod
    def events(self) -> AsyncIterator[bytes]:
        """The answer as it comes."""

    async def reply(self, request: Request) -> Response:
        """In the way that was asked for. Raises Gone."""
        if self.streamed:
            return EventStream(self.events(), self.writing.cancel)
        answer = await unless_gone(request, self.whole(), self.writing.cancel)
        return Response(answer.model_dump_json(), media_type="application/json")

    async def tokens(self) -> AsyncIterator[tuple[int, list[Token]]]:
        """What has come of which text, text by text."""
        first = True
        async for batch in self.writing:
            if first:
                self.service.metrics.first.observe(time.perf_counter() - self.begun)
                first = False
            for number in dict.fromkeys(number for number, _ in batch):
                yield number, [token for other, token in batch if other == number]

    def usage(self) -> Usage:
        written = sum(answer.written for answer in self.answers)
        found = sum(ticket.shared for ticket in self.writing.tickets[:: self.each])  # of a prompt, its first text's
        return Usage(
            prompt_tokens=self.prompt,
            prompt_tokens_details=PromptDetails(cached_tokens=found),
            completion_tokens=written,
            total_tokens=self.prompt + written,
        )

    def told(self, choice: dict[str, Any]) -> bytes:
        """An event of the stream."""
        return event(self._head() | {"choices": [choice]} | ({"usage": None} if self.counted else {}))

    def told_usage(self) -> bytes:
        """The last event, where it was asked for."""
        return event(self._head() | {"choices": [], "usage": self.usage().model_dump()})

    def _head(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": self.OBJECT,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": None,
        }
