"""WordPiece: join the pair that says most about the text, and cut by the longest piece that fits.

    vocabulary = train({"hug": 10, "pug": 5, "hugs": 5}, 12)
    encode("hugs", vocabulary)                      hug ##s
    encode("bugs", vocabulary)                      [UNK]: b is in no piece

Pieces that continue a word are written with ## before them, so that ##s within a word and s at its beginning are two
tokens. Training differs from BPE in one line: not the most frequent pair is joined, but the one that is frequent
against what its parts are on their own, count(ab) / (count(a) count(b)). Encoding differs more: it knows no merges,
only the vocabulary, and takes the longest piece that fits, from left to right.

Omits    cutting text into words, lower case, accents: the caller does those; speed: every step counts anew
Shapes   a word is a str without spaces; a vocabulary is the list of its pieces in the order of their making
Sources  the likelihood score: Schuster and Nakajima 2012, doi:10.1109/ICASSP.2012.6289079 (section 4); longest match
         and [UNK]: Devlin et al., arXiv:1810.04805, and their published code. That code has no trainer, and
         `tokenizers` trains what it calls WordPiece by frequency, as BPE
Proof    tests/stack/text/test_wordpiece.py: encoding equals `tokenizers` on any word and vocabulary; each step of
         training takes the pair that raises the likelihood most for each time that it occurs
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

INSIDE = "##"
UNKNOWN = "[UNK]"
LONGEST = 100  # characters of a word; a longer one is unknown, as in BERT
Pair = tuple[str, str]


def split(word: str) -> tuple[str, ...]:
    """A word as single characters, all but the first marked."""
    return tuple(character if n == 0 else INSIDE + character for n, character in enumerate(word))


def joined(left: str, right: str) -> str:
    return left + right.removeprefix(INSIDE)


def join(word: Sequence[str], pair: Pair) -> tuple[str, ...]:
    """The word with every such pair made one piece, from left to right."""
    made: list[str] = []
    at = 0
    while at < len(word):
        both = tuple(word[at : at + 2]) == pair
        made.append(joined(*pair) if both else word[at])
        at += 2 if both else 1
    return tuple(made)


def count(words: Mapping[tuple[str, ...], int]) -> tuple[Counter[str], Counter[Pair]]:
    """How often each piece stands in the words, and how often each pair of neighbors."""
    pieces: Counter[str] = Counter()
    pairs: Counter[Pair] = Counter()
    for word, times in words.items():
        for piece in word:
            pieces[piece] += times
        for pair in pairwise(word):
            pairs[pair] += times
    return pieces, pairs


def best_pair(pieces: Mapping[str, int], pairs: Mapping[Pair, int], least: int = 1) -> Pair | None:
    """The pair with the greatest count(ab) / (count(a) count(b)); of equals the more frequent, then the first by
    alphabet. None when no pair is seen `least` times. Without `least` two letters seen once, side by side, win."""
    seen = [pair for pair, times in pairs.items() if times >= least]
    return min(seen, key=lambda ab: (-pairs[ab] / (pieces[ab[0]] * pieces[ab[1]]), -pairs[ab], ab), default=None)


def train(words: Mapping[str, int], size: int, least: int = 1) -> list[str]:
    """A vocabulary of at most `size` pieces, after [UNK]: all characters in order, then what was joined."""
    cut = Counter({split(word): times for word, times in words.items() if word})
    vocabulary = [UNKNOWN, *sorted({piece for word in cut for piece in word})]
    while len(vocabulary) < size + 1 and (pair := best_pair(*count(cut), least)):
        if (piece := joined(*pair)) not in vocabulary:
            vocabulary.append(piece)
        again: Counter[tuple[str, ...]] = Counter()
        for word, times in cut.items():
            again[join(word, pair)] += times
        cut = again
    return vocabulary


def encode(word: str, vocabulary: Collection[str]) -> list[str]:
    """The longest piece that fits, again and again; where none fits, the whole word is unknown. A set is fastest."""
    if len(word) > LONGEST:
        return [UNKNOWN]
    pieces: list[str] = []
    start = 0
    while start < len(word):
        mark = INSIDE if start else ""
        ends = range(len(word), start, -1)
        end = next((end for end in ends if mark + word[start:end] in vocabulary), None)
        if end is None:
            return [UNKNOWN]
        pieces.append(mark + word[start:end])
        start = end
    return pieces


def decode(pieces: Sequence[str]) -> str:
    """Pieces of several words as text, a space before each that begins one. [UNK] stays: what it was is lost."""
    return "".join(piece[2:] if piece.startswith(INSIDE) else f" {piece}" for piece in pieces).removeprefix(" ")
