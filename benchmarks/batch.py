"""Tokens a second for eight texts of SmolLM2-135M at once, two threads; peers: llama.cpp and transformers.

Greedy, 64 tokens each after 16, all in turn, round after round; the median of each counts. Ours goes through the engine
as a server would: its queue, pages, choice and stop strings are in the time. llama.cpp runs the file itself with one
sequence a text; transformers writes by generate() with the same numbers for weights.
"""

import time
from typing import Any

import decode
import llama_eight
import llama_peer
import smollm2
import torch

from wenjin.stack.infer.engine import Engine
from wenjin.stack.infer.request import Request

TEXTS, TOKENS, BEFORE = 8, 64, 16
ROUNDS, SHORT = 9, 3
GOAL = 1.5


def written(model: Any, prompts: list[list[int]], *, deterministic: bool = False) -> float:
    """Tokens a second, from when every text has its first: the reading is not counted."""
    engine = Engine(model, [], batch=len(prompts), room=1024, prefix=False, deterministic=deterministic)
    tickets = [engine.submit(Request(tuple(ids), TOKENS + 1, temperature=0.0)) for ids in prompts]
    while not all(ticket.tokens_so_far for ticket in tickets):
        engine.step()
    begun, had = time.perf_counter(), sum(len(ticket.tokens_so_far) for ticket in tickets)
    while engine.step():
        pass
    spent = time.perf_counter() - begun
    return (len(prompts) * (TOKENS + 1) - had) / spent


def measure(full: bool = False) -> list[dict[str, Any]]:
    torch.set_num_threads(smollm2.THREADS)
    path = smollm2.file()
    ids = torch.randint(1000, 40000, (TEXTS, BEFORE), generator=torch.Generator().manual_seed(0))
    prompts: list[list[int]] = ids.tolist()
    all = TEXTS * TOKENS
    models = {f"ours {format}": smollm2.ours(path, format) for format in ("auto", "int8", "bf16", "fp32")}
    ways = {name: lambda model=model: written(model, prompts) for name, model in models.items()}
    ways["ours auto, deterministic"] = lambda: written(models["ours auto"], prompts, deterministic=True)
    ways["ours auto, one text"] = lambda: written(models["ours auto"], prompts[:1])
    for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        peer = smollm2.theirs(path, dtype)
        ways[f"transformers {name}"] = lambda peer=peer: all / decode.generated(peer, ids, TOKENS)
    llama = llama_peer.Peer(path, smollm2.THREADS, llama_eight.__file__) if llama_peer.there() else None
    if llama is not None:
        ways["llama.cpp"] = lambda: all / llama.ask(prompts=prompts, tokens=TOKENS)["written"]
    speeds = smollm2.in_turn(ways, ROUNDS if full else SHORT)
    if llama is not None:
        llama.close()
    return rows(speeds)


def rows(speeds: dict[str, float]) -> list[dict[str, Any]]:
    how = (
        f"medians of rounds in turn, 2 threads, {TEXTS} texts, {TOKENS} tokens each after {BEFORE}, greedy; tokens/s: "
    )
    how += "; ".join(f"{name} {speed:.1f}" for name, speed in speeds.items())
    ours, peer = speeds["ours auto"], speeds.get("llama.cpp", 0.0)
    told = [
        decode.row("eight texts, 4 bits, by llama.cpp", ours, peer, GOAL, how),
        decode.row("eight texts, 4 bits, by transformers bfloat16", ours, speeds["transformers bf16"], 1.0, how),
    ]
    if not peer:
        told[0] |= {"ok": False, "how": llama_peer.MISSING}
    return told
