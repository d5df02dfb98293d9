"""Segmenting: both searches against every cut and every tagging, longest match against a plain loop, scores."""

import math
import random
from collections import Counter
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from wenjin.stack.text import segment
from wenjin.stack.text.segment import TAGS, Tagger, Words, best_path, edges, score, spans, tags_of, words_of

LINES = [["研究", "生命", "的", "起源"], ["研究生", "在", "研究", "生命"], ["命", "起源", "的", "研究生"]]
texts = st.text("abcd", max_size=7)
lines = st.lists(st.lists(st.text("abc", min_size=1, max_size=3), max_size=4), min_size=1, max_size=5)


def cuts(text: str) -> list[list[str]]:
    """Every way to cut a text: after each character but the last, or not."""
    if not text:
        return [[]]
    found = []
    for after in product((False, True), repeat=len(text) - 1):
        places = [0, *(n for n, yes in enumerate(after, 1) if yes), len(text)]
        found.append([text[a:b] for a, b in pairwise(places)])
    return found


def test_the_sentence_that_longest_match_gets_wrong() -> None:
    """From the left 研究生 is longest and leaves 命 alone; from the right, and by cost, 研究 and 生命 are two words."""
    words = Words.of(LINES)
    assert segment.forward("研究生命的起源", words) == ["研究生", "命", "的", "起源"]
    assert segment.backward("研究生命的起源", words) == ["研究", "生命", "的", "起源"]
    assert best_path("研究生命的起源", words) == ["研究", "生命", "的", "起源"]


@given(lines, texts)
def test_the_best_path_is_the_cheapest_of_all_cuts(lines: list[list[str]], text: str) -> None:
    words = Words.of(lines)
    allowed = [cut for cut in cuts(text) if all(len(word) == 1 or word in words for word in cut)]
    found = best_path(text, words)
    assert found in allowed
    least = min(math.fsum(map(words.cost, cut)) for cut in allowed)
    assert math.fsum(map(words.cost, found)) == pytest.approx(least, abs=1e-9)


@given(lines, texts)
def test_the_graph_has_every_known_word_and_every_character(lines: list[list[str]], text: str) -> None:
    words = Words.of(lines)
    wanted = {(a, b) for a in range(len(text)) for b in range(a + 1, len(text) + 1) if b == a + 1 or text[a:b] in words}
    found = edges(text, words)
    assert set(found) == wanted
    assert found == sorted(found)


@given(lines, texts)
def test_longest_match_takes_the_longest_from_its_side(lines: list[list[str]], text: str) -> None:
    words = Words.of(lines)

    def plain(rest: str) -> list[str]:
        for end in range(len(rest), 0, -1):
            if end == 1 or rest[:end] in words:
                return [rest[:end], *plain(rest[end:])]
        return []

    assert segment.forward(text, words) == plain(text)
    turned = Words.of([[word[::-1] for word in line] for line in lines])
    assert segment.backward(text, words) == [word[::-1] for word in segment.forward(text[::-1], turned)[::-1]]


@given(lines, st.text("abcd", min_size=1, max_size=5))
@settings(deadline=None)
def test_the_tagger_finds_the_most_probable_of_all_taggings(lines: list[list[str]], text: str) -> None:
    tagger = Tagger.of(lines)

    def probable(tags: str) -> float:
        if tags[-1] not in "ES":
            return -math.inf
        way = tagger.first.get(tags[0], -math.inf) + sum(tagger.after.get(a + b, -math.inf) for a, b in pairwise(tags))
        return way + sum(map(tagger.emission, tags, text))

    best = max(probable("".join(tags)) for tags in product(TAGS, repeat=len(text)))
    assert probable(tagger.tag(text)) == pytest.approx(best)


def test_the_model_is_a_probability() -> None:
    tagger = Tagger.of(LINES)
    assert sum(map(math.exp, tagger.first.values())) == pytest.approx(1)
    characters = set("".join("".join(line) for line in LINES))
    for tag in TAGS:
        assert sum(math.exp(p) for pair, p in tagger.after.items() if pair[0] == tag) == pytest.approx(1)
        given_tag = [tagger.emission(tag, c) for c in characters] + [tagger.emission(tag, "鑫")]  # the unknown is one
        assert sum(map(math.exp, given_tag)) == pytest.approx(1)


@given(st.lists(st.text("abc", min_size=1, max_size=4), max_size=6))
def test_tags_and_words_are_two_ways_to_say_the_same(line: list[str]) -> None:
    assert words_of("".join(line), tags_of(line)) == line
    assert Tagger.of([line])("") == []


@given(st.lists(st.text("abc", min_size=1, max_size=8), min_size=1, max_size=4), st.integers(0, 9))
def test_scores_are_those_of_scikit_learn(whole: list[str], seed: int) -> None:
    dice = random.Random(seed)
    mine, hand = ([dice.choice(cuts(text)) for text in whole] for _ in range(2))
    ours, wanted = [], []
    for a, b in zip(mine, hand, strict=True):  # every span that either has is a label, present or not
        for span in spans(a) | spans(b):
            ours.append(span in spans(a))
            wanted.append(span in spans(b))
    precision, recall, f1, _ = precision_recall_fscore_support(wanted, ours, average="binary", zero_division=0)
    got = score(mine, hand)
    assert (got.precision, got.recall, got.f1) == pytest.approx((precision, recall, f1))


def test_rare_words_are_left_out_and_nothing_is_no_error() -> None:
    words = Words.of(LINES, least=2)
    assert words.counts == {word: n for word, n in Counter(w for line in LINES for w in line).items() if n >= 2}
    assert best_path("", words) == segment.forward("", words) == segment.backward("", words) == []
    assert best_path("鑫", Words.of([])) == ["鑫"]
    assert score([], []).f1 == score([[]], [[]]).precision == 0
