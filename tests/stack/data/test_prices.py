"""Daily prices: a part by hand, what is shipped, what is broken."""

import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from wenjin.stack.data.files import packed
from wenjin.stack.data.load import load
from wenjin.stack.data.prices import HEAD, Day, only, read

NOWHERE = Path("/nonexistent")
TWO = f"{HEAD}\nA,2000-03-01,10.0,12.0,9.5,11.0,300,5.5\nB,2000-03-01,1.0,1.0,1.0,1.0,7,1.0\n"


def kept(table: str) -> str:
    return packed([("stocks.csv.gz", table)]).decode("utf-8")


def test_a_row_is_a_day() -> None:
    first, second = read(kept(TWO))
    assert first == Day("A", "2000-03-01", 10.0, 12.0, 9.5, 11.0, 300, 5.5)
    assert first.key == second.key, "one day of all companies falls on one side"


def test_one_company_alone() -> None:
    assert [day.ticker for day in read(only(kept(TWO), {"B"}))] == ["B"]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("Date,Close\n2000-03-01,1\n", "columns"),
        (f"{HEAD}\nA,2000-03-01,1,1,1\n", "line 2"),
        (f"{HEAD}\nA,2000-03-01,1,1,1,x,5,1\n", "line 2"),
        (f"{HEAD}\nA,2000-03-01,1,1,1,1,5,0\n", "positive"),
        (f"{HEAD}\nA,2000-03-01,1,1,1,1,5,nan\n", "positive"),
    ],
)
def test_what_is_broken_is_refused(table: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        list(read(kept(table)))


def test_what_is_shipped_is_ibm_in_order_of_days() -> None:
    corpus = load("stock-closings", data=NOWHERE)
    assert corpus.fallback
    assert {day.ticker for day in corpus.rows} == {"IBM"}
    assert (corpus.rows[0].date, corpus.rows[-1].date) == ("2000-03-01", "2013-03-01")
    days = [datetime.date.fromisoformat(day.date) for day in corpus.rows]
    assert all(a < b for a, b in pairwise(days))
    assert all(day.low <= day.high and day.low <= day.close <= day.high for day in corpus.rows)
