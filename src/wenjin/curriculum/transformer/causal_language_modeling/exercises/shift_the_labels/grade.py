"""Inputs, labels, mask and loss of a batch; a colleague's program whose loss is too good to be true is to be mended.

    rows -> inputs -> labels -> mask -> logits -> loss

The model is as small as can be: the logits at a place are the mean, over the places that the mask lets it see, of a
row of a table. So whoever lets it see the answer, lets it use the answer. A text ends with the token that also fills
up rows, as in GPT-2: whoever ignores every such label, never teaches a model to stop.

Rule    no text holds the same token twice in a row, and each draw has texts of several lengths, so that every mistake
        shows in the labels, the mask or the loss
Shapes  B texts   W longest text   T = W - 1   V vocabulary.  inputs, labels (B, T)   mask (T, T)   table (V, V)
Proof   tests/curriculum/test_causal_language_modeling_exercises.py: right programs of other styles pass on fresh draws,
        and every mistake is told by its own name
"""

from itertools import combinations
from random import Random
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from wenjin.kit.exercise import Case, Code, read_mistakes
from wenjin.kit.text import Text

NONE: frozenset[str] = frozenset()
IGNORED = -100


def filled(texts: list[list[int]], end: int) -> Tensor:
    """Texts as rows of one length."""
    widest = max(map(len, texts))
    return torch.tensor([text + [end] * (widest - len(text)) for text in texts])  # (B, W)


def counted(texts: list[list[int]], fault: frozenset[str]) -> Tensor:
    """Which of the labels are of the texts: their ends are, what fills up rows is not. (B, T)"""
    places = torch.arange(max(map(len, texts)) - 1)
    lengths = torch.tensor([len(text) for text in texts])[:, None] - 1
    if "one-place-too-many" in fault:
        lengths = lengths + 1
    return places < lengths


def labelled(rows: Tensor, texts: list[list[int]], end: int, fault: frozenset[str]) -> Tensor:
    inputs, following = rows[:, :-1], rows[:, 1:]  # (B, T) each
    labels = following
    if "labels-not-shifted" in fault:
        labels = inputs
    if "shifted-the-wrong-way" in fault:
        labels = F.pad(inputs[:, :-1], (1, 0), value=end)
    if "shifted-twice" in fault:
        labels = F.pad(following[:, 1:], (0, 1), value=end)
    if "rolled-around" in fault:
        labels = inputs.roll(-1, dims=1)
    if "padding-counted" in fault:
        return labels
    if "end-never-learned" in fault:
        return labels.masked_fill(labels == end, IGNORED)
    return labels.masked_fill(~counted(texts, fault), IGNORED)


def seen(T: int, fault: frozenset[str]) -> Tensor:
    everything = torch.ones(T, T, dtype=torch.bool)
    if "future-leaks-through-the-mask" in fault:
        return everything
    if "one-future-seen" in fault:
        return everything.tril(1)
    if "own-token-hidden" in fault:
        return everything.tril(-1)
    if "mask-transposed" in fault:
        return everything.triu()
    return everything.tril()


def model(inputs: Tensor, mask: Tensor, table: Tensor) -> Tensor:
    """Logits of the next token: the mean of the rows of all tokens that a place sees. (B, T, V)"""
    weights = mask.float() / mask.sum(dim=1, keepdim=True).clamp(min=1)  # (T, T)
    return weights @ table[inputs]


def averaged(logits: Tensor, labels: Tensor, fault: frozenset[str]) -> float:
    if "softmax-twice" in fault:
        logits = logits.softmax(dim=-1)
    each = F.cross_entropy(logits.transpose(1, 2), labels, ignore_index=IGNORED, reduction="none")  # (B, T)
    kept = labels != IGNORED
    if "summed" in fault:
        return float(each.sum())
    if "divided-by-all-places" in fault:
        return float(each.mean())
    if "mean-of-means" in fault:
        return float((each.sum(dim=1) / kept.sum(dim=1)).mean())
    loss = each.sum() / kept.sum()
    return float(loss.exp() if "perplexity-for-loss" in fault else loss)


def solution(texts: list[list[int]], end: int, table: Tensor, fault: frozenset[str] = NONE) -> dict[str, Any]:
    rows = filled(texts, end)
    inputs = rows[:, :-1]
    labels = labelled(rows, texts, end, fault)
    mask = seen(inputs.shape[1], fault)
    loss = averaged(model(inputs, mask, table), labels, fault)
    return {"inputs": inputs.contiguous(), "labels": labels.contiguous(), "mask": mask, "loss": loss}


END = 0


def text(dice: Random, length: int, vocabulary: int) -> list[int]:
    """So many tokens, the last of which is the end; no token follows itself."""
    written: list[int] = []
    while len(written) < length - 1:
        token = dice.randrange(1, vocabulary)
        if token not in written[-2:]:
            written.append(token)
    return [*written, END]


def cases(dice: Random) -> list[Case]:
    """Fresh texts, small ones first."""
    random = torch.Generator().manual_seed(dice.getrandbits(62))

    def case(tag: str, lengths: tuple[int, ...], zh: str, en: str, vocabulary: int = 6) -> Case:
        texts = [text(dice, length, vocabulary) for length in lengths]
        table = torch.randint(-3, 4, (vocabulary, vocabulary), generator=random).float()
        return Case(tag, (texts, END, table), Text(zh, en))

    return [
        case("one", (4,), "一段，四个词元", "one text of four tokens"),
        case("alike", (5, 5), "两段一样长", "two texts of one length"),
        case("padded", (6, 3), "一长一短", "a long and a short one"),
        case("padded", (3, 5, 4), "三段，长短不一", "three texts of different length"),
        case("short", (2, 5), "只有一个词元和终止符的一段", "one text of a single token and the end"),
        case("wide", (9, 4, 7), "词表大一些", "a larger vocabulary", 12),
        case("many", (7, 5, 3, 4, 7, 3), "六段", "six texts", 9),
    ]


PLACES = (
    ("labels-not-shifted", "shifted-the-wrong-way", "shifted-twice", "rolled-around"),
    ("padding-counted", "end-never-learned", "one-place-too-many"),
    ("future-leaks-through-the-mask", "one-future-seen", "own-token-hidden", "mask-transposed"),
    ("softmax-twice",),
    ("summed", "divided-by-all-places", "mean-of-means", "perplexity-for-loss"),
)
# Two faults cannot stand in one place; and where every place counts, or every row is as long, means do not differ.
EXCLUSIVE = frozenset(frozenset(pair) for names in PLACES for pair in combinations(names, 2)) | frozenset(
    frozenset(("padding-counted", name)) for name in ("divided-by-all-places", "mean-of-means")
)

exercise = Code(
    form="function",
    define="batch",
    solution=solution,
    cases=cases,
    mistakes=read_mistakes(__file__),
    exclusive=EXCLUSIVE,
)
