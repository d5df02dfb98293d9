"""Pretraining on the shipped excerpt: it learns, goes on bit by bit, and refuses what does not belong together."""

import hashlib
import json
import math
from itertools import islice
from pathlib import Path

import pytest

from wenjin.poet.data import prepare
from wenjin.poet.dial import Machine
from wenjin.poet.errors import PoetError
from wenjin.poet.places import Places
from wenjin.poet.pretrain import READ, Pretraining, begin
from wenjin.poet.tokenizer import learn
from wenjin.poet.write import Poet
from wenjin.stack.data.verse import open_corpus
from wenjin.stack.train.errors import CheckpointError
from wenjin.stack.train.records import read

SLOW = Machine(speed=1e9, precision="float32", threads=1)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """The excerpt, prepared, and a small tokenizer."""
    places = Places(tmp_path_factory.mktemp("data"))
    for _ in prepare(places.corpus, data=places.data, excerpt=True):
        pass
    for _ in learn(places, size=1024):
        pass
    return places


def ready(places: Places, name: str, **more: object) -> Pretraining:
    given = {"depth": 2, "forms": "all", "compiled": False, "machine": lambda: SLOW} | more
    return begin(places.home(name), places, **given)  # type: ignore[arg-type]


def fingerprint(run: Pretraining) -> str:
    parts = [p.detach().numpy().tobytes() for _, p in sorted(run.model.named_parameters())]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def test_it_learns_and_leaves_a_log_and_a_checkpoint(places: Places) -> None:
    run = ready(places, "whole")
    records = list(run.records())
    assert len(records) == run.plan.expected
    assert records[0].loss < math.log(run.plan.vocab)  # it begins with the frequencies
    assert records[-1].loss < records[0].loss - 0.5
    last = records[-1].validation
    assert last is not None
    assert run.bits(last) == pytest.approx(last / run.spread / 0.6931, rel=1e-3)
    assert 0.5 < run.spread < 1  # rare characters are spelled in two or three tokens
    log = read(run.home.records)
    assert [record.step for record in log.records] == list(range(1, len(records) + 1))
    assert log.facts["classes"] == run.plan.vocab
    again = ready(places, "whole", depth=None)
    assert list(again.records()) == []
    assert fingerprint(again) == fingerprint(run)


def test_a_stopped_run_goes_on_bit_by_bit(places: Places) -> None:
    whole = ready(places, "unbroken")
    losses = [record.loss for record in islice(whole.records(), 9)]
    first = ready(places, "broken")
    records = first.records()
    begun = [next(records).loss for _ in range(4)]
    records.close()
    second = ready(places, "broken", depth=None, machine=lambda: pytest.fail("a plan that is kept is not made anew"))
    after = second.records()
    assert begun + [next(after).loss for _ in range(5)] == losses
    after.close()


def test_another_dial_another_seed_another_corpus_are_refused(places: Places, tmp_path: Path) -> None:
    run = ready(places, "mine")
    next(records := run.records())
    records.close()
    with pytest.raises(PoetError) as refused:
        ready(places, "mine", depth=3)
    assert "depth 2" in refused.value.zh
    with pytest.raises(CheckpointError, match="seed"):
        next(ready(places, "mine", seed=2).records())
    anew = ready(places, "mine", depth=3, again=True)
    assert (anew.plan.depth, anew.home.checkpoints.exists()) == (3, False)
    anew.home.settings.write_text(json.dumps({"plan": {"depth": 3}}))
    with pytest.raises(PoetError):
        ready(places, "mine", depth=None)


def test_a_tokenizer_that_ends_no_poem_is_refused(places: Places, tmp_path: Path) -> None:
    other = Places(tmp_path)
    other.corpus.parent.mkdir(parents=True)
    other.corpus.symlink_to(places.corpus)
    made = json.loads(places.tokenizer.read_text(encoding="utf-8"))
    made["added_tokens"] = []
    other.root.mkdir(parents=True)
    other.tokenizer.write_text(json.dumps(made), encoding="utf-8")
    with pytest.raises(PoetError, match="wenjin poet tokenizer"):
        ready(other, "poet")


def test_it_reads_regular_verse_unless_told_otherwise_and_writes_what_it_has_read(places: Places) -> None:
    regular, everything = ready(places, "regular", forms=None), ready(places, "everything")
    verses = open_corpus(places.corpus).rows("train")
    poems = [verse for verse in verses if verse.form in READ["regular"]]
    assert 0 < len(poems) < len(verses)
    assert regular.batches.rows.packing.documents.sha256 != everything.batches.rows.packing.documents.sha256
    with pytest.raises(PoetError, match="reads regular, not all"):
        ready(places, "regular", forms="all")
    assert ready(places, "everything", depth=None, forms=None).facts["forms"] == "all"  # it goes on with what it reads
    poet = Poet(regular.model, regular.tokenizer, {"forms": READ["regular"]})
    with pytest.raises(PoetError, match="has read no ci"):
        poet.prompt("月", "ci")
    assert Poet(everything.model, everything.tokenizer, {"forms": READ["all"]}).prompt("月", "ci")
