"""Convolution and pooling written out: held against PyTorch's, then a LeNet made of them learns to read.

    same   each layer on real digits, forward and backward, ours and torch.nn.functional's
    fast   one digit through C1 by loops over single numbers, and by one matrix product
    learn  LeNet by AdamW, its rate falling to 0; every picture once an epoch
    other  the digits of another collection, stretched to the same size

See      differences of a few parts in a million; the product ten thousands of times as fast as the loops; nine digits
         of ten after one epoch; maps of C1 that show edges and strokes; and far less than that on digits that
         somebody else has collected
Try      pool mean, as in 1998: it learns more slowly. rate 0.03. pictures 500: how far does it get?
Source   the first 10,000 digits of MNIST's training set, nine tenths to learn from; LeCun et al. 1998. The others are
         UCI's, 8 x 8, doi:10.24432/C50P49
Omits    a validation set, distortions of the pictures, ensembles
"""

import math
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Annotated, Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from wenjin.kit.lab import Band, Cause, Claim, Frame, Keep, Lab, Level, Picture, Point, Progress, Slider, Table, Used
from wenjin.kit.text import Text
from wenjin.stack.data.load import Split, load
from wenjin.stack.data.pictures import arrays, framed, png
from wenjin.stack.data.sources import DataError
from wenjin.stack.learn.examples import told, unlike, unscaled
from wenjin.stack.models.lenet import LeNet
from wenjin.stack.nn.convolution import convolve, loops, pool_greatest, pool_mean
from wenjin.stack.train.health import examine
from wenjin.stack.train.health_steps import FOLLOWS, Steps
from wenjin.stack.train.optimizers import AdamW

BATCH, SHOWN = 64, 20  # pictures a step, steps between two points of the chart
COMPARED, SAID = 32, 0.9  # digits in the comparison, share of the work that is learning

Way = Callable[..., Tensor]


def convolution_from_scratch(
    keep: Keep,
    epochs: Annotated[int, Slider(1, 50, log=True)] = 8,
    pictures: Annotated[int, Slider(100, 9_000, log=True)] = 9_000,
    pool: Literal["greatest", "mean"] = "greatest",
    rate: Annotated[float, Slider(0.0001, 0.1, log=True)] = 0.003,
    seed: int = 0,
) -> Iterator[Frame]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the products are small: two cores would wait for each other
    try:
        yield from measured(keep, epochs, pictures, pool, rate, seed)
    finally:
        torch.set_num_threads(threads)


def digits(split: Split) -> tuple[Used, Tensor, Tensor]:
    """Pictures (N, 1, 28, 28) and labels (N,): MNIST's, or where they are not, UCI's stretched to their size."""
    try:
        corpus = load("mnist", split=split)
    except DataError:
        corpus = load("digits", split=split)
    pictures, labels = arrays(corpus.rows)
    used = Used(corpus.id, corpus.source, corpus.count, corpus.sha256, corpus.id != "mnist")
    return used, torch.from_numpy(framed(pictures))[:, None], torch.from_numpy(labels)


def others() -> tuple[Used, Tensor, Tensor]:
    """All of UCI's digits, as MNIST would have them."""
    corpus = load("digits")
    pictures, labels = arrays(corpus.rows)
    used = Used(corpus.id, corpus.source, corpus.count, corpus.sha256)
    return used, torch.from_numpy(framed(pictures))[:, None], torch.from_numpy(labels)


def measured(keep: Keep, epochs: int, pictures: int, pool: str, rate: float, seed: int) -> Iterator[Frame]:
    used, x, y = digits("train")
    yield used
    _, unseen, labels = digits("test")
    few = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))[:pictures]  # the same for every seed
    x, y = x[few], y[few]
    yield Progress(0, 1)
    yield from compared(unseen[:COMPARED], seed)
    yield Progress(1 - SAID, 1)
    prepared = [*unscaled(x.numpy()), *unlike(x.numpy(), unseen.numpy())]

    learner = Learner(pool, rate, epochs * math.ceil(len(x) / BATCH), seed)
    learner.restore(keep.load("learner"))
    while learner.epoch < epochs:
        for part in learner.order(len(x)).split(BATCH):
            learner.learn(x[part], y[part])
            if learner.step % SHOWN == 0:
                yield Point("loss", learner.step, {"training": mean(learner.losses[-SHOWN:])})
                yield Progress(1 - SAID + SAID * learner.step / learner.steps, 1)
                yield from (Cause(*sign) for sign in told(prepared, learner.watch.signs(), follows=FOLLOWS))
        learner.epoch += 1
        accuracy, loss = judged(learner.net, unseen, labels)
        learner.unseen.append(loss)
        yield Point("loss", learner.step, {"unseen": loss})
        yield Point("accuracy", learner.epoch, {"unseen": accuracy})
        yield Level("accuracy", accuracy)
        keep.save("learner", learner.saved())  # after its points: what is kept has been shown

    accuracy, loss = judged(learner.net, unseen, labels)
    yield Level("accuracy", accuracy)
    yield Level("first_loss", mean(learner.losses[:1]))
    yield Level("last_loss", mean(learner.losses[-2 * SHOWN :]))
    guessed = learner.watch.guessed(loss, accuracy, labels)
    curves = examine(learner.losses, learner.unseen, even=math.log(10))
    yield from (Cause(*sign) for sign in told(prepared, learner.watch.signs(), guessed, curves, follows=FOLLOWS))
    if not used.fallback:  # else it has learned from them
        other, x, y = others()
        yield other
        yield Level("elsewhere", judged(learner.net, x, y)[0])
    yield from drawn(learner.net, unseen[:1], int(labels[0]))
    yield Progress(1, 1)


# ---- same, and fast ----


def compared(x: Tensor, seed: int) -> Iterator[Frame]:
    """The greatest difference between our results and torch's, as a share of the greatest number in torch's."""
    dice = torch.Generator().manual_seed(seed)
    inside = torch.randn(len(x), 6, 14, 14, generator=dice)
    rows: list[tuple[str, float, float, float]] = []
    for name, given, size, how in (
        ("C1 5x5 padding 2", x, (6, 1, 5, 5), {"padding": 2}),
        ("C3 5x5", inside, (16, 6, 5, 5), {}),
        ("3x3 stride 2", inside, (8, 6, 3, 3), {"stride": 2, "padding": 1}),
        ("3x3 dilation 2", inside, (8, 6, 3, 3), {"padding": 2, "dilation": 2}),
        ("3x3 groups 6", inside, (12, 1, 3, 3), {"padding": 1, "groups": 6}),
    ):
        w = torch.randn(size, generator=dice) / math.prod(size[1:]) ** 0.5
        b = torch.randn(size[0], generator=dice)
        ours = through(lambda x, w, b, how=how: convolve(x, w, b, **how), given, w, b)
        theirs = through(lambda x, w, b, how=how: F.conv2d(x, w, b, **how), given, w, b)
        rows.append((name, *(off(a, b) for a, b in zip(ours[:3], theirs[:3], strict=True))))
    for name, pool, same in (("greatest 2x2", pool_greatest, F.max_pool2d), ("mean 2x2", pool_mean, F.avg_pool2d)):
        pair = zip(through(lambda x, f=pool: f(x, 2), x), through(lambda x, f=same: f(x, 2), x), strict=True)
        forward, backward = (off(a, b) for a, b in pair)
        rows.append((name, forward, backward, 0.0))
    yield Table("same", ("layer", "output", "by_input", "by_weights"), tuple(rows))
    yield Level("difference", max(max(row[1:]) for row in rows))

    w, b = torch.randn(6, 1, 5, 5, generator=dice), torch.zeros(6)
    slow = lasts(lambda: loops(x[:1], w, b, padding=2), 1)
    quick = lasts(lambda: convolve(x, w, b, padding=2), 20) / len(x)
    yield Level("loops_ms", 1000 * slow)
    yield Level("product_ms", 1000 * quick)
    yield Level("times_faster", slow / quick)


def through(way: Way, *given: Tensor) -> list[Tensor]:
    """The result, and the gradient of its sum of squares in all that was given."""
    inputs = [x.clone().requires_grad_() for x in given]
    y = way(*inputs)
    return [y.detach(), *torch.autograd.grad(y.square().sum() / 2, inputs)]


def off(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().max() / b.abs().max())


def lasts(action: Callable[[], Any], times: int) -> float:
    """Seconds on the processor, the least of several calls."""
    taken = []
    for _ in range(times):
        start = time.thread_time()
        action()
        taken.append(time.thread_time() - start)
    return min(taken)


# ---- learn ----


class Learner:
    """LeNet and its optimizer, from whole epoch to whole epoch."""

    def __init__(self, pool: str, rate: float, steps: int, seed: int) -> None:
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(seed)
            self.net = LeNet(pool=pool)
        self.optimizer = AdamW(self.net.parameters(), rate, betas=(0.9, 0.99), weight_decay=0.0)
        self.rate, self.steps, self.seed = rate, steps, seed
        self.epoch = 0
        self.losses: list[float] = []
        self.unseen: list[float] = []
        self.watch = Steps(self.net)

    @property
    def step(self) -> int:
        return len(self.losses)

    def order(self, of: int) -> Tensor:
        """The pictures of this epoch; it has dice of its own, so that a run that goes on draws what it would have."""
        return torch.randperm(of, generator=torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch))

    def learn(self, x: Tensor, y: Tensor) -> None:
        loss = F.cross_entropy(self.net(x), y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.param_groups[0]["lr"] = self.rate * min(1, 1.25 * (1 - self.step / self.steps))
        self.watch.before()
        self.optimizer.step()
        self.watch.after()
        self.losses.append(float(loss.detach()))

    def saved(self) -> bytes:
        """Weights, the optimizer's memory and what was measured, as npz: no pickle."""
        held = {"epoch": np.array(self.epoch), "losses": np.array(self.losses), "unseen": np.array(self.unseen)}
        held["watch"] = np.array(self.watch.kept())
        for name, weight in self.net.named_parameters():
            held[f"weight {name}"] = weight.detach().numpy()
            held |= {f"{what} {name}": memory.numpy() for what, memory in self.optimizer.state[weight].items()}
        file = BytesIO()
        np.savez(file, **held)
        return file.getvalue()

    def restore(self, data: bytes | None) -> None:
        if data is None:
            return
        with np.load(BytesIO(data), allow_pickle=False) as kept, torch.no_grad():
            self.epoch = int(kept["epoch"])
            self.losses, self.unseen = kept["losses"].tolist(), kept["unseen"].tolist()
            self.watch.restore(str(kept["watch"]))
            for name, weight in self.net.named_parameters():
                weight.copy_(torch.from_numpy(kept[f"weight {name}"]))
                for what in ("step", "mean", "square"):
                    self.optimizer.state[weight][what] = torch.from_numpy(kept[f"{what} {name}"])


@torch.no_grad()
def judged(net: LeNet, x: Tensor, y: Tensor) -> tuple[float, float]:
    """Accuracy, and loss in nats."""
    scores = torch.cat([net(part) for part in x.split(500)])
    return float((scores.argmax(1) == y).float().mean()), float(F.cross_entropy(scores, y))


# ---- what it sees ----


@torch.no_grad()
def drawn(net: LeNet, x: Tensor, label: int) -> Iterator[Frame]:
    """A digit that it has not learned from, C1's kernels, and what C1 and C3 make of the digit."""
    maps = net.maps(x)
    kernels = net.c1.weight.detach()[:, 0]  # (6, 5, 5)
    for name, tiles, large, zh, en in (
        ("digit", x[0], 8, f"没学过的一个数字 {label}，28×28 像素", f"a digit {label} that was not learned from"),
        ("kernels", kernels, 16, "C1 的六个 5×5 核，亮处为正，暗处为负", "the six kernels of C1; light is positive"),
        ("c1", maps["c1"][0], 5, "C1 的六张特征图，28×28", "the six maps of C1, 28×28"),
        ("c3", maps["c3"][0], 7, "C3 的十六张特征图，10×10", "the sixteen maps of C3, 10×10"),
    ):
        yield Picture(name, "png", png(side_by_side(tiles.numpy(), large)), Text(zh, en))


def side_by_side(tiles: Any, large: int, wide: int = 8) -> Any:
    """Tiles (n, S, S) as one picture, `wide` in a row: each from its least to its greatest number, and enlarged."""
    low, high = tiles.min((1, 2), keepdims=True), tiles.max((1, 2), keepdims=True)
    levels = np.round(255 * (tiles - low) / np.maximum(high - low, 1e-9)).astype(np.uint8)
    levels = np.pad(levels.repeat(large, 1).repeat(large, 2), ((0, 0), (2, 2), (2, 2)), constant_values=128)
    rows = [list(levels[n : n + wide]) for n in range(0, len(levels), wide)]
    empty = np.full_like(levels[0], 128)
    many = min(wide, len(levels))
    return np.vstack([np.hstack(row + [empty] * (many - len(row))) for row in rows])


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


lab = Lab(
    convolution_from_scratch,
    expect=(Band("accuracy"), Band("first_loss"), Band("last_loss"), Band("elsewhere")),
    claims=(
        Claim("same-as-torch", lambda level: level["difference"] <= 1e-5),
        Claim("reads-digits", lambda level: level["accuracy"] >= 0.97),
        Claim("others-are-harder", lambda level: level["elsewhere"] <= level["accuracy"] - 0.1),
        Claim("product-is-faster", lambda level: level["times_faster"] >= 1000),
    ),
)
