"""What each format of weights costs in perplexity, on real text; the peer of each is the model before it was rounded.

SmolLM2's weights, dequantized to float32, are rounded anew to each format and read back, all matrices, the embedding
too, which is the head. They come out of Q4_1 and Q8_0, so that formats which hold those steps lose less than they would
of the first weights. Its rows of 576 are no whole number of blocks of the K types: matrices with such rows take the
type that stands in for it, and only `down_proj` is of the K type. Poets that were trained here are rounded too.

Also what the ways to run it cost (`wenjin serve --format`): the file as it is, its vectors rounded to eight bits on
their way, and eight or four bits for all. Those are read a few tokens at a time, as when they write.
"""

import math
import sys
from pathlib import Path
from typing import Any

import smollm2
import torch
import torch.nn.functional as F
from torch import Tensor

from wenjin.poet.places import Places
from wenjin.stack.compress.blocks import dequantize
from wenjin.stack.compress.gguf_model import FILE_TYPES, kept, load
from wenjin.stack.data.load import load as corpus
from wenjin.stack.data.verse import document, open_corpus
from wenjin.stack.files import gguf
from wenjin.stack.infer.fast import Fast
from wenjin.stack.infer.generate import cache_for
from wenjin.stack.models.llama import Llama
from wenjin.stack.models.weights import from_pretrained
from wenjin.stack.serve.shelf import poets
from wenjin.stack.text import tokenizer_gguf, tokenizer_json

FULL, SHORT, WINDOW, BATCH = 64, 8, 256, 4  # windows of text, tokens in each, windows read at once
FEW = 16  # tokens that a packed model reads at once: by the kernels that write
RUN = {"auto": 0.01, "bf16": 0.01, "int8": 0.01, "int4": 0.15}  # as LOST, of infer/fast.py
LOST = {  # the most that a format may add to the logarithm of the perplexity: what SmolLM2 lost, and a quarter more
    "F16": 0.001,
    "BF16": 0.003,
    "Q8_0": 0.005,
    "Q6_K": 0.01,
    "Q5_1": 0.22,
    "Q5_0": 0.13,
    "Q5_K": 0.17,
    "Q4_1": 0.08,
    "Q4_0": 0.33,
    "Q4_K": 0.11,
    "Q3_K": 0.42,
    "Q2_K": 2.0,
}


def windows(ids: list[int], count: int, length: int) -> Tensor:
    """Spread evenly over the text: (count, length)."""
    count = min(count, len(ids) // length)
    step = len(ids) // count
    return torch.tensor([ids[n * step : n * step + length] for n in range(count)])


@torch.no_grad()
def loss(model: Llama, text: Tensor) -> float:
    """Mean of -log p of each token after the first of its window."""
    total = 0.0
    for first in range(0, len(text), BATCH):
        ids = text[first : first + BATCH]  # (B, T)
        logits = model(ids[:, :-1])  # (B, T - 1, V)
        total += float(F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="sum"))
    return total / (len(text) * (text.shape[1] - 1))


def rounded(weights: dict[str, Tensor], kind: str) -> tuple[dict[str, Tensor], float]:
    """All of them, as they are read back, and the bits that a value takes."""
    packed = {name: kept(value, kind) for name, value in weights.items()}
    bits = 8 * sum(one.raw.numel() for one in packed.values()) / sum(value.numel() for value in weights.values())
    return {name: dequantize(one) for name, one in packed.items()}, bits


def compared(name: str, model: Llama, text: Tensor) -> list[dict[str, Any]]:
    weights = {key: value.detach().clone() for key, value in model.named_parameters()}
    whole, rows = loss(model, text), []
    for kind in FILE_TYPES:
        if kind == "F32":
            continue
        new, bits = rounded(weights, kind)
        model.load_state_dict(new, strict=False)
        lost = loss(model, text) - whole
        print(f"{name} {kind}: {bits:.2f} bits a value, {lost:+.4f}", file=sys.stderr, flush=True)
        row = {"name": f"{name}, {kind}", "ours": math.exp(whole + lost), "peer": math.exp(whole), "unit": "perplexity"}
        row |= {"goal": f"≤ × {math.exp(LOST[kind]):.3f}", "ok": lost <= LOST[kind]}
        how = f"{bits:.2f} bits a value; {len(text)} windows of {text.shape[1]} tokens; lost {lost:+.4f} nats a token"
        rows.append({**row, "how": how})
    return rows


@torch.no_grad()
def run(model: Fast, text: Tensor) -> float:
    """As `loss`, by the kernels that write."""
    total = 0.0
    for window in text:
        cache = cache_for(model, batch=1, room=len(window))
        states = torch.cat([model.states(few[None], cache)[0] for few in window[:-1].split(FEW)])  # (T - 1, D)
        total += float(F.cross_entropy(model.logits(states), window[1:], reduction="sum"))
    return total / (len(text) * (text.shape[1] - 1))


def ran(path: Path, text: Tensor) -> list[dict[str, Any]]:
    whole, rows = run(smollm2.ours(path, "fp32"), text), []
    for format, most in RUN.items():
        model = smollm2.ours(path, format)
        lost = run(model, text) - whole
        print(f"run as {format}: {lost:+.4f}", file=sys.stderr, flush=True)
        row = {"name": f"run as {format}", "ours": math.exp(whole + lost), "peer": math.exp(whole)}
        row |= {"unit": "perplexity", "goal": f"≤ × {math.exp(most):.3f}", "ok": lost <= most}
        how = f"{model.bytes / 2**20:.0f} MB; peer: float32; {len(text)} windows of {text.shape[1]} tokens"
        rows.append({**row, "how": f"{how}; lost {lost:+.4f} nats a token"})
    return rows


def measure(full: bool = False) -> list[dict[str, Any]]:
    torch.set_num_threads(smollm2.THREADS)
    count, path = FULL if full else SHORT, smollm2.file()
    tokenizer = tokenizer_gguf.from_metadata(gguf.read(path).metadata)
    works = corpus("english-classics", part="addresses", excerpt=True).rows
    ids = tokenizer.encode("\n\n".join(work.text for work in works))
    text = windows(ids, count, WINDOW)
    rows = ran(path, text) + compared("SmolLM2-135M, six addresses", load(path), text)
    for name, folder in poets().items():
        words = tokenizer_json.read(folder / "tokenizer.json")
        read = [
            word
            for verse in open_corpus(Places().corpus).rows("valid")
            for word in words.encode(document(verse), words.specials)
        ]
        model = from_pretrained(folder, dtype=torch.float32)
        assert isinstance(model, Llama)
        rows += compared(f"{name}, poems held back", model.eval(), windows(read, 8 * count, 64))
    return rows
