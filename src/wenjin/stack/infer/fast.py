"""A Llama for writing, not for training: weights packed, what reads the same vector fused, a pass few calls.

    model = fast(llama)                          float32 stays float32; format="int4" rounds it
    model = fast(parts, settings)                the matrices of a GGUF file, blocks kept as they are
    model.states(ids, cache), model.logits(…)    as any model that infer/generate.py or the engine writes with

q, k, v are one product; so are the two that open and fill SwiGLU. Norm, rounding and sum belong to the product beside
them. With our kernels a pass of a few tokens is one call (infer/native_pass.py); a long prompt is read in pieces, layer
by layer, its attention by torch. Without them the same layers run on torch's kernels (infer/matrices.py). Which of the
two a model gets is measured when it is packed. Keys and values are bfloat16, in format fp32 float32.

Omits    gradients, GPUs: there models/llama.py in bfloat16 is what to use
Shapes   B batch   T new tokens   N = B * T   D width   H query heads   G key/value heads   K head width   M inside
Sources  as models/llama.py; one call for all layers: llama.cpp
Proof    tests/stack/infer/test_fast.py: equals Llama on the dense values of its weights, for every format and family
"""

import ctypes
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wenjin.stack.infer import native
from wenjin.stack.infer.cache import Cache
from wenjin.stack.infer.groups import Block, rounded
from wenjin.stack.infer.matrices import Dense, Int4, Int8, Matrix
from wenjin.stack.infer.native_pass import FewTokens
from wenjin.stack.infer.pack import Format, Layer, Packer, Part, Weight
from wenjin.stack.infer.tune import seconds
from wenjin.stack.models.config import ModelError, room
from wenjin.stack.models.llama import Llama
from wenjin.stack.nn.heads import attend, join, reach
from wenjin.stack.nn.positions import Rotary, rotate

Kernels = Literal["auto", "own", "torch"]
PIECE = 512  # tokens of a prompt that are read at a time


class Fast:
    """Built by fast(). `format` as asked; `lib` our kernels, or None where torch's are used."""

    device = torch.device("cpu")

    def __init__(self, settings: Mapping[str, Any], packer: Packer, lib: ctypes.CDLL | None) -> None:
        s = self.kept = dict(settings)
        self.format, self.lib = packer.format, lib
        self.heads, self.kv_heads = s["heads"], s.get("kv_heads") or s["heads"]
        self.width = s.get("head_dim") or s["dim"] // s["heads"]
        self.context, self.epsilon = s["context"], s.get("epsilon", 1e-6)
        self.rotary = Rotary(self.width, self.context, s.get("base", 10_000.0), s.get("scaling"))
        self.layers = [packer.layer(number) for number in range(s["layers"])]
        self.norm = packer.norm("model.norm.weight")  # (D,)
        self.embedding = packer.table("model.embed_tokens.weight")
        self.top = self.embedding if s.get("tied", True) else packer.table("lm_head.weight")
        single = isinstance(self.top, Dense) and self.top.weight.dtype == torch.float32
        self.compute = torch.float32 if single else torch.bfloat16  # of keys and values
        self.few = None if lib is None else FewTokens(self, lib)

    @property
    def head(self) -> Tensor:
        """The head, (V, D), float32: made anew each time unless it is float32."""
        return self.top.dense()

    @property
    def bytes(self) -> int:
        """Of all matrices that a token reads."""
        parts = [part for one in self.layers for part in (one.qkv, one.out, one.gate_up, one.down)]
        return sum(part.bytes for part in (*parts, self.top))

    def settings(self) -> dict[str, Any]:
        return dict(self.kept)

    @torch.no_grad()
    def states(self, ids: Tensor, cache: Any = None) -> Tensor:
        """What the head reads: ids (B, T) -> (B, T, D), float32, normalized. A cache gets the new keys and values.

        Raises ModelError for a text longer than the context."""
        B, T = ids.shape
        places = slice(0, T) if cache is None else cache.places(T)
        room(reach(places), self.context)
        if T > PIECE and isinstance(cache, Cache):
            return torch.cat([self.states(piece, cache) for piece in torch.split(ids, PIECE, 1)], dim=1)
        x = self.embedding.take(ids.flatten()).contiguous()  # (N, D)
        if self.few is None or not self.few(x, cache, B, T):
            x = self.layered(x, cache, places, B)
        if cache is not None:
            cache.advance(T)
        return x.view(B, T, -1)

    def layered(self, x: Tensor, cache: Any, places: slice | Tensor, B: int) -> Tensor:
        """All layers, one after the other: x (N, D) -> (N, D). Any cache, any number of tokens."""
        kind = torch.float32 if cache is None else self.compute
        turn = self.rotary(places, torch.float32)  # (T, K/2) each
        for number, layer in enumerate(self.layers):
            q, k, v = (part.to(kind) for part in self.projected(layer, x, turn, B))
            mixed = attend(q, k, v) if cache is None else cache.attend(number, q, k, v, "auto")  # (B, H, T, K)
            layer.out.add(join(mixed).flatten(0, 1).float(), x)
            inside = layer.gate_up.gate(x, layer.norm2, self.epsilon)  # (N, M)
            layer.down.add(inside[:, : layer.down.columns], x)
        return F.rms_norm(x, self.norm.shape, self.norm, self.epsilon)

    def projected(self, layer: Layer, x: Tensor, turn: tuple[Tensor, Tensor], B: int) -> tuple[Tensor, Tensor, Tensor]:
        """A layer's queries (B, H, T, K), keys and values (B, G, T, K), turned to their places; x (N, D)."""
        H, G, K = self.heads, self.kv_heads, self.width
        qkv = layer.qkv(x, layer.norm1, self.epsilon).view(B, -1, H + 2 * G, K).transpose(1, 2)  # (B, H + 2G, T, K)
        q, k, v = torch.split(qkv, [H, G, G], 1)
        if layer.q_norm is not None and layer.k_norm is not None:
            q = F.rms_norm(q, (K,), layer.q_norm, self.epsilon)
            k = F.rms_norm(k, (K,), layer.k_norm, self.epsilon)
        return rotate(q, *turn), rotate(k, *turn), v

    @torch.no_grad()
    def logits(self, states: Tensor) -> Tensor:
        """(…, D) -> (…, V), float32."""
        return self.top(states.float().flatten(0, -2)).view(*states.shape[:-1], -1)

    def plain(self) -> Llama:
        """The plain twin: models/llama.py with the numbers that stand for the weights here."""
        with torch.device("meta"):
            model = Llama(**self.kept)
        model.to_empty(device="cpu")
        H, G, K, M = self.heads, self.kv_heads, self.width, self.kept["hidden"]
        table = {"model.embed_tokens.weight": self.embedding.dense(), "model.norm.weight": self.norm}
        table["lm_head.weight"] = self.top.dense()
        for number, layer in enumerate(self.layers):
            at = f"model.layers.{number}."
            norms = {"input_layernorm": layer.norm1, "post_attention_layernorm": layer.norm2}
            norms |= {} if layer.q_norm is None else {"self_attn.q_norm": layer.q_norm}
            norms |= {} if layer.k_norm is None else {"self_attn.k_norm": layer.k_norm}
            table |= {f"{at}{name}.weight": norm for name, norm in norms.items()}
            half = layer.gate_up.rows // 2
            for matrix, parts in (
                (layer.qkv, {"self_attn.q_proj": H * K, "self_attn.k_proj": G * K, "self_attn.v_proj": G * K}),
                (layer.out, {"self_attn.o_proj": layer.out.rows}),
                (layer.gate_up, {"mlp.gate_proj": M, "": half - M, "mlp.up_proj": M}),
                (layer.down, {"mlp.down_proj": layer.down.rows}),
            ):
                table |= parted(at, matrix, parts)
        model.load_state_dict({name: value for name, value in table.items() if name in model.state_dict()})
        return model.eval()


def parted(at: str, matrix: Matrix, parts: Mapping[str, int]) -> dict[str, Tensor]:
    """A stacked matrix, and its bias, cut into so many rows each, under published names."""
    dense, first, named = matrix.dense(), 0, {}
    for name, rows in parts.items():
        if name:
            named[f"{at}{name}.weight"] = dense[first : first + rows]
            if matrix.bias is not None:
                named[f"{at}{name}.bias"] = matrix.bias[first : first + rows]
        first += rows
    return named


def fast(
    source: nn.Module | Mapping[str, Part],
    settings: Mapping[str, Any] | None = None,
    *,
    format: Format = "auto",
    kernels: Kernels = "auto",
    folder: Path | None = None,
    dequantize: Callable[[Block], Tensor] | None = None,
) -> Fast:
    """Pack a Llama, or the parts of a file by published name together with the settings that Llama takes.

    format   "auto" as the weights come, "fp32", "bf16", "int8", "int4": the table of infer/pack.py
    folder   where our kernels are kept once built, None: beside those that torch builds
    dequantize   of blocks that infer/groups.py does not know
    Raises ModelError for a model that is no Llama, OSError where kernels="own" cannot be had."""
    if isinstance(source, nn.Module):
        if not isinstance(source, Llama):
            kind = type(source).__name__
            raise ModelError(f"只有 Llama 一族能这样打包，这是 {kind}。", f"Only Llamas are packed; this is {kind}.")
        settings, source = source.settings(), source.state_dict()
    if settings is None:
        raise TypeError("parts come with settings")
    lib = None if kernels == "torch" else native.library(folder)
    if kernels == "own" and lib is None:
        raise OSError(native.missing)
    packer = Packer(source, format, lambda *_: Dense(torch.empty(0, 0)), dequantize)
    if lib is not None and kernels == "auto" and not pays(lib, packer.weight("model.layers.0.mlp.down_proj.weight")):
        lib = None
    packer.make = lambda weight, bias, table: made(lib, weight, bias, table)
    return Fast(settings, packer, lib)


def made(lib: ctypes.CDLL | None, weight: Weight, bias: Tensor | None, table: bool = False) -> Matrix:
    """A matrix for our kernels if there are any, else for torch's. Of a table single rows are wanted too."""
    if isinstance(weight, Tensor):
        return Dense(weight, bias) if lib is None else native.OwnDense(lib, weight, bias)
    if lib is not None:
        return native.Own(lib, weight, bias)
    if weight.bits == 4 and table:
        weight = rounded(weight.dense(), 8)  # torch's four bits give no rows
    return Int4(weight, bias) if weight.bits == 4 else Int8(weight, bias)


def pays(lib: ctypes.CDLL, weight: Weight) -> bool:
    """Whether our kernel is at least as fast as torch's on one vector, or nearly: a pass saves calls besides."""
    x = torch.ones(1, weight.shape[1] if isinstance(weight, Tensor) else weight.columns)
    own, torchs = made(lib, weight, None), made(None, weight, None)
    times = seconds({"own": lambda: own(x), "torch": lambda: torchs(x)})
    return times["own"] < 1.2 * times["torch"]
