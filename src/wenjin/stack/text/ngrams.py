"""A language model that only counts: n-grams with interpolated Kneser-Ney smoothing, what a neural model must beat.

    counts = Ngrams(ids, vocabulary=6567, most=5)
    counts.log_odds(held_out, order=3)         (N,) natural logarithms; -mean is the loss in nats
    counts.write(prompt, order=3, ...)         text drawn from the model

An order's odds are its counts less a discount; what the discounts set free goes to the next shorter context. There
a token counts once for each different token before it: "Francisco" is frequent, yet follows only "San".

    p_k(w | c) = max(n(c w) - d, 0) / n(c .) + d types(c) / n(c .) * p_(k-1)(w | c without its first)

Omits    three discounts an order (the modified form), pruning, counts that do not fit into memory
Shapes   N tokens   K order   U different grams of an order
Sources  Kneser and Ney 1995, doi:10.1109/ICASSP.1995.479394; interpolated, with its discount: Chen and Goodman 1999,
         doi:10.1006/csla.1999.0128 (2.8, 4.1)
Proof    tests/stack/text/test_ngrams.py: equals a plain loop over dictionaries; odds add up to one; draws follow them
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Order:
    """The grams of one order. `keys` are sorted, so that those of one context lie together: context * V + token.

    plain    how often each occurs; used where this is the longest order
    before   how many different tokens come before it; used where it is not
    """

    keys: Ids  # (U,)
    plain: Ids  # (U,)
    before: Ids  # (U,)


@dataclass(frozen=True, slots=True)
class Weights:
    """What one order contributes: each gram's count, and by context their sum and the number of types; the discount."""

    keys: Ids  # (U,)
    counts: Ids  # (U,)
    total: Ids
    types: Ids
    discount: float


class Ngrams:
    """Counts of all orders up to `most`; any of them can then be asked for."""

    def __init__(self, ids: Sequence[int] | Ids, *, vocabulary: int, most: int) -> None:
        stream = np.asarray(ids, dtype=np.int64)  # (N,)
        if len(stream) <= most or most < 1:
            raise ValueError(f"{len(stream)} tokens are too few for grams of {most}")
        if stream.min() < 0 or stream.max() >= vocabulary:
            raise ValueError(f"ids must lie in 0..{vocabulary - 1}; they reach {stream.min()}..{stream.max()}")
        self.vocabulary = vocabulary
        self._known: dict[tuple[int, bool], Weights] = {}
        found = []  # of each order: keys, counts, first places, the gram at each place
        grams = np.zeros(len(stream) + 1, dtype=np.int64)  # (N + 1,) the empty gram at each place
        for order in range(1, most + 1):
            last = stream[order - 1 :]
            keys, first, grams, counts = np.unique(
                grams[: len(last)] * vocabulary + last, return_index=True, return_inverse=True, return_counts=True
            )
            found.append((keys, counts, first, grams))
        self.orders: list[Order] = []
        for n, (keys, counts, _, grams) in enumerate(found):
            if n + 1 < most:  # each different longer gram stands for one token before its end
                before = np.bincount(grams[found[n + 1][2] + 1], minlength=len(keys))
            else:
                before = np.zeros_like(counts)  # never asked for
            self.orders.append(Order(keys, counts, before.astype(np.int64)))

    def log_odds(self, ids: Sequence[int] | Ids, *, order: int) -> Floats:
        """log p of each token (N,) given the `order` - 1 before it; of the first tokens, given as many as there are."""
        stream = np.asarray(ids, dtype=np.int64)  # (N,)
        odds = np.full(len(stream), 1.0 / self.vocabulary)  # (N,)
        context = np.zeros(len(stream), dtype=np.int64)  # (N,) the gram that ends before each token; -1: never seen
        longer = context
        for n in range(1, order + 1):
            w = self._weights(n, longest=n == order)
            if n > 1:
                context = np.concatenate(([-1], longer[:-1]))
            gram = _find(w.keys, context, stream, self.vocabulary)  # (N,) -1: never seen
            known = (context >= 0) & (w.total[context] > 0)
            count = np.where(gram >= 0, w.counts[gram], 0)
            with np.errstate(divide="ignore", invalid="ignore"):
                here = np.maximum(count - w.discount, 0) / w.total[context]
                rest = w.discount * w.types[context] / w.total[context]
            odds = np.where(known, here + rest * odds, odds)
            longer = gram
        return np.asarray(np.log(odds))

    def write(
        self, prompt: Sequence[int], *, order: int, most: int, stop: Collection[int], dice: np.random.Generator
    ) -> list[int]:
        """New tokens drawn after the prompt, up to one of `stop` (given, too) or `most` of them."""
        text = list(prompt)
        while len(text) < len(prompt) + most:
            text.append(self._draw(text, order, dice))
            if text[-1] in stop:
                break
        return text[len(prompt) :]

    def _draw(self, text: Sequence[int], order: int, dice: np.random.Generator) -> int:
        """Walk from the longest context to shorter ones; each passes on what its discounts set free."""
        for n in range(min(order, len(text) + 1), 0, -1):
            context = 0
            for at, token in enumerate(text[len(text) - n + 1 :]):
                keys = self.orders[at].keys
                context = int(_find(keys, np.array([context]), np.array([token]), self.vocabulary)[0])
                if context < 0:
                    break
            if context < 0:
                continue
            w = self._weights(n, longest=n == order)
            if w.total[context] <= 0 or dice.random() < w.discount * w.types[context] / w.total[context]:
                continue
            first, end = np.searchsorted(w.keys, [context * self.vocabulary, (context + 1) * self.vocabulary])
            mass = np.maximum(w.counts[first:end] - w.discount, 0).cumsum()
            at = int(np.searchsorted(mass, dice.random() * mass[-1], side="right"))
            return int(w.keys[first + at] % self.vocabulary)
        return int(dice.integers(self.vocabulary))

    def _weights(self, n: int, *, longest: bool) -> Weights:
        known = self._known.get((n, longest))
        if known is None:
            table = self.orders[n - 1]
            counts = table.plain if longest else table.before
            size = len(self.orders[n - 2].keys) if n > 1 else 1
            context = table.keys // self.vocabulary
            total = np.bincount(context, counts, size).astype(np.int64)
            types = np.bincount(context, counts > 0, size).astype(np.int64)
            once, twice = int((counts == 1).sum()), int((counts == 2).sum())
            discount = once / (once + 2 * twice) if once and twice else 0.5
            known = self._known[n, longest] = Weights(table.keys, counts, total, types, discount)
        return known


def _find(keys: Ids, context: Ids, token: Ids, vocabulary: int) -> Ids:
    """The place among `keys` of each (context, token); -1 where it was never seen."""
    wanted = context * vocabulary + token
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where((context >= 0) & (keys[place] == wanted), place, -1)
