"""BERT equals transformers: the body, masked words, the next sentence, padding included."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import BertConfig, BertForMaskedLM, BertForPreTraining, BertModel

from tests.stack.models.same import draw_ids, scatter
from wenjin.stack.models.bert import Bert, PretrainingBert, from_config
from wenjin.stack.models.config import ModelError


def build(kind: Any, seed: int) -> tuple[Any, Any]:
    """Theirs with drawn sizes and weights, and ours made of its configuration and state."""
    torch.manual_seed(seed)
    heads = 2 + seed % 3
    config = BertConfig(
        vocab_size=61 + seed % 40,
        hidden_size=heads * (4 + seed % 5),
        num_hidden_layers=2,
        num_attention_heads=heads,
        intermediate_size=20 + seed % 9,
        max_position_embeddings=32,
        type_vocab_size=2 + seed % 2,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        pad_token_id=seed % 3,
        architectures=[kind.__name__],
    )
    theirs = kind(config).eval()
    scatter(theirs, seed)
    ours = from_config(config.to_dict())
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


def inputs(seed: int, vocab: int) -> tuple[Tensor, Tensor, Tensor]:
    """Ids, segments and what is kept: three texts of different length, padded at their end."""
    kept = torch.arange(12)[None] < torch.tensor([12, 7, 3])[:, None]
    return draw_ids(seed, vocab, 3, 12), draw_ids(seed + 1, 2, 3, 12), kept


def assert_same_gradients(ours: Any, theirs: Any, mine: list[Tensor], other: list[Tensor], kept: Tensor) -> None:
    for model, outputs in ((ours, mine), (theirs, other)):
        model.zero_grad()
        total = sum((y[kept] if y.shape[:2] == kept.shape else y).square().mean() for y in outputs)
        total.backward()
    for (name, a), (_, b) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-5, msg=lambda text, name=name: name + text)


@pytest.mark.parametrize("kind", [BertModel, BertForMaskedLM, BertForPreTraining])
def test_outputs_and_every_gradient_equal_transformers(kind: Any, count: Callable[[int], int]) -> None:
    for seed in range(count(40)):
        theirs, ours = build(kind, seed)
        ids, segments, kept = inputs(seed, theirs.config.vocab_size)
        out = theirs(ids, token_type_ids=segments, attention_mask=kept.long())
        if kind is BertModel:
            states = ours(ids, segments, kept)
            mine, other = [states, ours.pooled(states)], [out.last_hidden_state, out.pooler_output]
        elif kind is BertForMaskedLM:
            mine, other = [ours(ids, segments, kept)], [out.logits]
        else:
            states = ours.bert(ids, segments, kept)
            mine = [ours(ids, segments, kept), ours.follows(states)]
            other = [out.prediction_logits, out.seq_relationship_logits]
        for a, b in zip(mine, other, strict=True):
            a, b = (a[kept], b[kept]) if a.shape[:2] == kept.shape else (a, b)
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
        assert_same_gradients(ours, theirs, mine, other, kept)


def test_padding_changes_nothing() -> None:
    _, ours = build(BertModel, 2)
    ids, segments, kept = inputs(2, ours.settings()["vocab"])
    alone = ours(ids[1:2, :7], segments[1:2, :7])
    torch.testing.assert_close(ours(ids, segments, kept)[1, :7], alone[0])


@pytest.mark.parametrize("kind", [BertModel, BertForMaskedLM, BertForPreTraining])
def test_the_configuration_goes_both_ways(kind: Any) -> None:
    _, ours = build(kind, 3)
    again = kind(BertConfig(**ours.config()))
    again.load_state_dict(ours.state_dict())
    assert type(ours)(**ours.settings()).settings() == ours.settings()
    assert from_config(ours.config()).settings() == ours.settings()


def test_heads_that_were_not_asked_for_are_not_there() -> None:
    sizes = {"vocab": 9, "dim": 8, "layers": 1, "heads": 2, "hidden": 8, "context": 8}
    states = torch.zeros(1, 3, 8)
    with pytest.raises(ValueError, match="pooler"):
        Bert(**sizes, pooler=False).pooled(states)
    with pytest.raises(ValueError, match="next sentence"):
        PretrainingBert(**sizes).follows(states)


@pytest.mark.parametrize(
    "wrong",
    [
        {"hidden_act": "relu"},
        {"is_decoder": True},
        {"position_embedding_type": "relative_key"},
        {"architectures": ["BertForSequenceClassification"]},
        {"pad_token_id": 9},
        {"num_attention_heads": 3},
    ],
)
def test_a_configuration_that_cannot_be_served_is_refused_in_words(wrong: dict[str, Any]) -> None:
    good = Bert(vocab=9, dim=8, layers=1, heads=2, hidden=8, context=8).config()
    assert from_config(good)
    with pytest.raises(ModelError) as refusal:
        from_config(good | wrong)
    assert refusal.value.zh


def test_a_text_longer_than_the_context_is_refused() -> None:
    with pytest.raises(ModelError, match="9 tokens"):
        Bert(vocab=9, dim=8, layers=1, heads=2, hidden=8, context=8)(draw_ids(0, 9, 1, 9))
