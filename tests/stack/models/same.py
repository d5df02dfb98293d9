"""What "equals transformers" means for a decoder: logits, every gradient, greedy text with and without a cache."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from wenjin.stack.infer.cache import Cache


def draw_ids(seed: int, vocab: int, *shape: int) -> Tensor:
    return torch.randint(0, vocab, shape, generator=torch.Generator().manual_seed(seed))


def scatter(model: torch.nn.Module, seed: int, spread: float = 0.3) -> None:
    """Weights wide enough that every part of the model matters; norms and biases too."""
    source = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in model.parameters():
            value.add_(torch.randn(value.shape, generator=source) * (spread if value.ndim == 1 else spread / 2))


def gradients(logits: Tensor, ids: Tensor, model: torch.nn.Module) -> dict[str, Tensor]:
    """Of the mean loss of the next token, by parameter name."""
    model.zero_grad(set_to_none=True)
    F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten()).backward()
    return {name: value.grad for name, value in model.named_parameters() if value.grad is not None}


def assert_same(ours: Any, theirs: Any, seed: int, tokens: int = 12) -> None:
    """`ours` has been given the weights of `theirs`. Our matrix products are theirs in another order: 1e-5."""
    ids = draw_ids(seed, ours.settings()["vocab"], 3, tokens)
    a, b = ours(ids), theirs(ids).logits
    torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
    mine, other = gradients(a, ids, ours), gradients(b, ids, theirs)
    assert set(mine) == set(other)
    assert len(mine) == len(list(ours.parameters()))
    for name in mine:
        torch.testing.assert_close(
            mine[name], other[name], rtol=1e-4, atol=1e-6, msg=lambda text, name=name: name + text
        )


@torch.no_grad()
def greedy(model: Any, prompt: Tensor, new: int, cached: bool, kv_heads: int, width: int) -> Tensor:
    """The likeliest token, `new` times. With a cache the prompt is read once, in two pieces, then token by token."""
    ids, layers = prompt, model.settings()["layers"]
    cache = Cache(layers=layers, batch=len(prompt), kv_heads=kv_heads, room=prompt.shape[1] + new, width=width)
    if cached:
        model(prompt[:, :2], cache=cache)
        assert cache.length == 2
    for _ in range(new):
        logits = model(ids[:, cache.length :], cache=cache) if cached else model(ids)
        assert cache.length == (ids.shape[1] if cached else 0)  # every token is read once
        ids = torch.cat((ids, logits[:, -1:].argmax(-1)), dim=1)
    return ids


def assert_same_text(ours: Any, theirs: Any, seed: int, kv_heads: int, width: int, new: int = 10) -> None:
    vocab = ours.settings()["vocab"]
    prompt = draw_ids(seed, vocab, 2, 5)
    wanted = theirs.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=new, do_sample=False)
    assert torch.equal(greedy(ours, prompt, new, True, kv_heads, width), wanted)
    assert torch.equal(greedy(ours, prompt, new, False, kv_heads, width), wanted)
    assert len(wanted.unique()) > 3  # a text that says more than one thing
