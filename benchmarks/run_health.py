"""Runs judged while they go: false alarms on sound ones, and how often the right cause is named of spoiled ones.

    ./wenjin bench run-health            every seed, some ten minutes on two cores
    python benchmarks/run_health.py calibrate            what the thresholds were chosen on

Sound      2 sizes × 2 corpora × 10 seeds, half of each by Muon beside AdamW, half by AdamW alone
Spoiled    each in its way × 10 seeds, sizes, corpora and optimizers in turn
Chosen on  other corpora, sizes and seeds (CHOSEN): no run that is counted here had a part in it
"""

import concurrent.futures
import os
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import sabotage
import torch
from sabotage import SPOILED, Plan, Size

from wenjin.stack.models.gpt2 import GPT2
from wenjin.stack.models.llama import Llama
from wenjin.stack.train.health_watch import Watch
from wenjin.stack.train.records import Record

FALSE, NAMED, COST = 2, 9, 0.02
TESTED = (
    ("verse", "glosses"),
    (Size(GPT2, 2, 64), Size(Llama, 2, 80)),
    range(20, 30),
)  # seeds 0 to 9 found two thresholds too low
CHOSEN = (("songci", "python"), (Size(GPT2, 1, 64), Size(Llama, 2, 96)), range(100, 104))


@dataclass(frozen=True)
class Judged:
    """What was named of a run, in this order, and at which step."""

    plan: Plan
    named: tuple[tuple[str, int], ...]
    loss: float
    validation: float

    @property
    def causes(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.named)


def judged(plan: Plan) -> Judged:
    """Run it; a spoiled one only until the cause is named."""
    torch.set_num_threads(1)
    watch, named, loss, validation = Watch(), [], float("nan"), float("nan")
    for record in sabotage.run(plan):
        if not isinstance(record, Record):
            watch = Watch(record)
            continue
        named += [(name, record.step) for name, _ in watch.see(record)]
        loss, validation = record.loss, record.validation or validation
        if plan.spoiled in dict(named):
            break
    return Judged(plan, tuple(named), loss, validation)


def plans(chosen: tuple[Any, Any, Any], spoiled: tuple[str, ...] = SPOILED) -> list[Plan]:
    corpora, sizes, seeds = chosen
    sound = [
        Plan(corpus, size, seed, muon=seed % 2 == 1) for corpus in corpora for size in sizes for seed in seeds
    ]  # fmt: skip
    return sound + [
        Plan(corpora[seed % 2], sizes[seed // 2 % 2], seed, name, muon=seed // 4 % 2 == 1)
        for name in spoiled
        for seed in seeds
    ]


def all_judged(wanted: list[Plan]) -> list[Judged]:
    """On each core that is ours one run at a time, single-threaded."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    found, began = [], time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(cores) as pool:
        for one in pool.map(judged, wanted):
            found.append(one)
            tell(len(found), len(wanted), time.monotonic() - began)
    return found


def tell(done: int, of: int, seconds: float) -> None:
    """How many runs are judged and how long the rest will take: one line of a terminal, else a line now and then."""
    line = f"{done} of {of} runs judged, {seconds / done * (of - done) / 60:.0f} min left"
    if sys.stderr.isatty():
        print(f"\r{line}", end="\n" if done == of else "", file=sys.stderr, flush=True)
    elif done * 10 // of > (done - 1) * 10 // of:
        print(line, file=sys.stderr, flush=True)


def cost(size: Size) -> tuple[float, float]:
    """Milliseconds of processor time a step: in the checks, and in all else, of the same run."""
    torch.set_num_threads(1)
    watch, checks, timed = Watch(), 0.0, []
    plan = Plan(TESTED[0][0], size, 0)
    for record in sabotage.run(plan, timed):
        if not isinstance(record, Record):
            begun = time.process_time()
            continue
        start = time.process_time()
        watch.see(record)
        checks += time.process_time() - start
    checks += timed[0].seconds
    rest = time.process_time() - begun - checks
    return 1e3 * checks / plan.steps, 1e3 * rest / plan.steps


def measure() -> list[dict[str, Any]]:
    found = all_judged(plans(TESTED))
    sound = [one for one in found if not one.plan.spoiled]
    alarms = [one for one in sound if one.named]
    corpora, sizes, seeds = TESTED
    texts = "; ".join(sabotage.text(name).source for name in corpora)
    how = f"{', '.join(map(str, sizes))}; {texts}; seeds {seeds.start} to {seeds.stop - 1}"
    told = ", ".join(f"{one.plan.corpus} {one.plan.size} {one.plan.seed}: {one.causes}" for one in alarms) or "none"
    rows = [
        {
            "name": "false alarms", "ours": len(alarms), "peer": len(sound), "unit": "runs",
            "goal": f"≤ {FALSE} of {len(sound)}", "ok": len(alarms) <= FALSE, "how": f"{told}; {how}",
        }
    ]  # fmt: skip
    for name in SPOILED:
        runs = [one for one in found if one.plan.spoiled == name]
        right = [one for one in runs if name in one.causes]
        steps = [dict(one.named)[name] for one in right]
        others = Counter(cause for one in runs for cause in one.causes if cause != name)
        at = f"named at step {statistics.median(steps):.0f}, the median" if steps else "never named"
        also = f"; also named: {dict(others)}" if others else ""
        rows.append(
            {
                "name": name, "ours": len(right), "peer": len(runs), "unit": "runs",
                "goal": f"≥ {NAMED} of {len(runs)}", "ok": len(right) >= NAMED, "how": f"{at}{also}",
            }
        )  # fmt: skip
    for size in sizes:
        checks, rest = cost(size)
        rows.append(
            {
                "name": f"cost of the checks, {size}", "ours": checks, "peer": rest, "unit": "ms a step",
                "goal": f"< {COST:.0%} of the rest", "ok": checks < COST * rest,
                "how": f"{checks / rest:.2%}; processor time of both in the same run of {sabotage.STEPS} steps",
            }
        )  # fmt: skip
    return rows


def calibrate() -> None:
    """What was named of the runs that the thresholds were chosen on."""
    for one in all_judged(plans(CHOSEN)):
        print(one.plan.corpus, one.plan.size, one.plan.seed, one.plan.spoiled or "sound", one.named, flush=True)


if __name__ == "__main__":
    if sys.argv[1:] != ["calibrate"]:
        sys.exit("python benchmarks/run_health.py calibrate, or ./wenjin bench run-health")
    calibrate()
