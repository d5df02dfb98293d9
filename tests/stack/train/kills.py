"""Rounds of processes that are signalled at any moment: `kills.py FOLDER ROUNDS ROUNDS`, first saving, then training.

Prints JSON: what went wrong in the rounds of each kind, how many found a checkpoint, how long the longest stop took.
torch is loaded once and every round is a fork of it, which is safe because nothing here uses more than one thread.
"""

import functools
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import torch

from tests.stack.train.tiny import Data, Net, fingerprint, optimizers
from wenjin.stack.train import checkpoint, snapshot
from wenjin.stack.train.checkpoint import Keeper
from wenjin.stack.train.loop import fit

STEPS = 40


def saves(folder: Path, first: int, tell: int) -> None:
    keeper = Keeper(folder, config={})
    with keeper.held():
        for step in range(first, first + 10_000):
            tree = {"weights": {"w": torch.full((50_000,), float(step))}, "step": step, "more": torch.full((9,), step)}
            keeper.save(step, tree)
            os.write(tell, step.to_bytes(4, "big"))


def killed_while_saving(folder: Path, rounds: int) -> dict[str, Any]:
    dice, found, first, taken = random.Random(0), 0, 1, 0.01
    wrong: list[str] = []
    for n in range(rounds):
        hear, tell = os.pipe()
        child = os.fork()
        if child == 0:
            saves(folder, first, tell)
        os.close(tell)
        with os.fdopen(hear, "rb", buffering=0) as pipe:
            start = time.perf_counter()
            told = pipe.read(4) if n % 4 else b""  # one in four is killed while it saves for the first time
            taken = time.perf_counter() - start if told else taken
            time.sleep(dice.uniform(0.0, 2 * taken))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            told += pipe.read()
        last = int.from_bytes(told[-4:], "big") if told else first - 1
        keeper = Keeper(folder, config={})
        newest = keeper.newest()
        if keeper.refused:
            wrong.append(f"round {n}: a checkpoint that has its name is not whole: {keeper.refused}")
        if newest is None:
            if last:
                wrong.append(f"round {n}: step {last} was saved, and nothing is there")
            continue
        found += 1
        step = newest.tree["step"]
        if not last <= step <= last + 1:
            wrong.append(f"round {n}: step {last} was saved last, and {step} is there")
        if not (newest.weights["w"] == step).all() or not (newest.tree["more"] == step).all():
            wrong.append(f"round {n}: step {step} holds another step's numbers")
        first = step + 1
    left = sorted(path.name for path in folder.iterdir() if path.name.startswith("step"))
    with Keeper(folder, config={}).held():
        strays = [path.name for path in folder.iterdir() if path.name.startswith(".")]
    if len(left) > 3 or strays:
        wrong.append(f"left over: {left}, {strays}")
    return {"wrong": wrong, "found": found}


def trains(folder: Path, tell: int) -> None:
    """Tells each step that it took; at the end the word of the last event."""
    net = Net()
    events = ()
    for record in fit(
        net, net.loss, Data(), optimizers(net), steps=STEPS, keeper=Keeper(folder, config={}), save_every=3
    ):
        os.write(tell, f"{record.step} ".encode())
        events = record.events
    os.write(tell, (events[-1].name if events else "nothing").encode())


def stopped_while_training(folder: Path, rounds: int) -> dict[str, Any]:
    """One run after the other, each stopped and resumed until it is done; then its weights are looked at."""
    dice, longest, ends = random.Random(1), 0.0, []
    wrong: list[str] = []
    runs = 0
    step = 0
    for n in range(rounds):
        place = folder / str(runs)
        hear, tell = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                trains(place, tell)
            finally:
                os._exit(0)
        os.close(tell)
        how = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP)[n % 4]
        with os.fdopen(hear, "rb", buffering=0) as pipe:
            told = pipe.read(2)  # it is under way
            time.sleep(dice.uniform(0.0, 0.1))
            start = time.perf_counter()
            if how == signal.SIGSTOP:
                os.kill(child, how)
                time.sleep(0.05)
                os.kill(child, signal.SIGCONT)
                how = signal.SIGTERM
            os.kill(child, how)
            _, status = os.waitpid(child, 0)
            longest = max(longest, time.perf_counter() - start)
            while data := pipe.read(65536):
                told += data
        *words, last = told.decode().split() or [""]
        steps = [int(word) for word in words if word.isdigit()] + ([int(last)] if last.isdigit() else [])
        keeper = Keeper(place, config={})
        newest = keeper.newest()
        if keeper.refused:
            wrong.append(f"round {n}: {keeper.refused}")
        kept = newest.tree["progress"]["step"] if newest else 0
        if steps and steps[0] != step + 1:
            wrong.append(f"round {n}: went on with step {steps[0]} after {step}")
        if how == signal.SIGKILL:
            if steps and steps[-1] - kept > 3:
                wrong.append(f"round {n}: step {steps[-1]} was taken, and {kept} is kept")
        else:
            ends.append(last)
            if status or last not in ("stopped", "finished"):
                wrong.append(f"round {n}: status {status}, and {last!r} at its end")
            if steps and kept != steps[-1]:
                wrong.append(f"round {n}: stopped after step {steps[-1]}, and {kept} is kept")
        step = kept
        if kept == STEPS or n == rounds - 1:
            net = Net()
            list(fit(net, net.loss, Data(), optimizers(net), steps=STEPS, keeper=Keeper(place, config={})))
            snapshot.put_weights(net, checkpoint.newest(place).weights)
            if fingerprint(net) != unbroken():
                wrong.append(f"round {n}: the run ended with other weights than one that nobody stopped")
            runs, step = runs + 1, 0
    return {"wrong": wrong, "ends": ends, "longest": longest, "runs": runs}


@functools.cache
def unbroken() -> str:
    net = Net()
    list(fit(net, net.loss, Data(), optimizers(net), steps=STEPS))
    return fingerprint(net)


def main(folder: Path, saving: int, training: int) -> None:
    torch.set_num_threads(1)
    (folder / "saving").mkdir()
    told: dict[str, Any] = {"saving": killed_while_saving(folder / "saving", saving)}
    told["training"] = stopped_while_training(folder / "training", training)
    slow = ("torch._dynamo", "torch.distributed.tensor", "torch.distributed.fsdp", "tensorboardX")
    print(json.dumps(told | {"loaded": [name for name in slow if name in sys.modules]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
