"""What a model costs, counted from its shapes: parameters, bytes and arithmetic, by part.

    with torch.device("meta"):                                         nothing is allocated
        model = GPT2(vocab=50257, dim=768, layers=12, heads=12, context=1024)
    ledger(model, length=1024)

    part            parameters    bytes (float32)    FLOPs a token, forward
    embedding       39,383,808    157,535,232        -
    attention       28,348,416    113,393,664        94,371,840
    feed-forward    56,669,184    226,676,736        113,246,208
    norm            38,400        153,600            -
    head            tied          tied               77,194,752
    in all          124,439,808   497,759,232        284,812,800

A product of a vector with a matrix is 2 FLOPs a weight. Attention adds, for each head, a product with every key and
one with every value that the text has: all `length` of them, as programs compute it, masked ones included. Training
costs three times the forward pass: gradients at activations and at weights are a product each. Sums, norms, softmax
and lookups are left out; together they stay below a hundredth.

Omits    memory of activations and optimizers, experts
Sources  6 FLOPs a parameter and token: arXiv:2001.08361 (2.1); attention's part: arXiv:2204.02311 (B)
Proof    tests/stack/models/test_ledger.py: FLOPs equal torch's own counter, forward and training; published sizes of
         GPT-2, Llama, Qwen, SmolLM2 and BERT within 1 %
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from wenjin.stack.models.bert import Bert, PretrainingBert
from wenjin.stack.models.gpt2 import GPT2, Turned
from wenjin.stack.models.llama import Llama

Model = GPT2 | Llama | Bert | PretrainingBert
PARTS: Mapping[str, tuple[str, ...]] = {  # a part, and what the name of a module in it has; the first that fits
    "head": ("lm_head", "cls.", "pooler"),
    "norm": ("norm", "ln_", "LayerNorm"),
    "attention": ("attn", "attention"),
    "feed-forward": ("mlp", "intermediate", "output"),
    "embedding": ("embed", "wte", "wpe"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One part. `flops`: of a forward pass, for each token. Tied parameters stand where they are first named."""

    part: str
    parameters: int
    bytes: int
    flops: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """`length`: tokens of the text that the counts are for. `cache`: bytes of keys and values for each token."""

    rows: tuple[Row, ...]
    length: int
    cache: int

    @property
    def parameters(self) -> int:
        return sum(row.parameters for row in self.rows)

    @property
    def bytes(self) -> int:
        return sum(row.bytes for row in self.rows)

    @property
    def flops(self) -> int:
        """Of a forward pass, for each token."""
        return sum(row.flops for row in self.rows)

    @property
    def training(self) -> int:
        """FLOPs of a training step, for each token: forward, and twice that backward."""
        return 3 * self.flops


def ledger(model: Model, length: int, bytes_each: int | None = None) -> Ledger:
    """Count a model, on any device, the meta device included.

    length: tokens in the text, which decides what attention costs. bytes_each: of a number that is kept; None: as the
    parameters are.
    """
    kept: dict[str, list[int]] = {part: [0, 0, 0] for part in PARTS}
    for name, value in model.named_parameters():
        row = kept[part_of(name)]
        row[0] += value.numel()
        row[1] += value.numel() * (bytes_each or value.element_size())
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | Turned) and not name.endswith(("pooler.dense", "seq_relationship")):
            kept[part_of(name)][2] += 2 * module.weight.numel()
    s: dict[str, Any] = model.settings()
    width = s.get("head_dim") or s["dim"] // s["heads"]
    kept["attention"][2] += 4 * s["layers"] * s["heads"] * width * length
    number = bytes_each or next(model.parameters()).element_size()
    cache = 2 * s["layers"] * (s.get("kv_heads") or s["heads"]) * width * number
    cache = cache if isinstance(model, GPT2 | Llama) else 0  # an encoder keeps none
    rows = tuple(Row(part, *numbers) for part, numbers in kept.items() if any(numbers))
    return Ledger(rows, length, cache)


def part_of(name: str) -> str:
    """The part that a parameter or module belongs to. Raises ValueError for a name that fits none."""
    for part, words in PARTS.items():
        if any(word in name for word in words):
            return part
    raise ValueError(f"{name} belongs to no part that the ledger knows")
