"""Two observations, compared part by part; the arithmetic is PyTorch's, independently."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from wenjin.study.judge.compare import difference, numbers
from wenjin.study.sandbox.inside import frames


def seen(value: object, **more: object) -> dict:
    data = frames.read(frames.write(value))
    kind = data.kind if isinstance(data, frames.Array) else type(value).__name__
    return {"error": None, "type": kind, "value": data, "changed": [], "gradients": None, **more}


@given(
    st.sampled_from([torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.bool]),
    st.lists(st.integers(0, 3), max_size=3),
    st.integers(0, 99),
)
def test_bytes_are_the_numbers_that_torch_has(dtype: torch.dtype, shape: list[int], seed: int) -> None:
    tensor = (torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 3).to(dtype)
    array = frames.read(frames.write(tensor))
    assert array.shape == tuple(shape)
    assert torch.equal(torch.from_numpy(numbers(array)), tensor.double())
    assert torch.equal(frames.revive(array), tensor)


def test_each_departure_has_its_aspect() -> None:
    right = seen(torch.tensor([1.0, 2.0]))
    assert difference(seen(torch.tensor([1.0, 2.0 + 1e-6])), right, 1e-5) is None
    for wrong, aspect, place in [
        (seen(torch.tensor([1.0, 2.1])), "value", (1,)),
        (seen(torch.tensor([1.0, float("nan")])), "finite", (1,)),
        (seen(torch.tensor([[1.0, 2.0]])), "shape", ()),
        (seen(torch.tensor([1.0, 2.0]).half()), "dtype", ()),
        (seen([1.0, 2.0]), "type", ()),
        (seen(torch.tensor([1.0, 2.0]), changed=[0]), "changed", ()),
        ({**right, "varies": True}, "varies", ()),
    ]:
        found = difference(wrong, right, 1e-5)
        assert found is not None
        assert (found.aspect, found.place) == (aspect, place)


def test_nan_never_equals_a_number_and_equals_nan() -> None:
    nan = seen(torch.tensor([float("nan")]))
    assert difference(nan, seen(torch.tensor([0.0])), 1e9) is not None
    assert difference(nan, nan, 0.0) is None


def test_gradients_are_compared_and_may_not_be_missing() -> None:
    def graded(*gradients: object) -> dict:
        return seen(torch.tensor([1.0]), gradients=[g and frames.read(frames.write(g)) for g in gradients])

    right = graded(torch.tensor(1.0), torch.tensor(2.0))
    assert difference(right, right, 1e-6) is None
    found = difference(graded(torch.tensor(1.0), torch.tensor(2.5)), right, 1e-6)
    assert found is not None
    assert (found.aspect, found.place) == ("gradient", (1,))
    cut = difference(seen(torch.tensor([1.0])), right, 1e-6)
    assert cut is not None
    assert cut.aspect == "detached"


@given(st.binary(max_size=200))
def test_hostile_bytes_are_refused_or_read_never_raised(frame: bytes) -> None:
    try:
        frames.read(frame)
    except frames.Malformed:
        return


def test_a_frame_that_claims_more_than_it_holds_is_refused() -> None:
    good = frames.write(torch.ones(2, 3))
    for claim in (b"[2,4]", b"[2,-3]", b"[9999999999,9999999999]", b'["a",3]'):
        forged = good.replace(b"[2, 3]", claim.ljust(6)[:6]) if len(claim) <= 6 else b"\0\0\0\xff" + claim
        try:
            frames.read(forged)
        except frames.Malformed:
            continue
        raise AssertionError(claim)
