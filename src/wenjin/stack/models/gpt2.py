"""GPT-2: a decoder with learned positions, and with LayerNorm before each half of a block.

    ids -> embed + position -> L times: x + attention(norm x), x + MLP(norm x) -> norm -> states -> head -> logits

    settings of the smallest published one: vocab 50257, context 1024, dim 768, layers 12, heads 12

Its matrices are stored (in, out), the other way round than elsewhere: published files hold them so.

Omits    dropout, padding masks, attention to a second text
Shapes   B batch   T new tokens   S past and new   D width   H heads   K head width   M width inside the MLP
         V vocabulary   L layers
Sources  GPT-2 (Radford and others, 2019, 2.3), GELU's tanh form arXiv:1606.08415 (2)
Proof    tests/stack/models/test_gpt2.py: on random small settings logits, every gradient and greedy text with a cache
         equal transformers, and weights go both ways without renaming
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wenjin.stack.models.config import LAYERS, Config, divides, room
from wenjin.stack.nn.heads import Cache, Way, attend, join, reach, split
from wenjin.stack.nn.initial import initialize, scaled
from wenjin.stack.nn.layers import Linear
from wenjin.stack.nn.norms import LayerNorm


class Turned(nn.Module):
    """A linear map whose matrix is stored (in, out)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.bias = nn.Parameter(torch.empty(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight.to(x.dtype).T, self.bias.to(x.dtype))


class Attention(nn.Module):
    """One matrix makes q, k and v; they lie side by side in what it gives."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.dim, self.width = dim, dim // heads
        self.c_attn = Turned(dim, 3 * dim)
        self.c_proj = Turned(dim, dim)

    def forward(self, x: Tensor, way: Way, layer: int, cache: Cache | None) -> Tensor:
        q, k, v = (split(part, self.width) for part in self.c_attn(x).split(self.dim, dim=-1))  # (B, H, T, K) each
        mixed = attend(q, k, v, way) if cache is None else cache.attend(layer, q, k, v, way)  # (B, H, T, K)
        out: Tensor = self.c_proj(join(mixed))  # (B, T, D)
        return out


class MLP(nn.Module):
    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.c_fc = Turned(dim, hidden)
        self.c_proj = Turned(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        inside = F.gelu(self.c_fc(x), approximate="tanh")  # (B, T, M)
        out: Tensor = self.c_proj(inside)  # (B, T, D)
        return out


class Block(nn.Module):
    """Both halves read a normalized copy of the stream and add to it."""

    def __init__(self, dim: int, heads: int, hidden: int, epsilon: float) -> None:
        super().__init__()
        self.ln_1 = LayerNorm(dim, eps=epsilon)
        self.attn = Attention(dim, heads)
        self.ln_2 = LayerNorm(dim, eps=epsilon)
        self.mlp = MLP(dim, hidden)

    def forward(self, x: Tensor, way: Way, layer: int, cache: Cache | None) -> Tensor:
        x = x + self.attn(self.ln_1(x), way, layer, cache)  # (B, T, D)
        out: Tensor = x + self.mlp(self.ln_2(x))  # (B, T, D)
        return out


class Body(nn.Module):
    """What the published names call `transformer`."""

    def __init__(self, vocab: int, dim: int, layers: int, heads: int, hidden: int, context: int, epsilon: float):
        super().__init__()
        self.wte = nn.Embedding(vocab, dim)
        self.wpe = nn.Embedding(context, dim)
        self.h = nn.ModuleList(Block(dim, heads, hidden, epsilon) for _ in range(layers))
        self.ln_f = LayerNorm(dim, eps=epsilon)


class GPT2(nn.Module):
    """All settings are keyword arguments; `settings()` gives them back, `config()` the published config.json.

    vocab, dim, layers, heads, context (longest text): sizes. hidden: width inside the MLP, 4 dim when None.
    std: spread of the initial weights, narrower for those that write into the stream (nn/initial.py).
    attention: see nn/heads.py. compute: dtype of the activations while weights keep theirs; None: that of the
    weights. May be set at any time.
    """

    RESIDUAL: ClassVar[tuple[str, ...]] = ("c_proj.weight",)  # matrices that write into the stream
    PREFIX: ClassVar[str] = "transformer."  # what files of the body alone leave out
    IGNORED: ClassVar[tuple[str, ...]] = (".attn.bias", ".attn.masked_bias")  # masks that old files hold
    RENAMED: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        *,
        vocab: int,
        dim: int,
        layers: int,
        heads: int,
        context: int,
        hidden: int | None = None,
        epsilon: float = 1e-5,
        tied: bool = True,
        std: float = 0.02,
        attention: Way = "auto",
    ) -> None:
        super().__init__()
        divides(heads, dim, "heads | dim")
        self.kept: dict[str, Any] = {
            "vocab": vocab,
            "dim": dim,
            "layers": layers,
            "heads": heads,
            "context": context,
            "hidden": hidden,
            "epsilon": epsilon,
            "tied": tied,
            "std": std,
            "attention": attention,
        }
        self.context, self.way = context, attention
        self.compute: torch.dtype | None = None
        self.transformer = Body(vocab, dim, layers, heads, hidden or 4 * dim, context, epsilon)
        self.lm_head = Linear(dim, vocab, bias=False)
        if tied:
            self.lm_head.weight = self.transformer.wte.weight
        initialize(self, std=std, residual=self.RESIDUAL, residual_std=scaled(layers, std))

    @property
    def head(self) -> Tensor:
        """The matrix that turns states into logits, (V, D); the embedding itself where the two are tied."""
        weight: Tensor = self.lm_head.weight
        return weight

    def states(self, ids: Tensor, cache: Cache | None = None) -> Tensor:
        """What the head reads: ids (B, T) -> (B, T, D), normalized. A cache gets the new keys and values.

        Raises ModelError for a text longer than the context."""
        T = ids.shape[1]
        places = slice(0, T) if cache is None else cache.places(T)
        room(reach(places), self.context)
        x = self.transformer.wte(ids) + self.transformer.wpe.weight[places]  # (B, T, D)
        x = x if self.compute is None else x.to(self.compute)
        for layer, block in enumerate(self.transformer.h):
            x = block(x, self.way, layer, cache)
        if cache is not None:
            cache.advance(T)
        out: Tensor = self.transformer.ln_f(x)
        return out

    def forward(self, ids: Tensor, cache: Cache | None = None) -> Tensor:
        """Logits of the token after each: ids (B, T) -> (B, T, V)."""
        return self.logits(self.states(ids, cache))

    def logits(self, states: Tensor) -> Tensor:
        """What the head makes of states: (…, D) -> (…, V)."""
        return F.linear(states, self.head.to(states.dtype))

    def settings(self) -> dict[str, Any]:
        """The keyword arguments that build this model again; all of them JSON."""
        return dict(self.kept)

    def config(self) -> dict[str, Any]:
        """The published config.json."""
        s = self.kept
        return {
            "model_type": "gpt2",
            "architectures": ["GPT2LMHeadModel"],
            "vocab_size": s["vocab"],
            "n_positions": s["context"],
            "n_embd": s["dim"],
            "n_layer": s["layers"],
            "n_head": s["heads"],
            "n_inner": s["hidden"],
            "activation_function": "gelu_new",
            "resid_pdrop": 0.0,
            "embd_pdrop": 0.0,
            "attn_pdrop": 0.0,
            "layer_norm_epsilon": s["epsilon"],
            "initializer_range": s["std"],
            "tie_word_embeddings": s["tied"],
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "GPT2":
        """The model that a published config.json describes, without its dropout. Raises ModelError for what this
        file leaves out."""
        c = Config(config)
        c.must("model_type", "gpt2")
        c.must("activation_function", "gelu_new", "gelu_pytorch_tanh")
        c.must("scale_attn_weights", True)
        c.must("scale_attn_by_inverse_layer_idx", False)
        c.must("reorder_and_upcast_attn", False)
        c.must("add_cross_attention", False)
        return cls(
            vocab=c.whole("vocab_size"),
            dim=c.whole("n_embd"),
            layers=c.whole("n_layer", most=LAYERS),
            heads=c.whole("n_head"),
            context=c.whole("n_positions"),
            hidden=None if c.get("n_inner") is None else c.whole("n_inner"),
            epsilon=c.number("layer_norm_epsilon", 1e-5),
            tied=c.flag("tie_word_embeddings", True),
            std=c.number("initializer_range", 0.02),
        )
