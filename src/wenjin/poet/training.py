"""Pretraining as it is watched in a terminal: the plan, a bar with loss and time left, a quatrain at every look at the
held-out verse, signs of trouble in words, and a poet that can write whenever it stops.

Of several processes the first one shows all this; the others follow, silent."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wenjin.poet.dial import Plan, reasons
from wenjin.poet.places import Home, Places
from wenjin.poet.pretrain import READ, Pretraining, begin
from wenjin.poet.spoken import Say, clock
from wenjin.poet.write import Poet
from wenjin.stack.infer.sampling import Sampler
from wenjin.stack.train.board import Board
from wenjin.stack.train.data_parallel import ALONE, Group
from wenjin.stack.train.health_watch import Watch, facts_of
from wenjin.stack.train.records import Record

if TYPE_CHECKING:
    from rich.table import Table

TITLE, FORM = "月", "5x4"  # what it is asked for while it learns
ENDS = ("stopped", "finished")


def train(
    home: Home,
    places: Places,
    say: Say,
    spoken: Callable[[str, Mapping[str, Any]], str],
    board: Path | None,
    group: Group = ALONE,
    **settings: Any,
) -> str:
    """Train, or go on. `settings`: those of pretrain.begin. Returns "finished" or "stopped"."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    if group.rank:
        return followed(begin(home, places, group=group, **settings))
    started = time.monotonic()
    out = Console(stderr=True, highlight=False, markup=False, emoji=False)
    out.print(say("准备……", "Getting ready …"), style="dim")
    run = begin(home, places, group=group, **settings)
    out.print(table(run.plan, say), style="dim")
    watch, state, last, peak = Watch(facts_of(run.facts)), "finished", None, ""
    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TextColumn("{task.description}", markup=False))
    with ExitStack() as held:
        told = held.enter_context(Board(board)) if board else None
        bar = held.enter_context(Progress(*columns, console=out, transient=True, disable=not out.is_terminal))
        task = bar.add_task("", total=1.0)
        for record in run.records():
            if last is None:
                first = time.monotonic() - started
                out.print(say(f"第一步在 {first:.1f} 秒后完成", f"first step done after {first:.1f} s"), style="dim")
            last = record
            if told:
                told.write(record)
            bar.update(task, completed=record.done, description=line(record, say))
            for event in record.events:
                state = event.name if event.name in ENDS else state
                if news := happened(event.name, event.facts, say):
                    out.print(f"  {news}", style="dim")
            for name, facts in watch.see(record):
                out.print(f"! {spoken(name, facts)}", style="yellow")
            if record.validation is not None:
                out.print(held_out(run, record, say))
    if last is None:  # the run was over before
        out.print(say(f"{home.name} 已经练成。用 --again 从头训练。", f"{home.name} is trained. --again trains anew."))
        return "finished"
    peak = memory()
    Poet(run.whole(), run.tokenizer, made(run, last, peak)).save(home.model)
    if state == "finished":
        run.keeper.thin()
    ended = say("练成了", "trained") if state == "finished" else say("停下了，已保存", "stopped and saved")
    again = say("；接着训练：", "; to go on: ") + f"wenjin poet pretrain --name {home.name}"
    out.print(f"✓ {home.name} {ended}{again if state == 'stopped' else ''}")
    out.print(f"  wenjin poet write --name {home.name} --title {TITLE} --form {FORM}", style="dim")
    return state


def table(plan: Plan, say: Say) -> "Table":
    """The settings that follow from the dial, each with its why."""
    from rich.table import Table

    rows = Table.grid(padding=(0, 0, 0, 2))
    rows.add_column(no_wrap=True)
    rows.add_column(no_wrap=True, justify="right")
    rows.add_column()
    for reason in reasons(plan):
        rows.add_row(reason.name, reason.value, say(reason.zh, reason.en))
    return rows


def followed(run: Pretraining) -> str:
    """The part of the processes after the first: they train, and help to gather a model that lies in shards."""
    state, last = "finished", None
    for last in run.records():
        state = next((event.name for event in last.events if event.name in ENDS), state)
        if last.validation is not None:
            run.whole()
    if last is not None:
        run.whole()
    return state


def line(record: Record, say: Say) -> str:
    """The bar's words: step, loss, speed, time left."""
    speed = record.tokens / record.seconds if record.seconds else 0.0
    words = say("第 {} 步  损失 {:.3f}  {:,.0f} 词元/秒  还要 {}", "step {}  loss {:.3f}  {:,.0f} tokens/s  {} left")
    return words.format(record.step, record.loss, speed, clock(record.left))


def held_out(run: Pretraining, record: Record, say: Say) -> str:
    """What a look at the held-out verse found, and what the poet writes by now."""
    assert record.validation is not None
    words = say(
        "第 {:>5} 步  验证 {:.3f} 纳特/词元  {:.3f} 比特/字  {}",
        "step {:>5}  validation {:.3f} nats a token  {:.3f} bits a character  {}",
    )
    return words.format(record.step, record.validation, run.bits(record.validation), sample(run))


def sample(run: Pretraining, title: str = TITLE, form: str = FORM) -> str:
    """A poem of the model as it is, in one line. Training does not notice."""
    model = run.whole()
    training = model.training
    try:
        return "".join(Poet(model, run.tokenizer).write(title, form, Sampler(temperature=0.8, seed=0)))
    finally:
        model.train(training)


def happened(name: str, facts: Mapping[str, Any], say: Say) -> str:
    """An event in words; nothing for those that are no news."""
    if "zh" in facts and "en" in facts:
        return say(str(facts["zh"]), str(facts["en"]))
    step = facts.get("step", facts.get("to", "?"))
    known = {
        "resumed": say(f"从第 {step} 步接着训练", f"going on from step {step}"),
        "rolled-back": say(f"退回第 {step} 步", f"back to step {step}"),
        "compiled": say(f"编译好了：用 {facts.get('used')}", f"compiled: {facts.get('used')} is used"),
        "not-compiled": say(f"没有编译：{facts.get('why', '')}", f"not compiled: {facts.get('why', '')}"),
        "skipped": say("跳过一步：损失或梯度失常", "a step was skipped: its loss or gradient was broken"),
    }
    return known.get(name, "")


def made(run: Pretraining, last: Record, peak: str) -> dict[str, Any]:
    """What the poet tells of its making."""
    plan = {name: value for name, value in run.plan.as_json().items() if value is not None}
    facts: dict[str, Any] = {"steps": last.step, "training seconds": round(last.elapsed, 1), "peak memory": peak}
    if last.validation is not None:
        facts |= {
            "validation (nats a token)": last.validation,
            "validation (bits a character)": run.bits(last.validation),
        }
    kept: dict[str, Any] = json.loads(json.dumps({**facts, "forms": READ[run.facts["forms"]], "plan": plan}))
    return kept


def memory() -> str:
    """The most that this process held, in MiB."""
    try:
        import resource
        import sys
    except ImportError:  # Windows
        return ""
    unit = 1 if sys.platform == "darwin" else 1024
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20:.0f} MiB"
