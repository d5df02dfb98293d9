"""What the lesson's formulas say, asserted: one function a formula, called without arguments.

Rule    sums are taken over every place and every pixel of small pictures, in whole numbers or double precision, and
        held against the library's own functions
"""

from itertools import product

import torch
from torch import Tensor

from wenjin.stack.models.lenet import LeNet, Plain
from wenjin.stack.nn.convolution import convolve, loops, patches, pool_greatest, pool_mean, size, spread


def draw(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def weights_of_a_plain_layer() -> None:
    net = Plain()
    assert sum(p.numel() for p in net.hidden.parameters()) == 784 * 78 + 78
    assert 28 * 28 == 784
    assert (28 * 28) * (6 * 28 * 28) == 3_687_936  # every pixel to every number of C1
    assert sum(p.numel() for p in LeNet().c1.parameters()) == 6 * 26 == 156


def sum_over_the_window() -> None:
    x, w, b = draw(1, 1, 5, 6), draw(1, 1, 2, 3, seed=2), draw(1, seed=3)
    y = convolve(x, w, b)
    for i, j in product(range(4), range(4)):
        total = b[0] + sum(w[0, 0, u, v] * x[0, 0, i + u, j + v] for u, v in product(range(2), range(3)))
        torch.testing.assert_close(y[0, 0, i, j], total)


def by_hand() -> None:
    assert 1 * 1 + 0 * 2 + (-1) * 0 + 2 * 1 == 3
    x = torch.tensor([[[[1.0, 2, 0], [0, 1, 3], [2, 0, 1]]]])
    w = torch.tensor([[[[1.0, 0], [-1, 2]]]])
    assert convolve(x, w, torch.zeros(1))[0, 0, 0, 0] == 3


def flipped_is_cross_correlation() -> None:
    """Convolution as mathematics has it, place by place, is the library's with the kernel turned round."""
    x, w = draw(1, 1, 6, 6), draw(1, 1, 3, 3, seed=2)
    turned = convolve(x, w.flip(-2, -1), torch.zeros(1, dtype=torch.float64))
    for i, j in product(range(4), range(4)):
        total = sum(w[0, 0, u, v] * x[0, 0, i + 2 - u, j + 2 - v] for u, v in product(range(3), range(3)))
        torch.testing.assert_close(turned[0, 0, i, j], total)


def channels_add_up() -> None:
    x, w, b = draw(2, 3, 5, 6), draw(4, 3, 2, 3, seed=2), draw(4, seed=3)
    apart = [convolve(x[:, c : c + 1], w[:, c : c + 1], torch.zeros_like(b)) for c in range(3)]
    torch.testing.assert_close(convolve(x, w, b), sum(apart, b[:, None, None]))


def parameters_of_a_convolution() -> None:
    net = LeNet()
    for layer, maps, channels in ((net.c1, 6, 1), (net.c3, 16, 6), (net.c5, 120, 16)):
        assert sum(p.numel() for p in layer.parameters()) == maps * (channels * 25 + 1)


def places_of_a_kernel() -> None:
    for n, k, s, p, d in product(range(1, 12), range(1, 4), (1, 2, 3), (0, 1, 2), (1, 2)):
        places = [at for at in range(-p, n + p, s) if at + d * (k - 1) <= n + p - 1]
        if places:
            assert size(n, k, s, p, d) == len(places) == (n + 2 * p - (d * (k - 1) + 1)) // s + 1


def one_product() -> None:
    x, w, b = draw(3, 2, 5, 6), draw(4, 2, 2, 3, seed=2), draw(4, seed=3)
    y = w.reshape(4, -1) @ patches(x, (2, 3)) + b[:, None]
    torch.testing.assert_close(y.view(4, 3, 4, 4).transpose(0, 1), loops(x, w, b))


def gradients_of_the_product() -> None:
    x, w, b = (n.requires_grad_() for n in (draw(2, 2, 5, 5), draw(3, 2, 3, 2, seed=2), draw(3, seed=3)))
    y = loops(x, w, b)
    slope = draw(*y.shape, seed=4)
    by_x, by_w, by_b = torch.autograd.grad((y * slope).sum(), (x, w, b))
    g = slope.transpose(0, 1).flatten(1)  # (M, L)
    torch.testing.assert_close((g @ patches(x, (3, 2)).T).view(w.shape), by_w)
    torch.testing.assert_close(g.sum(1), by_b)
    torch.testing.assert_close(spread(w.flatten(1).T @ g, x.shape, (3, 2)), by_x)


def a_pixel_gathers() -> None:
    """One dimension: pixel r was seen at every place i with i + u = r."""
    w, slope = [2.0, 5.0, 11.0], [1.0, 10.0, 100.0, 1000.0]
    x = torch.zeros(1, 1, 1, 6).requires_grad_()
    convolve(x, torch.tensor([[[w]]]), torch.zeros(1)).backward(torch.tensor([[[slope]]]))
    assert x.grad is not None
    for r in range(6):
        assert x.grad[0, 0, 0, r] == sum(w[u] * slope[r - u] for u in range(3) if 0 <= r - u < 4)


def pooling_passes_gradients_on() -> None:
    x = torch.tensor([[[[1.0, 5], [2, 3]]]], requires_grad=True)
    pool_greatest(x, 2).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[[[0, 1], [0, 0]]]]
    x.grad = None
    pool_mean(x, 2).sum().backward()
    assert x.grad.tolist() == [[[[0.25, 0.25], [0.25, 0.25]]]]


def moved_in_moved_out() -> None:
    x, w, b = draw(1, 2, 9, 9), draw(3, 2, 3, 3, seed=2), draw(3, seed=3)
    y, later = convolve(x, w, b), convolve(x.roll((2, 1), (2, 3)), w, b)
    torch.testing.assert_close(later[:, :, 2:, 1:], y[:, :, :-2, :-1])


def parameters_of_lenet() -> None:
    counts = [sum(p.numel() for p in layer.parameters()) for layer in LeNet().children()]
    assert counts == [6 * 26, 16 * 151, 120 * 401, 84 * 121, 10 * 85]
    assert sum(counts) == 61_706


def reach_of_a_number() -> None:
    """A number of S4 sees 16 x 16 pixels: exactly those change it."""
    net = LeNet(pool="mean").double()
    x = draw(1, 1, 28, 28).requires_grad_()
    (slope,) = torch.autograd.grad(net.maps(x)["s4"][0, :, 2, 2].sum(), x)
    rows = slope[0, 0].abs().sum(1).nonzero()
    assert int(rows.max() - rows.min()) + 1 == 16 == 1 + 4 + 1 + 2 * 4 + 2
