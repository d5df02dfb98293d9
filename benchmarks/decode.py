"""Tokens a second that SmolLM2-135M writes, one text, two threads; the peers are transformers and llama.cpp.

Greedy, 64 tokens after 16, all in turn, round after round; the median of each counts. transformers has the same numbers
for weights, dequantized, in float32 and bfloat16, and writes by its own generate(); llama.cpp runs the file itself.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import llama_peer
import smollm2
import torch

from wenjin.stack.infer.bench import Reader, write

TOKENS, BEFORE = 64, 16
ROUNDS, SHORT = 9, 3


def generated(model: Any, ids: torch.Tensor, tokens: int) -> float:
    """Seconds of generate() for `tokens` tokens, less those for one: the reading is not counted."""
    spent = []
    for most in (1, tokens + 1):
        begun = time.perf_counter()
        model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=most, min_new_tokens=most, do_sample=False
        )
        spent.append(time.perf_counter() - begun)
    return spent[1] - spent[0]


def measure(full: bool = False) -> list[dict[str, Any]]:
    torch.set_num_threads(smollm2.THREADS)
    path, reader = smollm2.file(), Reader()
    ids = torch.randint(1000, 40000, (1, BEFORE), generator=torch.Generator().manual_seed(0))
    models = {f"ours {format}": smollm2.ours(path, format) for format in ("auto", "int8", "bf16", "fp32")}
    beside = ThreadPoolExecutor(1)
    models["ours auto, torch's kernels"] = smollm2.ours(path, "auto", "torch")
    ways = {name: lambda model=model: TOKENS / write(model, ids, TOKENS) for name, model in models.items()}
    auto = models["ours auto"]
    ways["ours auto, in a thread"] = lambda: TOKENS / beside.submit(write, auto, ids, TOKENS).result()
    for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        peer = smollm2.theirs(path, dtype)
        ways[f"transformers {name}"] = lambda peer=peer: TOKENS / generated(peer, ids, TOKENS)
    llama = llama_peer.Peer(path, smollm2.THREADS) if llama_peer.there() else None
    if llama is not None:
        ways["llama.cpp"] = lambda: TOKENS / llama.ask(prompt=ids[0].tolist(), tokens=TOKENS)["written"]
    ways["bandwidth"] = lambda: reader.bandwidth() / 1e9
    speeds = smollm2.in_turn(ways, ROUNDS if full else SHORT)
    if llama is not None:
        llama.close()
    return rows(speeds, {name: model.bytes for name, model in models.items()})


def rows(speeds: dict[str, float], bytes: dict[str, int]) -> list[dict[str, Any]]:
    gigabytes = {name: speeds[name] * bytes[name] / 1e9 for name in bytes}
    listed = "; ".join(f"{name} {speed:.1f}" for name, speed in speeds.items())
    shares = "; ".join(f"{name} {value / speeds['bandwidth']:.0%}" for name, value in gigabytes.items())
    how = f"medians of rounds in turn, 2 threads, {TOKENS} tokens after {BEFORE}, greedy. {listed} GB/s"
    how += f". Weights read, of that bandwidth: {shares}"
    four, peer = speeds["ours auto"], speeds["transformers fp32"]
    single, limit = gigabytes["ours fp32"], speeds["bandwidth"]
    told = [
        row("4 bits, by transformers float32", four, peer, 3.5, how),
        row("4 bits, by llama.cpp", four, speeds.get("llama.cpp", 0.0), 1.0, how),
        row("4 bits, by llama.cpp, the further goal", four, speeds.get("llama.cpp", 0.0), 1.5, how),
    ]
    thread = row(
        "4 bits, in a thread as a server writes, by the main thread", speeds["ours auto, in a thread"], four, 0.8, how
    )
    if "llama.cpp" not in speeds:
        for one in told[1:]:
            one |= {"ok": False, "how": llama_peer.MISSING}
    return [*told, thread, row("float32, weights read, by memory", single, limit, 0.7, how) | {"unit": "GB/s"}]


def row(name: str, ours: float, peer: float, goal: float, how: str) -> dict[str, Any]:
    told = {"name": name, "ours": ours, "peer": peer, "unit": "tokens/s", "goal": f"≥ {goal:g} ×"}
    return {**told, "ok": ours >= goal * peer, "how": how}
