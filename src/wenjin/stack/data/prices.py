"""Daily prices of shares -> a row a day: shares of several companies, of each the oldest day first.

    Ticker,Date,Open,High,Low,Close,Volume,Adj Close
    AAPL,2000-03-01,118.56,132.06,118.5,130.31,9616100,4.186662803811

`adjusted` is the closing price as if every later split and dividend had been paid already, so that a split in two is
no loss of a half: whoever computes returns takes it.

Omits   days without trade, which have no row
Source  stocks.csv.gz of the package bokeh-sampledata 2026.1: Quandl's WIKI prices, in the public domain
Proof   tests/stack/data/test_prices.py: a part by hand, what is shipped, and what is broken
"""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from wenjin.stack.data.files import packed, unpacked

HEAD = "Ticker,Date,Open,High,Low,Close,Volume,Adj Close"


@dataclass(frozen=True, slots=True)
class Day:
    """Prices in dollars, `volume` in shares, `date` as 2000-03-01."""

    ticker: str
    date: str
    open: float
    high: float
    low: float
    close: float
    volume: int
    adjusted: float

    @property
    def key(self) -> str:
        return self.date  # one day of all companies falls on one side


def read(text: str) -> Iterator[Day]:
    """A kept file, or several (files.py), each a CSV. Raises ValueError."""
    for _, table in unpacked(text):
        yield from _days(table)


def only(text: str, tickers: Collection[str]) -> str:
    """The same kept file with these companies alone; how the shipped excerpt was made."""
    tables = ((name, table.split("\n")) for name, table in unpacked(text))
    some = ((name, [lines[0], *(line for line in lines if line.split(",")[0] in tickers)]) for name, lines in tables)
    return packed((name, "".join(f"{line}\n" for line in lines)) for name, lines in some).decode("utf-8")


def _days(table: str) -> Iterator[Day]:
    head, *lines = table.removesuffix("\n").split("\n")
    if head != HEAD:
        raise ValueError(f"the columns should be {HEAD}")
    for number, line in enumerate(lines, 2):
        cells = line.split(",")
        try:
            ticker, date = cells[:2]
            first, high, low, close, volume, adjusted = map(float, cells[2:])
        except ValueError as error:
            raise ValueError(f"line {number} is no day: {error}") from None
        if not all(price > 0 and math.isfinite(price) for price in (first, high, low, close, adjusted)):
            raise ValueError(f"line {number}: a price is a positive number")
        yield Day(ticker, date, first, high, low, close, int(volume), adjusted)
