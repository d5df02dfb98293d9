"""The same request gives the same tokens alone, in a batch of eight, streamed or not, beginnings found or not.

On SmolLM2 in float32 and on a small random Llama. Where two ways differ, the two tokens must have been closer than
twice the rounding that was measured between these ways; it is printed. A deterministic engine is equal bit for bit.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from wenjin.stack.compress.gguf_model import load
from wenjin.stack.files import gguf
from wenjin.stack.infer.choose import likely
from wenjin.stack.infer.engine import Engine
from wenjin.stack.infer.generate import generate
from wenjin.stack.infer.request import Request, Token
from wenjin.stack.infer.sampling import Sampler
from wenjin.stack.models.llama import Llama
from wenjin.stack.text.tokenizer_gguf import from_metadata

SYSTEM = "You are a careful assistant. Answer in plain English, give reasons, and keep to what was asked. "
FORMS = ("Tell a short story about {}.", "What is {}?", "A letter to a friend about {}:\n", "List three uses of {}.",
         "Explain {} to a child.")  # fmt: skip
THINGS = (
    "a lighthouse",
    "gravity",
    "bread",
    "an old map",
    "rain",
    "the number zero",
    "a bicycle",
    "ink",
    "salt",
    "time",
)
Written = list[list[Token]]


def asked(prompts: Sequence[tuple[int, ...]], greedy: int, sampled: int, most: int = 64) -> list[Request]:
    """The first ones greedy, the last ones drawn, each with its own seed and cuts."""
    requests = [Request(prompt, most, temperature=0.0, logprobs=2) for prompt in prompts[:greedy]]
    for n, prompt in enumerate(prompts[:sampled]):
        cut = {"top_p": 0.9} if n % 2 else {}
        requests.append(Request(prompt, most, temperature=0.8, seed=n, logprobs=2, **cut))
    return requests


def company(model: Llama, requests: list[Request], **settings: Any) -> Written:
    """Eight at a time; where requests are fewer, others with short answers keep them company. Half are streamed."""
    engine = Engine(model, [], batch=8, **settings)
    thread = threading.Thread(target=engine.run)
    thread.start()
    told: Written = [[] for _ in requests]
    tickets = []
    for n, request in enumerate(requests):
        tickets.append(engine.submit(request))
        if n % 2:
            tickets[-1].listen(told[n].append)
    for n in range(8 - len(requests)):
        engine.submit(replace(requests[0], prompt=requests[0].prompt[n + 1 :], most=12, seed=n, temperature=1.0))
    whole = [list(ticket.tokens()) for ticket in tickets]
    engine.close()
    thread.join()
    assert all(heard == got for heard, got in zip(told[1::2], whole[1::2], strict=True))
    return whole


def alone(model: Llama, requests: list[Request], **settings: Any) -> Written:
    engine = Engine(model, [], batch=8, prefix=False, **settings)
    return [list(engine.submit(request).tokens()) for request in requests]


def begun_alike(model: Llama, requests: list[Request], **settings: Any) -> Written:
    """After another request of the same beginning: what it left in pages is found."""
    engine = Engine(model, [], batch=8, **settings)
    first = [engine.submit(replace(request, most=1)) for request in requests]
    assert all(list(ticket.tokens()) for ticket in first)
    tickets = [engine.submit(request) for request in requests]
    whole = [list(ticket.tokens()) for ticket in tickets]
    assert all(ticket.shared for ticket in tickets)
    return whole


def differences(model: Llama, requests: list[Request], one: Written, other: Written, ways: str) -> None:
    """Asserts that each first difference was closer than the rounding between these two ways."""
    rounding, found = 0.0, []
    for request, a, b in zip(requests, one, other, strict=True):
        same = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x.id != y.id), request.most)
        for x, y in zip(a[: same + 1], b[: same + 1], strict=True):
            theirs = dict(y.top)
            rounding = max([rounding, *(abs(p - theirs[id]) for id, p in x.top if id in theirs)])
        if same < request.most:
            found.append((request, [token.id for token in a[:same]], a[same].id, b[same].id))
    print(f"\n{ways}: {len(found)} of {len(requests)} differ; log-probabilities by at most {rounding:.1e}")
    assert rounding < 2e-3
    for request, read, a, b in found:
        gap = distance(model, request, read, a, b)
        print(f"  token {len(read)}: {a} and {b} were {gap:.1e} apart")
        assert gap <= 4 * rounding / (request.temperature or 1)


def distance(model: Llama, request: Request, read: list[int], a: int, b: int) -> float:
    """How far apart the two tokens were: the logits, or the draw and its border, or the mass and the cut."""
    with torch.no_grad():
        scores: Tensor = model(torch.tensor([[*request.prompt, *read]]))[:, -1]  # (1, V)
    if request.temperature == 0:
        return float((scores[0, a] - scores[0, b]).abs())
    odds = Sampler(temperature=request.temperature, top_p=request.top_p).odds(scores, torch.tensor([[0]]))[0]
    dice = torch.Generator().manual_seed(request.seed or 0)
    for _ in range(len(read) + 1):  # torch draws the token with the greatest odds / q
        q = torch.empty(1, len(odds)).exponential_(generator=dice)[0]
    gap = float(((odds[a] / q[a]).log() - (odds[b] / q[b]).log()).abs())
    ranked = (scores[0] / request.temperature).softmax(-1).sort(descending=True)
    before = ranked.values.cumsum(0) - ranked.values
    border = min(float((before[ranked.indices == id] - request.top_p).abs()) for id in (a, b))
    return min(gap, border)


def plain(model: Llama, requests: list[Request]) -> Written:
    """By infer/generate.py."""
    told: Written = []
    for request in requests:
        sampler = Sampler(temperature=request.temperature, top_p=request.top_p, seed=request.seed or 0)
        seen: list[Tensor] = []

        def choose(scores: Tensor, read: Tensor, sampler: Sampler = sampler, seen: list[Tensor] = seen) -> Tensor:
            seen.append(scores[0])
            return sampler(scores, read)

        ids = [int(id) for id in generate(model, torch.tensor([request.prompt]), most=request.most, choose=choose)]
        chances = likely(torch.stack(seen), ids, 2)
        told.append([Token(id, b"", chance, top) for id, (chance, top) in zip(ids, chances, strict=True)])
    return told


def check(model: Llama, requests: list[Request], fixed: list[Request]) -> None:
    first = alone(model, requests)
    differences(model, requests, first, plain(model, requests), "alone, and as infer/generate.py writes")
    differences(model, requests, first, company(model, requests), "alone, in a batch of eight")
    differences(model, requests, first, company(model, requests, prefix=False, chunk=60), "and in other pieces")
    differences(model, requests, first, begun_alike(model, requests), "alone, with beginnings found")
    exact = {"deterministic": True, "chunk": 32}
    bits = alone(model, fixed, **exact)
    assert bits == company(model, fixed, **exact)
    assert bits == company(model, fixed, prefix=False, **exact)
    assert bits == begun_alike(model, fixed, **exact)


def test_a_small_random_llama(count: Callable[[int], int]) -> None:
    torch.manual_seed(0)
    model = Llama(vocab=97, dim=64, layers=3, heads=4, kv_heads=2, hidden=96, context=256, std=0.2)
    prompts = [tuple(torch.randint(97, (34 + n % 60,)).tolist()) for n in range(50)]
    requests = asked(prompts, count(50) * 2, count(20))
    check(model, requests, requests)


@pytest.fixture(scope="module")
def model(smollm2: Path) -> Llama:
    return load(smollm2).eval()


def test_smollm2(model: Llama, smollm2: Path, count: Callable[[int], int]) -> None:
    tokenizer = from_metadata(gguf.read(smollm2).metadata)
    texts = [form.format(thing) for thing in THINGS for form in FORMS]
    prompts = [tuple(tokenizer.encode(SYSTEM * (2 + n % 3) + text)) for n, text in enumerate(texts)]
    if count(20) == 20:
        requests = asked(prompts, 50, 20)
        return check(model, requests, requests)
    requests = asked(prompts, 10, 4, most=16)  # a twentieth of the tokens, yet more than eight texts
    return check(model, requests, [requests[0], requests[-1]])
