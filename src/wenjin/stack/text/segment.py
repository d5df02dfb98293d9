"""Words in a script that writes no spaces: longest match, best path, and a hidden Markov model over characters.

    words = Words.of(lines)                        counted in text that people segmented by hand
    forward("研究生命起源", words)                  研究生 | 命 | 起源
    backward("研究生命起源", words)                 研究 | 生命 | 起源
    best_path("研究生命起源", words)                the cut whose words are most probable together
    Tagger.of(lines)("研究生命起源")                the same question without a dictionary: B, M, E or S a character

Longest match asks at each place for the longest word that begins (or ends) there, and never looks back. A best path
weighs all cuts at once: every word of the dictionary that fits is an edge of a graph whose nodes are the places
between characters; an edge costs -log p(word), and the cheapest way from the first node to the last is found from left
to right, since the cheapest way to a node does not depend on what comes after it. The tagger does the same with tags
for nodes: Viterbi's algorithm, twice.

Omits    pairs of words (a bigram graph), names and numbers by rule, features (see nn/crf): that is where the next
         points of F1 are
Units    costs in nats; a span (start, end) in characters
Sources  word graph and costs: Sproat, Shih, Gale and Chang 1996, Computational Linguistics 22(3); tags of characters:
         Xue 2003, Computational Linguistics and Chinese Language Processing 8(1); the algorithm: Viterbi 1967,
         doi:10.1109/TIT.1967.1054010; spans counted as in the bakeoff of Sproat and Emerson 2003
Proof    tests/stack/text/test_segment.py: both searches equal brute force over every cut and every tagging of short
         texts; longest match equals a plain loop; scores equal those of scikit-learn
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Span = tuple[int, int]
TAGS = "BMES"  # a character that begins a word, stands within it, ends it, or is one alone
NEXT = {"B": "ME", "M": "ME", "E": "BS", "S": "BS"}  # what may follow; all else has probability 0
UNSEEN = 0.5  # how often an unknown character counts as seen


@dataclass(frozen=True, slots=True)
class Words:
    """A dictionary with counts. `longest`: characters of its longest word."""

    counts: Mapping[str, int]
    total: int
    longest: int

    @classmethod
    def of(cls, lines: Iterable[Sequence[str]], least: int = 1) -> "Words":
        """Counted in segmented lines; words seen less than `least` times are left out."""
        counts = Counter(word for line in lines for word in line)
        kept = {word: times for word, times in counts.items() if times >= least}
        return cls(kept, sum(kept.values()), max(map(len, kept), default=1))

    def __contains__(self, word: object) -> bool:
        return word in self.counts

    def cost(self, word: str) -> float:
        """-log p(word); a word that is not here costs what one seen half a time would."""
        return math.log(max(self.total, 1)) - math.log(self.counts.get(word, UNSEEN))


def forward(text: str, words: Words) -> list[str]:
    """From the left, the longest word that begins here; a character that begins none stands alone."""
    found, at = [], 0
    while at < len(text):
        sizes = range(min(words.longest, len(text) - at), 1, -1)
        size = next((size for size in sizes if text[at : at + size] in words), 1)
        found.append(text[at : at + size])
        at += size
    return found


def backward(text: str, words: Words) -> list[str]:
    """From the right, the longest word that ends here."""
    found, at = [], len(text)
    while at > 0:
        sizes = range(min(words.longest, at), 1, -1)
        size = next((size for size in sizes if text[at - size : at] in words), 1)
        found.append(text[at - size : at])
        at -= size
    return found[::-1]


def edges(text: str, words: Words) -> list[Span]:
    """The word graph: every word of the dictionary in the text, and every single character."""
    return [
        (start, end)
        for start in range(len(text))
        for end in range(start + 1, min(start + words.longest, len(text)) + 1)
        if end == start + 1 or text[start:end] in words
    ]


def best_path(text: str, words: Words) -> list[str]:
    """The cut with the least sum of costs: the greatest product of probabilities. Of equals the first found."""
    cheapest = [0.0] + [math.inf] * len(text)  # the cheapest way to each place
    came = [0] * (len(text) + 1)  # … and where its last word begins
    for start, end in edges(text, words):  # in order of their starts: cheapest[start] is final
        cost = cheapest[start] + words.cost(text[start:end])
        if cost < cheapest[end]:
            cheapest[end], came[end] = cost, start
    found, at = [], len(text)
    while at > 0:
        found.append(text[came[at] : at])
        at = came[at]
    return found[::-1]


def tags_of(line: Sequence[str]) -> str:
    """One tag a character: 研究 | 的 is BES."""
    return "".join("S" if len(word) == 1 else "B" + "M" * (len(word) - 2) + "E" for word in line)


def words_of(text: str, tags: str) -> list[str]:
    """Cut after every E and S. A tagging that ends within a word is cut at its end, too."""
    found, start = [], 0
    for at, tag in enumerate(tags, 1):
        if tag in "ES" or at == len(text):
            found.append(text[start:at])
            start = at
    return found


class Tagger:
    """A hidden Markov model: a tag comes after a tag, and a character comes from its tag. Both by counting."""

    def __init__(self, first: Mapping[str, float], after: Mapping[str, float], given: Mapping[str, float]) -> None:
        """Log-probabilities: `first` of a tag that begins a text, `after` of two tags ("BE"), `given` of a tag and
        its character ("B研"); a tag alone ("B") in `given` stands for characters never seen with it."""
        self.first, self.after, self.given = first, after, given

    @classmethod
    def of(cls, lines: Iterable[Sequence[str]], smooth: float = 0.1) -> "Tagger":
        """Shares of what was counted. `smooth` is added to the count of every character under every tag, one more for
        the unknown, so that no text is impossible."""
        first, after, given, tags = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
        for line in filter(None, lines):
            row, text = tags_of(line), "".join(line)
            first[row[0]] += 1
            after.update(map("".join, pairwise(row)))
            given.update(map("".join, zip(row, text, strict=True)))
            tags.update(row)
        kinds = len({pair[1] for pair in given}) + 1
        of = {tag: tags[tag] + smooth * kinds for tag in TAGS}
        follows = {tag: sum(after[tag + other] + 1 for other in NEXT[tag]) for tag in TAGS}
        begins = sum(first[tag] + 1 for tag in "BS")
        return cls(
            {tag: math.log((first[tag] + 1) / begins) for tag in "BS"},
            {tag + other: math.log((after[tag + other] + 1) / follows[tag]) for tag in TAGS for other in NEXT[tag]},
            {pair: math.log((times + smooth) / of[pair[0]]) for pair, times in given.items()}
            | {tag: math.log(smooth / of[tag]) for tag in TAGS},
        )

    def emission(self, tag: str, character: str) -> float:
        return self.given.get(tag + character, self.given[tag])

    def tag(self, text: str) -> str:
        """The most probable tags of a whole text that ends with E or S, by Viterbi's algorithm."""
        if not text:
            return ""
        score = {tag: self.first.get(tag, -math.inf) + self.emission(tag, text[0]) for tag in TAGS}
        came: list[dict[str, str]] = []  # for each later character: a tag -> the best tag before it
        for character in text[1:]:
            before = {
                tag: max(
                    (other for other in TAGS if tag in NEXT[other]),
                    key=lambda other: score[other] + self.after[other + tag],
                )
                for tag in TAGS
            }
            score = {
                tag: score[other] + self.after[other + tag] + self.emission(tag, character)
                for tag, other in before.items()
            }
            came.append(before)
        tags = [max("ES", key=score.__getitem__)]
        for before in reversed(came):
            tags.append(before[tags[-1]])
        return "".join(reversed(tags))

    def __call__(self, text: str) -> list[str]:
        return words_of(text, self.tag(text))


def spans(line: Iterable[str]) -> set[Span]:
    """Where each word stands."""
    found, at = set(), 0
    for word in line:
        found.add((at, at + len(word)))
        at += len(word)
    return found


@dataclass(frozen=True, slots=True)
class Score:
    """`right` words have both ends where the hand put them, of `found` and of `wanted`."""

    right: int
    found: int
    wanted: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.wanted if self.wanted else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of the two."""
        return 2 * self.right / (self.found + self.wanted) if self.found + self.wanted else 0.0


def score(found: Iterable[Sequence[str]], wanted: Iterable[Sequence[str]]) -> Score:
    """Lines as they were cut, against the same lines cut by hand, summed over all."""
    right = ours = theirs = 0
    for mine, hand in zip(found, wanted, strict=True):
        right += len(spans(mine) & spans(hand))
        ours, theirs = ours + len(mine), theirs + len(hand)
    return Score(right, ours, theirs)
