"""What the lesson's formulas say, asserted: one function a formula, called without arguments.

Rule    what a model gives is held against counts, sums and enumerations, so that nothing is checked by itself
"""

import math
from collections import Counter
from itertools import pairwise, product

import torch

from wenjin.stack.models.gpt2 import GPT2
from wenjin.stack.nn.losses import cross_entropy

LINES = ["^明月光$", "^明月夜$", "^明日光$"]


def table() -> tuple[Counter[tuple[str, str]], Counter[str]]:
    """How often each pair of neighbors occurs, and each left neighbor."""
    pairs = Counter(pair for line in LINES for pair in pairwise(line))
    return pairs, Counter(left for left, _ in pairs.elements())


def a_text_is_a_product_of_guesses() -> None:
    pairs, before = table()
    whole = math.prod(pairs[pair] / before[pair[0]] for pair in pairwise("^明月光$"))
    assert math.isclose(whole, LINES.count("^明月光$") / len(LINES))
    middle = "明月日光夜"
    texts = ("^" + "".join(part) + "$" for n in range(1, 5) for part in product(middle, repeat=n))
    chances = [math.prod(pairs[pair] / before[pair[0]] for pair in pairwise(text)) for text in texts]
    assert math.isclose(sum(chances), 1.0)  # of all texts together


def a_mean_of_means_is_another_mean() -> None:
    dice = torch.Generator().manual_seed(0)
    states, head = torch.randn(12, 4, generator=dice), torch.randn(7, 4, generator=dice)
    labels = torch.randint(0, 7, (12,), generator=dice)
    labels[3:6] = -100  # the first text has three labels, the second six
    whole = float(cross_entropy(states, head, labels))
    parts = [float(cross_entropy(states[part], head, labels[part])) for part in (slice(0, 6), slice(6, 12))]
    assert math.isclose(whole, (3 * parts[0] + 6 * parts[1]) / 9, rel_tol=1e-5)
    assert not math.isclose(whole, sum(parts) / 2, rel_tol=1e-3)
    even = [float(cross_entropy(states[part], head, labels[part])) for part in (slice(6, 9), slice(9, 12))]
    assert math.isclose(parts[1], sum(even) / 2, rel_tol=1e-5)


def perplexity_is_e_to_the_loss() -> None:
    chances = [0.5, 0.25, 0.9, 0.01]
    loss = -math.fsum(map(math.log, chances)) / len(chances)
    assert math.isclose(math.exp(loss), math.prod(chances) ** (-1 / len(chances)))
    assert math.isclose(math.exp(-math.log(1 / 50)), 50)


def who_knows_nothing_pays_log_v() -> None:
    V = 512
    torch.manual_seed(0)
    model = GPT2(vocab=V, dim=32, layers=2, heads=2, context=16)
    ids = torch.randint(0, V, (8, 17))
    loss = torch.nn.functional.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten()).item()
    assert abs(loss - math.log(V)) < 0.05


def bits_per_character_do_not_see_tokens() -> None:
    # One model of characters; whoever reads it two characters at a time gives each pair the product of its odds.
    chances = [0.5, 0.25, 0.8, 0.1, 0.3, 0.6]
    paired = [a * b for a, b in zip(chances[::2], chances[1::2], strict=True)]

    def bits(odds: list[float]) -> float:
        loss = -math.fsum(map(math.log, odds)) / len(odds)
        return len(odds) / len(chances) * loss / math.log(2)

    assert math.isclose(bits(chances), bits(paired))
    assert not math.isclose(math.prod(chances) ** (-1 / 6), math.prod(paired) ** (-1 / 3))


def loss_is_entropy_and_divergence() -> None:
    dice = torch.Generator().manual_seed(0)
    q, p = torch.rand(2, 9, generator=dice, dtype=torch.float64)
    q, p = q / q.sum(), p / p.sum()
    entropy, divergence = -(q * q.log()).sum(), (q * (q / p).log()).sum()
    assert torch.isclose(-(q * p.log()).sum(), entropy + divergence)
    assert divergence > 0
    assert torch.isclose(-(q * q.log()).sum(), entropy)  # at p = q nothing is left but the entropy


def blanks_apart_are_not_a_text() -> None:
    texts = {"纽约": 0.5, "伦敦": 0.5}
    first = Counter({one[0]: p for one, p in texts.items()})
    second = Counter({one[1]: p for one, p in texts.items()})
    for text, p in texts.items():
        after = p / first[text[0]]
        assert math.isclose(first[text[0]] * after, p)
        assert not math.isclose(first[text[0]] * second[text[1]], p)
    free = {a + b: p * r for a, p in first.items() for b, r in second.items()}  # where they are independent
    assert math.isclose(free["纽敦"], first["纽"] * second["敦"])


def parameters_of_gpt_2() -> None:
    V, D, T, L = 97, 24, 16, 3
    model = GPT2(vocab=V, dim=D, layers=L, heads=4, context=T)
    assert sum(p.numel() for p in model.parameters()) == V * D + T * D + L * (12 * D**2 + 13 * D) + 2 * D
