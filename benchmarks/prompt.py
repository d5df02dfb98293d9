"""Tokens a second that SmolLM2-135M reads of a prompt of 512, two threads; the peers are transformers and llama.cpp.

Until the token after the prompt is known, keys and values kept; all in turn, the median of each counts. transformers
runs in bfloat16 with the same numbers for weights, as generate() calls it; llama.cpp runs the file itself.
"""

import time
from typing import Any

import llama_peer
import smollm2
import torch

from wenjin.stack.infer.bench import read

PROMPT = 512
ROUNDS, SHORT = 15, 5


@torch.no_grad()
def forward(model: Any, ids: torch.Tensor) -> float:
    begun = time.perf_counter()
    model(ids, use_cache=True, logits_to_keep=1)
    return time.perf_counter() - begun


def measure(full: bool = False) -> list[dict[str, Any]]:
    torch.set_num_threads(smollm2.THREADS)
    path = smollm2.file()
    ids = torch.randint(1000, 40000, (1, PROMPT), generator=torch.Generator().manual_seed(0))
    models = {f"ours {format}": smollm2.ours(path, format) for format in ("auto", "int8", "bf16", "fp32")}
    ways = {name: lambda model=model: PROMPT / read(model, ids) for name, model in models.items()}
    for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        peer = smollm2.theirs(path, dtype)
        ways[f"transformers {name}"] = lambda peer=peer: PROMPT / forward(peer, ids)
    llama = llama_peer.Peer(path, smollm2.THREADS) if llama_peer.there() else None
    if llama is not None:
        ways["llama.cpp"] = lambda: PROMPT / llama.ask(prompt=ids[0].tolist(), tokens=0)["read"]
    speeds = smollm2.in_turn(ways, ROUNDS if full else SHORT)
    if llama is not None:
        llama.close()
    return rows(speeds)


def rows(speeds: dict[str, float]) -> list[dict[str, Any]]:
    how = f"medians of rounds in turn, 2 threads, {PROMPT} tokens. "
    how += "; ".join(f"{name} {speed:,.0f}" for name, speed in speeds.items())
    told = []
    for name, peer, goal in (("transformers bfloat16", "transformers bf16", 0.9), ("llama.cpp", "llama.cpp", 1.0)):
        ours, other = speeds["ours auto"], speeds.get(peer, 0.0)
        row = {"name": f"prompt of {PROMPT}, 4 bits, by {name}", "ours": ours, "peer": other, "unit": "tokens/s"}
        row |= {"goal": f"≥ {goal:g} ×", "ok": peer in speeds and ours >= goal * other, "how": how}
        told.append(row if peer in speeds else row | {"how": llama_peer.MISSING})
    return told
