"""The ledger: FLOPs equal torch's own counter, counts equal published sizes, and every parameter is in one part."""

from importlib import import_module
from typing import Any

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from wenjin.stack.models.bert import Bert, PretrainingBert
from wenjin.stack.models.gpt2 import GPT2
from wenjin.stack.models.ledger import ledger, part_of
from wenjin.stack.models.llama import Llama

GPT2_SIZES = {"vocab": 50257, "context": 1024}
QWEN: dict[str, Any] = {"context": 32768, "epsilon": 1e-6}
# Published counts: GPT-2 (Radford and others, 2019, table 2, as corrected in the code's README: 124M, 355M, 774M,
# 1558M); GPT-3 arXiv:2005.14165 (table 2.1); Llama 2 and 3.1 by their model cards; Qwen arXiv:2407.10671 (table 1)
# and arXiv:2505.09388 (table 1); SmolLM2 arXiv:2502.02737; BERT arXiv:1810.04805 (3).
PUBLISHED: dict[str, tuple[Any, dict[str, Any], float]] = {
    "gpt2": (GPT2, GPT2_SIZES | {"dim": 768, "layers": 12, "heads": 12}, 124.4e6),
    "gpt2-medium": (GPT2, GPT2_SIZES | {"dim": 1024, "layers": 24, "heads": 16}, 355e6),
    "gpt2-large": (GPT2, GPT2_SIZES | {"dim": 1280, "layers": 36, "heads": 20}, 774e6),
    "gpt2-xl": (GPT2, GPT2_SIZES | {"dim": 1600, "layers": 48, "heads": 25}, 1558e6),
    "gpt3": (GPT2, {"vocab": 50257, "context": 2048, "dim": 12288, "layers": 96, "heads": 96}, 175e9),
    "llama2-7b": (
        Llama,
        {"vocab": 32000, "dim": 4096, "layers": 32, "heads": 32, "hidden": 11008, "context": 4096, "tied": False},
        6.74e9,
    ),
    "llama3.1-8b": (
        Llama,
        {
            "vocab": 128256,
            "dim": 4096,
            "layers": 32,
            "heads": 32,
            "kv_heads": 8,
            "hidden": 14336,
            "context": 8192,
            "tied": False,
        },
        8.03e9,
    ),
    "qwen2-0.5b": (
        Llama,
        QWEN
        | {"vocab": 151936, "dim": 896, "layers": 24, "heads": 14, "kv_heads": 2, "hidden": 4864, "qkv_bias": True},
        0.49e9,
    ),
    "qwen3-0.6b": (
        Llama,
        QWEN
        | {
            "vocab": 151936,
            "dim": 1024,
            "layers": 28,
            "heads": 16,
            "kv_heads": 8,
            "head_dim": 128,
            "hidden": 3072,
            "qk_norm": True,
        },
        0.596e9,
    ),
    "smollm2-135m": (
        Llama,
        {"vocab": 49152, "dim": 576, "layers": 30, "heads": 9, "kv_heads": 3, "hidden": 1536, "context": 8192},
        134.5e6,
    ),
    "bert-base": (
        Bert,
        {"vocab": 30522, "dim": 768, "layers": 12, "heads": 12, "hidden": 3072, "context": 512},
        109.5e6,
    ),
}


def plan(kind: Any, settings: dict[str, Any]) -> Any:
    with torch.device("meta"):
        return kind(**settings)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sizes_are_met_within_one_percent(name: str) -> None:
    kind, settings, published = PUBLISHED[name]
    assert abs(ledger(plan(kind, settings), 1024).parameters / published - 1) < 0.01


def test_the_example_of_the_file() -> None:
    """GPT-2 by hand: V D + C D; L (4 D D + 4 D); L (8 D D + 5 D); (2 L + 1) 2 D; products 2 a weight, and 4 L D C."""
    V, C, D, L = 50257, 1024, 768, 12
    book = ledger(plan(*PUBLISHED["gpt2"][:2]), C)
    rows = {row.part: (row.parameters, row.bytes, row.flops) for row in book.rows}
    sizes = {
        "embedding": ((V + C) * D, 0),
        "attention": (L * (4 * D * D + 4 * D), 2 * L * 4 * D * D + 4 * L * D * C),
        "feed-forward": (L * (8 * D * D + 5 * D), 2 * L * 8 * D * D),
        "norm": ((2 * L + 1) * 2 * D, 0),
        "head": (0, 2 * V * D),
    }
    assert rows == {part: (count, 4 * count, flops) for part, (count, flops) in sizes.items()}
    assert (book.parameters, book.bytes, book.flops) == (124_439_808, 497_759_232, 284_812_800)
    assert book.training == 3 * book.flops
    assert book.cache == 2 * L * D * 4
    assert ledger(plan(*PUBLISHED["gpt2"][:2]), C, bytes_each=2).bytes == 248_879_616


def test_the_example_stands_in_the_file_as_it_is_computed() -> None:
    book = ledger(plan(*PUBLISHED["gpt2"][:2]), 1024)
    text = import_module("wenjin.stack.models.ledger").__doc__ or ""
    for row in book.rows:
        for number in (row.parameters, row.bytes, row.flops):
            assert not number or f"{number:,}" in text
    for number in (book.parameters, book.bytes, book.flops):
        assert f"{number:,}" in text


SMALL: dict[str, Any] = {"vocab": 70, "dim": 24, "layers": 2, "heads": 4, "context": 32}
COUNTED = [
    (GPT2, SMALL),
    (Llama, SMALL | {"hidden": 40, "kv_heads": 2}),
    (Llama, SMALL | {"hidden": 40, "kv_heads": 1, "head_dim": 10, "qk_norm": True, "tied": False}),
    (PretrainingBert, SMALL | {"hidden": 40}),
]


@pytest.mark.parametrize(("kind", "settings"), COUNTED)
def test_flops_equal_torchs_own_counter_forward_and_in_training(kind: Any, settings: dict[str, Any]) -> None:
    """The counter does not see into fused kernels, so attention is computed by plain products here."""
    model, ids = kind(**settings | ({} if kind is PretrainingBert else {"attention": "products"})), torch.zeros(3, 16)
    book = ledger(model, 16)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as forward, torch.no_grad():
        model(ids.long())
    assert forward.get_total_flops() == 3 * 16 * book.flops
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as training:
        model(ids.long()).sum().backward()
    assert training.get_total_flops() == 3 * 16 * book.training


@pytest.mark.parametrize(("kind", "settings"), COUNTED)
def test_every_parameter_is_counted_once(kind: Any, settings: dict[str, Any]) -> None:
    model = kind(**settings)
    book = ledger(model, 16)
    assert book.parameters == sum(value.numel() for value in model.parameters())
    assert ledger(model.bfloat16(), 16).bytes == book.bytes // 2


def test_shared_heads_keep_fewer_bytes_for_each_token() -> None:
    """Llama 3.1 8B keeps 2 x 32 layers x 8 heads x 128 x 2 bytes = 128 KiB a token in bfloat16."""
    kind, settings, _ = PUBLISHED["llama3.1-8b"]
    assert ledger(plan(kind, settings), 8192, bytes_each=2).cache == 131_072
    assert ledger(plan(Bert, PUBLISHED["bert-base"][1]), 512).cache == 0


def test_a_name_that_fits_no_part_is_refused() -> None:
    with pytest.raises(ValueError, match="router"):
        part_of("layers.0.router.weight")
