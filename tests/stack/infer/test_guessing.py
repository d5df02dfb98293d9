"""With a draft the engine writes token for token what it writes without one, in fewer passes."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import torch

from wenjin.stack.infer.engine import Engine
from wenjin.stack.infer.pages import PAGE
from wenjin.stack.infer.request import Request, Token
from wenjin.stack.infer.sampling import Sampler
from wenjin.stack.infer.speculative import Draft, Guess, Lookup, Smaller
from wenjin.stack.models.llama import Llama

torch.manual_seed(0)
V = 61
MODEL = Llama(vocab=V, dim=32, layers=2, heads=4, kv_heads=2, hidden=48, context=160, std=0.3)
PIECES = [bytes([byte]) for byte in range(V)]


class Knowing:
    """Guesses what was written before, but for every fifth token."""

    def __init__(self, texts: list[list[int]]) -> None:
        self.texts = texts

    def guess(self, read: Sequence[int], most: int, sampler: Sampler) -> Guess:
        n = len(read)
        for text in self.texts:
            if text[:n] == list(read):
                return Guess(tuple((id + (place % 5 == 0)) % V for place, id in enumerate(text[n : n + most], n)))
        return Guess()


def requests() -> list[Request]:
    dice = torch.Generator().manual_seed(3)
    prompts = [tuple(torch.randint(V, (9 + 13 * n,), generator=dice).tolist()) for n in range(6)]
    first = [Request(prompt, 40, temperature=0.8 * (n % 2), seed=n, logprobs=1) for n, prompt in enumerate(prompts)]
    return [*first[:4], replace(first[4], penalty=1.3, presence=0.5), replace(first[5], stop_strings=(b"\x05",))]


def written(room: int | None = None, draft: Callable[[], Draft] | None = None) -> tuple[list[list[Token]], Engine]:
    engine = Engine(MODEL, PIECES, batch=3, room=room, draft=draft)
    tickets = [engine.submit(request) for request in requests()]
    return [list(ticket.tokens()) for ticket in tickets], engine


@pytest.mark.parametrize("room", [None, 7 * PAGE])
@pytest.mark.parametrize("kind", ["lookup", "smaller", "knowing"])
def test_the_same_tokens_with_a_draft_and_without(kind: str, room: int | None) -> None:
    want, plainly = written()
    texts = [[*asked.prompt, *(token.id for token in told)] for asked, told in zip(requests(), want, strict=True)]
    drafts: dict[str, Callable[[], Draft]] = {
        "lookup": Lookup,
        "smaller": lambda: Smaller(MODEL, room=160),
        "knowing": lambda: Knowing(texts),
    }
    got, engine = written(room, drafts[kind])
    for ours, theirs in zip(got, want, strict=True):
        assert [(token.id, token.text, token.finish) for token in ours] == [
            (token.id, token.text, token.finish) for token in theirs
        ]
        assert [token.logprob for token in ours] == pytest.approx([token.logprob for token in theirs], abs=1e-4)
    stats = engine.stats()
    assert stats.pages_used == 0
    assert stats.tokens == plainly.stats().tokens
    assert 0 <= stats.kept <= stats.guessed
    if kind != "lookup" and room is None:
        assert stats.kept > 0.3 * stats.guessed > 0
        assert stats.steps < 0.7 * plainly.stats().steps


def test_passes_of_a_fixed_shape_take_no_guesses() -> None:
    with pytest.raises(ValueError, match="not both"):
        Engine(MODEL, PIECES, chunk=PAGE, deterministic=True, draft=Lookup)
