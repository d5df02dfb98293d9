"""Scores, entropy, gradients and learning as the width d of a head grows: undivided, divided by sqrt(d), and by d.

Real text, one head. A query knows half of the words of a definition in WordNet; the keys are whole definitions of
several senses, its own among them; the values are their categories (noun.animal, noun.food, …). Attention has to
find the right definition to know the category.

    half of a gloss -> x (128) -> q = x W_q (d)        whole glosses -> k = x W_k (d)        category -> v (64)
    scores q k -> none | / sqrt(d) | / d -> softmax -> mixed values -> 26 categories

First the four are measured at every width as the weights begin, then the head is trained three times at one width.

See      the variance of raw scores grows as d; only sqrt(d) keeps the entropy where it was; undivided, the gradient
         of most queries is gone, and learning waits for the few that are not
Try      width 16: now all three learn. rate 0.01: does a larger step make up for it? senses 64
Source   WordNet, definitions of nouns; the vectors of words are random and stay so, as in a model that begins
Omits    positions, heads, biases; half of a definition is a bag of words
"""

import json
import math
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Annotated, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wenjin.kit.lab import Band, Cause, Claim, Frame, Keep, Lab, Level, Point, Progress, Slider, Table, Used
from wenjin.stack.data.load import load
from wenjin.stack.learn.examples import told, unscaled
from wenjin.stack.nn.attention import mix, scale, scores, softmax
from wenjin.stack.train.health import examine
from wenjin.stack.train.health_steps import FOLLOWS, Steps

SCALES = {"none": lambda raw, width: raw, "sqrt": scale, "d": lambda raw, width: raw / width}
MODEL, VALUE, VOCABULARY, SENSES = 128, 64, 8000, 12_000
QUERIES, BATCH = 1024, 64
SHOWN, SAVED = 5, 40  # steps between two points of a chart, and between two states that are kept
WORD = re.compile(r"[a-z]+")
Begun = dict[str, dict[str, float]]  # scale -> what was measured -> value


def scale_or_saturate(
    keep: Keep,
    widths: Annotated[tuple[int, ...], Slider(1, 4096, log=True)] = (4, 16, 64, 256, 1024),
    width: Annotated[int, Slider(4, 4096, log=True)] = 256,
    steps: Annotated[int, Slider(40, 10_000, log=True)] = 240,
    rate: Annotated[float, Slider(0.00001, 0.1, log=True)] = 0.001,
    senses: Annotated[int, Slider(2, 256, log=True)] = 16,
    seed: int = 0,
) -> Iterator[Frame]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the products are small: two cores would wait for each other
    try:
        yield from measured(keep, widths, width, steps, rate, senses, seed)
    finally:
        torch.set_num_threads(threads)


def measured(
    keep: Keep, widths: Sequence[int], width: int, steps: int, rate: float, senses: int, seed: int
) -> Iterator[Frame]:
    corpus = load("wordnet", part="noun")
    yield Used(corpus.id, corpus.source, corpus.count, corpus.sha256, corpus.fallback)
    half, whole, category, names = vectors([(s.gloss, s.category) for s in corpus.rows], seed)
    begun: dict[str, Begun] = json.loads(keep.load("begun") or "{}")
    heads: dict[str, Head] = {}
    work, done = sum(QUERIES * (d + 64) for d in widths) + 3 * steps * BATCH * (width + 64) * 2, 0

    for d in widths:  # as the weights begin
        if str(d) not in begun:
            begun[str(d)] = begin(half, whole, category, len(names), d, senses, seed)
            keep.save("begun", json.dumps(begun).encode())
        for what in ("variance", "entropy", "gradient"):
            yield Point(what, d, {name: begun[str(d)][name][what] for name in SCALES})
        yield Progress(done := done + QUERIES * (d + 64), work)

    for name in SCALES:  # and as they learn
        head = heads[name] = Head(len(names), width, rate, seed)
        head.restore(keep.load(name))
        while head.step < steps:
            pick = draw(len(half), BATCH, senses, seed, head.step)
            head.learn(SCALES[name], half[pick[:, 0]], whole[pick], category[pick])
            if head.step % SHOWN == 0:
                yield Point("loss", head.step, {name: mean(head.losses[-SHOWN:])})
                yield Point("found", head.step, {name: mean(head.found[-SHOWN:])})
                yield Progress(done + head.step * BATCH * (width + 64) * 2, work)
            if head.step % SAVED == 0 or head.step == steps:
                keep.save(name, head.saved())  # after its points: what is kept has been shown
        done += steps * BATCH * (width + 64) * 2

    prepared = [sign for x in (half, whole) for sign in unscaled(x.numpy(), 0.9, 1.1)]
    head = heads["sqrt"]  # the others are meant to learn badly
    guessed = head.watch.unrelated(mean(head.found[-max(1, steps // 8) :]), 1 / senses)
    curve = examine(head.losses, even=math.log(len(names)))
    yield from (Cause(*sign) for sign in told(prepared, head.watch.signs(), guessed, curve, follows=FOLLOWS))
    yield from results(begun, heads, senses)


def vectors(glosses: Sequence[tuple[str, str]], seed: int) -> tuple[Tensor, Tensor, Tensor, list[str]]:
    """(half, whole, category, names): of each sense half its words and all of them as a vector, (N, 128), normalized.

    A word counts the more, the rarer it is. Definitions with fewer than four known words are left out.
    """
    dice = random.Random(seed)
    chosen = dice.sample(list(glosses), min(SENSES, len(glosses)))
    words = [WORD.findall(gloss.lower()) for gloss, _ in chosen]
    count = Counter(word for line in words for word in line)
    place = {word: n for n, (word, _) in enumerate(count.most_common(VOCABULARY))}
    known = [[place[word] for word in line if word in place] for line in words]
    kept = [n for n, line in enumerate(known) if len(line) >= 4]
    rare = torch.tensor([math.log(len(words) / count[word]) for word in place]).clamp(min=0.1)
    table = torch.randn(len(place), MODEL, generator=torch.Generator().manual_seed(seed)) * rare[:, None]
    names = sorted({category for _, category in glosses})
    category = torch.tensor([names.index(chosen[n][1]) for n in kept])
    half = [dice.sample(known[n], len(known[n]) // 2) for n in kept]
    return bags(half, table), bags([known[n] for n in kept], table), category, names


def bags(lines: Sequence[Sequence[int]], table: Tensor) -> Tensor:
    flat = torch.tensor([word for line in lines for word in line])
    starts = torch.tensor([0, *(len(line) for line in lines[:-1])]).cumsum(0)
    return F.layer_norm(F.embedding_bag(flat, table, starts, mode="mean"), (MODEL,))  # (N, 128)


def draw(of: int, batch: int, senses: int, seed: int, step: int) -> Tensor:
    """Which senses stand side by side, (batch, senses); the first of each row is asked for. A step has its own dice,
    so that a run that goes on draws what it would have drawn."""
    dice = torch.Generator().manual_seed(seed * 1_000_003 + step)
    return torch.randint(of, (batch, senses), generator=dice)


class Head:
    """One head and its classifier, trained by Adam. The same seed begins with the same weights whatever the scale."""

    def __init__(self, categories: int, width: int, rate: float, seed: int) -> None:
        dice = torch.Generator().manual_seed(seed)
        self.value = torch.randn(categories, VALUE, generator=dice)
        sizes = ((MODEL, width, MODEL**-0.5), (MODEL, width, MODEL**-0.5), (VALUE, categories, 0.1))
        self.weights = [nn.Parameter(torch.randn(a, b, generator=dice) * s) for a, b, s in sizes]
        self.optimizer = torch.optim.Adam(self.weights, rate)
        self.watch = Steps(nn.ParameterDict(dict(zip(("w_q", "w_k", "out"), self.weights, strict=True))))
        self.losses: list[float] = []
        self.found: list[float] = []  # share of the queries whose greatest weight is on the right sense

    @property
    def step(self) -> int:
        return len(self.losses)

    def attend(self, by: Any, half: Tensor, whole: Tensor, category: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(q, raw scores, weights, loss of each query). half (B, 128), whole (B, S, 128), category (B, S)."""
        w_q, w_k, out = self.weights
        q = (half @ w_q)[:, None]  # (B, 1, D)
        raw = scores(q, whole @ w_k)  # (B, 1, S)
        weights = softmax(by(raw, w_q.shape[1]))
        mixed = mix(weights, self.value[category]).squeeze(1)  # (B, 64)
        return q, raw, weights.squeeze(1), F.cross_entropy(mixed @ out, category[:, 0], reduction="none")

    def learn(self, by: Any, half: Tensor, whole: Tensor, category: Tensor) -> None:
        _, _, weights, each = self.attend(by, half, whole, category)
        self.optimizer.zero_grad()
        each.mean().backward()
        self.watch.before()
        self.optimizer.step()
        self.watch.after()
        self.losses.append(float(each.detach().mean()))
        self.found.append(float((weights.argmax(-1) == 0).float().mean()))

    def saved(self) -> bytes:
        """Weights, the optimizer's averages and what was measured, as npz: no pickle."""
        arrays = {"losses": np.array(self.losses), "found": np.array(self.found), "watch": np.array(self.watch.kept())}
        for n, weight in enumerate(self.weights):
            state = self.optimizer.state[weight]
            arrays |= {f"w{n}": weight.detach().numpy()}
            arrays |= {f"m{n}": state["exp_avg"].numpy(), f"v{n}": state["exp_avg_sq"].numpy()}
        file = BytesIO()
        np.savez(file, **arrays)
        return file.getvalue()

    def restore(self, data: bytes | None) -> None:
        if data is None:
            return
        with np.load(BytesIO(data), allow_pickle=False) as kept, torch.no_grad():
            self.losses, self.found = kept["losses"].tolist(), kept["found"].tolist()
            self.watch.restore(str(kept["watch"]))
            for n, weight in enumerate(self.weights):
                weight.copy_(torch.from_numpy(kept[f"w{n}"]))
                averages = {"exp_avg": torch.from_numpy(kept[f"m{n}"]), "exp_avg_sq": torch.from_numpy(kept[f"v{n}"])}
                self.optimizer.state[weight] = {"step": torch.tensor(float(self.step)), **averages}


def begin(half: Tensor, whole: Tensor, category: Tensor, categories: int, width: int, senses: int, seed: int) -> Begun:
    """Before any learning, for each scale: variance of the scores it hands to softmax, the median entropy of the
    weights in nats, and the length of the gradient in a query, the median and the mean."""
    head = Head(categories, width, 0.0, seed)
    pick = draw(len(half), QUERIES, senses, seed, -1)
    told = {}
    for name, by in SCALES.items():
        q, raw, weights, each = head.attend(by, half[pick[:, 0]], whole[pick], category[pick])
        (slope,) = torch.autograd.grad(each.sum(), q)
        long = slope.norm(dim=-1)
        told[name] = {
            "variance": float(by(raw.detach(), width).var()),
            "entropy": float(torch.special.entr(weights.detach()).sum(-1).median()),
            "gradient": float(long.median()),
            "mean": float(long.mean()),
        }
    return told


def results(begun: dict[str, Begun], heads: dict[str, Head], senses: int) -> Iterator[Frame]:
    by_width = {int(d): begun[d] for d in sorted(begun, key=int)}
    wide = by_width[max(by_width)]
    if len(by_width) > 1:
        raw = [told["none"]["variance"] for told in by_width.values()]
        yield Level("slope", float(np.polyfit(np.log(list(by_width)), np.log(raw), 1)[0]))
    entropy = [told["sqrt"]["entropy"] for told in by_width.values()]
    yield Level("spread_sqrt", (max(entropy) - min(entropy)) / math.log(senses))
    for name in SCALES:
        yield Level(f"entropy_{name}", wide[name]["entropy"])
    yield Level("fade", wide["none"]["gradient"] / wide["sqrt"]["gradient"])
    yield Level("rare", wide["none"]["mean"] / wide["sqrt"]["mean"])
    for name, head in heads.items():
        last = max(1, head.step // 8)
        yield Level(f"loss_{name}", mean(head.losses[-last:]))
        yield Level(f"found_{name}", mean(head.found[-last:]))
    columns = ("d", *(f"{what}_{name}" for what in ("variance", "entropy", "gradient") for name in SCALES))
    rows = [
        (d, *(told[name][what] for what in ("variance", "entropy", "gradient") for name in SCALES))
        for d, told in by_width.items()
    ]
    yield Table("begun", columns, tuple(rows))


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


lab = Lab(
    scale_or_saturate,
    expect=(  # what the undivided head comes to is a matter of luck: of it there are claims, no bands
        Band("slope"),
        Band("entropy_sqrt"),
        Band("entropy_d"),
        Band("loss_sqrt"),
        Band("loss_d"),
        Band("found_sqrt"),
        Band("found_d"),
    ),
    claims=(
        Claim("variance-follows-d", lambda level: abs(level["slope"] - 1) <= 0.1),
        Claim("sqrt-keeps-the-entropy", lambda level: level["spread_sqrt"] <= 0.1),
        Claim("undivided-saturates", lambda level: level["entropy_none"] < 0.1 * level["entropy_sqrt"]),
        Claim("most-gradients-fade", lambda level: level["fade"] < 0.05),
        Claim("undivided-learns-slower", lambda level: level["loss_none"] > 2 * level["loss_sqrt"]),
        Claim("d-learns-slower", lambda level: level["loss_d"] > 2 * level["loss_sqrt"]),
    ),
)
