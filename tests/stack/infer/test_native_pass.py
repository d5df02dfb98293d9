"""A pass in one call equals the layers one by one, wherever keys and values lie; company changes nothing."""

import pytest
import torch
from torch import Tensor

from wenjin.stack.infer.cache import Cache, CacheFull
from wenjin.stack.infer.fast import Fast, fast
from wenjin.stack.infer.generate import cache_for
from wenjin.stack.infer.native_pass import MOST
from wenjin.stack.infer.paged import Pass, Pool, Rows
from wenjin.stack.infer.pages import PAGE
from wenjin.stack.models.llama import Llama

FAMILIES = {
    "plain": {},
    "biases": {"qkv_bias": True, "out_bias": True, "mlp_bias": True},
    "norms": {"qk_norm": True, "head_dim": 24},
}


pytestmark = pytest.mark.usefixtures("one_thread")


def model(format: str = "fp32", family: str = "plain") -> Fast:
    torch.manual_seed(1)
    sizes = {"vocab": 61, "dim": 48, "layers": 2, "heads": 4, "kv_heads": 2, "hidden": 37, "context": 160, "std": 0.2}
    llama = Llama(**sizes, **FAMILIES[family])
    for parameter in llama.parameters():
        if parameter.ndim == 1:
            torch.nn.init.normal_(parameter, 0.5, 0.3)
    return fast(llama, format=format, kernels="own")  # type: ignore[arg-type]


def ids(count: int, seed: int = 0) -> Tensor:
    return torch.randint(61, (1, count), generator=torch.Generator().manual_seed(seed))


def read(one: Fast, text: Tensor, cuts: list[int], cache: Cache) -> Tensor:
    return torch.cat([one.states(part, cache) for part in text.split(cuts, dim=1)], dim=1)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("format", ["fp32", "bf16", "int8", "int4"])
def test_one_call_equals_the_layers_one_by_one(format: str, family: str) -> None:
    one, text = model(format, family), ids(40)
    layered, called = (cache_for(one, batch=1, room=40) for _ in range(2))
    few, one.few = one.few, None
    wanted = read(one, text, [1, 3, 4, 8, 8, 8, 8], layered)  # at most eight: the same products
    one.few = few
    states = read(one, text, [1, 3, 4, 8, 8, 8, 8], called)
    # Numbers that differ in the last bit may be rounded to different neighbors: bfloat16's are 1/256 apart.
    tolerance = 1e-4 if format == "fp32" else 0.02
    for ours, theirs in ((called.keys, layered.keys), (states, wanted)):
        assert (ours.float() - theirs.float()).norm() < tolerance * theirs.float().norm()


@pytest.mark.parametrize("format", ["fp32", "int4"])
def test_rows_of_a_batch_and_any_threads_give_the_bits_of_each_text_alone(format: str) -> None:
    one = model(format)
    texts = torch.cat([ids(12, seed) for seed in range(3)])
    alone = torch.cat([read(one, text[None], [5, 1, 6], cache_for(one, batch=1, room=12)) for text in texts])
    for threads in (1, 2, 5):
        torch.set_num_threads(threads)
        assert torch.equal(read(one, texts, [10, 1, 1], cache_for(one, batch=3, room=12)), alone)


@pytest.mark.parametrize("format", ["fp32", "int4"])
def test_pages_give_the_bits_of_a_cache_of_its_own(format: str) -> None:
    one, lengths = model(format), (PAGE + 7, 3, PAGE)
    texts = [ids(length + 4, seed) for seed, length in enumerate(lengths)]
    wanted = []
    for text, length in zip(texts, lengths, strict=True):
        cuts = [*[8] * (length // 8), length % 8, 1, 3]
        wanted.append(
            read(one, text, [cut for cut in cuts if cut], cache_for(one, batch=1, room=length + 4))[0, length:]
        )
    pool = Pool(one, 9)
    tables = [[7, 2], [5], [4, 9]]
    for text, length, table in zip(texts, lengths, tables, strict=True):
        for first in range(0, length, 8):
            part = text[:, first : min(first + 8, length)]
            one.states(part, Pass(pool, [Rows(table, first, part.shape[1])]))
    # one new token of each text, then three of each, with rows that belong to none
    for first, count, fill in ((0, 1, 2), (1, 3, 1)):
        parts = [Rows(table, length + first, count) for table, length in zip(tables, lengths, strict=True)]
        flat = torch.cat(
            [text[:, length + first : length + first + count] for text, length in zip(texts, lengths, strict=True)], 1
        )
        states = one.states(torch.cat((flat, flat[:, :fill]), dim=1), Pass(pool, parts, fill=fill))[0]
        for number, part in enumerate(wanted):
            assert torch.equal(states[number * count : (number + 1) * count], part[first : first + count])
    assert states.isfinite().all()


def test_a_full_cache_is_refused_before_anything_is_written() -> None:
    one = model()
    cache = cache_for(one, batch=1, room=4)
    one.states(ids(3), cache)
    before = cache.keys.clone()
    with pytest.raises(CacheFull, match="5 tokens"):
        one.states(ids(2), cache)
    assert cache.length == 3
    assert torch.equal(cache.keys, before)


def test_a_long_piece_is_left_to_the_layers() -> None:
    one = model()
    assert one.few is not None
    assert not one.few(torch.zeros(MOST + 1, 48), cache_for(one, batch=1, room=160), 1, MOST + 1)
    assert not one.few(torch.zeros(1, 48), None, 1, 1)
