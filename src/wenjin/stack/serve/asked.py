"""From the fields of a request to what the engine is asked.

Proof    tests/stack/serve/test_fields.py: each field reaches the engine, or is refused by its name
"""

from collections.abc import Sequence
from typing import Any

from wenjin.stack.infer.request import Constraint, Request
from wenjin.stack.serve.api_errors import ApiError, unsupported
from wenjin.stack.serve.prompts import too_long
from wenjin.stack.serve.schemas import Chat, Sampling
from wenjin.stack.serve.schemas_text import Completion
from wenjin.stack.serve.service import Service
from wenjin.stack.serve.tools import CLOSE

SEEDS = 2**64


def of_chat(service: Service, body: Chat, prompt: tuple[int, ...], constraint: Constraint | None) -> list[Request]:
    """One request for each of `n` answers."""
    if body.top_logprobs is not None and not body.logprobs:
        raise ApiError(400, "top_logprobs needs logprobs.", code="invalid_combination", param="top_logprobs")
    if (left := service.engine.longest - len(prompt)) < 1:
        raise too_long(len(prompt), service.engine.longest, "messages")
    most = body.max_completion_tokens if body.max_completion_tokens is not None else body.max_tokens
    stops = [*many(body.stop)]
    if body.tools and body.parallel_tool_calls is False and constraint is None:
        stops.append(CLOSE)
    return [
        Request(
            prompt,
            most=left if most is None else most,
            logprobs=(body.top_logprobs or 0) if body.logprobs else None,
            constraint=constraint.copy() if constraint else None,
            **settings(service, body, number, stops),
        )
        for number in range(body.n or 1)
    ]


def of_completion(service: Service, body: Completion, prompts: Sequence[tuple[int, ...]]) -> list[Request]:
    """`n` requests for each prompt, in the prompts' order."""
    n, echo = body.n or 1, bool(body.echo)
    if body.best_of is not None and body.best_of != n:
        raise unsupported("best_of", "best_of must be as many as n: answers are not ranked here.")
    most = 16 if body.max_tokens is None else body.max_tokens
    if not most and not echo:
        raise ApiError(
            400, "max_tokens is 0: nothing would be answered.", code="invalid_combination", param="max_tokens"
        )
    return [
        Request(
            prompt,
            most=most,
            logprobs=body.logprobs,
            echo=echo,
            **settings(service, body, number, many(body.stop)),
        )
        for prompt in prompts
        for number in range(n)
    ]


def settings(service: Service, body: Sampling, number: int, stops: Sequence[str]) -> dict[str, Any]:
    """What answer `number` of chats and completions have in common."""
    if body.stream_options is not None and not body.stream:
        raise ApiError(400, "stream_options needs stream: true.", code="invalid_combination", param="stream_options")
    given = {
        "temperature": body.temperature,
        "top_k": body.top_k,
        "top_p": body.top_p,
        "min_p": body.min_p,
        "penalty": body.repetition_penalty,
        "presence": body.presence_penalty,
        "frequency": body.frequency_penalty,
    }
    return {name: value for name, value in given.items() if value is not None} | {
        "bias": bias(body.logit_bias or {}),
        "seed": None if body.seed is None else (body.seed + number + SEEDS // 2) % SEEDS - SEEDS // 2,
        "stop_ids": service.local.stops,
        "stop_strings": tuple(stop.encode() for stop in stops),
    }


def bias(given: dict[str, float]) -> dict[int, float]:
    """Ids come as texts, for JSON has no other keys. Whether the vocabulary has them is the engine's to say."""
    for id in given:
        if not (id.isascii() and id.isdecimal() and len(id) <= 10 and id == str(int(id))):
            raise ApiError(
                400, "logit_bias: each key is the number of a token.", code="invalid_value", param="logit_bias"
            )
    return {int(id): value for id, value in given.items()}


def many(stop: str | list[str] | None) -> list[str]:
    return [] if stop is None else [stop] if isinstance(stop, str) else stop
