"""Ways to spoil each lab that learns, from outside: what its program finds under a name is put there by a test.

A spoil gets the names of the lab's program and a seed; it may return arguments. Each is called by what it does, beside
the cause that should be named. Proof: test_sabotage.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from wenjin.stack.data.load import load as load_corpus

Names = dict[str, Any]  # of a lab's program; what is put there is what its code finds
Spoil = Callable[[Names, int], dict[str, Any] | None]  # names, seed -> arguments


@dataclass(frozen=True)
class Spoiled:
    way: str
    spoil: Spoil
    cause: str


@dataclass(frozen=True)
class Small:
    """A lab as it is run here. `known`: causes that are true of a sound run on so few data."""

    arguments: dict[str, Any]
    spoiled: tuple[Spoiled, ...]
    smaller: Callable[[Names], None] = lambda names: None
    known: frozenset[str] = frozenset()
    until: int = 0  # frames; 0: to its end
    first: int = 1  # how many sabotages the short depth tries


# ---- digits ----


def wrapped(names: Names, name: str, change: Callable[[Any], Any]) -> None:
    """What the function gives is changed before the lab has it."""
    inner = names[name]
    names[name] = lambda *given, **options: change(inner(*given, **options))


def dice(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed + 1000)


def labels_shuffled(names: Names, seed: int) -> None:
    def change(found: tuple[Any, Tensor, Tensor]) -> tuple[Any, Tensor, Tensor]:
        used, x, y = found
        return used, x, y[torch.randperm(len(y), generator=dice(seed))]

    wrapped(names, "digits", change)


def pictures(unseen: Callable[[Tensor], Tensor], seen: Callable[[Tensor], Tensor] = lambda x: x) -> Spoil:
    def spoil(names: Names, seed: int) -> None:
        inner = names["digits"]

        def digits(split: str) -> tuple[Any, Tensor, Tensor]:
            used, x, y = inner(split)
            return used, (seen if split == "train" else unseen)(x), y

        names["digits"] = digits

    return spoil


def frozen(*families: str) -> Spoil:
    def change(net: nn.Module) -> nn.Module:
        layers = list(net.children())
        layers[len(layers) // 2].requires_grad_(False)
        return net

    def spoil(names: Names, seed: int) -> None:
        for family in families:
            wrapped(names, family, change)

    return spoil


def left_out(names: Names, seed: int) -> None:
    inner = names["AdamW"]
    names["AdamW"] = lambda parameters, *rest, **options: inner(list(parameters)[2:], *rest, **options)


def normalized(x: Tensor) -> Tensor:
    return (x - 0.13) / 0.31


DIGITS = (
    Spoiled("labels", labels_shuffled, "labels-unrelated"),
    Spoiled("left out of the optimizer", left_out, "parameters-frozen"),
    Spoiled("unseen ones inverted", pictures(lambda x: 1 - x), "inputs-differ"),
    Spoiled("unseen ones not scaled", pictures(lambda x: 255 * x), "inputs-differ"),
    Spoiled("unseen ones not normalized", pictures(lambda x: x, normalized), "inputs-differ"),
    Spoiled("unseen ones transposed", pictures(lambda x: x.transpose(2, 3)), "inputs-differ"),
    Spoiled("none scaled", pictures(lambda x: 255 * x, lambda x: 255 * x), "inputs-unscaled"),
)


def no_loops(names: Names) -> None:
    """Without the comparison of layers, which learns nothing and takes longer than this learning."""
    names["compared"] = lambda x, seed: iter(())


def constant_rate(names: Names, seed: int) -> None:
    names["RATE"] *= 30


# ---- one head ----


def queries_shuffled(names: Names, seed: int) -> None:
    """Each half of a definition stands beside another one's whole, whose category is asked for."""

    def change(found: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        half, *rest = found
        return half[torch.randperm(len(half), generator=dice(seed))], *rest

    wrapped(names, "vectors", change)


def bags_times(factor: float) -> Spoil:
    return lambda names, seed: wrapped(names, "bags", lambda x: factor * x)


def keys_still(names: Names, seed: int) -> None:
    """The optimizer's rate for W_k is 0."""

    def change(head: Any) -> Any:
        _, w_k, _ = group = head.optimizer.param_groups[0]["params"]
        group[:] = [weight for weight in group if weight is not w_k]
        head.optimizer.add_param_group({"params": [w_k], "lr": 0.0})
        return head

    wrapped(names, "Head", change)


def keys_cut(names: Names, seed: int) -> None:
    """No gradient comes to W_k."""

    def change(head: Any) -> Any:
        head.weights[1].register_hook(torch.zeros_like)
        return head

    wrapped(names, "Head", change)


# ---- trees ----


def grove(names: Names) -> None:
    names["GROVE"] = 4


def rows_shuffled(names: Names, seed: int) -> None:
    wrapped(names, "table", lambda one: replace(one, y=np.random.default_rng(seed).permutation(one.y)))


def fold_otherwise(change: Callable[[Any], Any]) -> Spoil:
    """Rows that a fold is tried on are not prepared as those that it grows on."""

    def spoil(names: Names, seed: int) -> None:
        inner = names["of_fold"]
        names["of_fold"] = lambda one, out, *rest: inner(
            replace(one, x=np.where(out[:, None], change(one.x), one.x)), out, *rest
        )

    return spoil


# ---- segmenters ----

Line = tuple[str, ...]


def verses(names: Names) -> None:
    """Lines of five characters as two words, of two and of three, in place of the newspaper."""
    found = []
    for poem in load_corpus("classical-poems", part="tang", excerpt=True).rows:
        for line in poem.lines:
            halves = line.rstrip("。").split("，")
            if len(halves) == 2 and all(len(half) == 5 for half in halves):
                words = [part for half in halves for part in (half[:2], half[2:])]
                found.append(SimpleNamespace(words=[(word, "n") for word in words]))
    corpus = SimpleNamespace(id="verse", source="shipped", count=len(found), sha256="", fallback=True, rows=found)
    names["load"] = lambda id: corpus


def cuts_shuffled(names: Names, seed: int) -> None:
    luck = np.random.default_rng(seed)

    def other(line: Line) -> Line:
        sizes = luck.permutation([len(word) for word in line])
        ends = [0, *np.cumsum(sizes).tolist()]
        return tuple("".join(line)[a:b] for a, b in pairwise(ends))

    wrapped(names, "divided", lambda found: tuple([other(line) for line in part] for part in found))


def held_out(change: Callable[[str], str]) -> Spoil:
    def both(found: tuple[Sequence[Line], Sequence[Line]]) -> tuple[Sequence[Line], Sequence[Line]]:
        wanted, rest = found
        return [tuple(map(change, line)) for line in wanted], rest

    return lambda names, seed: wrapped(names, "divided", both)


def misread(word: str) -> str:
    return word.encode().decode("latin-1")


def some_otherwise(word: str) -> str:
    """One character in eight is another form of itself, as where only one side was made simple."""
    return "".join(chr(ord(one) + 0xE0000) if ord(one) % 8 == 0 else one for one in word)


# ---- the poet ----


def poet_rates(names: Names, seed: int) -> None:
    wrapped(
        names, "turned", lambda plan: replace(plan, **{n: 30 * getattr(plan, n) for n in ("muon", "adam", "norms")})
    )


def poet_batches(change: Callable[[Any, Any], Any]) -> Spoil:
    def spoil(names: Names, seed: int) -> None:
        class Batches(names["Batches"]):  # type: ignore[misc,valid-type]
            first: Any = None

            def __next__(self) -> Any:
                batch = super().__next__()
                self.first = self.first or batch
                return change(batch, self.first)

        names["Batches"] = Batches

    return spoil


def targets_shuffled(batch: Any, first: Any) -> Any:
    targets = batch.targets.clone()
    counted = targets >= 0
    held = targets[counted]
    targets[counted] = held[torch.randperm(len(held), generator=dice(len(held)))]
    return replace(batch, targets=targets)


def poet_frozen(names: Names, seed: int) -> None:
    inner = names["recipe"]

    def made(*given: Any) -> nn.Module:
        model: Any = inner.made(*given)
        model.model.layers[0].requires_grad_(False)
        return model  # type: ignore[no-any-return]

    names["recipe"] = SimpleNamespace(**{**vars(inner), "made": made})


LABS: dict[str, Small] = {
    "convolutional-networks/convolution-from-scratch": Small(
        {"epochs": 4, "pictures": 1400},
        (
            Spoiled("rate", lambda names, seed: {"rate": 0.09}, "rate-too-high"),
            *DIGITS,
            Spoiled("frozen", frozen("LeNet"), "parameters-frozen"),
        ),
        no_loops,
        first=2,
    ),
    "convolutional-networks/shifted-digits": Small(
        {"epochs": 4, "pictures": 1400},
        (
            Spoiled("frozen", frozen("LeNet", "Plain"), "parameters-frozen"),
            *DIGITS,
            Spoiled("rate", constant_rate, "rate-too-high"),
        ),
    ),
    "self-attention/scale-or-saturate": Small(
        {"widths": (4,), "width": 64, "steps": 240},
        (
            Spoiled("queries", queries_shuffled, "labels-unrelated"),
            Spoiled("vectors not normalized", bags_times(3.0), "inputs-unscaled"),
            Spoiled("rate", lambda names, seed: {"rate": 0.03}, "rate-too-high"),
            Spoiled("keys frozen", keys_still, "parameters-frozen"),
            Spoiled("keys cut off", keys_cut, "gradient-cut"),
        ),
        first=2,
    ),
    "decision-trees-and-forests/one-tree-or-many": Small(
        {"trees": 12, "depths": (1, 4), "folds": 3, "halves": 4},
        (
            Spoiled("labels", rows_shuffled, "labels-unrelated"),
            Spoiled("tried on other units", fold_otherwise(lambda x: 2.54 * x), "inputs-differ"),
            Spoiled("normalized to grow only", fold_otherwise(lambda x: (x - x.mean(0)) / x.std(0)), "inputs-differ"),
        ),
        grove,
        first=2,
    ),
    "tokenization/segmenters": Small(
        {"lines": (400,), "held": 150},
        (
            Spoiled("cuts", cuts_shuffled, "labels-unrelated"),
            Spoiled("misread", held_out(misread), "text-differs"),
            Spoiled("other forms", held_out(some_otherwise), "text-differs"),
        ),
        verses,
        first=2,
    ),
    "causal-language-modeling/poet": Small(
        {"minutes": 0.2, "depth": 2, "title": "春"},
        (
            Spoiled("rates", poet_rates, "rate-too-high"),
            Spoiled("frozen", poet_frozen, "parameters-frozen"),
            Spoiled("targets", poet_batches(targets_shuffled), "targets-unrelated"),
            Spoiled("the same rows", poet_batches(lambda batch, first: first), "samples-repeat"),
        ),
        known=frozenset({"overfits", "too-repetitive", "slow"}),
        until=260,
    ),
}
