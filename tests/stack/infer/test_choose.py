"""A text's choice is the sampler's, once its own bias, penalties and constraint have had their say."""

import math

import pytest
import torch
from torch import Tensor

from wenjin.stack.infer.choose import Choice, likely
from wenjin.stack.infer.request import Failed, Request
from wenjin.stack.infer.sampling import Sampler

V = 40


def scores(seed: int) -> Tensor:
    return torch.randn(V, generator=torch.Generator().manual_seed(seed)) * 3


def chosen(choice: Choice, row: Tensor, read: list[int]) -> int:
    return choice.next(row, int(row.argmax()), read)


@pytest.mark.parametrize(
    "settings",
    [{"temperature": 0.0}, {}, {"temperature": 0.7, "top_k": 9, "top_p": 0.9, "min_p": 0.02, "penalty": 1.3}],
)
def test_nothing_else_asked_for_equals_the_sampler_alone(settings: dict[str, float]) -> None:
    choice, sampler, read = Choice(Request((1,), 9, **settings), seed=3), Sampler(**settings, seed=3), [1]
    for seed in range(50):
        row = scores(seed)
        id = chosen(choice, row, read)
        assert id == int(sampler(row[None], torch.tensor([read])))
        choice.took(id)
        read.append(id)


def test_draws_follow_the_samplers_odds() -> None:
    settings = {"temperature": 1.3, "top_k": 12, "top_p": 0.95}
    row = scores(1)
    odds = Sampler(**settings).odds(row[None], torch.tensor([[0]]))[0]
    choice = Choice(Request((1,), 9, **settings), seed=8)
    drawn = torch.bincount(torch.tensor([chosen(choice, row, [0]) for _ in range(4000)]), minlength=V)
    live = odds > 0
    assert not drawn[~live].any()
    chi = ((drawn - 4000 * odds)[live] ** 2 / (4000 * odds[live])).sum()
    free = int(live.sum()) - 1
    assert chi < free + 4 * math.sqrt(2 * free)


def test_presence_counts_once_and_frequency_each_time() -> None:
    row = torch.zeros(V)
    choice = Choice(Request((7,), 9, presence=0.5, frequency=0.25), seed=0)
    for id in (3, 3, 4):
        choice.took(id)
    changed = choice.reshaped(row)
    assert changed[[3, 4, 7]].tolist() == [-1.0, -0.75, 0.0]  # the prompt does not count
    assert not row.any()


def test_bias_is_added_and_minus_infinity_forbids() -> None:
    row = scores(2)
    assert chosen(Choice(Request((1,), 9, temperature=0, bias={5: 100.0}), 0), row, [1]) == 5
    best = int(row.argmax())
    assert chosen(Choice(Request((1,), 9, temperature=0, bias={best: -math.inf}), 0), row, [1]) == row.topk(2)[1][1]


class Countdown:
    """5, then 4, then … 0, and nothing after it."""

    def __init__(self, next: int = 5) -> None:
        self.next = next

    def allowed(self) -> Tensor:
        return torch.arange(V) == self.next

    def push(self, id: int) -> None:
        assert id == self.next
        self.next -= 1

    @property
    def done(self) -> bool:
        return self.next < 0

    def copy(self) -> "Countdown":
        return Countdown(self.next)


def test_a_constraint_leaves_what_it_allows_and_is_the_texts_own() -> None:
    constraint = Countdown()
    for _ in range(2):
        choice, read = Choice(Request((1,), 9, constraint=constraint), seed=1), [1]
        while not choice.done:
            read.append(chosen(choice, scores(len(read)), read))
            choice.took(read[-1])
        assert read == [1, 5, 4, 3, 2, 1, 0]


def test_nothing_left_to_choose_is_a_sentence() -> None:
    choice = Choice(Request((1,), 9, constraint=Countdown(), bias={5: -math.inf}), seed=1)
    with pytest.raises(Failed, match="allow no token") as told:
        chosen(choice, scores(0), [1])
    assert "不允许" in told.value.zh


def test_log_probabilities_are_those_of_the_scores() -> None:
    rows = torch.stack((scores(1), scores(2)))
    logs = rows.log_softmax(-1)
    for n, (own, top) in enumerate(likely(rows, [4, 6], 3)):
        assert own == logs[n, (4, 6)[n]]
        assert [id for id, _ in top] == logs[n].topk(3).indices.tolist()
        assert [p for _, p in top] == logs[n].topk(3).values.tolist()
    assert likely(rows, [4, 6], 0)[0][1] == ()
    assert len(likely(rows, [4, 6], 99)[0][1]) == V
