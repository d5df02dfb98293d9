"""The report: measured by the same rules thrice, kept when it was cut off, drawn as a card that needs nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from wenjin.poet import report
from wenjin.poet.errors import PoetError
from wenjin.poet.places import Home
from wenjin.stack.data.verse import VerseCorpus


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
