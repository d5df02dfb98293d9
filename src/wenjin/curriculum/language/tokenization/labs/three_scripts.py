"""Byte-pair encoding learned on Chinese, English, code and a mixture: what each text costs under each vocabulary.

Real text: Tang poems, English manual pages, the source of Python's own library. Four vocabularies are trained, one on
each text and one on a third of each; all four see equally many characters. Held-out text of each kind is then cut with
each of them, at every size of vocabulary: training is done once, since the first n merges are the vocabulary of n.

See      a text is cheapest under its own vocabulary and nearly as cheap under the mixture; Chinese under a vocabulary
         made for English falls back to bytes, three tokens a character; every round trip is exact all the same
Try      largest 16384: who gains from a larger vocabulary? characters 1000000. pattern llama3
Source   Radford et al. 2019 (2.2) on bytes; Petrov et al., arXiv:2305.15425, on who pays; the texts: see data
Omits    tokens that were seen too rarely to be worth having; weighting of the mixture
"""

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import Annotated, Literal

from wenjin.kit.lab import Band, Claim, Frame, Keep, Lab, Level, Picture, Point, Progress, Slider, Table, Used
from wenjin.kit.text import Text
from wenjin.stack.data.load import Corpus, load
from wenjin.stack.text.alphabet import ORDER
from wenjin.stack.text.bpe import Pair, symbols, table_of, tokens_of
from wenjin.stack.text.bpe_encode import Encoder
from wenjin.stack.text.bpe_train import train
from wenjin.stack.text.pretokenize import GPT2, LLAMA3, Cutter

TEXTS = ("chinese", "english", "code")
MADE = (*TEXTS, "mixture")  # the vocabularies
CUTS = {"gpt2": GPT2, "llama3": LLAMA3}
WINDOW = 4000  # characters of a document at most, so that no single one fills the sample


def three_scripts(
    keep: Keep,
    characters: Annotated[int, Slider(3000, 4_000_000, log=True)] = 150_000,
    largest: Annotated[int, Slider(300, 32_768, log=True)] = 4096,
    pattern: Literal["gpt2", "llama3"] = "gpt2",
    seed: int = 0,
) -> Iterator[Frame]:
    corpora = (
        load("classical-poems", part="tang"),
        load("manual-pages", part="en"),
        load("python-library"),
    )
    for corpus in corpora:
        yield Used(corpus.id, corpus.source, corpus.count, corpus.sha256, corpus.fallback)
    drawn = [sample(corpus, characters, characters // 5, seed) for corpus in corpora]
    learn = dict(zip(TEXTS, (text for text, _ in drawn), strict=True))
    learn["mixture"] = "\n".join(text[: characters // 3] for text in learn.values())
    held = dict(zip(TEXTS, (text for _, text in drawn), strict=True))
    cut = Cutter(CUTS[pattern])
    merges: dict[str, list[Pair]] = {}
    pieces = {name: Counter(cut(text)) for name, text in held.items()}
    for n, name in enumerate(MADE):
        merges[name] = learned(keep, name, learn[name], cut, largest)
        yield Progress(n + 1, 2 * len(MADE))
    sizes = [size for size in (256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768) if size < largest] + [largest]
    tokens: dict[tuple[str, str], int] = {}
    for n, name in enumerate(MADE):
        for size in sizes:
            encode = Encoder(table_of(merges[name][: size - len(ORDER)]))
            for text in TEXTS:
                tokens[text, name] = sum(
                    times * len(encode(symbols(piece.encode()))) for piece, times in pieces[text].items()
                )
                yield Point(f"{text}_tokens", size, {name: len(held[text]) / tokens[text, name]})
        yield Progress(len(MADE) + n + 1, 2 * len(MADE))
    yield from results(held, tokens, merges, cut)


def sample(corpus: Corpus, characters: int, held: int, seed: int) -> tuple[str, str]:
    """(text to learn from, held-out text): documents in an order of the seed, a stretch of each; none is in both."""
    dice = random.Random(seed)
    rows = dice.sample(corpus.rows, len(corpus.rows))
    texts: list[str] = []
    room = characters + held
    for row in rows:
        start = dice.randrange(max(1, len(row.text) - WINDOW))
        texts.append(row.text[start : start + WINDOW])
        room -= len(texts[-1])
        if room <= 0:
            break
    first = next((n for n in range(1, len(texts)) if sum(map(len, texts[:n])) >= held), 1)
    return "\n".join(texts[first:])[:characters], "\n".join(texts[:first])[:held]


def learned(keep: Keep, name: str, text: str, cut: Cutter, largest: int) -> list[Pair]:
    """The merges of a vocabulary; those of a run that was stopped are not learned again."""
    if kept := keep.load(name):
        return [(left, right) for left, right in json.loads(kept)]
    pieces = Counter(piece.encode() for piece in cut(text))
    merges = train(pieces, largest - len(ORDER), least=2)
    keep.save(name, json.dumps(merges).encode())
    return merges


def exact(text: str, merges: Sequence[Pair], cut: Cutter) -> bool:
    """Is the text the same after there and back?"""
    encode, tokens = Encoder(table_of(merges)), tokens_of(merges)
    ids = [id for piece in cut(text) for id in encode(symbols(piece.encode()))]
    return b"".join(tokens[id] for id in ids).decode() == text


def results(
    held: dict[str, str], tokens: dict[tuple[str, str], int], merges: dict[str, list[Pair]], cut: Cutter
) -> Iterator[Frame]:
    per = {key: len(held[key[0]]) / count for key, count in tokens.items()}
    trips = [exact(held[text], merges[name], cut) for text in TEXTS for name in MADE]
    yield Level("round_trips", sum(trips) / len(trips))
    for text in TEXTS:
        yield Level(f"{text}_own", per[text, text])
        yield Level(f"{text}_mixture", per[text, "mixture"])
    yield Level("chinese_english", per["chinese", "english"])
    yield Level("english_chinese", per["english", "chinese"])
    yield Level("price", tokens["chinese", "english"] / tokens["chinese", "mixture"])
    yield Level("share", per["english", "mixture"] / per["english", "english"])
    rows: list[tuple[str | float, ...]] = [(name, *(per[text, name] for text in TEXTS)) for name in MADE]
    yield Table("per_token", ("vocabulary", *TEXTS), tuple(rows))
    rows = [(name, *(shown(token) for token in longest(merges[name]))) for name in MADE]
    yield Table("longest", ("vocabulary", "first", "second", "third", "fourth"), tuple(rows))
    for word, name in (("strawberry", "english"), ("明月", "chinese")):
        yield Picture(f"tree_{name}", "svg", *tree(word, merges[name]))


def longest(merges: Sequence[Pair]) -> list[bytes]:
    """The four longest tokens that are letters, with or without a space before them."""
    tokens = {token for token in tokens_of(merges) if token.decode(errors="replace").removeprefix(" ").isalpha()}
    return (sorted(tokens, key=lambda token: (-len(token.decode()), token)) + [b""] * 4)[:4]


def shown(token: bytes) -> str:
    """A token as text, with blanks that can be seen; where it is no whole text, its bytes in hexadecimal digits."""
    try:
        return token.decode().replace(" ", "␣").replace("\n", "⏎")
    except UnicodeDecodeError:
        return token.hex(" ").upper()


def tree(word: str, merges: Sequence[Pair]) -> tuple[bytes, Text]:
    """How the word's bytes are joined, drawn from below: (an SVG, what it shows)."""
    table, tokens = table_of(merges), tokens_of(merges)
    nodes = [(n * 62.0 + 40, 0, id) for n, id in enumerate(symbols(word.encode()))]  # x, height, id
    drawn, told = [(x, height, shown(tokens[id]), -1) for x, height, id in nodes], []
    lines: list[tuple[float, int, float, int]] = []
    while True:
        known = [(table[a[2], b[2]][0], n) for n, (a, b) in enumerate(pairwise(nodes)) if (a[2], b[2]) in table]
        if not known:
            break
        rank, n = min(known)
        left, right = nodes[n : n + 2]
        node = ((left[0] + right[0]) / 2, max(left[1], right[1]) + 1, table[left[2], right[2]][1])
        nodes[n : n + 2] = [node]
        drawn.append((node[0], node[1], shown(tokens[node[2]]), rank + 1))
        lines += [(part[0], part[1], node[0], node[1]) for part in (left, right)]
        told.append(f"{rank + 1}: {shown(tokens[left[2]])} + {shown(tokens[right[2]])} → {shown(tokens[node[2]])}")
    high = max(height for _, height, _, _ in drawn)
    wide, tall = 62 * len(word.encode()) + 20, 58 * (high + 1) + 10

    def down(height: int) -> float:
        return tall - 30 - 58.0 * height

    parts = [
        f'<line x1="{a:.0f}" y1="{down(b) - 16:.0f}" x2="{c:.0f}" y2="{down(d) + 18:.0f}" stroke="#888"/>'
        for a, b, c, d in lines
    ]
    for x, height, label, rank in drawn:
        y = down(height)
        parts.append(
            f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="middle" font-size="16" fill="#333">{escape(label)}</text>'
        )
        if rank > 0:
            parts.append(
                f'<text x="{x:.0f}" y="{y + 14:.0f}" text-anchor="middle" font-size="10" fill="#666">{rank}</text>'
            )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {tall}" width="{wide}" height="{tall}" '
        f'font-family="sans-serif"><rect width="{wide}" height="{tall}" fill="#fff"/>{"".join(parts)}</svg>'
    )
    ends, steps = " | ".join(shown(tokens[id]) for _, _, id in nodes), "; ".join(told) or "–"
    return svg.encode(), Text(
        f"{word} 的合并树，从下往上，数字是第几次学到的合并。{steps}。最后的词元：{ends}。",
        f"The merge tree of {word}, from below; a number says which merge it was. {steps}. Tokens in the end: {ends}.",
    )


lab = Lab(
    three_scripts,
    expect=(
        Band("chinese_own"),
        Band("english_own"),
        Band("code_own"),
        Band("chinese_english"),
        Band("price"),
        Band("share"),
    ),
    claims=(
        Claim("every-round-trip-is-exact", lambda level: level["round_trips"] == 1),
        Claim("chinese-pays-twice", lambda level: level["price"] >= 2),
        Claim(
            "own-is-cheapest",
            lambda level: all(level[f"{text}_own"] > level[f"{text}_mixture"] for text in TEXTS),
        ),
    ),
)
