"""Stage 3 of the poet: prepared verse and a tokenizer -> a small language model that writes verse.

    run = begin(places.home(), places, minutes=15)       or depth=6; neither: go on with the run that is there
    for record in run.records():                         a record a step, see stack/train/records.py
        print(record.step, record.loss, record.left)

The model is stack/models/llama.py with blocks as in Qwen 3, so that other programs open it. All settings follow from
one dial (dial.py) and are kept beside the run; how they are used is in recipe.py. Stopped at any moment, by Ctrl-C or
by whoever takes the records, the same call goes on bit by bit.

Verse of regular forms is what it reads unless told otherwise: read beside lyrics and free forms, of which there is
more, five thousand steps taught it less rhyme than a thousand on regular verse (docs/trials.md).

Several processes share every batch (stack/train/data_parallel.py); the first one alone writes, and with shards each
holds a part of the weights.

Omits    documents of one row kept apart: a poem also sees those before it in its row
Proof    tests/poet/test_pretrain.py: learns, resumes bit by bit, refuses another dial, corpus or tokenizer;
         test_processes.py: two processes, with and without shards, reach the weights of one
"""

import json
import math
import os
import re
import shutil
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from wenjin.poet.dial import Machine, Plan, dial, operations, turned
from wenjin.poet.encoded import encoded
from wenjin.poet.errors import PoetError
from wenjin.poet.places import Home, Places
from wenjin.poet.recipe import built, counted, made, objective, optimizers, schedule
from wenjin.stack.data.batches import Batch, Batches
from wenjin.stack.data.pack import Documents, Packing, pack
from wenjin.stack.data.verse import END, FORMS, REGULAR, SPECIALS, Verse, VerseCorpus, document, open_corpus
from wenjin.stack.models.llama import Llama
from wenjin.stack.text import tokenizer_json
from wenjin.stack.text.tokenizer import Tokenizer
from wenjin.stack.train import snapshot
from wenjin.stack.train.allocator import keep_pages
from wenjin.stack.train.checkpoint import Keeper
from wenjin.stack.train.compiled import Swap
from wenjin.stack.train.data_parallel import ALONE, Group, Sharded
from wenjin.stack.train.health_observe import Observer
from wenjin.stack.train.loop import fit
from wenjin.stack.train.manifest import sources
from wenjin.stack.train.precision import choose
from wenjin.stack.train.records import Log, Record

CODE = ("wenjin.poet.recipe", "wenjin.stack.models.llama", "wenjin.stack.nn", "wenjin.stack.train")
CHECKED = 256  # rows of the validation split that are looked at
OFTEN, APART = 20, 50  # times in a run, and steps between at least: one look costs as much as three steps
SPECIAL = re.compile("|".join(map(re.escape, SPECIALS)))


@dataclass(frozen=True, slots=True)
class Pretraining:
    """A run that is about to begin or to go on. `facts` is what its log says first.

    `loss` is the objective on `model`; in shards it is the module that gathers them, and the only way to use the model.
    """

    home: Home
    plan: Plan
    model: Llama
    loss: Callable[[Batch], Tensor]
    tokenizer: Tokenizer
    batches: Batches
    valid: Packing
    spread: float  # characters of the poems' text to a token of the validation split
    facts: Mapping[str, Any]
    keeper: Keeper
    swap: Swap | None
    group: Group
    force: bool

    def bits(self, validation: float) -> float:
        """Nats a token -> bits a character of the text."""
        return validation / self.spread / math.log(2)

    def records(self) -> Generator[Record, None, None]:
        """Train; see stack.train.loop.fit, which this hands on. The log is written beside the run."""
        plan = self.plan
        moved: Any = optimizers(self.model, plan)
        steps = fit(
            self.model,
            self.loss,
            self.batches,
            moved,
            steps=plan.steps,
            minutes=plan.minutes,
            schedule=schedule(plan),
            clip=None,
            evaluate=self.evaluate,
            evaluate_every=max(APART, plan.expected // OFTEN),
            keeper=self.keeper,
            observe=self._observer(moved),
            swap=self.swap,
            group=self.group,
            force=self.force,
        )
        with closing(steps):
            if self.group.rank:
                yield from steps
                return
            with Log(self.home.records, self.facts) as log:
                for record in steps:
                    log.write(record)
                    yield record

    def _observer(self, moved: Any) -> Observer | None:
        """Only the first process judges the run. In shards the model cannot be asked whether it sees the future."""
        if self.group.rank:
            return None
        sharded = isinstance(self.loss, Sharded)
        return Observer(self.model, moved, classes=self.plan.vocab, logits=None if sharded else self.model)

    @torch.no_grad()
    def evaluate(self) -> float:
        """Nats a token of rows of the validation split, always the same ones; each process reads its share."""
        ranks = self.group.size
        rows = min(CHECKED, self.valid.rows)
        size = min(self.plan.rows, rows - rows % ranks)
        checked = Batches(self.valid, size=size, seed=0, rank=self.group.rank, ranks=ranks)
        total, tokens = 0.0, 0
        for _ in range(rows // size):
            batch = next(checked)
            count = int((batch.targets >= 0).sum())
            total, tokens = total + float(self.loss(batch)) * count, tokens + count
        total, counted_ = self.group.total(total, tokens)
        return total / counted_

    def whole(self) -> Llama:
        """A model that can be used: this one, or where it lies in shards a copy, which all processes make together."""
        if not isinstance(self.loss, Sharded):
            return self.model
        copy = built(self.plan.model, self.plan.precision)
        snapshot.put_weights(copy, snapshot.weights(self.model))
        return copy


Which = Literal["regular", "all"]
READ: Mapping[Which, tuple[str, ...]] = {"regular": REGULAR, "all": tuple(FORMS)}


class Material(NamedTuple):
    """What a run reads."""

    corpus: VerseCorpus
    tokenizer: Tokenizer
    train: Documents
    valid: Documents


def begin(
    home: Home,
    places: Places,
    *,
    minutes: float | None = None,
    depth: int | None = None,
    forms: Which | None = None,
    seed: int = 1,
    again: bool = False,
    force: bool = False,
    compiled: bool = True,
    shard: bool = False,
    group: Group = ALONE,
    machine: Callable[[], Machine] | None = None,
) -> Pretraining:
    """Everything that is needed before the first step. Nothing is trained yet.

    forms     which verse it reads; None: that of the run that is there, else the regular forms
    again     throw the unfinished run away and begin anew
    force     go on although settings or code are others than those of the checkpoint
    compiled  have the step compiled while training goes on; a group does without
    shard     each process of the group holds a part of the weights; every other setting may stay
    machine   says how fast this machine is; by default it is measured, in about a second
    Raises PoetError, DataError, TextError, TrainError.
    """
    if shard and group.size == 1:
        raise PoetError(
            "--shard 要有几个进程来分：再加 --processes 2。", "--shard needs processes to share: add --processes 2."
        )
    keep_pages()
    group.agreed(lambda: _cleared(home) if again and not group.life else None)  # those who were started again go on
    which = group.agreed(lambda: _which(home, forms))
    corpus, tokenizer, train, valid = group.in_turn(lambda: _material(places, READ[which]))

    def planned() -> Plan:
        plan = _kept(home, minutes, depth)
        if plan is None:
            found = (machine or measured)()
            found = replace(found, speed=found.speed * group.size, threads=found.threads * group.size)
            plan = turned(vocab=tokenizer.size, corpus=len(train.tokens), machine=found, minutes=minutes, depth=depth)
            _keep(home, plan, which)
        return plan

    plan = group.agreed(planned)
    about = {"corpus": corpus.sha256, "documents": train.sha256, "forms": which, "seed": seed}
    config = plan.as_json() | about
    length, end = plan.context, tokenizer.specials[END]
    batches = Batches(_rows(train, length, end), size=plan.rows, seed=seed, rank=group.rank, ranks=group.size)
    facts = {
        **config,
        "classes": plan.vocab,
        "rows": batches.rows.packing.rows,
        "flops": operations(plan.depth, plan.vocab),
        "peak": plan.speed,
    }
    model = made(plan, seed, counted(train, plan.vocab))
    loss = Sharded(model, objective(model), model.model.layers) if shard else objective(model)
    settings = {"settings": plan.model, "precision": plan.precision, "rows": plan.rows}
    swaps = compiled and group.size == 1
    return Pretraining(
        home,
        plan,
        model,
        loss,
        tokenizer,
        batches,
        _rows(valid, length, end),
        _spread([verse for verse in corpus.rows("valid") if verse.form in READ[which]], valid),
        facts,
        Keeper(home.checkpoints, config=config, code=sources(*CODE)),
        Swap("wenjin.poet.recipe:compilable", settings, places.compiled) if swaps else None,
        group,
        force,
    )


def _cleared(home: Home) -> None:
    for path in (home.settings, home.records):
        path.unlink(missing_ok=True)
    shutil.rmtree(home.checkpoints, ignore_errors=True)


def _material(places: Places, forms: Collection[str]) -> Material:
    """Read it; what is missing of it, but can be made, is made. Raises PoetError, DataError, TextError."""
    corpus, tokenizer = open_corpus(places.corpus), tokenizer_json.read(places.tokenizer)
    if END not in tokenizer.specials:
        raise PoetError(
            f"{places.tokenizer} 不是诗人的分词器：没有 {END}。运行 wenjin poet tokenizer。",
            f"{places.tokenizer} is no tokenizer of a poet: it has no {END}. Run wenjin poet tokenizer.",
        )
    train, valid = (encoded(corpus, tokenizer, split, places.root, forms=forms) for split in ("train", "valid"))
    return Material(corpus, tokenizer, train, valid)


def measured() -> Machine:
    """How fast this machine multiplies, and in which precision."""
    choice = choose()
    name = str(choice.dtype).removeprefix("torch.")
    return Machine(choice.speeds[name], name, torch.get_num_threads())


def _rows(documents: Documents, length: int, end: int) -> Packing:
    """Poems into rows, each whole where it fits."""
    return pack(documents, length=length, whole=True, pad=end, longer="cut")


def _spread(verses: list[Verse], documents: Documents) -> float:
    """Characters to a token: special tokens count as one character each."""
    text = sum(len(SPECIAL.sub("#", document(verse))) for verse in verses)
    return text / len(documents.tokens)


def _kept(home: Home, minutes: float | None, depth: int | None) -> Plan | None:
    """The plan of the run that is there. Raises PoetError where the dial is another one."""
    try:
        plan = Plan.from_json(json.loads(home.settings.read_text(encoding="utf-8"))["plan"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PoetError(
            f"{home.settings} 读不懂（{error}）。用 --again 从头训练。",
            f"{home.settings} cannot be understood ({error}). Train anew with --again.",
        ) from None
    asked = None if minutes is None and depth is None else dial(minutes, depth)
    if asked not in (None, plan.dial):
        raise PoetError(
            f"{home.folder} 里的诗人是按 {plan.dial} 训练的，而不是 {asked}。"
            "不写就接着训练；--again 从头来，或换个名字。",
            f"The poet in {home.folder} is trained by {plan.dial}, not {asked}. Leave the dial away to go on, begin "
            "anew with --again, or give another name.",
        )
    return plan


def _which(home: Home, forms: Which | None) -> Which:
    """The verse that is read. Raises PoetError where the run that is there reads another."""
    try:
        kept: Which = json.loads(home.settings.read_text(encoding="utf-8"))["forms"]
    except (OSError, ValueError, KeyError, TypeError):  # what is wrong with it is said where the plan is read
        return forms or "regular"
    if forms not in (None, kept):
        raise PoetError(
            f"{home.folder} 里的诗人读的是 {kept}，而不是 {forms}。不写就接着训练；--again 从头来，或换个名字。",
            f"The poet in {home.folder} reads {kept}, not {forms}. Leave the forms away to go on, begin anew with "
            "--again, or give another name.",
        )
    return kept


def _keep(home: Home, plan: Plan, which: Which) -> None:
    new = home.settings.with_name(f".settings.{os.getpid()}")
    try:
        home.folder.mkdir(parents=True, exist_ok=True)
        new.write_text(
            json.dumps({"plan": plan.as_json(), "forms": which}, ensure_ascii=False, indent=1), encoding="utf-8"
        )
        os.replace(new, home.settings)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise PoetError(
            f"写不进 {home.folder}（{error.strerror}）。腾出空间再来。",
            f"{home.folder} cannot be written ({error.strerror}). Free some space and run this again.",
        ) from None
