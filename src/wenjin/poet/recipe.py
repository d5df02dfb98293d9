"""How a plan is trained: first weights, loss, optimizers, schedule. Everything else of a run is in pretrain.py.

    model = made(plan, seed=1, counts=counted(documents, plan.vocab))
    steps = fit(model, objective(model), batches, optimizers(model, plan), schedule=schedule(plan), minutes=2)

    matrices that write into the stream   begin at 0: at first every token is guessed from the last one alone
    the vocabulary                        begins with counts: at first every token is guessed as often as it occurs, so
                                          that no step is spent on learning which characters are frequent
    matrices of the blocks                Muon
    the vocabulary, the norms             AdamW at thirty times the usual rate, with a short memory
    rate                                  a short rise, level, then straight to zero over the last share of the run

What was tried instead, and what was not, is in docs/trials.md, "A recipe for two cores".

Sources  Muon beside AdamW: Jordan and others 2024; zero projections arXiv:1901.09321 (3); wsd arXiv:2404.06395 (4.2)
Proof    tests/poet/test_recipe.py; benchmarks/time_to_loss.py
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from wenjin.poet.dial import Plan
from wenjin.stack.data.batches import Batch
from wenjin.stack.data.pack import Documents
from wenjin.stack.models.llama import Llama
from wenjin.stack.nn.initial import initialize
from wenjin.stack.nn.losses import linear_cross_entropy
from wenjin.stack.train.muon import POLAR, Muon
from wenjin.stack.train.optimizers import AdamW, Optimizer
from wenjin.stack.train.schedules import Schedule, wsd

STD, LAST_NORM = 0.02, 0.5  # of the first weights
KNOWN = 0.5  # size of the coordinate that holds what is known of a token beforehand
SPREAD = 6.0  # nats by which a token is more frequent than the usual one where that coordinate is twice as large
BETAS, EPSILON = (0.8, 0.95), 1e-10  # AdamW's memory: rare characters have their gradients seldom
DECAY = 0.1  # Muon's pull of the matrices towards zero
FLOOR = 0.02  # of the rate at the end


def made(plan: Plan, seed: int, counts: Tensor) -> Llama:
    """The model as it is before the first step. counts (V,): how often each token occurs in the corpus."""
    model = built(plan.model, plan.precision)
    luck = torch.Generator().manual_seed(seed)
    initialize(model, std=STD, residual=Llama.RESIDUAL, residual_std=0.0, generator=luck)
    with torch.no_grad():
        model.model.norm.weight.fill_(LAST_NORM)
        _know(model.head, model.model.norm.weight, counts)
    return model


def counted(documents: Documents, vocab: int) -> Tensor:
    """How often each token occurs. (V,)"""
    return torch.from_numpy(np.bincount(documents.tokens, minlength=vocab))


def _know(table: Tensor, norm: Tensor, counts: Tensor) -> None:
    """Make the first guess the frequency of each token, whatever the token before.

    Coordinate 0 of a token's row is about KNOWN, more for a frequent one. Read as an input it is nearly the same for
    all; multiplied by the last norm's weight it makes logits that differ as the logarithms of the frequencies do.
    """
    share = (counts + 0.5).float() / (counts + 0.5).sum()  # (V,)
    known = share.log() - share.log().mean()  # (V,) nats
    table[:, 0] = KNOWN * (1 + known / SPREAD)
    state = table[:, 0] / table.square().mean(dim=1).sqrt()  # (V,) coordinate 0 as the last norm gives it
    norm[0] = SPREAD / (KNOWN * (share * state).sum())


def built(settings: Mapping[str, Any], precision: str) -> Llama:
    """A model that computes in a precision while its weights are float32."""
    model = Llama(**settings)
    model.compute = getattr(torch, precision)
    return model


def objective(model: Llama) -> Callable[[Batch], Tensor]:
    """The loss of a batch: nats a target, the mean. The logits are never held."""

    def loss(batch: Batch) -> Tensor:
        states = model.states(batch.inputs)  # (B, T, D)
        return linear_cross_entropy(states.flatten(0, 1), model.head, batch.targets.flatten())

    return loss


def optimizers(model: Llama, plan: Plan) -> list[Optimizer]:
    """Muon for the matrices of the blocks, AdamW for the rest. The rates are those of the plan."""
    table = model.head
    rest = [p for p in model.parameters() if p is not table]
    groups = [{"params": [table], "lr": plan.adam}, {"params": [p for p in rest if p.ndim < 2], "lr": plan.norms}]
    dtype = getattr(torch, plan.precision)
    return [
        Muon([p for p in rest if p.ndim == 2], plan.muon, weight_decay=DECAY, coefficients=POLAR, dtype=dtype),
        AdamW(groups, betas=BETAS, eps=EPSILON, weight_decay=0.0),
    ]


def schedule(plan: Plan) -> Schedule:
    return wsd(plan.warmup, plan.decay, FLOOR)


def compilable(settings: Mapping[str, Any], precision: str, rows: int) -> tuple[Callable[[Batch], Tensor], Batch]:
    """The loss on a model and a batch like those of a run: what compiled.Swap compiles in a process of its own."""
    model = built(settings, precision)
    ids = torch.zeros(rows, model.context, dtype=torch.int64)
    return objective(model), Batch(ids, ids.clone(), ids.clone())
