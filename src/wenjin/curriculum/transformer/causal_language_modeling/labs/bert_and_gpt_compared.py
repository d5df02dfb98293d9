"""Mask or predict: two models of one size read the same poems for the same minutes, and three tests tell them apart.

Tang poems in regular forms, their first 28 characters, without punctuation: nothing marks where a line ends.

    masks      BERT: some characters are hidden, both sides are seen, what was hidden is guessed
    predicts   GPT: every character is guessed from those before it

    fill       one character of a held-out poem is missing: how often is the likeliest the right one? The model that
               predicts guesses it from the left; or, trying 16 candidates, by how well the rest follows from each
    continue   the next character from the left alone, in nats
    probe      a linear map on the mean of the states: has the poem five characters a line, or seven?

See      the one that predicts is ahead in all three: each poem gives it 28 answers to learn from, the other eight; and
         it knows the neighbor without having to look for it
Try      6,000 steps, some six minutes: how far does the gap in filling in close? masked 0.15, as in BERT; rate 0.6
Source   BERT arXiv:1810.04805, GPT-2 (Radford and others, 2019); probes by linear maps arXiv:1610.01644; the cost of
         learning from 15% of the tokens arXiv:2003.10555
Omits    fine-tuning; encoders with more data and time than this; titles, authors, lyrics
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Annotated, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wenjin.kit.lab import Band, Cause, Claim, Frame, Keep, Lab, Level, Point, Progress, Slider, Table, Used
from wenjin.stack.data.load import load
from wenjin.stack.data.masking import blanked
from wenjin.stack.data.simplify import simplified
from wenjin.stack.models.bert import PretrainingBert
from wenjin.stack.models.gpt2 import GPT2
from wenjin.stack.text.form import form, lines
from wenjin.stack.train.health_observe import Observer
from wenjin.stack.train.health_watch import Facts, Watch
from wenjin.stack.train.muon import POLAR, Muon
from wenjin.stack.train.optimizers import AdamW, Optimizer
from wenjin.stack.train.records import Record

LONG, VOCABULARY = 28, 2000  # characters of a poem; tokens, the first two of them special
MASK, UNKNOWN, FIRST = 0, 1, 2  # MASK also begins a text that is to be predicted
BATCH, WIDTH, LAYERS, HEADS = 32, 64, 2, 2
PACE = 1.3  # steps of masks in the time of one that predicts: fewer logits to make (measured on two processors)
STRETCHES, SHOWN = 8, 20  # looks at the held-out poems, steps between two points of the training loss
LOOKED, TRIED, CANDIDATES = 600, 400, 16  # poems of a look, of the search among candidates
PROBED = (1000, 400)  # poems of each kind that the probe learns from, and is tested on
FREQUENT = 300  # characters that the probe of mere counts may use
REGULAR = ("5x4", "7x4", "5x8", "7x8")


def bert_and_gpt_compared(
    keep: Keep,
    steps: Annotated[int, Slider(16, 100_000, log=True)] = 600,
    masked: Annotated[float, Slider(0.05, 0.9, step=0.05)] = 0.3,
    rate: Annotated[float, Slider(0.0001, 1, log=True)] = 0.02,
    seed: int = 0,
) -> Iterator[Frame]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the products are small: two cores would wait for each other
    try:
        yield from measured(keep, steps, masked, rate, seed)
    finally:
        torch.set_num_threads(threads)


@dataclass(frozen=True)
class Poems:
    """ids (N, 28), and whether the lines have seven characters (N,)."""

    ids: Tensor
    seven: Tensor


def read() -> tuple[Used, Poems, Poems, list[str]]:
    """Poems to learn from, poems held out, and the character of each id."""
    texts: list[list[str]] = []
    widths: list[list[bool]] = []
    for split in ("train", "test"):
        corpus = load("classical-poems", part="tang", split=split)
        if split == "train":
            used = Used(corpus.id, corpus.source, corpus.count, corpus.sha256, corpus.fallback)
        found = [(poem, kind) for poem in corpus.rows if (kind := form(poem.text)) in REGULAR]
        kept = [(bare[:LONG], kind[0] == "7") for poem, kind in found if len(bare := "".join(lines(poem.text))) >= LONG]
        texts.append(simplified("\n".join(bare for bare, _ in kept)).split("\n"))
        widths.append([seven for _, seven in kept])
    counts = Counter("".join(texts[0]))
    names = ["□", "〓", *(character for character, _ in counts.most_common(VOCABULARY - FIRST))]
    place = {character: id for id, character in enumerate(names)}
    coded = [torch.tensor([[place.get(one, UNKNOWN) for one in text] for text in part]) for part in texts]
    train, held = (Poems(ids, torch.tensor(seven)) for ids, seven in zip(coded, widths, strict=True))
    return used, train, held, names


def measured(keep: Keep, steps: int, masked: float, rate: float, seed: int) -> Iterator[Frame]:
    used, train, held, names = read()
    yield used
    learners = {
        "masks": Learner("masks", round(PACE * steps), len(names), masked, rate, seed),
        "predicts": Learner("predicts", steps, len(names), masked, rate, seed),
    }
    blanks = chosen(held.ids, seed)
    yield Level("alone", alone := unigram(train.ids))
    for learner in learners.values():
        learner.restore(keep.load(learner.name))
    for stretch in range(1, STRETCHES + 1):
        for n, learner in enumerate(learners.values()):
            if learner.step >= (end := learner.steps * stretch // STRETCHES):
                continue  # shown before the run was stopped
            while learner.step < end:
                yield from learner.learn(train.ids, alone)
                if learner.step % SHOWN == 0:
                    share = learner.step / learner.steps
                    yield Point("loss", round(100 * share, 2), {learner.name: mean(learner.losses[-SHOWN:])})
                    yield Progress((stretch - 1 + n / 2) / STRETCHES + share % (1 / STRETCHES) / 2, 1.25)
            some = held.ids[:LOOKED], blanks[:LOOKED]
            yield Point("fill", 100 * stretch / STRETCHES, {learner.name: accuracy(learner.fill(*some), *some)})
            yield Point("continue", 100 * stretch / STRETCHES, {learner.name: nats(learner.follow(*some), *some)})
            keep.save(learner.name, learner.saved())  # after its points: what is kept has been shown
    yield Progress(1, 1.25)
    yield from results(learners, train, held, blanks, names, seed)
    yield Progress(1.25, 1.25)


# ---- learn ----


class Learner:
    """A model of one of the two kinds, with its optimizers and what was measured."""

    def __init__(self, name: str, steps: int, vocabulary: int, masked: float, rate: float, seed: int) -> None:
        self.name, self.steps, self.masked, self.rate, self.seed = name, steps, masked, rate, seed
        self.vocabulary = vocabulary
        self.net = made(name, vocabulary, seed)
        table = self.net.head
        tables = (1, LONG + 1)  # rows: of BERT's one segment, of places
        matrices = [p for p in self.net.parameters() if p.ndim == 2 and p is not table and len(p) not in tables]
        inside = {id(p) for p in matrices}
        rest = [p for p in self.net.parameters() if id(p) not in inside]
        self.optimizers: list[Optimizer] = [
            Muon(matrices, 1.0, weight_decay=0.1, coefficients=POLAR, dtype=torch.float32),
            AdamW(rest, 1.0, betas=(0.8, 0.95), eps=1e-10, weight_decay=0.0),
        ]
        causal = self.net if name == "predicts" else None
        self.observer = Observer(self.net, self.optimizers, classes=vocabulary, logits=causal)
        self.watch: Watch | None = None
        self.losses: list[float] = []

    @property
    def step(self) -> int:
        return len(self.losses)

    def learn(self, ids: Tensor, even: float) -> Iterator[Cause]:
        """One step; its poems and blanks have dice of their own, so that a run that goes on draws what it would."""
        dice = np.random.default_rng((self.seed, self.step))
        rows = ids[torch.from_numpy(dice.integers(len(ids), size=BATCH))]
        inputs, labels = self.asked(rows, dice)
        self.observer.batch((inputs, labels) if self.name == "predicts" else {"ids": inputs})
        loss = self.loss(inputs, labels)
        for optimizer, share in zip(self.optimizers, (1.0, 0.5), strict=True):
            optimizer.zero_grad()
            warm, fall = (self.step + 1) / 10, 2 * (1 - self.step / self.steps)
            optimizer.param_groups[0]["lr"] = share * self.rate * min(1.0, warm, fall)
        loss.backward()
        steepness = float(nn.utils.clip_grad_norm_(self.net.parameters(), math.inf))
        now = self.step + 1
        self.observer.before(now)
        for optimizer in self.optimizers:
            optimizer.step()
        self.losses.append(float(loss.detach()))
        seen = self.observer.after(now)
        if self.watch is None:
            known = even if self.name == "predicts" else None
            self.watch = Watch(Facts(classes=self.vocabulary, rows=len(ids), unigram=known))
        done = now / self.steps
        record = Record(now, self.losses[-1], steepness, 1.0, labels.numel(), 0.0, 0.0, done, 0.0, observed=seen or {})
        for name, facts in self.watch.see(record):
            yield Cause(
                name, {key: fact if isinstance(fact, int | float) else str(fact) for key, fact in facts.items()}
            )

    def asked(self, rows: Tensor, dice: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Inputs and labels, (B, T) each."""
        if self.name == "predicts":
            return begun(rows), rows
        blanks = blanked(rows.numpy(), dice, mask=MASK, vocab=self.vocabulary, first=FIRST, share=self.masked)
        return torch.from_numpy(blanks[0]), torch.from_numpy(blanks[1])

    def loss(self, inputs: Tensor, labels: Tensor) -> Tensor:
        if self.name == "predicts":
            return F.cross_entropy(self.net(inputs).flatten(0, 1), labels.flatten())
        kept = labels >= 0  # logits are made where something was hidden, and nowhere else
        return F.cross_entropy(self.net.cls.predictions(self.net.bert(inputs)[kept]), labels[kept])

    # ---- what it knows ----

    @torch.no_grad()
    def fill(self, ids: Tensor, blanks: Tensor) -> Tensor:
        """log odds of each character at the one blank of each poem, (N, V). Who predicts sees its left side."""
        if self.name == "predicts":
            return self.follow(ids, blanks)
        hidden = ids.scatter(1, blanks[:, None], MASK)
        at = self.net.bert(hidden)[torch.arange(len(ids)), blanks]  # (N, D)
        return self.net.cls.predictions(at).log_softmax(dim=-1)

    @torch.no_grad()
    def follow(self, ids: Tensor, blanks: Tensor) -> Tensor:
        """The same with nothing but the left side there."""
        out = torch.empty(len(ids), self.vocabulary)
        if self.name == "predicts":
            states = self.net.states(begun(ids))[torch.arange(len(ids)), blanks]
            return self.net.logits(states).log_softmax(dim=-1)
        for place in blanks.unique().tolist():
            at = blanks == place
            cut = ids[at, : place + 1].index_fill(1, torch.tensor([place]), MASK)
            out[at] = self.net.cls.predictions(self.net.bert(cut)[:, place]).log_softmax(dim=-1)
        return out

    @torch.no_grad()
    def states(self, ids: Tensor) -> Tensor:
        """The mean of a poem's states, (N, D). Who predicts reads it after the beginning, as it always has."""
        means = []
        for part in ids.split(500):
            states = self.net.bert(part) if self.name == "masks" else self.net.states(F.pad(part, (1, 0), value=MASK))
            means.append(states[:, -LONG:].mean(dim=1))
        return torch.cat(means)

    # ---- kept ----

    def saved(self) -> bytes:
        """Weights, the optimizers' memory and the losses, as npz: no pickle."""
        held = {"losses": np.array(self.losses)}
        for name, weight in self.net.named_parameters():
            held[f"weight {name}"] = weight.detach().numpy()
            for optimizer in self.optimizers:
                if weight in optimizer.state:
                    held |= {f"{what} {name}": memory.numpy() for what, memory in optimizer.state[weight].items()}
        file = BytesIO()
        np.savez(file, **held)
        return file.getvalue()

    def restore(self, data: bytes | None) -> None:
        if data is None:
            return
        with np.load(BytesIO(data), allow_pickle=False) as kept, torch.no_grad():
            self.losses = kept["losses"].tolist()
            for name, weight in self.net.named_parameters():
                weight.copy_(torch.from_numpy(kept[f"weight {name}"]))
                for optimizer in self.optimizers:
                    if any(weight is p for group in optimizer.param_groups for p in group["params"]):
                        memory = {w: torch.from_numpy(kept[k]) for w in MEMORY if (k := f"{w} {name}") in kept}
                        optimizer.state[weight].update(memory)


MEMORY = ("momentum", "step", "mean", "square")  # of Muon and of AdamW


def made(name: str, vocabulary: int, seed: int) -> Any:
    """A model with random weights: GPT-2 or BERT, alike in depth, width and heads."""
    sizes = {"vocab": vocabulary, "dim": WIDTH, "layers": LAYERS, "heads": HEADS, "context": LONG + 1}
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        if name == "predicts":
            return GPT2(**sizes)
        return PretrainingBert(**sizes, hidden=4 * WIDTH, segments=1, pad=None)


def begun(ids: Tensor) -> Tensor:
    """What stands before each character: the beginning, then all but the last. (N, T)"""
    return F.pad(ids[:, :-1], (1, 0), value=MASK)


# ---- three tests ----


def chosen(ids: Tensor, seed: int) -> Tensor:
    """The place of one blank in each poem, never the first, and where it can be a character that is known. (N,)"""
    luck = torch.rand(ids.shape, generator=torch.Generator().manual_seed(seed))
    luck[:, 0] = -2
    return (luck - (ids == UNKNOWN).float()).argmax(dim=1)


def accuracy(odds: Tensor, ids: Tensor, blanks: Tensor) -> float:
    """Share of the blanks whose likeliest known character is the right one."""
    return float((odds[:, FIRST:].argmax(dim=1) + FIRST == there(ids, blanks)).float().mean())


def nats(odds: Tensor, ids: Tensor, blanks: Tensor) -> float:
    return float(F.nll_loss(odds, there(ids, blanks)))


def there(ids: Tensor, blanks: Tensor) -> Tensor:
    return ids.gather(1, blanks[:, None])[:, 0]


@torch.no_grad()
def searched(net: Any, ids: Tensor, blanks: Tensor, odds: Tensor) -> float:
    """Accuracy of a model that predicts when it tries its likeliest candidates and takes the one from which the whole
    poem follows best: as many passes as candidates."""
    best = odds[:, FIRST:].topk(CANDIDATES).indices + FIRST  # (N, K)
    total = torch.empty(best.shape)
    after = torch.arange(LONG) >= blanks[:, None]  # (N, T)
    for k in range(CANDIDATES):
        tried = ids.scatter(1, blanks[:, None], best[:, k : k + 1])
        each = net(begun(tried)).log_softmax(dim=-1).gather(2, tried[..., None])[..., 0]  # (N, T)
        total[:, k] = (each * after).sum(dim=1)
    found = best.gather(1, total.argmax(dim=1, keepdim=True))[:, 0]
    return float((found == there(ids, blanks)).float().mean())


def evenly(poems: Poems, most: int) -> Poems:
    """As many of seven as of five characters a line."""
    of = [torch.nonzero(poems.seven == seven)[:, 0][:most] for seven in (False, True)]
    few = min(map(len, of))
    both = torch.cat([one[:few] for one in of])
    return Poems(poems.ids[both], poems.seven[both])


def probed(learned: Tensor, seven: Tensor, tested: Tensor, right: Tensor) -> float:
    """Accuracy of the linear map with the least squares, slightly held back."""
    middle, spread = learned.mean(dim=0), learned.std(dim=0) + 1e-6
    x, y = (F.pad((part - middle) / spread, (0, 1), value=1.0).double() for part in (learned, tested))  # (N, D + 1)
    pull = torch.eye(x.shape[1], dtype=torch.float64)
    w = torch.linalg.solve(x.T @ x + pull, x.T @ (2 * seven.double() - 1))
    return float(((y @ w > 0) == right).float().mean())


def results(
    learners: dict[str, Learner], train: Poems, held: Poems, blanks: Tensor, names: Sequence[str], seed: int
) -> Iterator[Frame]:
    odds = {}
    for name, learner in learners.items():
        odds[name] = learner.fill(held.ids, blanks)
        yield Level(f"fill_{name}", accuracy(odds[name], held.ids, blanks))
        yield Level(f"continue_{name}", nats(learner.follow(held.ids, blanks), held.ids, blanks))
        yield Level(f"parameters_{name}", sum(p.numel() for p in learner.net.parameters()))
    some = held.ids[:TRIED], blanks[:TRIED]
    yield Level("fill_searched", searched(learners["predicts"].net, *some, odds["predicts"][:TRIED]))

    learned, tested = evenly(train, PROBED[0]), evenly(held, PROBED[1])
    for name, learner in learners.items():
        pair = learner.states(learned.ids), learner.states(tested.ids)
        yield Level(f"probe_{name}", probed(pair[0], learned.seven, pair[1], tested.seven))
    blank = Learner("predicts", 1, len(names), 0.3, 0.0, seed)
    pair = blank.states(learned.ids), blank.states(tested.ids)
    yield Level("probe_untrained", probed(pair[0], learned.seven, pair[1], tested.seven))
    counted = [F.one_hot(part.ids, len(names)).sum(dim=1)[:, FIRST : FIRST + FREQUENT] for part in (learned, tested)]
    yield Level("probe_counts", probed(counted[0].float(), learned.seven, counted[1].float(), tested.seven))

    guessed = {name: table[:, FIRST:].argmax(dim=1) + FIRST for name, table in odds.items()}
    rows = []
    for n in range(min(8, len(blanks))):
        shown = held.ids[n].scatter(0, blanks[n : n + 1], MASK).tolist()
        right = int(held.ids[n, blanks[n]])
        said = [names[right], *(names[int(guessed[name][n])] for name in guessed)]
        rows.append(("".join(names[id] for id in shown), *said))
    yield Table("blanks", ("poem", "right", *guessed), tuple(rows))


def unigram(ids: Tensor) -> float:
    """Entropy of single characters, nats: the loss of who knows nothing but how frequent each is."""
    share = torch.bincount(ids.flatten()).double() / ids.numel()
    return float(torch.special.entr(share).sum())


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


lab = Lab(
    bert_and_gpt_compared,
    expect=(
        Band("fill_masks"),
        Band("fill_predicts"),
        Band("fill_searched"),
        Band("continue_masks"),
        Band("continue_predicts"),
        Band("probe_masks"),
        Band("probe_predicts"),
    ),
    claims=(
        Claim("prediction-continues-better", lambda level: level["continue_predicts"] < level["continue_masks"] - 0.5),
        Claim("prediction-fills-in-sooner", lambda level: level["fill_predicts"] > level["fill_masks"] + 0.02),
        Claim("prediction-knows-the-lines", lambda level: level["probe_predicts"] > level["probe_counts"] + 0.2),
        Claim("masks-learn-the-lines-too", lambda level: level["probe_masks"] > level["probe_counts"] + 0.05),
    ),
)
