"""Initial weights: measured spreads, tied weights once, the same again from the same seed."""

import torch
from torch import nn

from wenjin.stack.nn.initial import initialize, scaled


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(400, 100)
        self.mix = nn.Linear(100, 100)
        self.out_proj = nn.Linear(100, 100, bias=False)
        self.norm = nn.LayerNorm(100)
        self.head = nn.Linear(100, 400, bias=False)
        self.head.weight = self.embed.weight


def start(seed: int, **how: object) -> Small:
    model = Small()
    initialize(model, generator=torch.Generator().manual_seed(seed), **how)  # type: ignore[arg-type]
    return model


def test_the_published_choice() -> None:
    model = start(0, std=0.05, residual=("out_proj.weight",), residual_std=scaled(8, 0.05))
    for value, wanted in ((model.embed.weight, 0.05), (model.mix.weight, 0.05), (model.out_proj.weight, 0.0125)):
        assert abs(value.std().item() / wanted - 1) < 0.03
        assert abs(value.mean().item()) < wanted / 20
    assert torch.equal(model.mix.bias, torch.zeros(100))
    assert torch.equal(model.norm.weight, torch.ones(100))
    assert torch.equal(model.norm.bias, torch.zeros(100))


def test_the_caller_may_start_the_residual_matrices_at_zero() -> None:
    model = start(0, residual=("out_proj.weight",), residual_std=0.0)
    assert torch.equal(model.out_proj.weight, torch.zeros(100, 100))
    assert abs(model.mix.weight.std().item() / 0.02 - 1) < 0.03


def test_the_same_seed_gives_the_same_weights_and_ties_hold() -> None:
    one, two, other = start(1), start(1), start(2)
    for (name, a), b, c in zip(one.named_parameters(), two.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b), name
        assert a.ndim == 1 or not torch.equal(a, c), name
    assert one.head.weight is one.embed.weight


def test_gradients_may_follow() -> None:
    model = start(1)
    model.head(model.norm(model.out_proj(model.mix(model.embed(torch.tensor([3])))))).sum().backward()
    assert all(value.grad is not None for value in model.parameters())
