"""What a text is to the model: its ids and back, and the mean of the states that the model has of it.

An embedding is that mean, of length 1. A model that was trained to write tells texts apart by it roughly, no more; one
trained for embeddings belongs here one day.

Proof    tests/stack/serve/test_texts.py
"""

import base64
from functools import partial

from fastapi import APIRouter, Request
from torch import Tensor
from torch.nn.functional import normalize

from wenjin.stack.serve.answers import Embeddings, Text, TextUsage, Tokens, Vector
from wenjin.stack.serve.api_errors import ApiError, unsupported
from wenjin.stack.serve.completions import ids_of
from wenjin.stack.serve.documents import JsonRoute, answers
from wenjin.stack.serve.schemas_text import Detokenize, Embedding, Tokenize
from wenjin.stack.serve.service import Service
from wenjin.stack.serve.streams import unless_gone


def in_base64(vector: Tensor) -> str:
    return base64.b64encode(vector.numpy().astype("<f4").tobytes()).decode()


def router(service: Service) -> APIRouter:
    routes = APIRouter(route_class=JsonRoute)

    @routes.post("/v1/embeddings", responses=answers(Embeddings, queue=True))
    async def embeddings(request: Request, body: Embedding) -> Embeddings:
        """A vector for each text."""
        service.known(body.model)
        width = service.engine.dim
        if body.dimensions is not None and body.dimensions != width:
            raise unsupported("dimensions", f"The vectors of this model have {width} numbers, no other count.")
        texts = await ids_of(service, body.input, "input")
        work, over = service.embed(texts)
        vectors = [normalize(vector, dim=0) for vector in await unless_gone(request, work, over)]
        coded = body.encoding_format == "base64"
        data = [
            Vector(index=number, embedding=in_base64(vector) if coded else vector.tolist())
            for number, vector in enumerate(vectors)
        ]
        total = sum(map(len, texts))
        return Embeddings(data=data, model=body.model, usage=TextUsage(prompt_tokens=total, total_tokens=total))

    @routes.post("/v1/tokenize", responses=answers(Tokens))
    async def tokenize(body: Tokenize) -> Tokens:
        """The ids of a text, or of a conversation."""
        service.known(body.model)
        if (body.prompt is None) == (body.messages is None):
            raise ApiError(400, "Give either prompt or messages.", code="invalid_combination", param="prompt")
        if body.messages == []:
            raise ApiError(400, "messages is empty.", code="invalid_value", param="messages")
        prompts, local = service.prompts, service.local
        if body.messages is not None:
            work = partial(prompts.chat, body.messages, body.tools, answer=body.add_generation_prompt is not False)
        else:
            work = partial(prompts.all, body.prompt or "", frame=body.add_special_tokens is not False)
        ids = list(await service.off(work))
        shown = [local.pieces[id].decode("utf-8", "backslashreplace") for id in ids] if body.return_token_strs else None
        return Tokens(count=len(ids), max_model_len=service.engine.longest, tokens=ids, token_strs=shown)

    @routes.post("/v1/detokenize", responses=answers(Text))
    async def detokenize(body: Detokenize) -> Text:
        """The text of ids."""
        service.known(body.model)
        pieces = service.local.pieces
        if not all(id < len(pieces) for id in body.tokens):
            message = f"tokens holds an id outside the vocabulary: 0 to {len(pieces) - 1}."
            raise ApiError(400, message, code="invalid_value", param="tokens")
        return Text(prompt=await service.off(partial(service.local.tokenizer.decode, body.tokens)))

    return routes
