"""SmolLM2-135M with and without guesses: looked up in its own text, and made by itself in four bits.

Greedy, 96 tokens, two threads, all in turn, round after round; the median of each counts. "Repeats": it goes on with
records of JSON (in data and code much has stood there before); "plain": it is asked for a story. The model in float32
is also given its own weights in four bits as a draft. The peer is the same model without guesses, on the same text.
"""

import time
from collections.abc import Callable
from typing import Any

import smollm2
import torch

from wenjin.stack.compress import gguf_model
from wenjin.stack.infer.generate import Causal, generate
from wenjin.stack.infer.sampling import Sampler
from wenjin.stack.infer.speculative import Counts, Lookup, Smaller, speculate
from wenjin.stack.text import tokenizer_gguf

TOKENS = 96
GUESSES = 4  # a pass: more cost more than they bring where few come true
ROUNDS, SHORT = 7, 3
RECORDS = """{"id": 1, "name": "Ada", "city": "London", "year": 1815, "field": "mathematics", "alive": false}
{"id": 2, "name": "Alan", "city": "London", "year": 1912, "field": "logic", "alive": false}
{"id": 3, "name": "Grace", "city": "New York", "year": 1906, "field": "compilers", "alive": false}
"""
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def prompts(tokenizer: Any) -> dict[str, torch.Tensor]:
    asked = "Write a short story about a lighthouse keeper and his daughter."
    chat = f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n{asked}<|im_end|>\n<|im_start|>assistant\n"
    texts = {"repeats": RECORDS, "plain": chat}
    return {kind: torch.tensor([tokenizer.encode(text, allowed=tokenizer.specials)]) for kind, text in texts.items()}


def alone(model: Causal, ids: torch.Tensor) -> list[int]:
    return [int(id) for id in generate(model, ids, most=TOKENS, choose=Sampler(temperature=0))]


def ahead(model: Causal, ids: torch.Tensor, small: Causal | None, counts: Counts | None = None) -> list[int]:
    draft = Smaller(small, ids.shape[1] + TOKENS) if small else Lookup(3, 2)
    sampler = Sampler(temperature=0)
    return list(speculate(model, ids, most=TOKENS, sampler=sampler, draft=draft, length=GUESSES, counts=counts))


def speed(write: Callable[[], list[int]]) -> float:
    """Tokens a second, the prompt's reading counted: both sides read it."""
    begun = time.perf_counter()
    return len(write()) / (time.perf_counter() - begun)


def measure(full: bool = False) -> list[dict[str, Any]]:
    torch.set_num_threads(smollm2.THREADS)
    path = smollm2.file()
    tokenizer = tokenizer_gguf.from_metadata(gguf_model.parts(path).metadata)
    told = []
    models = {format: smollm2.ours(path, format) for format in ("fp32", "auto")}
    for kind, ids in prompts(tokenizer).items():
        for format, model in models.items():
            goal = 1.2 if kind == "repeats" else 0.9
            told.append(row(model, ids, f"{format}, looked up, {kind}", goal, full))
        told.append(row(models["fp32"], ids, f"fp32, drafted in 4 bits, {kind}", 1.5, full, models["auto"]))
    return told


def row(
    model: Causal, ids: torch.Tensor, name: str, goal: float, full: bool, small: Causal | None = None
) -> dict[str, Any]:
    counts = Counts()
    same = ahead(model, ids, small, counts) == alone(model, ids)
    speeds = smollm2.in_turn(
        {
            "ahead": lambda: speed(lambda: ahead(model, ids, small)),
            "alone": lambda: speed(lambda: alone(model, ids)),
        },
        ROUNDS if full else SHORT,
    )
    how = f"medians of rounds in turn, 2 threads, {TOKENS} tokens after {ids.shape[1]}, greedy, {GUESSES} guesses "
    how += "a pass; "
    how += f"guesses kept {counts.acceptance:.0%} of {counts.guessed}, {counts.a_pass:.2f} tokens a pass; "
    how += "the same tokens" if same else "other tokens, where two scores lie closer than rounding"
    told = {"name": name, "ours": speeds["ahead"], "peer": speeds["alone"], "unit": "tokens/s", "goal": f"≥ {goal:g} ×"}
    return {**told, "ok": speeds["ahead"] >= goal * speeds["alone"], "how": how}
