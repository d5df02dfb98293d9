"""Numbers between bounds as a language of digits.

    whole(17, 23)                17 | 18 | … | 23, by their digits: 1[7-9] | 2[0-3]
    decimal(0, 1.5)              0.25, 1.5, 1.50, but no 1.51 and no exponents

A bound below zero turns into bounds of what stands behind the minus sign. Decimals have at most PLACES digits behind
the point (or as many as their bounds): so no two of them that are told apart here become one number in a program.

Omits    multiples, exponents
Proof    tests/stack/infer/test_schema.py: every number in a range and none outside, against comparison
"""

from decimal import Decimal

from wenjin.stack.infer.language import (
    EMPTY,
    NOTHING,
    ConstraintError,
    Either,
    Letters,
    Node,
    Repeat,
    either,
    row,
    word,
)

LONGEST = 18  # digits of a whole number without a bound
PLACES = 6


def digits(first: int, last: int) -> Node:
    return Letters(((48 + first, 48 + last),)) if first <= last else NOTHING


ANY_DIGIT = digits(0, 9)


def whole(least: int | None, most: int | None) -> Node:
    """Whole numbers least..most, without leading zeros, and zero without a sign."""
    limit = 10**LONGEST - 1
    low, high = -limit if least is None else least, limit if most is None else most
    if max(abs(low), abs(high)) > limit:
        raise ConstraintError(
            f"整数的界限最多 {LONGEST} 位：{low}..{high}。", f"Bounds of whole numbers have at most {LONGEST} digits."
        )
    parts: list[Node] = []
    if low < 0 and low <= high:
        parts.append(row(word("-"), positive(max(1, -high), -low)))
    if high >= 0:
        parts.append(positive(max(0, low), high))
    return Either(tuple(parts))


def positive(low: int, high: int) -> Node:
    """0 <= low..high: one choice for each count of digits."""
    parts: list[Node] = []
    for length in range(len(str(low)), len(str(high)) + 1):
        first = max(low, 10 ** (length - 1) if length > 1 else 0)
        last = min(high, 10**length - 1)
        if first <= last:
            parts.append(alike(str(first), str(last)))
    return Either(tuple(parts))


def alike(first: str, last: str) -> Node:
    """Digits from `first` to `last`, which are equally long."""
    if first == "0" * len(first) and last == "9" * len(last):
        return Repeat(ANY_DIGIT, len(first), len(first))
    if first[0] == last[0]:
        return row(word(first[0]), alike(first[1:], last[1:]))
    rest = len(first) - 1
    return either(
        row(word(first[0]), alike(first[1:], "9" * rest)),
        row(digits(int(first[0]) + 1, int(last[0]) - 1), Repeat(ANY_DIGIT, rest, rest)),
        row(word(last[0]), alike("0" * rest, last[1:])),
    )


def decimal(least: Decimal | None, most: Decimal | None, *, above: bool = False, below: bool = False) -> Node:
    """Numbers from least to most, without the bounds themselves where `above` and `below` say so."""
    for bound in (least, most):
        if bound is not None and (abs(bound) >= 10**9 or -int(bound.normalize().as_tuple().exponent) > PLACES):
            raise ConstraintError(
                f"小数的界限 {bound} 应小于 10⁹，且至多 {PLACES} 位小数。",
                f"The bound {bound} of a number must be below 10⁹ and have at most {PLACES} places.",
            )
    limit = Decimal(10**9)
    low, high = -limit if least is None else least, limit if most is None else most
    parts: list[Node] = []
    if low < 0:
        parts.append(row(word("-"), scaled(max(Decimal(0), -high), -low, below and high < 0, above, minus=True)))
    if high >= 0:
        parts.append(scaled(max(Decimal(0), low), high, above and low >= 0, below))
    return Either(tuple(parts))


def scaled(low: Decimal, high: Decimal, above: bool, below: bool, minus: bool = False) -> Node:
    """0 <= low..high. A bound that is left out is the next number of PLACES digits; `minus`: zero is left out."""
    step = 10**PLACES
    first = int(low * step) + (1 if above or (minus and low == 0) else 0)
    last = int(high * step) - (1 if below else 0)
    if first > last:
        return NOTHING
    (one, some), (two, more) = divmod(first, step), divmod(last, step)
    if one == two:
        return row(word(str(one)), fraction(some, more))
    parts = [row(word(str(one)), fraction(some, step - 1)), row(word(str(two)), fraction(0, more))]
    if one + 1 <= two - 1:
        parts.append(row(positive(one + 1, two - 1), fraction(0, step - 1)))
    return Either(tuple(parts))


def fraction(first: int, last: int) -> Node:
    """What may stand behind the whole part: nothing where that is 0, or a point and up to PLACES digits."""
    parts = [row(word("."), between(f"{first:0{PLACES}}", f"{last:0{PLACES}}"))]
    return either(*([EMPTY] if first == 0 else []), *parts)


def between(first: str, last: str) -> Node:
    """One digit or more, whose continuation by zeros lies in first..last."""
    rest = len(first) - 1
    if first == "0" * len(first) and last == "9" * len(last):
        return Repeat(ANY_DIGIT, 1, len(first))
    low, high = int(first[0]), int(last[0])

    def then(a: str, b: str) -> Node:
        ends = int(a or 0) == 0  # nothing more: zeros from here on
        onward = [between(a, b)] if a else []
        return either(*([EMPTY] if ends else []), *onward)

    if low == high:
        return row(word(first[0]), then(first[1:], last[1:]))
    return either(
        row(word(first[0]), then(first[1:], "9" * rest)),
        row(digits(low + 1, high - 1), then("0" * rest, "9" * rest)),
        row(word(last[0]), then("0" * rest, last[1:])),
    )
