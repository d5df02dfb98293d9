"""A vocabulary: which symbol has which number, and how often it was seen.

    words = Vocabulary.of("to be or not to be".split(), least=2)
    words["be"], words["whale"]         2, 0: what is not in it is the unknown one
    list(words)                         ["<unk>", "to", "be"]

Omits    bytes and merges (bpe.py), with which nothing is unknown
Proof    tests/stack/text/test_vocabulary.py
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

UNKNOWN = "<unk>"


class Vocabulary:
    """Symbols in the order of their ids; the unknown one has id 0. With the same symbols and counts two are equal."""

    def __init__(self, counts: Mapping[str, int], unknown: str = UNKNOWN) -> None:
        """`counts`: the symbols in order, and how often each was seen."""
        self.unknown = unknown
        self.counts = {symbol: times for symbol, times in counts.items() if symbol != unknown}
        self.symbols = [unknown, *self.counts]
        self.ids = {symbol: id for id, symbol in enumerate(self.symbols)}

    @classmethod
    def of(cls, symbols: Iterable[str], *, least: int = 1, most: int | None = None) -> "Vocabulary":
        """The symbols seen at least `least` times, the most frequent first, at most `most` of them.

        Of equally frequent ones that seen first comes first, so that the same texts give the same ids.
        """
        counts = Counter(symbols)
        ranked = sorted(counts.items(), key=lambda row: -row[1])  # stable: ties stay in the order of their coming
        return cls(dict([row for row in ranked if row[1] >= least][:most]))

    def __getitem__(self, symbol: str) -> int:
        """The id of a symbol; that of the unknown one if it is not here."""
        return self.ids.get(symbol, 0)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self.ids

    def __iter__(self) -> Iterator[str]:
        return iter(self.symbols)

    def __len__(self) -> int:
        return len(self.symbols)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and (self.symbols, self.counts) == (other.symbols, other.counts)

    __hash__ = None  # type: ignore[assignment]  # its counts can be changed

    def encode(self, symbols: Iterable[str]) -> list[int]:
        return [self[symbol] for symbol in symbols]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Raises IndexError for an id that no symbol has."""
        return [self.symbols[id] for id in ids]
