"""Figures of a small model are whole, and their share is what it says."""

import pytest

from wenjin.stack.infer.bench import BUFFER, Reader, measured, weight_bytes
from wenjin.stack.infer.fast import fast
from wenjin.stack.models.llama import Llama

pytestmark = pytest.mark.usefixtures("one_thread")


def model() -> Llama:
    return Llama(vocab=50, dim=32, layers=2, heads=2, hidden=48, context=40)


def test_figures_of_a_model_and_of_its_packed_form() -> None:
    reader = Reader(4 << 20)
    for one in (model(), fast(model(), format="int8", kernels="torch")):
        told = measured(one, prompt=512, tokens=9, rounds=1, reader=reader)
        assert told.read > 0 < told.written
        assert told.share == pytest.approx(told.written * (told.weights + told.cache) / told.bandwidth)
        assert told.limit == pytest.approx(told.written / told.share)
        assert (told.threads, told.cache) == (1, 2 * 2 * 20 * 32 * (4 if isinstance(one, Llama) else 2))


def test_bytes_that_a_token_reads() -> None:
    each = 4 * 32 * 32 + 3 * 32 * 48  # matrices of a layer
    whole = model()
    assert weight_bytes(whole) == 4 * (2 * each + 50 * 32 + 5 * 32)  # the tied head is read, the norms too
    assert weight_bytes(fast(whole, kernels="torch")) == 4 * (2 * each + 50 * 32)


def test_an_array_is_read_at_a_speed_that_memory_can_have() -> None:
    assert 1e8 < Reader(16 << 20).bandwidth() < 1e13
    assert BUFFER >= 256 << 20
