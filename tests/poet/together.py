"""A worker of test_processes.py: `together.py DATA OUT`; weights after 20 steps go into OUT, one file a way and rank.

Started alone it trains alone.
"""

import sys
from itertools import islice
from pathlib import Path

import torch

from wenjin.poet.dial import Machine
from wenjin.poet.places import Places
from wenjin.poet.pretrain import begin
from wenjin.stack.files import safetensors
from wenjin.stack.train import snapshot
from wenjin.stack.train.data_parallel import CPU, Group

STEPS = 20
SLOW = Machine(speed=1e9, precision="float64", threads=1)  # where rounding is not in the way


def run(places: Places, group: Group, name: str, out: Path, *, shard: bool = False) -> None:
    """20 steps of the smallest plan; what the first process finds held out and the weights of each go into `out`."""
    run = begin(places.home(name), places, depth=2, shard=shard, group=group, machine=lambda: SLOW, compiled=False)
    records = run.records()
    for _ in islice(records, STEPS):
        pass
    told = {"held": str(run.evaluate())}
    weights = snapshot.weights(run.whole())
    safetensors.save(out / f"{name}-{group.rank}.safetensors", weights, told)
    records.close()


def main(data: Path, out: Path) -> None:
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)  # Muon makes much of little: in float32 its steps show rounding
    group, places = Group.join(minutes=2, device=CPU), Places(data)
    if group.size == 1:
        run(places, group, "alone", out)
    else:
        for name in ("once", "twice"):
            run(places, group, name, out)
        run(places, group, "shards", out, shard=True)
    group.leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
