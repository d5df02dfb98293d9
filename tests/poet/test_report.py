"""The report: measured by the same rules thrice, kept when it was cut off, drawn as a card that needs nothing."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from wenjin.poet import card, report
from wenjin.poet.data import prepare
from wenjin.poet.errors import PoetError
from wenjin.poet.places import Home
from wenjin.poet.write import Poet
from wenjin.stack.data.verse import SPECIALS, VerseCorpus, open_corpus
from wenjin.stack.models.llama import Llama
from wenjin.stack.text.tokenizer import byte_level
from wenjin.stack.train.records import Record

CURVE = [Record(n, 9.0 / n, 1.0, 1.0, 10, 0.1, 0.1 * n, n / 4, 0.0, 8.0 / n if n % 2 else None) for n in (1, 2, 3, 4)]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> VerseCorpus:
    folder = tmp_path_factory.mktemp("report") / "verse"
    for _ in prepare(folder, excerpt=True):
        pass
    return open_corpus(folder)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    tokens = byte_level([], specials=SPECIALS)
    model = Llama(vocab=tokens.size, dim=32, layers=1, heads=2, hidden=32, context=256, qk_norm=True)
    home = Home(tmp_path / "small")
    Poet(model, tokens, {"steps": 0, "plan": {"depth": 1}}).save(home.model)
    yield home
    torch.set_num_threads(before)


def judged(home: Home, corpus: VerseCorpus, **settings: Any) -> dict[str, Any]:
    for _ in report.judge(home, corpus, poems=6, **settings):
        pass
    return report.read(home)


def test_it_is_measured_beside_the_count_and_real_verse(home: Home, corpus: VerseCorpus) -> None:
    facts = judged(home, corpus)
    measured = facts["measured"]
    assert measured["real"]["form"] == 1.0
    assert measured["real"]["rhyme"] >= 0.5
    assert measured["poet"]["form"] == 0.0  # it was never trained
    assert measured["poet"]["rhyme"] is None
    assert measured["poet"]["poems"] == measured["real"]["poems"] == 6
    assert set(facts["losses"]) == {"2-gram", "3-gram", "4-gram", "5-gram", "poet"}
    assert facts["losses"]["poet"] > facts["losses"]["2-gram"]
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


def test_what_was_written_is_not_written_again(home: Home, corpus: VerseCorpus) -> None:
    first = judged(home, corpus)
    rows = home.samples.read_text().splitlines()
    spoiled = json.loads(rows[1]) | {"form": "5x4", "text": "床前明月光，疑是地上霜。举头望明月，低头思故乡。"}
    home.samples.write_text("\n".join([rows[0], json.dumps(spoiled), *rows[2:]]) + "\n")
    assert judged(home, corpus)["measured"]["poet"]["form"] > first["measured"]["poet"]["form"]  # taken as it lay
    home.samples.write_text("\n".join(rows[:3]))  # cut off: written anew
    assert judged(home, corpus)["measured"] == first["measured"]
    assert judged(home, corpus, seed=1)["samples"] != first["samples"]


def test_a_poet_that_was_not_measured_is_told_how(home: Home, tmp_path: Path) -> None:
    with pytest.raises(PoetError, match="wenjin poet report --name small"):
        report.read(home)


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
