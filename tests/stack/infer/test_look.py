"""Attention that can be looked at is the attention that transformers computes, and a head that is off gives nothing."""

from typing import Any

import pytest
import torch
import transformers

from wenjin.stack.infer.fast import fast
from wenjin.stack.infer.look import look
from wenjin.stack.models.config import ModelError
from wenjin.stack.models.llama import Llama

SIZES: dict[str, Any] = {
    "vocab": 67, "dim": 64, "layers": 3, "heads": 4, "kv_heads": 2, "hidden": 96, "context": 48, "std": 0.3,
}  # fmt: skip
IDS = (5, 9, 33, 2, 9, 61, 14)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def llama() -> Llama:
    torch.manual_seed(5)
    return Llama(**SIZES).eval()


def theirs(llama: Llama) -> Any:
    told = {name: value for name, value in llama.config().items() if name not in ("architectures", "model_type")}
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**told, attn_implementation="eager"))
    model.load_state_dict(llama.state_dict(), strict=False)
    return model.eval()


@torch.no_grad()
def test_weights_and_scores_are_those_of_transformers(llama: Llama) -> None:
    seen = look(fast(llama), IDS)
    told = theirs(llama)(torch.tensor([IDS]), output_attentions=True)
    torch.testing.assert_close(seen.weights, torch.cat(told.attentions), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(seen.scores, told.logits[0], atol=1e-4, rtol=1e-4)
    assert seen.weights[0, 0].std() > 0.01, "weights that are all alike would prove nothing"


@torch.no_grad()
def test_a_head_that_is_off_is_one_whose_output_nobody_reads(llama: Llama) -> None:
    off = [(1, 2), (2, 0)]
    without = Llama(**SIZES).eval()
    without.load_state_dict(llama.state_dict())
    table = without.state_dict()
    for layer, head in off:
        table[f"model.layers.{layer}.self_attn.o_proj.weight"][:, 16 * head : 16 * (head + 1)] = 0
    seen, whole = look(fast(llama), IDS, off), look(fast(llama), IDS)
    torch.testing.assert_close(seen.scores, without(torch.tensor([IDS]))[0], atol=1e-4, rtol=1e-4)
    assert (seen.scores - whole.scores).abs().max() > 0.1
    assert torch.equal(seen.weights[:2], whole.weights[:2]), "what stands before the first of them is untouched"


@pytest.mark.parametrize("kernels", ["torch", "own"])
def test_it_says_what_the_packed_model_says_when_it_writes(llama: Llama, kernels: Any) -> None:
    for format, loose in (("fp32", 1e-4), ("int8", 0.15)):
        model = fast(llama, format=format, kernels=kernels)  # type: ignore[arg-type]
        written = model.logits(model.states(torch.tensor([IDS])))[0]
        assert (look(model, IDS).scores - written).abs().max() < loose * written.std()


def test_what_cannot_be_looked_at_is_refused(llama: Llama) -> None:
    model = fast(llama)
    for layer, head in ((3, 0), (0, 4), (-1, 0), (0, -1)):
        with pytest.raises(IndexError, match="there are 3 layers of 4 heads"):
            look(model, IDS, [(layer, head)])
    with pytest.raises(ModelError, match="49 tokens"):
        look(model, (1,) * 49)
