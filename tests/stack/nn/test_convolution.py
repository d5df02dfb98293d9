"""The loops equal torch.nn.functional, the products equal the loops, gradients included, on shapes of every kind."""

from collections.abc import Callable
from itertools import product

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from wenjin.stack.nn.convolution import (
    Convolution,
    convolve,
    loops,
    patches,
    pool_greatest,
    pool_mean,
    size,
    spread,
)

# N, C / G, M / G, G; H, W; U, V; stride, padding, dilation
SHAPES = st.tuples(
    *(st.integers(1, n) for n in (2, 2, 2, 3)),
    *(st.integers(1, n) for n in (6, 7)),
    *(st.integers(1, 3) for _ in range(2)),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(1, 2),
)


def draw(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def with_gradients(how: Callable[..., Tensor], *inputs: Tensor) -> list[Tensor]:
    given = [x.clone().requires_grad_() for x in inputs]
    y = how(*given)
    # a kernel may meet nothing but padding, and then no pixel has a part in it
    return [
        y.detach(),
        *torch.autograd.grad(
            (y * draw(9, *y.shape, dtype=y.dtype)).sum(), given, allow_unused=True, materialize_grads=True
        ),
    ]


def same(found: list[Tensor], expected: list[Tensor], tolerance: float = 1e-10) -> None:
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(shape=SHAPES, seed=st.integers(0, 99))
def test_products_and_torch_agree_with_gradients(shape: tuple[int, ...], seed: int) -> None:
    N, c, m, G, H, W, U, V, stride, padding, dilation = shape
    assume(dilation * (U - 1) + 1 <= H + 2 * padding and dilation * (V - 1) + 1 <= W + 2 * padding)
    inputs = draw(seed, N, c * G, H, W), draw(seed + 1, m * G, c, U, V), draw(seed + 2, m * G)
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": G}
    ours = with_gradients(lambda x, w, b: convolve(x, w, b, **how), *inputs)
    same(ours, with_gradients(lambda x, w, b: F.conv2d(x, w, b, stride, padding, dilation, G), *inputs))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(shape=SHAPES, seed=st.integers(0, 99))
def test_the_loops_are_the_definition(shape: tuple[int, ...], seed: int) -> None:
    _, c, m, G, H, W, U, V, stride, padding, dilation = shape
    H, W = min(H, 4), min(W, 4)
    assume(dilation * (U - 1) + 1 <= H + 2 * padding and dilation * (V - 1) + 1 <= W + 2 * padding)
    inputs = draw(seed, 1, c * G, H, W), draw(seed + 1, m * G, c, U, V), draw(seed + 2, m * G)
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": G}
    plain = with_gradients(lambda x, w, b: loops(x, w, b, **how), *inputs)
    same(plain, with_gradients(lambda x, w, b: F.conv2d(x, w, b, stride, padding, dilation, G), *inputs))
    same(plain, with_gradients(lambda x, w, b: convolve(x, w, b, **how), *inputs))


def test_single_precision_agrees_with_torch_to_a_hundred_thousandth() -> None:
    """The layers of LeNet, on pictures of its size."""
    for (channels, maps, side), padding in (((1, 6, 28), 2), ((6, 16, 14), 0), ((16, 120, 5), 0)):
        inputs = [
            draw(seed, *shape, dtype=torch.float32)
            for seed, shape in enumerate(((8, channels, side, side), (maps, channels, 5, 5), (maps,)))
        ]
        inputs[1] /= (channels * 25) ** 0.5
        ours = with_gradients(lambda x, w, b, p=padding: convolve(x, w, b, padding=p), *inputs)
        torchs = with_gradients(lambda x, w, b, p=padding: F.conv2d(x, w, b, padding=p), *inputs)
        for a, b in zip(ours, torchs, strict=True):
            assert (a - b).abs().max() <= 1e-5 * max(1, float(b.abs().max()))


def test_gradients_are_those_of_differences() -> None:
    inputs = [draw(n, *shape).requires_grad_() for n, shape in enumerate(((2, 4, 5, 6), (6, 2, 3, 2), (6,)))]
    assert torch.autograd.gradcheck(lambda x, w, b: convolve(x, w, b, 2, 1, 2, 2), inputs)
    x = draw(4, 2, 3, 5, 6).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: pool_greatest(x, 2, 1), [x])
    assert torch.autograd.gradcheck(lambda x: pool_mean(x, 3, 2), [x])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.tuples(*(st.integers(1, n) for n in (2, 3, 7, 7, 3, 4))), st.integers(0, 99), st.sampled_from([1.0, 3.0, 1000.0])
)
def test_pools_equal_torchs_with_gradients_and_ties(shape: tuple[int, ...], seed: int, fine: float) -> None:
    N, C, H, W, kernel, stride = shape
    assume(kernel <= min(H, W))
    x = (draw(seed, N, C, H, W) * fine).round() / fine  # coarse numbers tie
    same(
        with_gradients(lambda x: pool_greatest(x, kernel, stride), x),
        with_gradients(lambda x: F.max_pool2d(x, kernel, stride), x),
    )
    same(
        with_gradients(lambda x: pool_mean(x, kernel, stride), x),
        with_gradients(lambda x: F.avg_pool2d(x, kernel, stride), x),
    )


@settings(max_examples=40, deadline=None, derandomize=True)
@given(shape=SHAPES, seed=st.integers(0, 99))
def test_spread_is_the_adjoint_of_patches(shape: tuple[int, ...], seed: int) -> None:
    N, C, _, _, H, W, U, V, stride, padding, dilation = shape
    assume(dilation * (U - 1) + 1 <= H + 2 * padding and dilation * (V - 1) + 1 <= W + 2 * padding)
    x = draw(seed, N, C, H, W)
    columns = patches(x, (U, V), stride, padding, dilation)
    other = draw(seed + 1, *columns.shape)
    back = spread(other, x.shape, (U, V), stride, padding, dilation)
    torch.testing.assert_close((columns * other).sum(), (x * back).sum())
    if N == 1:
        torch.testing.assert_close(columns, F.unfold(x, (U, V), dilation, padding, stride)[0])


def test_by_hand() -> None:
    x = torch.tensor([[[[1.0, 2, 0], [0, 1, 3], [2, 0, 1]]]])
    w, b = torch.tensor([[[[1.0, 0], [-1, 2]]]]), torch.tensor([0.5])
    assert patches(x, (2, 2)).T.tolist() == [[1, 2, 0, 1], [2, 0, 1, 3], [0, 1, 2, 0], [1, 3, 0, 1]]
    assert convolve(x, w, b).tolist() == [[[[3.5, 7.5], [-1.5, 3.5]]]]
    ones = torch.ones(4, 4)
    assert spread(ones, x.shape, (2, 2)).tolist() == [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]]


def test_sizes_are_the_places_that_can_be_counted() -> None:
    for side, kernel, stride, padding, dilation in product(range(1, 9), range(1, 4), (1, 2, 3), (0, 1, 2), (1, 2, 3)):
        places = [
            start
            for start in range(-padding, side + padding, stride)
            if start + dilation * (kernel - 1) < side + padding
        ]
        if places:
            assert size(side, kernel, stride, padding, dilation) == len(places)
        else:
            with pytest.raises(ValueError, match="does not fit into"):
                size(side, kernel, stride, padding, dilation)


def test_a_shifted_picture_gives_shifted_maps() -> None:
    x, w, b = draw(0, 1, 2, 12, 12), draw(1, 3, 2, 3, 3), draw(2, 3)
    y, moved = convolve(x, w, b), convolve(x.roll((1, 2), (2, 3)), w, b)
    torch.testing.assert_close(moved[:, :, 1:, 2:], y[:, :, :-1, :-2])


def test_the_module_takes_torchs_weights() -> None:
    ours, torchs = Convolution(4, 6, 3, stride=2, padding=1, groups=2), torch.nn.Conv2d(4, 6, 3, 2, 1, groups=2)
    assert float(ours.weight.detach().abs().max()) <= 1 / 18**0.5
    ours.load_state_dict(torchs.state_dict())
    x = draw(0, 2, 4, 7, 8, dtype=torch.float32)
    torch.testing.assert_close(ours(x), torchs(x))


def test_channels_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit together"):
        convolve(draw(0, 1, 3, 5, 5), draw(1, 2, 2, 3, 3), draw(2, 2))
    with pytest.raises(ValueError, match="must divide"):
        Convolution(3, 4, 3, groups=2)
