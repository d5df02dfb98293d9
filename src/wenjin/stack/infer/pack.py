"""From the weights of a Llama, or the parts of a file, to the packed layers of infer/fast.py.

    q, k, v below one another: one matrix      gate and up too, each filled up to a multiple of 16 rows

            auto              fp32       bf16        int8               int4
    dense   as it is          float32    bfloat16    groups, 8 bits     groups, 4 bits
    blocks  as they are       dense      dense       8 bits             4 bits as they are, others anew
    embedding and head alike, but never below 8 bits unless the file has them so

Omits    experts, biases of the head
Shapes   O rows, outputs   I columns, inputs
Proof    tests/stack/infer/test_fast.py
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from wenjin.stack.infer.groups import BLOCKS, Block, Groups, filled, of_block, rounded, stacked
from wenjin.stack.infer.matrices import Matrix

Format = Literal["auto", "fp32", "bf16", "int8", "int4"]
Weight = Tensor | Groups
Part = Tensor | Block
EVEN = 16  # rows by which the two halves inside SwiGLU are filled up
STRAIGHT = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


@dataclass(frozen=True)
class Layer:
    norm1: Tensor
    qkv: Matrix
    q_norm: Tensor | None
    k_norm: Tensor | None
    out: Matrix
    norm2: Tensor
    gate_up: Matrix
    down: Matrix


class Packer:
    """Hands out the matrices of `parts` (published name -> part), each made by `make` (weight, bias, table or not)."""

    def __init__(
        self,
        parts: Mapping[str, Part],
        format: Format,
        make: Callable[[Weight, Tensor | None, bool], Matrix],
        dequantize: Callable[[Block], Tensor] | None,
    ) -> None:
        self.parts, self.format, self.make, self.dequantize = parts, format, make, dequantize

    def dense(self, part: Part) -> Tensor:
        if isinstance(part, Tensor):
            return part.detach()
        if part.kind in STRAIGHT:
            return part.raw.view(STRAIGHT[part.kind]).view(part.shape)
        if part.kind in BLOCKS:
            return of_block(part).dense()
        if self.dequantize is None:
            raise ValueError(f"blocks of type {part.kind} need someone to dequantize them")
        return self.dequantize(part)

    def weight(self, name: str, least: int = 4) -> Weight:
        """In the format asked for; of at least so many bits where it is rounded here."""
        part = self.parts[name]
        loose = isinstance(part, Tensor) or part.kind in STRAIGHT
        if self.format == "auto" and loose:
            dense = self.dense(part)
            return dense if dense.dtype == torch.bfloat16 else dense.float()
        if self.format in ("fp32", "bf16"):
            return self.dense(part).to(torch.float32 if self.format == "fp32" else torch.bfloat16)
        kept = None if isinstance(part, Tensor) or part.kind not in BLOCKS else of_block(part)
        if kept is not None and (self.format == "auto" or (self.format == "int8") == (kept.bits == 8)):
            return kept
        if kept is not None and kept.bits >= least > 4:
            return kept
        return rounded(self.dense(part), 4 if self.format == "int4" and least == 4 else 8)

    def optional(self, name: str) -> Tensor | None:
        return self.dense(self.parts[name]).float().contiguous() if name in self.parts else None

    def norm(self, name: str) -> Tensor:
        return self.dense(self.parts[name]).float().contiguous()

    def matrix(self, at: str, names: list[str], even: int = 1) -> Matrix:
        """Matrices that read the same vector as one, with their biases."""
        weights = alike([self.weight(f"{at}{name}.weight") for name in names])
        biases = [self.optional(f"{at}{name}.bias") for name in names]
        bias = None
        if any(part is not None for part in biases):
            whole = [torch.zeros(rows_of(w)) if b is None else b for w, b in zip(weights, biases, strict=True)]
            bias = torch.cat([F.pad(part, (0, -len(part) % even)) for part in whole])
        return self.make(joined([evened(weight, even) for weight in weights]), bias, False)

    def table(self, name: str) -> Matrix:
        """The embedding or the head."""
        return self.make(self.weight(name, 8), None, True)

    def layer(self, number: int) -> Layer:
        at = f"model.layers.{number}."
        return Layer(
            self.norm(at + "input_layernorm.weight"),
            self.matrix(at + "self_attn.", ["q_proj", "k_proj", "v_proj"]),
            self.optional(at + "self_attn.q_norm.weight"),
            self.optional(at + "self_attn.k_norm.weight"),
            self.matrix(at + "self_attn.", ["o_proj"]),
            self.norm(at + "post_attention_layernorm.weight"),
            self.matrix(at + "mlp.", ["gate_proj", "up_proj"], EVEN),
            self.matrix(at + "mlp.", ["down_proj"]),
        )


def rows_of(weight: Weight) -> int:
    return weight.shape[0] if isinstance(weight, Tensor) else weight.rows


def alike(weights: list[Weight]) -> list[Weight]:
    """All of one kind: as they are if they agree, else dense if one is, else eight bits."""
    dense = [weight for weight in weights if isinstance(weight, Tensor)]
    if dense:
        widest = torch.float32 if len(dense) < len(weights) or any(w.dtype != torch.bfloat16 for w in dense) else None
        return [(w if isinstance(w, Tensor) else w.dense()).to(widest or torch.bfloat16) for w in weights]
    groups = [weight for weight in weights if isinstance(weight, Groups)]
    same = len({part.bits for part in groups}) == 1
    return [part if same or part.bits == 8 else rounded(part.dense(), 8) for part in groups]


def evened(weight: Weight, even: int) -> Weight:
    return F.pad(weight, (0, 0, 0, -len(weight) % even)) if isinstance(weight, Tensor) else filled(weight, even)


def joined(weights: list[Weight]) -> Weight:
    """One below the other."""
    if len(weights) == 1:
        return weights[0]
    dense = [weight for weight in weights if isinstance(weight, Tensor)]
    return torch.cat(dense) if dense else stacked([weight for weight in weights if isinstance(weight, Groups)])
