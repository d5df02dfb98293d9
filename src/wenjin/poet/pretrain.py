"""Stage 3 of the poet: prepared verse and a tokenizer -> a small language model that writes verse.

    run = begin(places.home(), places, minutes=15)       or depth=6; neither: go on with the run that is there
    for record in run.records():                         a record a step, see stack/train/records.py
        print(record.step, record.loss, record.left)

The model is stack/models/llama.py with blocks as in Qwen 3, so that other programs open it. All settings follow from
one dial (dial.py) and are kept beside the run; how they are used is in recipe.py. Stopped at any moment, by Ctrl-C or
by whoever takes the records, the same call goes on bit by bit.

Omits    documents of one row kept apart: a poem also sees those before it in its row
Proof    tests/poet/test_pretrain.py: learns, resumes bit by bit, refuses another dial, corpus or tokenizer
"""

import json
import math
import os
import re
import shutil
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import torch

from wenjin.poet.dial import Machine, Plan, dial, operations, turned
from wenjin.poet.encoded import encoded
from wenjin.poet.errors import PoetError
from wenjin.poet.places import Home, Places
from wenjin.poet.recipe import counted, made, objective, optimizers, schedule
from wenjin.stack.data.batches import Batches
from wenjin.stack.data.pack import Documents, Packing, pack
from wenjin.stack.data.verse import END, SPECIALS, Verse, document, open_corpus
from wenjin.stack.models.llama import Llama
from wenjin.stack.text import tokenizer_json
from wenjin.stack.text.tokenizer import Tokenizer
from wenjin.stack.train.allocator import keep_pages
from wenjin.stack.train.checkpoint import Keeper
from wenjin.stack.train.compiled import Swap
from wenjin.stack.train.data_parallel import ALONE, Group
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
    """A run that is about to begin or to go on. `facts` is what its log says first."""

    home: Home
    plan: Plan
    model: Llama
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
            objective(self.model),
            self.batches,
            moved,
            steps=plan.steps,
            minutes=plan.minutes,
            schedule=schedule(plan),
            clip=None,
            evaluate=self.evaluate,
            evaluate_every=max(APART, plan.expected // OFTEN),
            keeper=self.keeper,
            observe=Observer(self.model, moved, classes=plan.vocab, logits=self.model),
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

    @torch.no_grad()
    def evaluate(self) -> float:
        """Nats a token of rows of the validation split, always the same ones."""
        rows, loss = min(CHECKED, self.valid.rows), objective(self.model)
        checked = Batches(self.valid, size=min(self.plan.rows, rows), seed=0)
        total, tokens = 0.0, 0
        for _ in range(rows // checked.rows.size):
            batch = next(checked)
            count = int((batch.targets >= 0).sum())
            total, tokens = total + float(loss(batch)) * count, tokens + count
        return total / tokens


def begin(
    home: Home,
    places: Places,
    *,
    minutes: float | None = None,
    depth: int | None = None,
    seed: int = 1,
    again: bool = False,
    force: bool = False,
    compiled: bool = True,
    group: Group = ALONE,
    machine: Callable[[], Machine] | None = None,
) -> Pretraining:
    """Everything that is needed before the first step. Nothing is trained yet.

    again     throw the unfinished run away and begin anew
    force     go on although settings or code are others than those of the checkpoint
    compiled  have the step compiled while training goes on
    machine   says how fast this machine is; by default it is measured, in about a second
    Raises PoetError, DataError, TextError, TrainError.
    """
    keep_pages()
    corpus, tokenizer = open_corpus(places.corpus), tokenizer_json.read(places.tokenizer)
    train, valid = (encoded(corpus, tokenizer, split, places.root) for split in ("train", "valid"))
    end = tokenizer.specials.get(END)
    if end is None:
        raise PoetError(
            f"{places.tokenizer} 不是诗人的分词器：没有 {END}。运行 wenjin poet tokenizer。",
            f"{places.tokenizer} is no tokenizer of a poet: it has no {END}. Run wenjin poet tokenizer.",
        )
    if again:
        for path in (home.settings, home.records):
            path.unlink(missing_ok=True)
        shutil.rmtree(home.checkpoints, ignore_errors=True)
    plan = _kept(home, minutes, depth)
    if plan is None:
        found = (machine or measured)()
        plan = turned(vocab=tokenizer.size, corpus=len(train.tokens), machine=found, minutes=minutes, depth=depth)
        if not group.rank:
            _keep(home, plan)
    about = {"corpus": corpus.sha256, "documents": train.sha256, "seed": seed}
    config = plan.as_json() | about
    length = plan.context
    batches = Batches(_rows(train, length, end), size=plan.rows, seed=seed, rank=group.rank, ranks=group.size)
    facts = {
        **config,
        "classes": plan.vocab,
        "rows": batches.rows.packing.rows,
        "flops": operations(plan.depth, plan.vocab),
        "peak": plan.speed,
    }
    settings = {"settings": plan.model, "precision": plan.precision, "rows": plan.rows // group.size}
    return Pretraining(
        home,
        plan,
        made(plan, seed, counted(train, plan.vocab)),
        tokenizer,
        batches,
        _rows(valid, length, end),
        _spread(corpus.rows("valid"), valid),
        facts,
        Keeper(home.checkpoints, config=config, code=sources(*CODE)),
        Swap("wenjin.poet.recipe:compilable", settings, places.compiled) if compiled else None,
        group,
        force,
    )


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


def _keep(home: Home, plan: Plan) -> None:
    new = home.settings.with_name(f".settings.{os.getpid()}")
    try:
        home.folder.mkdir(parents=True, exist_ok=True)
        new.write_text(json.dumps({"plan": plan.as_json()}, ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(new, home.settings)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise PoetError(
            f"写不进 {home.folder}（{error.strerror}）。腾出空间再来。",
            f"{home.folder} cannot be written ({error.strerror}). Free some space and run this again.",
        ) from None
