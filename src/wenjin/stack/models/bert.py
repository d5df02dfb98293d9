"""BERT: an encoder that sees the whole text at once, and the two heads that it is pretrained with.

    ids -> embed + position + segment -> norm -> L times: norm(x + attention x), norm(x + MLP x) -> states
    states of masked places -> transform -> logits          the first state -> pooler -> does B follow A?

    settings of the small Chinese and English ones: vocab 21128 or 30522, dim 768, layers 12, heads 12, hidden 3072

Omits    dropout, decoding, relative positions, heads for downstream tasks
Shapes   B batch   T tokens   D width   H heads   K head width   M width inside the MLP   V vocabulary   L layers
Sources  BERT arXiv:1810.04805 (3, A.2), GELU arXiv:1606.08415 (2)
Proof    tests/stack/models/test_bert.py: on random small settings states, logits and every gradient equal
         transformers, padding included, and weights go both ways without renaming
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wenjin.stack.models.config import LAYERS, Config, divides, room
from wenjin.stack.nn.heads import join, split
from wenjin.stack.nn.initial import initialize
from wenjin.stack.nn.layers import Linear
from wenjin.stack.nn.norms import LayerNorm


class Embeddings(nn.Module):
    """Token, position and segment, added and normalized."""

    def __init__(self, vocab: int, dim: int, context: int, segments: int, pad: int | None, epsilon: float) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(vocab, dim, padding_idx=pad)
        self.position_embeddings = nn.Embedding(context, dim)
        self.token_type_embeddings = nn.Embedding(segments, dim)
        self.LayerNorm = LayerNorm(dim, eps=epsilon)

    def forward(self, ids: Tensor, segments: Tensor) -> Tensor:
        place = self.position_embeddings.weight[: ids.shape[1]]  # (T, D)
        out: Tensor = self.LayerNorm(self.word_embeddings(ids) + self.token_type_embeddings(segments) + place)
        return out


class SelfAttention(nn.Module):
    """Every token looks at every other that is no padding."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.width = dim // heads
        self.query = Linear(dim, dim)
        self.key = Linear(dim, dim)
        self.value = Linear(dim, dim)

    def forward(self, x: Tensor, seen: Tensor | None) -> Tensor:
        q, k, v = (split(part(x), self.width) for part in (self.query, self.key, self.value))  # (B, H, T, K) each
        return join(F.scaled_dot_product_attention(q, k, v, seen))  # (B, T, D)


class Added(nn.Module):
    """What ends both halves of a layer: a linear map, the stream added, and only then the norm."""

    def __init__(self, inputs: int, dim: int, epsilon: float) -> None:
        super().__init__()
        self.dense = Linear(inputs, dim)
        self.LayerNorm = LayerNorm(dim, eps=epsilon)

    def forward(self, inside: Tensor, x: Tensor) -> Tensor:
        out: Tensor = self.LayerNorm(x + self.dense(inside))  # (B, T, D)
        return out


class Dense(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.dense = Linear(inputs, outputs)


class Layer(nn.Module):
    """Attention, then the MLP; the nesting is that of the published names."""

    def __init__(self, dim: int, heads: int, hidden: int, epsilon: float) -> None:
        super().__init__()
        self.attention = nn.ModuleDict({"self": SelfAttention(dim, heads), "output": Added(dim, dim, epsilon)})
        self.intermediate = Dense(dim, hidden)
        self.output = Added(hidden, dim, epsilon)

    def forward(self, x: Tensor, seen: Tensor | None) -> Tensor:
        x = self.attention["output"](self.attention["self"](x, seen), x)  # (B, T, D)
        inside = F.gelu(self.intermediate.dense(x))  # (B, T, M)
        out: Tensor = self.output(inside, x)  # (B, T, D)
        return out


class Encoder(nn.Module):
    def __init__(self, dim: int, layers: int, heads: int, hidden: int, epsilon: float) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Layer(dim, heads, hidden, epsilon) for _ in range(layers))

    def forward(self, x: Tensor, seen: Tensor | None) -> Tensor:
        for layer in self.layer:
            x = layer(x, seen)
        return x


class Bert(nn.Module):
    """The body: published as BertModel. `settings()` gives the keyword arguments back, `config()` config.json.

    vocab, dim, layers, heads, hidden (width inside the MLP), context (longest text), segments: sizes.
    pad: the id whose embedding stays 0 and is never trained, or None. pooler: whether the first state is mapped
    for a question about the whole text. compute: dtype of the activations while weights keep theirs.
    """

    PREFIX: ClassVar[str] = ""
    IGNORED: ClassVar[tuple[str, ...]] = ("embeddings.position_ids",)  # a table that old files hold
    RENAMED: ClassVar[Mapping[str, str]] = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}

    def __init__(
        self,
        *,
        vocab: int,
        dim: int,
        layers: int,
        heads: int,
        hidden: int,
        context: int,
        segments: int = 2,
        pad: int | None = 0,
        epsilon: float = 1e-12,
        pooler: bool = True,
        std: float = 0.02,
    ) -> None:
        super().__init__()
        divides(heads, dim, "heads | dim")
        self.kept: dict[str, Any] = {
            "vocab": vocab,
            "dim": dim,
            "layers": layers,
            "heads": heads,
            "hidden": hidden,
            "context": context,
            "segments": segments,
            "pad": pad,
            "epsilon": epsilon,
            "pooler": pooler,
            "std": std,
        }
        self.context = context
        self.compute: torch.dtype | None = None
        self.embeddings = Embeddings(vocab, dim, context, segments, pad, epsilon)
        self.encoder = Encoder(dim, layers, heads, hidden, epsilon)
        self.pooler = Dense(dim, dim) if pooler else None
        self.start(self, std)

    def start(self, model: nn.Module, std: float) -> None:
        """Initial weights of a model that this one is, or is part of."""
        initialize(model, std=std)
        pad = self.kept["pad"]
        if pad is not None:
            with torch.no_grad():
                self.embeddings.word_embeddings.weight[pad].zero_()

    def forward(self, ids: Tensor, segments: Tensor | None = None, kept: Tensor | None = None) -> Tensor:
        """States: ids (B, T) -> (B, T, D). segments (B, T): 0 or 1; kept (B, T): False at padding.

        Raises ModelError for a text longer than the context."""
        room(ids.shape[1], self.context)
        x = self.embeddings(ids, torch.zeros_like(ids) if segments is None else segments)  # (B, T, D)
        x = x if self.compute is None else x.to(self.compute)
        seen = None if kept is None else kept.bool()[:, None, None, :]  # (B, 1, 1, T)
        states: Tensor = self.encoder(x, seen)
        return states

    def pooled(self, states: Tensor) -> Tensor:
        """The first state of each text, for a question about the whole: (B, T, D) -> (B, D)."""
        if self.pooler is None:
            raise ValueError("this model was made without a pooler")
        return torch.tanh(self.pooler.dense(states[:, 0]))

    def settings(self) -> dict[str, Any]:
        return dict(self.kept)

    def config(self) -> dict[str, Any]:
        """The published config.json."""
        s = self.kept
        return {
            "model_type": "bert",
            "architectures": ["BertModel"],
            "vocab_size": s["vocab"],
            "hidden_size": s["dim"],
            "num_hidden_layers": s["layers"],
            "num_attention_heads": s["heads"],
            "intermediate_size": s["hidden"],
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0,
            "max_position_embeddings": s["context"],
            "type_vocab_size": s["segments"],
            "initializer_range": s["std"],
            "layer_norm_eps": s["epsilon"],
            "pad_token_id": s["pad"],
            "tie_word_embeddings": True,
        }


class Transform(nn.Module):
    def __init__(self, dim: int, epsilon: float) -> None:
        super().__init__()
        self.dense = Linear(dim, dim)
        self.LayerNorm = LayerNorm(dim, eps=epsilon)

    def forward(self, states: Tensor) -> Tensor:
        out: Tensor = self.LayerNorm(F.gelu(self.dense(states)))  # (B, T, D)
        return out


class Predictions(nn.Module):
    """States -> logits. The matrix is the word embedding; the bias has two published names."""

    def __init__(self, vocab: int, dim: int, epsilon: float) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(vocab))
        self.transform = Transform(dim, epsilon)
        self.decoder = Linear(dim, vocab)
        self.decoder.bias = self.bias

    def forward(self, states: Tensor) -> Tensor:
        out: Tensor = self.decoder(self.transform(states))  # (B, T, V)
        return out


class Heads(nn.Module):
    """What the published names call `cls`."""

    def __init__(self, vocab: int, dim: int, epsilon: float, next_sentence: bool) -> None:
        super().__init__()
        self.predictions = Predictions(vocab, dim, epsilon)
        self.seq_relationship = Linear(dim, 2) if next_sentence else None


class PretrainingBert(nn.Module):
    """The body with the head that names masked tokens, and with that of the next sentence where it is asked for.

    Published as BertForMaskedLM (next_sentence False; the body then has no pooler) and BertForPreTraining.
    """

    PREFIX: ClassVar[str] = "bert."
    IGNORED: ClassVar[tuple[str, ...]] = Bert.IGNORED
    RENAMED: ClassVar[Mapping[str, str]] = Bert.RENAMED

    def __init__(self, *, next_sentence: bool = False, **settings: Any) -> None:
        super().__init__()
        self.bert = Bert(**settings | {"pooler": next_sentence})
        s = self.bert.kept
        self.cls = Heads(s["vocab"], s["dim"], s["epsilon"], next_sentence)
        self.cls.predictions.decoder.weight = self.bert.embeddings.word_embeddings.weight
        self.bert.start(self, s["std"])

    @property
    def head(self) -> Tensor:
        """The matrix of the logits, (V, D): the word embedding."""
        return self.bert.embeddings.word_embeddings.weight

    def forward(self, ids: Tensor, segments: Tensor | None = None, kept: Tensor | None = None) -> Tensor:
        """Logits at every place: ids (B, T) -> (B, T, V). See Bert.forward."""
        logits: Tensor = self.cls.predictions(self.bert(ids, segments, kept))
        return logits

    def follows(self, states: Tensor) -> Tensor:
        """Logits (B, 2) that the second segment follows the first, or does not. states: what `bert` gives."""
        if self.cls.seq_relationship is None:
            raise ValueError("this model was made without the head of the next sentence")
        logits: Tensor = self.cls.seq_relationship(self.bert.pooled(states))
        return logits

    def settings(self) -> dict[str, Any]:
        return {"next_sentence": self.cls.seq_relationship is not None, **self.bert.settings()}

    def config(self) -> dict[str, Any]:
        kind = "BertForMaskedLM" if self.cls.seq_relationship is None else "BertForPreTraining"
        return self.bert.config() | {"architectures": [kind]}


def from_config(config: Mapping[str, Any]) -> Bert | PretrainingBert:
    """The model that a published config.json describes, without its dropout. Raises ModelError for what this file
    leaves out. `architectures` says which heads there are; without it, the body alone."""
    c = Config(config)
    c.must("model_type", "bert")
    c.must("hidden_act", "gelu")
    c.must("position_embedding_type", "absolute")
    c.must("is_decoder", False)
    c.must("add_cross_attention", False)
    c.must("tie_word_embeddings", True)
    c.must("architectures", ["BertModel"], ["BertForMaskedLM"], ["BertForPreTraining"])
    pad = c.get("pad_token_id")
    if pad is not None and not (type(pad) is int and 0 <= pad < c.whole("vocab_size")):
        raise c.refuse("pad_token_id", "词表里的一个编号，或 null", "an id of the vocabulary, or null")
    settings: dict[str, Any] = {
        "vocab": c.whole("vocab_size"),
        "dim": c.whole("hidden_size"),
        "layers": c.whole("num_hidden_layers", most=LAYERS),
        "heads": c.whole("num_attention_heads"),
        "hidden": c.whole("intermediate_size"),
        "context": c.whole("max_position_embeddings"),
        "segments": c.whole("type_vocab_size", 2),
        "pad": pad,
        "epsilon": c.number("layer_norm_eps", 1e-12),
        "std": c.number("initializer_range", 0.02),
    }
    [kind] = c.get("architectures", ["BertModel"])
    return (
        Bert(**settings)
        if kind == "BertModel"
        else PretrainingBert(**settings, next_sentence=kind != "BertForMaskedLM")
    )
