"""Byte-pair encoding, plain: learn which neighbors to join, then join them in the order learned.

    train({b"low": 5, b"lower": 2}, 3)          [(l, o), (lo, w), (e, r)], as ids
    encode(b"lowly", table)                     low l y

Everything starts as single bytes, so that any text of any script has ids, and none is unknown. Training counts how
often each pair of neighbors stands in the corpus and joins the most frequent one everywhere, as many times as asked.
Encoding replays it on new text: of all pairs at hand it joins the one learned first, until none is known.

Omits    speed: every step counts the whole corpus again (bpe_train.py, bpe_encode.py do the same work fast);
         cutting text into pieces (pretokenize.py); special tokens and files (tokenizer.py, tokenizer_json.py)
Shapes   a piece is bytes; a symbol is an id; id 0..255 are the bytes in the order of alphabet.ORDER, 256 + n is what
         merge n made, unless that token was there already
Sources  Sennrich, Haddow and Birch, arXiv:1508.07909 (3.2); over bytes: Radford et al. 2019 (2.2); BPE as a way to
         compress: Gage, C Users Journal 12(2), 1994
Proof    tests/stack/text/test_bpe.py: merges and ids equal those of `tokenizers`; the fast versions equal these
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from wenjin.stack.text.alphabet import ORDER

Pair = tuple[int, int]
Table = dict[Pair, tuple[int, int]]  # a pair -> its rank (0 was learned first) and the id of the two joined
FIRST = {byte: id for id, byte in enumerate(ORDER)}


def symbols(piece: bytes) -> list[int]:
    """A piece as single bytes: one id each."""
    return [FIRST[byte] for byte in piece]


def count_pairs(words: Mapping[tuple[int, ...], int]) -> Counter[Pair]:
    """How often each pair of neighbors stands in the words; a word stands as often as it says."""
    pairs: Counter[Pair] = Counter()
    for word, times in words.items():
        for pair in pairwise(word):
            pairs[pair] += times
    return pairs


def join(word: Sequence[int], pair: Pair, new: int) -> tuple[int, ...]:
    """The word with every such pair made one symbol, from left to right."""
    joined: list[int] = []
    at = 0
    while at < len(word):
        if tuple(word[at : at + 2]) == pair:
            joined.append(new)
            at += 2
        else:
            joined.append(word[at])
            at += 1
    return tuple(joined)


def train(pieces: Mapping[bytes, int], merges: int, least: int = 1) -> list[Pair]:
    """The pairs to join, in order. `pieces`: how often each piece occurs. A pair seen less than `least` is not joined.

    Of equally frequent pairs the one with the lower ids wins. `merges` counts new tokens: a pair whose two parts add
    up to a token that another pair had made already is learned too, and does not count.
    """
    words = Counter({tuple(symbols(piece)): times for piece, times in pieces.items()})
    tokens = [bytes([byte]) for byte in ORDER]
    ids = {token: id for id, token in enumerate(tokens)}
    learned: list[Pair] = []
    while len(tokens) < len(ORDER) + merges:
        pairs = count_pairs(words)
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        if pairs[best] < least:
            break
        token = tokens[best[0]] + tokens[best[1]]
        if token not in ids:
            ids[token] = len(tokens)
            tokens.append(token)
        learned.append(best)
        smaller: Counter[tuple[int, ...]] = Counter()
        for word, times in words.items():
            smaller[join(word, best, ids[token])] += times
        words = smaller
    return learned


def tokens_of(merges: Sequence[Pair]) -> list[bytes]:
    """What each id stands for: the bytes, then what the merges made."""
    tokens = [bytes([byte]) for byte in ORDER]
    known = set(tokens)
    for left, right in merges:
        token = tokens[left] + tokens[right]
        if token not in known:
            known.add(token)
            tokens.append(token)
    return tokens


def table_of(merges: Sequence[Pair]) -> Table:
    """The merges as a table to look pairs up in."""
    tokens = tokens_of(merges)
    ids = {token: id for id, token in enumerate(tokens)}
    return {pair: (rank, ids[tokens[pair[0]] + tokens[pair[1]]]) for rank, pair in enumerate(merges)}


def encode(start: Sequence[int], table: Table) -> list[int]:
    """Join neighbors, the pair learned first before all others and of equals the leftmost, until no pair is known."""
    word = list(start)
    while True:
        known = [(table[pair][0], at) for at, pair in enumerate(pairwise(word)) if pair in table]
        if not known:
            return word
        _, at = min(known)
        word[at : at + 2] = [table[word[at], word[at + 1]][1]]
