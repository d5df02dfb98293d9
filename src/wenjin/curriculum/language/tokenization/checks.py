"""What the lesson's formulas say, asserted: one function a formula, called without arguments.

Rule    sums over all cuts and all taggings are taken one by one here, so that nothing is checked by itself
"""

import math
from collections import Counter
from itertools import pairwise, product

from wenjin.stack.text import bpe, wordpiece
from wenjin.stack.text.bpe import symbols, table_of, tokens_of
from wenjin.stack.text.segment import NEXT, TAGS, Tagger, Words, best_path, score
from wenjin.stack.text.unigram import edges, expect, sums

CORPUS = {b"low": 5, b"lower": 2, b"newest": 6, b"widest": 3}
SCORES = {"a": math.log(0.3), "b": math.log(0.2), "ab": math.log(0.3), "ba": math.log(0.1), "bab": math.log(0.1)}
LINES = [["研究", "生命"], ["研究生", "在", "研究"], ["命", "大"]]


def cuts(text: str) -> list[list[str]]:
    """Every way to cut a text."""
    found = []
    for after in product((False, True), repeat=len(text) - 1):
        places = [0, *(n for n, yes in enumerate(after, 1) if yes), len(text)]
        found.append([text[a:b] for a, b in pairwise(places)])
    return found


def chance(pieces: list[str]) -> float:
    return math.prod(math.exp(SCORES[piece]) if piece in SCORES else 0.0 for piece in pieces)


def tokens_lie_between_bytes() -> None:
    merges = bpe.train(CORPUS, 6)
    longest = max(map(len, tokens_of(merges)))
    for word in (b"lowest", b"newest", "月光".encode(), b"lowlowlow", b"x"):
        count = len(bpe.encode(symbols(word), table_of(merges)))
        assert len(word) / longest <= count <= len(word)


def pairs_are_counted_by_words() -> None:
    words = {tuple(symbols(piece)): times for piece, times in CORPUS.items()}
    plain: Counter[tuple[int, int]] = Counter()
    for piece, times in CORPUS.items():
        for _ in range(times):  # as if the corpus were written out
            plain.update(pairwise(symbols(piece)))
    assert bpe.count_pairs(words) == plain


def a_merge_shortens_by_its_count() -> None:
    words = Counter({tuple(symbols(piece)): times for piece, times in CORPUS.items()})
    for n, pair in enumerate(bpe.train(CORPUS, 6)):
        before = sum(len(word) * times for word, times in words.items())
        count = bpe.count_pairs(words)[pair]
        words = Counter({bpe.join(word, pair, 256 + n): times for word, times in words.items()})
        assert before - sum(len(word) * times for word, times in words.items()) == count


def score_is_information() -> None:
    pieces, pairs = wordpiece.count({wordpiece.split(word.decode()): times for word, times in CORPUS.items()})
    total = sum(pieces.values())
    for (a, b), times in pairs.items():
        information = math.log((times / total) / ((pieces[a] / total) * (pieces[b] / total)))
        assert math.isclose(information, math.log(times / (pieces[a] * pieces[b])) + math.log(total), abs_tol=1e-12)


def a_text_is_a_sum_over_cuts() -> None:
    for text in ("ab", "abab", "babab"):
        _, likelihood = expect({text: 1}, SCORES)
        assert math.isclose(math.exp(likelihood), sum(map(chance, cuts(text))), rel_tol=1e-12)


def number_of_cuts() -> None:
    for length in range(1, 9):
        assert len(cuts("a" * length)) == 2 ** (length - 1)


def forward_sums_give_the_whole() -> None:
    text = "babab"
    forward, backward = sums(text, edges(text, SCORES))
    alpha = [1.0]
    for j in range(1, len(text) + 1):
        alpha.append(sum(alpha[i] * chance([text[i:j]]) for i in range(j)))
    assert all(math.isclose(math.exp(a), b, rel_tol=1e-12) for a, b in zip(forward, alpha, strict=True))
    assert math.isclose(forward[-1], backward[0], rel_tol=1e-12)
    assert math.isclose(alpha[-1], sum(map(chance, cuts(text))), rel_tol=1e-12)


def products_become_sums() -> None:
    words = Words.of(LINES)
    ways = [cut for cut in cuts("研究生命") if all(len(word) == 1 or word in words for word in cut)]
    likely = max(ways, key=lambda cut: math.prod(math.exp(-words.cost(word)) for word in cut))
    cheap = min(ways, key=lambda cut: math.fsum(map(words.cost, cut)))
    assert likely == cheap == best_path("研究生命", words)


def cheapest_way_step_by_step() -> None:
    words, text = Words.of(LINES), "在研究生命大"
    least = [0.0]
    for j in range(1, len(text) + 1):
        starts = [i for i in range(j) if i == j - 1 or text[i:j] in words]
        least.append(min(least[i] + words.cost(text[i:j]) for i in starts))
    assert math.isclose(least[-1], math.fsum(map(words.cost, best_path(text, words))), rel_tol=1e-12)


def a_tagging_is_a_product() -> None:
    tagger, text = Tagger.of(LINES), "研究命"
    likely = {}
    for tags in product(TAGS, repeat=len(text)):
        allowed = tags[0] in tagger.first and all(b in NEXT[a] for a, b in pairwise(tags))
        parts = [math.exp(tagger.emission(tag, character)) for tag, character in zip(tags, text, strict=True)]
        parts += [math.exp(tagger.after[a + b]) for a, b in pairwise(tags)] if allowed else [0.0]
        likely["".join(tags)] = math.prod(parts) * math.exp(tagger.first.get(tags[0], -math.inf))
    assert all(value == 0 for tags, value in likely.items() if "BS" in tags)
    ending = {tags: value for tags, value in likely.items() if tags[-1] in "ES"}
    assert max(ending, key=ending.__getitem__) == tagger.tag(text)


def f1_is_a_harmonic_mean() -> None:
    got = score([["研究生", "命"], ["他", "来"]], [["研究", "生命"], ["他", "来"]])
    p, r = got.precision, got.recall
    assert math.isclose(got.f1, 2 * p * r / (p + r))
    assert math.isclose(got.f1, 2 * got.right / (got.found + got.wanted))
