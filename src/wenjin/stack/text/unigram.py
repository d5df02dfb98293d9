"""The unigram language model: begin with too many pieces, and throw away those that are missed least.

    scores = train({"hug": 10, "pug": 5, "hugs": 5}, 8)     piece -> log p
    encode("hugs", scores)                                  the cut with the greatest product of probabilities
    sample("hugs", scores, random.Random(0), 0.5)           another cut each time, probable ones more often

A text may be cut in many ways; a cut is as probable as the product of its pieces, and the text as the sum over all
its cuts. The probabilities that make the corpus most probable are found by expectation and maximization: count each
piece in every cut, by that cut's share (forward and backward sums), then let its share of all counts be its new
probability. Pieces are left out a quarter at a time, those first whose loss would cost the corpus least.

Omits    the suffix array and the digamma of the published program: seeds are counted plainly, and pieces with an
         expected count below a half are left out, as there; spaces as ▁, bytes for unknown characters
Shapes   T characters; best, forward and backward sums (T + 1), one for each place between characters
Sources  Kudo 2018, arXiv:1804.10959 (3.2, and 3.3 on sampling); SentencePiece: Kudo and Richardson, arXiv:1808.06226
Proof    tests/stack/text/test_unigram.py: cuts equal `tokenizers` for any scores; best cut, likelihood, expected
         counts and samples equal brute force over all cuts of short texts; EM never lowers the likelihood
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from random import Random

Scores = Mapping[str, float]  # a piece -> log p, in nats
PENALTY = 10.0  # an unknown character scores so much less than the least probable piece
Edge = tuple[int, int, float]  # from, to, score


def unknown(scores: Scores) -> float:
    return min(scores.values(), default=0.0) - PENALTY


def edges(text: str, scores: Scores, longest: int | None = None) -> list[Edge]:
    """Every piece of the text that is known, by where it begins, short before long; a character without a piece of
    its own is there as an unknown one."""
    longest = longest or max(map(len, scores), default=1)
    lost = unknown(scores)
    found = []
    for start in range(len(text)):
        for end in range(start + 1, min(start + longest, len(text)) + 1):
            if (score := scores.get(text[start:end])) is not None:
                found.append((start, end, score))
            elif end == start + 1:
                found.append((start, end, lost))
    return found


def cut(text: str, scores: Scores, longest: int | None = None) -> list[str]:
    """The most probable cut, by Viterbi's algorithm. Of equals the one whose last piece begins first."""
    best = [0.0] + [-math.inf] * len(text)  # (T + 1,)
    came = [0] * (len(text) + 1)  # (T + 1,) where the last piece of the best way to here begins
    for start, end, score in edges(text, scores, longest):
        if best[start] + score > best[end]:
            best[end], came[end] = best[start] + score, start
    pieces, at = [], len(text)
    while at > 0:
        pieces.append(text[came[at] : at])
        at = came[at]
    return pieces[::-1]


def encode(text: str, scores: Scores) -> list[str]:
    """As `cut`, with neighbors that are unknown put together, as published tokenizers do."""
    fused: list[str] = []
    for piece in cut(text, scores):
        if fused and piece not in scores and fused[-1] not in scores:
            fused[-1] += piece
        else:
            fused.append(piece)
    return fused


def added(logs: Sequence[float]) -> float:
    """log of the sum of exp, the greatest taken out first."""
    most = max(logs)
    return most + math.log(math.fsum(math.exp(one - most) for one in logs))


def sums(text: str, found: Sequence[Edge]) -> tuple[list[float], list[float]]:
    """For each place the log of the probability of all cuts of what stands before it, and of what stands after."""
    into: list[list[Edge]] = [[] for _ in range(len(text) + 1)]
    out: list[list[Edge]] = [[] for _ in range(len(text) + 1)]
    for edge in found:
        out[edge[0]].append(edge)
        into[edge[1]].append(edge)
    forward, backward = [0.0] * (len(text) + 1), [0.0] * (len(text) + 1)  # (T + 1,) each
    for at in range(1, len(text) + 1):
        forward[at] = added([forward[start] + score for start, _, score in into[at]])
    for at in range(len(text) - 1, -1, -1):
        backward[at] = added([score + backward[end] for _, end, score in out[at]])
    return forward, backward


def expect(texts: Mapping[str, int], scores: Scores) -> tuple[Counter[str], float]:
    """How often each piece is expected over all cuts of all texts, and the log-likelihood of the texts."""
    longest = max(map(len, scores), default=1)
    counts: Counter[str] = Counter()
    likelihood = 0.0
    for text, times in texts.items():
        found = edges(text, scores, longest)
        forward, backward = sums(text, found)
        whole = forward[-1]
        likelihood += times * whole
        for start, end, score in found:
            counts[text[start:end]] += times * math.exp(forward[start] + score + backward[end] - whole)  # type: ignore[assignment]
    return counts, likelihood


def maximize(counts: Mapping[str, float], keep: Callable[[str], bool]) -> dict[str, float]:
    """Each piece's share of all counts, as a log. Pieces expected less than half a time go, unless they must stay."""
    kept = {piece: max(times, 1e-9) for piece, times in counts.items() if times >= 0.5 or keep(piece)}
    whole = math.log(math.fsum(kept.values()))
    return {piece: math.log(times) - whole for piece, times in kept.items()}


def seed(texts: Mapping[str, int], longest: int, most: int) -> dict[str, float]:
    """All characters, and of the longer pieces seen twice those that cover most: count times length."""
    seen: Counter[str] = Counter()
    for text, times in texts.items():
        for start in range(len(text)):
            for end in range(start + 1, min(start + longest, len(text)) + 1):
                seen[text[start:end]] += times
    long = [piece for piece, times in seen.items() if len(piece) > 1 and times > 1]
    long.sort(key=lambda piece: (-seen[piece] * len(piece), piece))
    chosen = [piece for piece in seen if len(piece) == 1] + long[:most]
    return maximize({piece: seen[piece] for piece in chosen}, lambda _: True)


def losses(texts: Mapping[str, int], scores: Scores) -> dict[str, float]:
    """For each longer piece how much less probable the corpus would be without it: its count in the best cuts times
    what its own best cut without it scores less."""
    longest = max(map(len, scores))
    counts: Counter[str] = Counter()
    for text, times in texts.items():
        for piece in cut(text, scores, longest):
            counts[piece] += times
    lost = {}
    for piece, score in scores.items():
        if len(piece) > 1:
            without = {
                other: value
                for start, end, value in edges(piece, scores, longest)
                if (other := piece[start:end]) != piece
            }
            lost[piece] = counts[piece] * (score - math.fsum(without[other] for other in cut(piece, without)))
    return lost


def train(
    texts: Mapping[str, int], size: int, longest: int = 8, most: int = 20_000, keep: float = 0.75, rounds: int = 2
) -> dict[str, float]:
    """At most `size` pieces, all characters among them, and their scores. `texts`: how often each occurs."""
    texts = {text: times for text, times in texts.items() if text}
    scores: dict[str, float] = seed(texts, longest, most)
    single = {piece for piece in scores if len(piece) == 1}
    while True:
        for _ in range(rounds):
            counts, _ = expect(texts, scores)
            scores = maximize(counts, single.__contains__)
        if len(scores) <= max(size, len(single)):
            return scores
        lost = losses(texts, scores)
        room = max(size, int(keep * len(scores))) - len(single)
        chosen = single.union(sorted(lost, key=lambda piece: (-lost[piece], piece))[: max(room, 0)])
        scores = {piece: score for piece, score in scores.items() if piece in chosen}


def sample(text: str, scores: Scores, dice: Random, sharp: float = 1.0) -> list[str]:
    """A cut drawn in proportion to its probability to the power `sharp`: 0 draws all cuts alike, a large one nearly
    always the best. From right to left: which piece ends here, by the sum of all ways to its beginning."""
    found = [(start, end, sharp * score) for start, end, score in edges(text, scores)]
    forward, _ = sums(text, found)
    pieces, at = [], len(text)
    while at > 0:
        ways = [(start, math.exp(forward[start] + score - forward[at])) for start, end, score in found if end == at]
        (at_before,) = dice.choices([start for start, _ in ways], [weight for _, weight in ways])
        pieces.append(text[at_before:at])
        at = at_before
    return pieces[::-1]
