"""The Llama family: Llama 2 and 3, Qwen 2 and 3, SmolLM2 as settings of one decoder.

    ids -> embed -> L times: x + attention(norm x), x + SwiGLU(norm x) -> norm -> states -> head -> logits

                        Llama 2     Llama 3.1      Qwen 2          Qwen 3          SmolLM2
    shared heads        70B only    yes            yes             yes             yes
    qkv_bias            -           -              yes             -               -
    qk_norm             -           -              -               yes             -
    rotary              10,000      500,000 +      1,000,000       1,000,000       10,000 or 100,000
                                    llama3 scaling
    tied head           -           -              small sizes     small sizes     small sizes

Omits    dropout, padding masks, sliding windows, YaRN, experts
Shapes   B batch   T new tokens   S past and new   D width   H query heads   G key/value heads   K head width
         M width inside SwiGLU   V vocabulary   L layers
Sources  Llama arXiv:2302.13971 (2.2), shared heads arXiv:2305.13245, Llama 3 arXiv:2407.21783 (3.2),
         Qwen 2 arXiv:2407.10671 (2.2), Qwen 3 arXiv:2505.09388 (2), SmolLM2 arXiv:2502.02737 (4.1)
Proof    tests/stack/models/test_llama.py: on random small settings of each family logits, every gradient and greedy
         text with a cache equal transformers, and weights go both ways without renaming
"""

import copy
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wenjin.stack.models.config import LAYERS, Config, ModelError, divides, room
from wenjin.stack.nn.heads import Cache, Way, attend, join, reach, split
from wenjin.stack.nn.initial import initialize
from wenjin.stack.nn.layers import Linear, SwiGLU
from wenjin.stack.nn.norms import RMSNorm
from wenjin.stack.nn.positions import KINDS, Rotary, rotate


class Attention(nn.Module):
    """Named as published. q_norm and k_norm are there where `qk_norm` asks for them, as in Qwen 3."""

    def __init__(
        self, dim: int, *, heads: int, kv_heads: int, width: int, qkv_bias: bool, out_bias: bool, qk_norm: float | None
    ) -> None:
        super().__init__()
        self.width = width
        self.q_proj = Linear(dim, heads * width, bias=qkv_bias)
        self.k_proj = Linear(dim, kv_heads * width, bias=qkv_bias)
        self.v_proj = Linear(dim, kv_heads * width, bias=qkv_bias)
        self.o_proj = Linear(heads * width, dim, bias=out_bias)
        self.q_norm = nn.Identity() if qk_norm is None else RMSNorm(width, qk_norm)
        self.k_norm = nn.Identity() if qk_norm is None else RMSNorm(width, qk_norm)

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], way: Way, layer: int, cache: Cache | None) -> Tensor:
        """turn: cosines and sines of the T new tokens, each (T, K/2)."""
        q = rotate(self.q_norm(split(self.q_proj(x), self.width)), *turn)  # (B, H, T, K)
        k = rotate(self.k_norm(split(self.k_proj(x), self.width)), *turn)  # (B, G, T, K)
        v = split(self.v_proj(x), self.width)  # (B, G, T, K)
        mixed = attend(q, k, v, way) if cache is None else cache.attend(layer, q, k, v, way)  # (B, H, T, K)
        out: Tensor = self.o_proj(join(mixed))  # (B, T, D)
        return out


class Block(nn.Module):
    """Both halves read a normalized copy of the stream and add to it."""

    def __init__(self, attention: Attention, mlp: SwiGLU, dim: int, epsilon: float) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(dim, epsilon)
        self.self_attn = attention
        self.post_attention_layernorm = RMSNorm(dim, epsilon)
        self.mlp = mlp

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], way: Way, layer: int, cache: Cache | None) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), turn, way, layer, cache)  # (B, T, D)
        out: Tensor = x + self.mlp(self.post_attention_layernorm(x))  # (B, T, D)
        return out


class Body(nn.Module):
    """What the published names call `model`: the embedding, the blocks, the last norm."""

    def __init__(self, vocab: int, dim: int, epsilon: float) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(vocab, dim)
        self.layers = nn.ModuleList()
        self.norm = RMSNorm(dim, epsilon)


class Llama(nn.Module):
    """All settings are keyword arguments; `settings()` gives them back, `config()` the published config.json.

    vocab, dim, layers, heads, hidden (width inside SwiGLU), context (longest text): sizes.
    kv_heads: key/value heads, `heads` when None. head_dim: width of a head, dim / heads when None.
    base, scaling: speed of the rotary positions, and the published `rope_scaling` or None.
    std: spread of the initial weights; nn/initial.initialize offers others. attention: see nn/heads.py.
    compute: dtype of the activations while weights keep theirs; None: that of the weights. May be set at any time.
    """

    RESIDUAL: ClassVar[tuple[str, ...]] = ("o_proj.weight", "down_proj.weight")  # matrices that write into the stream
    PREFIX: ClassVar[str] = "model."  # what files of the body alone leave out
    IGNORED: ClassVar[tuple[str, ...]] = (".rotary_emb.inv_freq",)  # tables that old files hold
    RENAMED: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        *,
        vocab: int,
        dim: int,
        layers: int,
        heads: int,
        hidden: int,
        context: int,
        kv_heads: int | None = None,
        head_dim: int | None = None,
        base: float = 10_000.0,
        scaling: Mapping[str, Any] | None = None,
        epsilon: float = 1e-6,
        tied: bool = True,
        qkv_bias: bool = False,
        out_bias: bool = False,
        mlp_bias: bool = False,
        qk_norm: bool = False,
        std: float = 0.02,
        attention: Way = "auto",
    ) -> None:
        super().__init__()
        kv_heads = heads if kv_heads is None else kv_heads
        if head_dim is None:
            divides(heads, dim, "heads | dim")
            head_dim = dim // heads
        divides(kv_heads, heads, "kv_heads | heads")
        divides(2, head_dim, "2 | head_dim")
        self.kept: dict[str, Any] = {
            "vocab": vocab,
            "dim": dim,
            "layers": layers,
            "heads": heads,
            "hidden": hidden,
            "context": context,
            "kv_heads": kv_heads,
            "head_dim": head_dim,
            "base": base,
            "scaling": dict(scaling) if scaling else None,
            "epsilon": epsilon,
            "tied": tied,
            "qkv_bias": qkv_bias,
            "out_bias": out_bias,
            "mlp_bias": mlp_bias,
            "qk_norm": qk_norm,
            "std": std,
            "attention": attention,
        }
        self.context, self.way = context, attention
        self.compute: torch.dtype | None = None
        self.rotary = Rotary(head_dim, context, base, scaling)
        self.model = Body(vocab, dim, epsilon)
        for _ in range(layers):
            part = Attention(
                dim,
                heads=heads,
                kv_heads=kv_heads,
                width=head_dim,
                qkv_bias=qkv_bias,
                out_bias=out_bias,
                qk_norm=epsilon if qk_norm else None,
            )
            self.model.layers.append(Block(part, SwiGLU(dim, hidden, mlp_bias), dim, epsilon))
        self.lm_head = Linear(dim, vocab, bias=False)
        if tied:
            self.lm_head.weight = self.model.embed_tokens.weight
        initialize(self, std=std)

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
        x = self.model.embed_tokens(ids)  # (B, T, D)
        x = x if self.compute is None else x.to(self.compute)
        turn = self.rotary(places, x.dtype)
        for layer, block in enumerate(self.model.layers):
            x = block(x, turn, self.way, layer, cache)
        if cache is not None:
            cache.advance(T)
        out: Tensor = self.model.norm(x)
        return out

    def forward(self, ids: Tensor, cache: Cache | None = None) -> Tensor:
        """Logits of the token after each: ids (B, T) -> (B, T, V)."""
        return self.logits(self.states(ids, cache))

    def logits(self, states: Tensor) -> Tensor:
        """What the head makes of states: (…, D) -> (…, V)."""
        return F.linear(states, self.head.to(states.dtype))

    def settings(self) -> dict[str, Any]:
        """The keyword arguments that build this model again; all of them JSON."""
        return copy.deepcopy(self.kept)

    def config(self) -> dict[str, Any]:
        """The published config.json: of Qwen 3 with qk_norm, of Qwen 2 with biases on q, k, v alone, else of Llama."""
        s = self.kept
        kind = "qwen3" if s["qk_norm"] else "qwen2" if s["qkv_bias"] and not s["out_bias"] else "llama"
        if (kind == "qwen3" and (s["qkv_bias"] != s["out_bias"] or s["mlp_bias"])) or (
            kind == "qwen2" and s["mlp_bias"]
        ):
            raise ModelError(
                "这样的偏置组合没有公开的配置格式。", "No published configuration has such a set of biases."
            )
        rope = {"rope_type": "default", "rope_theta": s["base"]} | (s["scaling"] or {})
        config = {
            "model_type": kind,
            "architectures": [{"llama": "Llama", "qwen2": "Qwen2", "qwen3": "Qwen3"}[kind] + "ForCausalLM"],
            "vocab_size": s["vocab"],
            "hidden_size": s["dim"],
            "intermediate_size": s["hidden"],
            "num_hidden_layers": s["layers"],
            "num_attention_heads": s["heads"],
            "num_key_value_heads": s["kv_heads"],
            "head_dim": s["head_dim"],
            "hidden_act": "silu",
            "max_position_embeddings": s["context"],
            "initializer_range": s["std"],
            "rms_norm_eps": s["epsilon"],
            "tie_word_embeddings": s["tied"],
            "attention_dropout": 0.0,
            "rope_parameters": rope,
            "rope_theta": s["base"],  # where programs before transformers 5 look
        }
        if s["scaling"]:
            config["rope_scaling"] = dict(s["scaling"])
        if kind != "qwen2":
            config["attention_bias"] = s["qkv_bias"]
        if kind == "llama":
            config["mlp_bias"] = s["mlp_bias"]
        else:
            config["use_sliding_window"] = False
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Llama":
        """The model that a published config.json describes. Raises ModelError for what this file leaves out."""
        return cls(**settings_of(Config(config)))


def settings_of(c: Config) -> dict[str, Any]:
    """Keyword arguments of Llama from a published configuration."""
    c.must("model_type", "llama", "qwen2", "qwen3")
    c.must("hidden_act", "silu")
    c.must("use_sliding_window", False)
    if set(c.get("layer_types", ())) - {"full_attention"}:
        raise c.refuse("layer_types", " full_attention", "full_attention alone")
    kind = c.get("model_type", "llama")
    where = "rope_parameters" if c.get("rope_parameters") else "rope_scaling"
    if not isinstance(c.get(where, {}), Mapping):
        raise c.refuse(where, "一组数", "an object")
    rope = Config(c.get(where, {}))
    way = rope.get("rope_type", rope.get("type", "default"))
    if way not in KINDS:
        raise c.refuse(where, f" rope_type 为 {'、'.join(KINDS)}", f"a rope_type of {', '.join(KINDS)}")
    scaling = {"rope_type": way, **{key: rope.number(key) for key in KINDS[way]}} if KINDS[way] else None
    if way == "llama3" and not rope.number("low_freq_factor") < rope.number("high_freq_factor"):
        raise c.refuse(where, " low_freq_factor 小于 high_freq_factor", "low_freq_factor below high_freq_factor")
    bias = kind == "qwen2" or c.flag("attention_bias", False)
    heads, dim, context = c.whole("num_attention_heads"), c.whole("hidden_size"), c.whole("max_position_embeddings")
    if c.get("head_dim") is None and kind != "qwen3":
        divides(heads, dim, "num_attention_heads | hidden_size")
    head_dim = c.whole("head_dim", 128 if kind == "qwen3" else dim // heads, most=4096)
    if context * head_dim > 2**28:
        raise c.refuse(
            "max_position_embeddings", "更短的长度：位置表会超过 1 GB", "fewer: the tables of positions pass 1 GB"
        )
    return {
        "vocab": c.whole("vocab_size"),
        "dim": dim,
        "layers": c.whole("num_hidden_layers", most=LAYERS),
        "heads": heads,
        "kv_heads": c.whole("num_key_value_heads", heads if kind == "llama" else None),
        "head_dim": head_dim,
        "hidden": c.whole("intermediate_size"),
        "context": context,
        "base": rope.number("rope_theta", c.number("rope_theta", 10_000.0)),
        "scaling": scaling,
        "epsilon": c.number("rms_norm_eps", 1e-6),
        "tied": c.flag("tie_word_embeddings", False),
        "qkv_bias": bias,
        "out_bias": bias and kind != "qwen2",
        "mlp_bias": c.flag("mlp_bias", False),
        "qk_norm": kind == "qwen3",
        "std": c.number("initializer_range", 0.02),
    }
