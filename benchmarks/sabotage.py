"""Small runs of small language models, sound or spoiled in one of the ways that happen in real life.

    plan = Plan("verse", SMALL, seed=3, spoiled="overfits")
    for record in run(plan): ...

A spoiled run is called by the cause that should be named of it. Models have 0.1 to 0.3 million parameters; a token is
a byte; one thread. Every part is the library's own: its models, optimizers, schedule, loop and observer.
"""

import contextlib
import sysconfig
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wenjin.stack.data.load import load
from wenjin.stack.models.gpt2 import GPT2
from wenjin.stack.models.llama import Llama
from wenjin.stack.train.errors import TrainError
from wenjin.stack.train.health_observe import Observer
from wenjin.stack.train.health_watch import Facts
from wenjin.stack.train.loop import fit
from wenjin.stack.train.muon import Muon
from wenjin.stack.train.optimizers import AdamW
from wenjin.stack.train.records import Record
from wenjin.stack.train.schedules import wsd

T, BATCH, STEPS = 32, 16, 160  # tokens a row, rows, steps
WARM, HELD = 16, 20  # steps that warm up, steps from one validation to the next
RATE, RATE_MUON = 3e-3, 0.03
CLASSES, PAD = 256, 0  # tokens are bytes; 0 occurs in no text
BYTES = 1_500_000  # of a corpus that are read
FEW = 3 * BATCH  # rows of a set that is too small
COPIES = 4  # of each batch, from loader workers that share a seed
SELDOM = 25  # one batch in so many is bad
WAIT = 0.4  # seconds for a batch, many times a step's

SPOILED = (
    "rate-too-high", "rate-too-low", "targets-unrelated", "parameters-frozen", "gradient-cut", "units-dead",
    "first-loss-uneven", "overfits", "future-leaked", "samples-repeat", "padding-counted", "optimizer-reset",
    "half-overflow", "loss-spikes", "gradient-spikes", "slow",
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    family: type[GPT2] | type[Llama]
    layers: int
    dim: int

    def __str__(self) -> str:
        return f"{self.family.__name__} {self.layers}×{self.dim}"


@dataclass(frozen=True)
class Plan:
    """`muon`: Muon moves the blocks' matrices, AdamW the rest."""

    corpus: str
    size: Size
    seed: int
    spoiled: str = ""
    rate: float = RATE
    muon: bool = False

    @property
    def steps(self) -> int:
        return STEPS * 3 // 2 if self.spoiled == "overfits" else STEPS


# ---- corpora ----


@dataclass(frozen=True)
class Text:
    train: Tensor
    valid: Tensor
    documents: list[Tensor]  # to train on, each by itself
    source: str


@cache
def text(name: str) -> Text:
    """A corpus as bytes; every tenth document is held out."""
    written, source = _written(name)
    ids: list[Tensor] = []
    left = BYTES
    for one in written:
        ids.append(torch.frombuffer(bytearray(one.encode() + b"\n"), dtype=torch.uint8).long())
        left -= len(ids[-1])
        if left < 0:
            break
    kept = [one for n, one in enumerate(ids) if n % 10]
    return Text(torch.cat(kept), torch.cat(ids[::10]), kept, source)


def _written(name: str) -> tuple[list[str], str]:
    if name in ("verse", "songci"):
        corpus = load("classical-poems", part="tang" if name == "verse" else "songci")
        return [poem.text for poem in corpus.rows], str(corpus)
    if name == "glosses":
        corpus = load("wordnet", part="noun")
        return [sense.gloss for sense in corpus.rows], str(corpus)
    files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    return [file.read_text("utf-8", "replace") for file in files], f"{len(files)} files of Python's own library"


class Batches:
    """Pairs (inputs, targets), each (B, T), from random places of the text; or as a spoiled loader gives them."""

    def __init__(self, text: Text, plan: Plan) -> None:
        self.text, self.plan, self.step = text, plan, 0
        self.dice = torch.Generator().manual_seed(plan.seed)
        self.few = self.rows(FEW) if plan.spoiled == "overfits" else None
        self.last: Tensor | None = None
        self.bad = False
        self.at: dict[int, Callable[[], None]] = {}  # what happens before which step

    def __next__(self) -> tuple[Tensor, Tensor]:
        self.step += 1
        self.at.get(self.step, bool)()
        spoiled = self.plan.spoiled
        self.bad = self.step > WARM and self.number(SELDOM) == 0
        if spoiled == "slow":
            time.sleep(WAIT)
        if spoiled == "samples-repeat" and self.last is not None and self.step % COPIES != 1:
            rows = self.last
        elif self.few is not None:
            rows = self.few[torch.randint(len(self.few), (BATCH,), generator=self.dice)]
        elif spoiled == "padding-counted":
            rows = self.padded()
        elif spoiled == "loss-spikes" and self.bad:
            rows = torch.randint(1, CLASSES, (BATCH, T + 1), generator=self.dice)  # a broken file
        else:
            rows = self.rows(BATCH)
        self.last = rows
        inputs, targets = rows[:, :-1], rows[:, 1:]
        if spoiled == "targets-unrelated":
            targets = targets.reshape(-1)[torch.randperm(targets.numel(), generator=self.dice)].view_as(targets)
        return inputs, targets

    def number(self, below: int) -> int:
        return int(torch.randint(below, (), generator=self.dice))

    def rows(self, count: int) -> Tensor:
        starts = torch.randint(len(self.text.train) - T - 1, (count,), generator=self.dice)
        return torch.stack([self.text.train[a : a + T + 1] for a in starts.tolist()])  # (count, T+1)

    def padded(self) -> Tensor:
        """The last lines of documents, filled up."""
        rows = torch.full((BATCH, T + 1), PAD)
        for row in rows:
            one = self.text.documents[self.number(len(self.text.documents))]
            row[:T] = F.pad(one[-(1 + self.number(T)) :], (0, T))[:T]
        return rows

    def state(self) -> dict[str, Any]:
        return {"step": self.step, "dice": self.dice.get_state()}

    def restore(self, state: dict[str, Any]) -> None:
        self.step = state["step"]
        self.dice.set_state(state["dice"])


# ---- models ----


def made(size: Size) -> GPT2 | Llama:
    heads = max(2, size.dim // 32)
    same = {"vocab": CLASSES, "dim": size.dim, "layers": size.layers, "heads": heads, "context": T}
    if size.family is GPT2:
        return GPT2(**same)
    return Llama(**same, hidden=size.dim * 8 // 3 // 8 * 8, qk_norm=True, tied=False)


def spoil(model: GPT2 | Llama, spoiled: str) -> None:
    """Change a new model as this sabotage has it, if it is one of the model."""
    block = model.transformer.h[-1] if isinstance(model, GPT2) else model.model.layers[-1]
    with torch.no_grad():
        if spoiled == "parameters-frozen":
            block.requires_grad_(False)
        elif spoiled == "gradient-cut":
            block.mlp.register_forward_hook(lambda module, inputs, output: output.detach())
        elif spoiled == "units-dead" and isinstance(model, GPT2):
            block.mlp.c_fc.bias[: len(block.mlp.c_fc.bias) // 2] = -30
        elif spoiled == "units-dead":
            for matrix in (block.mlp.gate_proj.weight, block.mlp.up_proj.weight):
                matrix[: len(matrix) // 2] = 0
        elif spoiled == "first-loss-uneven":
            model.head.mul_(20)
        elif spoiled == "half-overflow":
            model.half()


def moved(model: GPT2 | Llama, plan: Plan) -> list[Any]:
    """The optimizers of a run."""
    times = {"rate-too-high": 30, "rate-too-low": 1e-3}.get(plan.spoiled, 1)
    asked = [p for p in model.parameters() if p.requires_grad]
    inside = [
        p for name, p in model.named_parameters() if plan.muon and p.ndim == 2 and _in_block(name) and p in set(asked)
    ]
    rest = [p for p in asked if p not in set(inside)]
    adam = AdamW(rest, lr=plan.rate * times, betas=(0.9, 0.99), weight_decay=0.1)
    return [Muon(inside, RATE_MUON * times), adam] if inside else [adam]


def _in_block(name: str) -> bool:
    return ".h." in name or ".layers." in name


# ---- a run ----


class Timed:
    """An observer, and the processor time spent in it."""

    def __init__(self, observer: Observer) -> None:
        self.observer, self.seconds = observer, 0.0

    def batch(self, batch: Any) -> None:
        begun = time.process_time()
        self.observer.batch(batch)
        self.seconds += time.process_time() - begun

    def before(self, step: int) -> None:
        begun = time.process_time()
        self.observer.before(step)
        self.seconds += time.process_time() - begun

    def after(self, step: int) -> Mapping[str, Any] | None:
        begun = time.process_time()
        seen = self.observer.after(step)
        self.seconds += time.process_time() - begun
        return seen


@cache
def peak(dim: int) -> float:
    """FLOP/s of this machine, one thread, in products as this model has them: the best of many short ones, as other
    programs make some of them slower and none faster."""
    x, w = torch.randn(BATCH * T, dim), torch.randn(dim, 4 * dim)
    best, end = float("inf"), time.perf_counter() + 0.5
    while time.perf_counter() < end:
        begun = time.perf_counter()
        torch.mm(x, w)
        best = min(best, time.perf_counter() - begun)
    return 2.0 * BATCH * T * dim * 4 * dim / best


def facts(plan: Plan, model: nn.Module) -> Facts:
    """What is known of a run beforehand."""
    tables = sum(p.numel() for m in model.modules() if isinstance(m, nn.Embedding) for p in m.parameters())
    head = CLASSES * plan.size.dim
    flops = 6.0 * (sum(p.numel() for p in model.parameters()) - tables + (head if plan.size.family is GPT2 else 0))
    precision = "float16" if plan.spoiled == "half-overflow" else "float32"
    return Facts(classes=CLASSES, precision=precision, flops=flops, peak=peak(plan.size.dim))


def run(plan: Plan, timed: list[Timed] | None = None) -> Generator[Record | Facts, None, None]:
    """The facts of a run, then its records. Its observer is put into `timed`."""
    torch.manual_seed(plan.seed)
    model, spoiled = made(plan.size), plan.spoiled
    spoil(model, spoiled)
    yield facts(plan, model)
    batches, optimizers = Batches(text(plan.corpus), plan), moved(model, plan)

    def logits(ids: Tensor) -> Tensor:
        if spoiled == "future-leaked":  # the mask points the wrong way
            return model(ids.flip(1)).flip(1)
        return model(ids)  # (B, T, V)

    def loss(batch: tuple[Tensor, Tensor]) -> Tensor:
        value = F.cross_entropy(logits(batch[0]).flatten(0, 1), batch[1].reshape(-1))
        if spoiled == "gradient-spikes" and batches.bad:
            return value + 300 * (value - value.detach())  # the loss is as ever
        return value * 2.0**16 if spoiled == "half-overflow" else value

    def forget() -> None:
        for optimizer in optimizers:
            optimizer.state.clear()

    if spoiled == "optimizer-reset":
        batches.at[plan.steps // 2 + batches.number(20)] = forget
    observer: Any = Observer(model, optimizers, pad=PAD, classes=CLASSES, logits=logits)
    if timed is not None:
        timed.append(observer := Timed(observer))
    held = torch.stack([batches.text.valid[a : a + T + 1] for a in range(0, 48 * T, T)])  # (48, T+1)

    def evaluate() -> float:
        return float(F.cross_entropy(logits(held[:, :-1]).float().flatten(0, 1), held[:, 1:].reshape(-1)))

    steps = fit(
        model, loss, batches, optimizers, steps=plan.steps, schedule=wsd(WARM), clip=None, evaluate=evaluate,
        evaluate_every=HELD, observe=observer,
    )  # fmt: skip
    with contextlib.closing(steps), contextlib.suppress(TrainError):  # the loop gives up after three bad steps
        yield from steps
