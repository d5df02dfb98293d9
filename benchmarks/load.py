"""Seconds and memory until SmolLM2 can write, from its mapped file; the peer is transformers reading the same file.

Each load is a process of its own, its libraries imported before the clock starts, the file in the system's cache, which
a first load of each has brought. Memory is what belongs to the process alone after one token (private pages), less what
it had after the imports; of pages of the mapped file that were read, the system takes back what it needs.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROUNDS, SHORT = 9, 3
SECONDS, SPARE = 1.0, 150.0  # to load; MB beside weights and cache
ROOM = 2048  # tokens of the cache
THREADS = 2


def private() -> float:
    """MB of this process alone, now."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    kept = [line.split() for line in lines if line.startswith(("Private_Clean", "Private_Dirty"))]
    return sum(int(part[1]) for part in kept) / 1024


def loads(path: Path, way: str) -> dict[str, float]:
    """In a process of its own: what `way` takes to load the file, and what it holds after one token."""
    import torch

    from wenjin.stack.compress import gguf_model
    from wenjin.stack.infer.fast import fast
    from wenjin.stack.infer.generate import cache_for
    from wenjin.stack.serve import local

    torch.set_num_threads(THREADS)
    if way == "transformers":
        import transformers
        from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint
    before, begun = private(), time.perf_counter()
    model: Any
    if way == "ours":
        model = local.opened(path, threads=THREADS).model
    elif way == "weights":
        parts = gguf_model.parts(path)
        model = fast(parts.weights, parts.settings)
        del parts
    elif way == "float32":
        model = gguf_model.load(path)
    else:
        config = transformers.AutoConfig.for_model(**load_gguf_checkpoint(path)["config"])
        model = transformers.AutoModelForCausalLM.from_config(config).eval()
        model.load_state_dict(load_gguf_checkpoint(path, return_tensors=True, model_to_load=model)["tensors"], False)
    spent = time.perf_counter() - begun
    if way == "transformers":
        size = sum(value.numel() * value.dtype.itemsize for value in model.parameters()) / 2**20
        return {"seconds": spent, "held": private() - before, "weights": size, "cache": 0.0}
    cache = cache_for(model, batch=1, room=ROOM)
    with torch.no_grad():
        model.logits(model.states(torch.tensor([[1, 2, 3]]), cache))
    weights = model.bytes if hasattr(model, "bytes") else sum(x.numel() * 4 for x in model.parameters())
    return {"seconds": spent, "held": private() - before, "weights": weights / 2**20, "cache": cache.bytes / 2**20}


def apart(path: Path, way: str) -> dict[str, float]:
    environment = os.environ | {"OMP_NUM_THREADS": str(THREADS)}
    done = subprocess.run(
        [sys.executable, __file__, str(path), way], capture_output=True, text=True, env=environment, check=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(f"{way}: {found}", file=sys.stderr)
    return found


def measure(full: bool = False) -> list[dict[str, Any]]:
    import smollm2

    path, rounds = smollm2.file(), ROUNDS if full else SHORT
    ways = ("ours", "weights", "float32", "transformers")
    told: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for number in range(rounds + 1):
        for way in ways:
            found = apart(path, way)
            if number:
                told[way].append(found)
    typical = {
        way: {key: statistics.median(one[key] for one in found) for key in found[0]} for way, found in told.items()
    }
    ours, theirs = typical["ours"], typical["transformers"]
    spare = ours["held"] - ours["weights"] - ours["cache"]
    how = f"median of {rounds} processes each, {THREADS} threads, file in the system's cache"
    return [
        {
            "name": "load of SmolLM2-135M, 4 bits, with tokenizer and template",
            "ours": ours["seconds"],
            "peer": theirs["seconds"],
            "unit": "s",
            "goal": f"≤ {SECONDS:g} s",
            "ok": ours["seconds"] <= SECONDS,
            "how": f"{how}; the weights alone {typical['weights']['seconds']:.2f} s, all of them as float32 "
            f"{typical['float32']['seconds']:.2f} s; the peer is transformers, without its tokenizer",
        },
        {
            "name": "memory beside weights and cache",
            "ours": spare,
            "peer": theirs["held"] - theirs["weights"],
            "unit": "MB",
            "goal": f"≤ {SPARE:g} MB",
            "ok": spare <= SPARE,
            "how": f"{how}; private pages after the first token less those after the imports: {ours['held']:.0f} MB, "
            f"of them weights {ours['weights']:.0f} and cache of {ROOM} tokens {ours['cache']:.0f}; "
            f"transformers {theirs['held']:.0f}, of them weights {theirs['weights']:.0f}",
        },
    ]


if __name__ == "__main__":
    print(json.dumps(loads(Path(sys.argv[1]), sys.argv[2])))
