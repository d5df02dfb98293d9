"""The card of a report: every figure stands in both forms, nothing is fetched, what was written is text, no markup."""

import math
import re

import pytest

from tests.poet.test_report import judged
from wenjin.poet import card
from wenjin.poet.places import Home
from wenjin.stack.data.verse import VerseCorpus
from wenjin.stack.train.records import Record

CURVE = [Record(n, 9.0 / n, 1.0, 1.0, 10, 0.1, 0.1 * n, n / 4, 0.0, 8.0 / n if n % 2 else None) for n in (1, 2, 3, 4)]


@pytest.mark.parametrize("tongue", ["zh", "en"])
def test_the_card_holds_every_figure_and_fetches_nothing(home: Home, corpus: VerseCorpus, tongue: card.Tongue) -> None:
    facts = judged(home, corpus)
    facts["samples"][0] |= {"title": "<b>*月*</b>", "text": "<script>。|"}
    page, text = card.html(facts, CURVE, tongue), card.markdown(facts, CURVE, tongue)
    for name, nats in facts["losses"].items():
        assert f"{nats:.3f}" in page, name
        assert f"{nats / math.log(2):.3f}" in text, name
    for name in card.ROWS:
        shown = f"{facts['measured']['real'][name]:.3f}".rstrip("0").rstrip(".")
        assert shown.rstrip("0").rstrip(".") in page, name
    assert not re.search(r"(?:src|href)=|url\(|@import|<link|<script", page)
    assert "&lt;script&gt;" in page
    assert "<script>" not in text
    assert "\\*月\\*" in text
    assert page.count("<path") == 3  # axis, training, held-out
    assert (card.WORDS["title"][tongue == "en"]) in page


def test_goals_are_met_or_missed_by_the_figures() -> None:
    def told(**poet: float | None) -> dict[str, bool | None]:
        base = {"form": 0.95, "rhyme": 0.6, "shared_95": 5.0, "distinct_2": 0.9} | poet
        real = {"rhyme": 0.9, "shared_95": 6.0, "distinct_2": 0.95}
        facts = {"measured": {"poet": base, "counted": {"rhyme": 0.1}, "real": real}}
        return {name: met for name, (_, met) in card.goals(facts).items()}

    assert all(told().values())
    assert told(form=0.89)["form"] is False
    assert told(rhyme=0.49)["rhyme"] is False
    assert told(shared_95=7.0)["shared_95"] is False
    assert told(distinct_2=0.85)["distinct_2"] is False
    assert told(rhyme=None)["rhyme"] is None


def test_a_curve_of_one_step_is_not_drawn() -> None:
    assert card.drawn(CURVE[:1], "a", "b", "c") == ""
