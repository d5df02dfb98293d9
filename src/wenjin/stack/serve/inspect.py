"""What a model does with a short text, for people who want to see it: POST /v1/inspect, which OpenAI's API lacks.

    {"model": …, "prompt": "床前明月", "layer": 3, "head": 1, "off": [[0, 2]], "temperature": 0.8, "top_k": 40}
    -> the tokens and how likely each was, a few figures of every head, the weights of one head, the likeliest next
       tokens with what each setting leaves of them, one draw; with heads off, what the whole model would say too

It is a pass of its own beside those of the engine, over a text of SHOWN tokens at most.

Omits    models that infer/fast.py does not pack
Proof    tests/stack/serve/test_inspect.py
"""

import math
import random
from functools import partial
from typing import Annotated

import torch
from fastapi import APIRouter
from pydantic import BaseModel, Field
from torch import Tensor

from wenjin.stack.infer.choose import Choice
from wenjin.stack.infer.fast import Fast
from wenjin.stack.infer.look import look
from wenjin.stack.infer.request import Request
from wenjin.stack.serve.api_errors import ApiError, unsupported
from wenjin.stack.serve.completions import ids_of
from wenjin.stack.serve.documents import JsonRoute, answers
from wenjin.stack.serve.schemas import INTEGRAL, Asked, Chance, Name, Seed, Words
from wenjin.stack.serve.schemas_text import Ids
from wenjin.stack.serve.service import Service

SHOWN = 64  # tokens
DIGITS = 4
SHAPING = ("temperature", "top_k", "top_p", "min_p")
Place = Annotated[int, Field(ge=0, le=10_000), INTEGRAL]


class Inspect(Asked):
    """POST /v1/inspect"""

    model: Name
    prompt: Annotated[Words, Field(min_length=1)] | Ids
    layer: Place | None = Field(None, description="Of the head whose weights are told, counted from 0. Default 0.")
    head: Place | None = None
    off: Annotated[list[Annotated[list[Place], Field(min_length=2, max_length=2)]], Field(max_length=4096)] | None = (
        Field(None, description="Heads that give nothing: [layer, head].")
    )
    temperature: float | None = Field(None, ge=0, le=2, description="0 is greedy. Default 1.")
    top_p: Chance | None = None
    top_k: Annotated[int, Field(ge=0, le=1_000_000), INTEGRAL] | None = None
    min_p: float | None = Field(None, ge=0, le=1)
    repetition_penalty: float | None = Field(None, ge=0.01, le=10)
    seed: Seed | None = None
    top: Annotated[int, Field(ge=1, le=100), INTEGRAL] | None = Field(None, description="Next tokens told. Default 12.")


class Read(BaseModel):
    """A token of the text. `chance`: what the model gave it after those before it; none for the first."""

    id: int
    token: str
    chance: float | None


class Glance(BaseModel):
    """Of one head, the mean over all tokens but the first: what goes to the first token, the one before, itself; and
    the entropy of its weights in nats."""

    first: float
    previous: float
    own: float
    entropy: float


class Next(BaseModel):
    """A token that may follow: its score, its probability for the model, and what the settings make of that."""

    id: int
    token: str
    score: float
    chance: float
    odds: float


class Following(BaseModel):
    """`entropy` in nats, of the chances; `kept`: tokens that the settings leave."""

    likeliest: list[Next]
    entropy: float
    kept: int


class Drawn(BaseModel):
    """`number` fell between 0 and 1, where the tokens lie side by side, the likeliest first, as wide as their odds."""

    id: int
    token: str
    number: float


class Inspected(BaseModel):
    """`weights`: row by row, what token i takes from token j. `divergence`: of these chances from the whole model's, in
    nats."""

    model: str
    tokens: list[Read]
    heads: list[list[Glance]]
    layer: int
    head: int
    weights: list[list[float]]
    next: Following
    drawn: Drawn
    ends: bool = Field(description="The drawn token ends the text.")
    whole: Following | None
    divergence: float | None


def router(service: Service) -> APIRouter:
    routes = APIRouter(route_class=JsonRoute)

    @routes.post("/v1/inspect", responses=answers(Inspected))
    async def inspect(body: Inspect) -> Inspected:
        """Tokens, attention and the next token, one step at a time."""
        service.known(body.model)
        service.ready()
        model = service.local.model
        if not isinstance(model, Fast):
            raise unsupported("model", "This family of models cannot be looked into; a Llama or a Qwen can.")
        (ids,) = await ids_of(service, body.prompt, "prompt")
        longest = min(SHOWN, service.local.context)
        if len(ids) > longest:
            message = f"The text has {len(ids)} tokens; at most {longest} are shown at once. Shorten it."
            raise ApiError(400, message, code="context_length_exceeded", param="prompt")
        if not all(id < len(service.local.pieces) for id in ids):
            message = f"prompt holds an id outside the vocabulary: 0 to {len(service.local.pieces) - 1}."
            raise ApiError(400, message, code="invalid_value", param="prompt")
        named = [("head", body.layer or 0, body.head or 0), *(("off", layer, head) for layer, head in body.off or ())]
        for param, layer, head in named:
            if layer >= len(model.layers) or head >= model.heads:
                message = f"There is no layer {layer}, head {head}: {len(model.layers)} layers of {model.heads} heads."
                raise ApiError(400, message, code="invalid_value", param=param)
        return await service.off(partial(inspected, service, model, body, list(ids)))

    return routes


def inspected(service: Service, model: Fast, body: Inspect, ids: list[int]) -> Inspected:
    layer, head, off = body.layer or 0, body.head or 0, {(layer, head) for layer, head in body.off or ()}
    seen, shown = look(model, ids, off), partial(name, service)
    whole = look(model, ids).scores[-1] if off else None  # (V,)
    chances = seen.scores.log_softmax(-1)  # (T, V)
    given = [None, *(math.exp(float(chances[n, id])) for n, id in enumerate(ids[1:]))]
    odds = shaped(body, seen.scores[-1], ids)
    number = random.random() if body.seed is None else random.Random(body.seed).random()
    drawn = draw(odds, number)
    return Inspected(
        model=body.model,
        tokens=[Read(id=id, token=shown(id), chance=chance) for id, chance in zip(ids, given, strict=True)],
        heads=glances(seen.weights),
        layer=layer,
        head=head,
        weights=[[round(x, DIGITS) for x in row] for row in seen.weights[layer, head].tolist()],
        next=following(service, body, seen.scores[-1], odds),
        drawn=Drawn(id=drawn, token=shown(drawn), number=number),
        ends=drawn in service.local.stops,
        whole=None if whole is None else following(service, body, whole, shaped(body, whole, ids)),
        divergence=None if whole is None else divergence(whole, seen.scores[-1]),
    )


def name(service: Service, id: int) -> str:
    return service.local.pieces[id].decode("utf-8", "backslashreplace") or service.local.tokenizer.token(id)


def glances(weights: Tensor) -> list[list[Glance]]:
    """weights (L, H, T, T)."""
    if weights.shape[-1] == 1:
        return [[Glance(first=1.0, previous=0.0, own=1.0, entropy=0.0) for _ in layer] for layer in weights]
    rows = weights[:, :, 1:]  # (L, H, T - 1, T)
    previous, own = (weights.diagonal(shift, 2, 3)[..., -rows.shape[2] :].mean(-1) for shift in (-1, 0))  # (L, H) each
    table = torch.stack([rows[..., 0].mean(-1), previous, own, -torch.xlogy(rows, rows).sum(-1).mean(-1)], -1)
    names = ("first", "previous", "own", "entropy")
    return [
        [Glance(**{key: round(x, DIGITS) for key, x in zip(names, head, strict=True)}) for head in layer]
        for layer in table.tolist()
    ]


def shaped(body: Inspect, scores: Tensor, read: list[int]) -> Tensor:
    """What is drawn from, (V,); scores (V,)."""
    given = {name: value for name in SHAPING if (value := getattr(body, name)) is not None}
    asked = Request(tuple(read), 1, penalty=body.repetition_penalty or 1.0, **given)
    sampler, before = Choice(asked, 0).sampler, torch.tensor([read])  # as texts are drawn
    if sampler.temperature == 0:
        return torch.nn.functional.one_hot(sampler(scores[None], before)[0], len(scores)).float()
    return sampler.odds(scores[None], before)[0]


def draw(odds: Tensor, number: float) -> int:
    ranked, order = odds.double().sort(descending=True, stable=True)
    reached = ranked.cumsum(0) / ranked.sum()
    return int(order[min(int((reached <= number).sum()), int((ranked > 0).sum()) - 1)])


def following(service: Service, body: Inspect, scores: Tensor, odds: Tensor) -> Following:
    chances = scores.double().softmax(-1)  # (V,)
    likeliest = scores.topk(min(body.top or 12, len(scores))).indices.tolist()
    return Following(
        likeliest=[
            Next(
                id=id, token=name(service, id), score=float(scores[id]), chance=float(chances[id]), odds=float(odds[id])
            )
            for id in likeliest
        ],
        entropy=float(-torch.xlogy(chances, chances).sum()),
        kept=int((odds > 0).sum()),
    )


def divergence(whole: Tensor, scores: Tensor) -> float:
    """Kullback and Leibler's, of two rows of scores (V,)."""
    p, q = whole.double().log_softmax(-1), scores.double().log_softmax(-1)
    return float((p.exp() * (p - q)).sum().clamp_min(0))
