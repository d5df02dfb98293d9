"""What losses alone do not tell: which parameters move, which units are dead, which rows come back, what is counted.

    observer = Observer(model, [optimizer], every=20)        and on steps 1, 2, 4, 8
    for step in ...:
        observer.batch(ids)                 each batch, also each of several that are accumulated
        loss.backward(); observer.before(step); optimizer.step()
        record = ... observed=observer.after(step)          a small dict on one step in twenty, else None

An observation holds, where it could be told:
    update    the median over matrices of |change| / |weights|, of one step
    frozen    names of parameters that had a gradient or were told to want none, and did not change
    cut       names of parameters that want a gradient and got none, or only zeros
    dead      matrix that is not square -> share of its inner units (the longer side) with a gradient of zero in this
              and the two observations before
    of        how many parameters there are
    age       how many steps the optimizer's own memory counts
    rows, distinct, near, batch     rows seen so far, how many different ones; of those since the last observation the
              share that had been seen shortly before; rows a batch
    unigram   entropy of the targets without any context, nats
    shifted   the share of counted targets that are the next input, as a language model's should be
    padding   the share of counted targets that are the padding token
    future    the share of positions whose prediction changed when a later token did (looked at once)

Omits    what other processes hold of a sharded parameter: each sees its own part
Shapes   B rows   T tokens   N tokens counted   V vocabulary
Sources  |change| / |weights| as a gauge of the rate: Bengio 2012, arXiv:1206.5533 (section 3.1); the entropy of a
         small sample: Miller 1955, Note on the bias of information estimates; rows by multiply-shift hashing:
         Dietzfelbinger and others 1997, doi:10.1006/jagm.1997.0873
Proof    tests/stack/train/test_health_observe.py: each field on a model, a batch or a loader made to have it
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from wenjin.stack.train.shards import here

EVERY = 20  # steps from one observation to the next
PATIENCE = 3  # observations in a row in which a unit must get no gradient
NOTHING = 1e-7  # of the largest row's gradient: below that a row got none
NEAR = 4  # a row that comes back before a quarter of all distinct rows have passed comes back shortly
LISTED = 8  # names that an observation spells out
MEMORY = 1_000_000  # rows that are remembered
COUNTED = 400_000  # targets after which the entropy is known well enough


class Observer:
    """Looks at a model on one step in `every`, and at the rows of each batch.

    still     names of parameters that are meant not to move
    pad       the token that fills up rows; `ignore`: a target that is not counted
    classes   V: matrices with so many rows are tables of tokens, whose rows are no units
    logits    ids (B, T) -> logits (B, T, V) as in evaluation; asked once, whether it sees the future
    """

    def __init__(
        self,
        model: nn.Module,
        optimizers: Sequence[Optimizer] = (),
        *,
        every: int = EVERY,
        still: Collection[str] = (),
        pad: int | None = None,
        ignore: int = -100,
        classes: int | None = None,
        logits: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self.optimizers, self.every, self.pad, self.ignore, self.logits = optimizers, every, pad, ignore, logits
        self.parameters = {name: p for name, p in model.named_parameters() if name not in still}
        tables = {p for module in model.modules() if isinstance(module, nn.Embedding) for p in module.parameters()}
        self.units = {  # matrix -> on which side its inner units lie, the longer one
            name: int(p.shape[1] > p.shape[0])
            for name, p in self.parameters.items()
            if p.ndim == 2 and p.shape[0] != p.shape[1] and p not in tables and p.shape[0] != classes
        }
        self.old: list[Tensor] = []
        self.quiet: dict[str, list[Tensor]] = {}
        self.rows = Rows()
        self.counts: Tensor | None = None
        self.shifted: float | None = None
        self.padding = (0, 0)  # counted targets that are padding, all counted targets
        self.step, self.future = 0, None if logits is None else math.nan

    def due(self, step: int) -> bool:
        """Steps count from 1."""
        return step % self.every == 0 or (2 * step <= self.every and step & (step - 1) == 0)

    def batch(self, batch: Any) -> None:
        """The rows of a batch: ids (B, T+1), a pair (inputs, targets), something with these names, or a mapping with
        input_ids and labels."""
        ids, targets = split(batch)
        if ids is None:
            return
        self.step += 1
        self.rows.see(ids)
        if self.logits is not None and self.future is not None and math.isnan(self.future):
            self.future = sees_the_future(self.logits, ids[:4])
        if targets is not None and self.due(self.step):
            self.count(targets)
            self.shifted = next_of(ids, targets, self.ignore)

    def count(self, targets: Tensor) -> None:
        flat = targets.reshape(-1)
        flat = flat[flat != self.ignore]
        if self.pad is not None:
            padded, of = self.padding
            self.padding = (padded + int((flat == self.pad).sum()), of + len(flat))
        if self.counts is None or int(self.counts.sum()) < COUNTED:
            found = torch.bincount(flat.cpu(), minlength=0 if self.counts is None else len(self.counts))
            if self.counts is not None:
                found[: len(self.counts)] += self.counts
            self.counts = found

    def before(self, step: int) -> None:
        """After the gradients and before the optimizer's step: keeps what the weights were."""
        if self.due(step):
            self.old = [here(p).detach().clone() for p in self.parameters.values()]

    def after(self, step: int) -> dict[str, Any] | None:
        """After the optimizer's step, gradients still there: an observation, or None when it was not due."""
        return self.observation(step) if self.old else None

    @torch.no_grad()
    def observation(self, step: int) -> dict[str, Any]:
        names, new, old = list(self.parameters), [here(p) for p in self.parameters.values()], self.old
        self.old = []
        asked = [p.requires_grad for p in self.parameters.values()]
        held = [p.numel() > 0 for p in new]  # of a sharded one nothing may lie here
        zero = torch.zeros((), device=old[0].device)
        change = numbers(torch._foreach_norm(torch._foreach_sub([p.detach() for p in new], old)))
        weight = numbers(torch._foreach_norm(old))
        having = {name: here(p.grad) for name, p in self.parameters.items() if p.grad is not None}
        norms = dict(zip(having, torch._foreach_norm(list(having.values())) if having else (), strict=True))
        slope = numbers([norms.get(name, zero) for name in names])
        frozen = [n for n, c, g, a in zip(names, change, slope, asked, strict=True) if c == 0 and (g > 0 or not a)]
        cut = [n for n, g, a, h in zip(names, slope, asked, held, strict=True) if a and g == 0 and h]
        still = set(frozen)
        moved = [
            c / w
            for name, c, w in zip(names, change, weight, strict=True)
            if self.parameters[name].ndim > 1 and w > 0 and name not in still
        ]
        seen: dict[str, Any] = {"of": len(names), **self.rows.told()}
        seen |= {"frozen": frozen[:LISTED], "frozen_count": len(frozen), "cut": cut[:LISTED], "cut_count": len(cut)}
        if moved:
            seen["update"] = median(moved)
        if step % self.every == 0 and (dead := self.dead()):
            seen["dead"] = dead
        if (age := self.age()) is not None:
            seen["age"] = age
        if self.counts is not None:
            seen["unigram"] = entropy(self.counts)
        if self.shifted is not None:
            seen["shifted"] = self.shifted
        if self.padding[1]:
            seen["padding"] = self.padding[0] / self.padding[1]
        if self.future is not None and not math.isnan(self.future):
            seen["future"] = self.future
        return seen

    def dead(self) -> dict[str, float]:
        """Matrix -> share of its inner units without a gradient in the last observations, where it is not all."""
        shares: dict[str, Tensor] = {}
        for name, side in self.units.items():
            grad = self.parameters[name].grad
            if grad is None:
                continue
            size = here(grad).float().square().sum(1 - side)  # (units,)
            last = self.quiet.setdefault(name, [])
            last.append(size <= NOTHING**2 * size.max())
            del last[:-PATIENCE]
            if len(last) == PATIENCE:
                shares[name] = torch.stack(last).all(0).float().mean()
        told = zip(shares, numbers(list(shares.values())), strict=True)
        return {name: share for name, share in told if 0 < share < 1}

    def age(self) -> float | None:
        """The least count of steps in the optimizers' memory; None where they keep none."""
        steps = [
            float(state["step"])
            for optimizer in self.optimizers
            for state in optimizer.state.values()
            if isinstance(state, dict) and "step" in state
        ]
        return min(steps, default=None)


class Rows:
    """Which rows were seen, and how long ago, by a hash of 64 bits."""

    def __init__(self) -> None:
        self.last: dict[int, int] = {}
        self.pending: list[Tensor] = []  # copies, as a loader may fill the same memory again
        self.seen = 0

    def see(self, ids: Tensor) -> None:
        self.pending.append(ids.clone())

    def told(self) -> dict[str, Any]:
        """Counts, and the share of near ones since this was last asked."""
        if not self.pending:
            return {}
        same = all(ids.shape == self.pending[0].shape for ids in self.pending)
        blocks = [torch.cat(self.pending)] if same else self.pending
        keys = [key for ids in blocks for key in hashes(ids)]
        batch = len(self.pending[0])
        self.pending = []
        near = 0
        for key in keys:
            before = self.last.get(key)
            if before is not None and NEAR * (self.seen - before) < len(self.last):
                near += 1
            if before is not None or len(self.last) < MEMORY:
                self.last[key] = self.seen
            self.seen += 1
        return {"rows": self.seen, "distinct": len(self.last), "near": near / len(keys), "batch": batch}


def hashes(ids: Tensor) -> list[int]:
    """A number for each row of (B, T), modulo 2^64."""
    dice = torch.Generator().manual_seed(0x9E3779B9)
    factors = torch.randint(1 << 62, (ids.shape[1],), generator=dice) | 1  # odd ones, so that no digit is lost
    keys: list[int] = ((ids + 1) * factors.to(ids.device)).sum(1).tolist()
    return keys


def split(batch: Any) -> tuple[Tensor | None, Tensor | None]:
    """(inputs, targets) of a batch, as far as it holds rows of whole numbers."""
    if hasattr(batch, "inputs"):
        ids, targets = batch.inputs, getattr(batch, "targets", None)
    elif isinstance(batch, Mapping):
        ids = batch.get("input_ids", batch.get("ids"))
        targets = batch.get("labels", batch.get("targets"))
    elif isinstance(batch, Tensor):
        ids, targets = batch, batch[:, 1:] if batch.ndim == 2 else None
    elif isinstance(batch, Sequence) and batch:
        ids, targets = batch[0], batch[1] if len(batch) > 1 else None
    else:
        return None, None
    if not isinstance(ids, Tensor) or ids.ndim != 2 or ids.is_floating_point():
        return None, None
    whole = isinstance(targets, Tensor) and not targets.is_floating_point() and targets.dtype != torch.bool
    return ids, targets if whole else None


def next_of(ids: Tensor, targets: Tensor, ignore: int) -> float | None:
    """The share of counted targets that equal the input after theirs; None where the two are not side by side."""
    if targets.ndim != 2 or len(ids) != len(targets):
        return None
    T = min(ids.shape[1] - 1, targets.shape[1])
    counted = targets[:, :T] != ignore
    if not counted.any():
        return None
    return (targets[:, :T] == ids[:, 1 : T + 1])[counted].float().mean().item()


def sees_the_future(logits: Callable[[Tensor], Tensor], ids: Tensor) -> float:
    """The share of positions whose logits change when only later tokens do: 0 for a causal model."""
    T = ids.shape[1]
    half = (T + 1) // 2
    if half == 0 or len(ids) == 0:
        return 0.0
    other = ids.clone()
    other[:, half:] = ids[:, : T - half].flip(1)  # tokens that occur, elsewhere
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        a, b = (logits(x)[:, :half].float() for x in (ids, other))  # (B, T/2, V)
    changed = (a - b).abs().amax(-1) > 1e-3 * a.abs().amax().clamp(min=1e-6)
    return changed.float().mean().item()


def entropy(counts: Tensor) -> float:
    """Of what these counts were drawn from, in nats; a sample shows too little of it by about (V-1)/2N."""
    held = counts[counts > 0].double()
    total = held.sum()
    shares = held / total
    return float(-(shares * shares.log()).sum() + (len(held) - 1) / (2 * total))


def numbers(tensors: Sequence[Tensor]) -> list[float]:
    """The values of single numbers, fetched from their device at once."""
    return torch.stack([one.float() for one in tensors]).tolist() if tensors else []
