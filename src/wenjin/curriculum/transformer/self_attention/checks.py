"""What the lesson's formulas say, asserted: one function a formula, called without arguments.

Rule    where the formula is exact, so is the check: expectations are sums over every outcome, in fractions.
        The law of a coordinate is lopsided on purpose; nothing in the derivation needs a bell curve
"""

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import product

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from wenjin.stack.nn.attention import Attention, attend, mask, scale, scores, softmax

LAW = {Fraction(2): Fraction(1, 5), Fraction(-1, 2): Fraction(4, 5)}  # value -> chance; mean 0, variance 1
WIDTHS = (1, 2, 3)  # of q and k, where every outcome is visited

Row = tuple[Fraction, ...]


def expect(what: Callable[..., Fraction], d: int, vectors: int = 2) -> Fraction:
    """The exact expectation of what(q, k, ...), whose coordinates are drawn independently from LAW."""
    total = Fraction(0)
    for values in product(LAW, repeat=vectors * d):
        rows = [values[n * d : (n + 1) * d] for n in range(vectors)]
        total += math.prod((LAW[v] for v in values), start=Fraction(1)) * what(*rows)
    return total


def variance(what: Callable[..., Fraction], d: int, vectors: int = 2) -> Fraction:
    return expect(lambda *rows: what(*rows) ** 2, d, vectors) - expect(what, d, vectors) ** 2


def dot(q: Row, k: Row) -> Fraction:
    return sum((a * b for a, b in zip(q, k, strict=True)), start=Fraction(0))


def draw(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def output_is_a_weighted_average() -> None:
    q, k, v = draw(3, 1, 1, 6, 4)
    weights = softmax(scale(scores(q, k), 4))[0, 0]
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(6, dtype=torch.float64))
    by_sum = torch.stack([sum(weights[i, j] * v[0, 0, j] for j in range(6)) for i in range(6)])
    torch.testing.assert_close(attend(q, k, v)[0, 0], by_sum)


def shared_projection_is_symmetric() -> None:
    x, shared, other = draw(7, 5), draw(5, 3), draw(3, 5).T.flip(0)
    one, two = scores(x @ shared, x @ shared), scores(x @ shared, x @ other)
    torch.testing.assert_close(one, x @ (shared @ shared.T) @ x.T)
    torch.testing.assert_close(one, one.T)
    assert (two - two.T).abs().max() > 0.1


def cosine_cannot_focus() -> None:
    for keys in (2, 10, 100):
        best = torch.full((1, keys), -1.0, dtype=torch.float64)
        best[0, 0] = 1
        assert math.isclose(softmax(best)[0, 0], math.exp(2) / (math.exp(2) + keys - 1), rel_tol=1e-12)
        others = softmax(draw(50, keys).clamp(-1, 1))
        assert others.max() <= softmax(best)[0, 0]


def only_differences_count() -> None:
    a = draw(5, 8)
    w = softmax(a)
    torch.testing.assert_close(w, a.exp() / a.exp().sum(dim=-1, keepdim=True))
    torch.testing.assert_close(w[:, :, None] / w[:, None, :], (a[:, :, None] - a[:, None, :]).exp())


def mean_of_a_product() -> None:
    assert expect(lambda q, k: q[0] * k[0], 1) == 0


def variance_of_a_product() -> None:
    assert variance(lambda q, k: q[0] * k[0], 1) == 1


def terms_are_uncorrelated() -> None:
    assert expect(lambda q, k: q[0] * k[0] * q[1] * k[1], 2) == 0
    assert expect(lambda q, _: q[0] * q[1], 2) == 0


def variance_of_dot_product() -> None:
    for d in WIDTHS:
        assert expect(dot, d) == 0
        assert variance(dot, d) == d


def scaled_variance_is_one() -> None:
    """In fractions Var(x / sqrt d) is Var(x) / d; the library's own scale is measured, to five standard errors."""
    for d in WIDTHS:
        assert variance(dot, d) / d == 1
    for d in (16, 256):
        q, k = draw(2, 4000, 1, d)
        measured = scale(scores(q, k), d).var().item()
        assert abs(measured - 1) < 5 * math.sqrt(2 / 4000)


def variance_of_a_difference() -> None:
    for d in (1, 2):
        assert variance(lambda q, k, other: dot(q, k) - dot(q, other), d, vectors=3) == 2 * d


def softmax_derivative() -> None:
    a = draw(6)
    w = softmax(a)
    jacobian = torch.autograd.functional.jacobian(softmax, a)
    torch.testing.assert_close(jacobian, torch.diag(w) - w[:, None] * w)


def gradient_is_value_against_average() -> None:
    a, g = draw(6).requires_grad_(), draw(2, 6)[1]
    w = softmax(a)
    (slope,) = torch.autograd.grad((w * g).sum(), a)
    torch.testing.assert_close(slope, w * (g - (w * g).sum()))


def bracket_sums_over_the_others() -> None:
    w, g = softmax(draw(6)), draw(2, 6)[1]
    for j in range(6):
        others = torch.stack([w[i] * (g[j] - g[i]) for i in range(6) if i != j]).sum()
        torch.testing.assert_close(g[j] - (w * g).sum(), others)


def saturated_gradient_is_bounded() -> None:
    g = draw(2, 6)[1]
    for spread in (0.1, 1.0, 5.0, 20.0):
        a = draw(6) * spread
        w = softmax(a)
        short = 1 - w.max()
        slope = w * (g - (w * g).sum())
        assert slope.abs().max() <= short * (g.max() - g.min()) + 1e-12
        first, second = a.topk(2).values
        assert short <= 5 * (second - first).exp() + 1e-12


def divided_by_d_variance_vanishes() -> None:
    for d in WIDTHS:
        assert variance(lambda q, k, d=d: dot(q, k) / d, d) == Fraction(1, d)


def ranking_stays_weights_move() -> None:
    a = draw(8)
    for c in (0.5, 8.0, 1e6):
        w = softmax(a / c)
        assert torch.equal(w.argsort(), a.argsort())
        torch.testing.assert_close(w[0] / w[1], ((a[0] - a[1]) / c).exp())
    torch.testing.assert_close(softmax(a / 1e6), torch.full((8,), 1 / 8, dtype=torch.float64), atol=1e-5, rtol=0)


def entropy_near_even() -> None:
    """The error is of third order: ten times smaller scores, about a thousand times smaller error."""
    a = draw(16)

    def off(size: float) -> float:
        w = softmax(a * size)
        return abs(-(w * w.log()).sum().item() - (math.log(16) - (a * size).var(correction=0).item() / 2))

    assert off(0.1) < 1e-3
    assert 500 < off(0.1) / off(0.01) < 2000


def a_shift_cancels() -> None:
    a = draw(5, 7)
    torch.testing.assert_close(softmax(a - 123.0), softmax(a))
    torch.testing.assert_close(softmax(a), a.exp() / a.exp().sum(dim=-1, keepdim=True))
    shifted = (a - a.amax(dim=-1, keepdim=True)).exp()
    assert shifted.max() == 1
    assert (shifted.sum(dim=-1) >= 1).all()


def the_last_query_sees_every_key() -> None:
    for queries, keys in ((1, 6), (2, 6), (6, 6)):
        seen = mask(torch.zeros(queries, keys)).isfinite()
        for i in range(queries):
            assert [j for j in range(keys) if seen[i, j]] == list(range(i + keys - queries + 1))


def pairs_overtake_projections() -> None:
    """Counted by torch while the library runs: 4 heads of 16, and as many words as the width, twice and four times."""
    layer, dim = Attention(64, heads=4, kv_heads=4), 64
    for words in (dim, 2 * dim, 4 * dim):
        x, q = torch.zeros(1, words, dim), torch.zeros(1, 4, words, 16)
        with FlopCounterMode(display=False) as projections:
            for projection in layer.children():
                projection(x)
        with FlopCounterMode(display=False) as pairs:
            attend(q, q, q)
        assert projections.get_total_flops() == 8 * words * dim**2
        assert pairs.get_total_flops() == 4 * words**2 * dim
