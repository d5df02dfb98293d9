"""What the steps of a loop of one's own prove: on networks spoiled in one way, and on one that learns."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wenjin.stack.train.health_steps import FOLLOWS, PATH, Steps
from wenjin.study.course.load import load

N, D, K = 256, 8, 4


def rows() -> tuple[Tensor, Tensor]:
    dice = torch.Generator().manual_seed(0)
    x = torch.randn(N, D, generator=dice)
    return x, (x @ torch.randn(D, K, generator=dice)).argmax(1)


def made() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(D, 16), nn.Tanh(), nn.Linear(16, K))


def trained(net: nn.Module, y: Tensor, rate: float = 0.01, steps: int = 60, watch: Steps | None = None) -> Steps:
    watch = watch or Steps(net)
    optimizer = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], rate)
    x, _ = rows()
    for _ in range(steps):
        optimizer.zero_grad()
        torch.autograd.backward(F.cross_entropy(net(x), y))
        watch.before()
        optimizer.step()
        watch.after()
    return watch


def judged(net: nn.Module, y: Tensor) -> tuple[float, float]:
    x, _ = rows()
    scores = net(x).detach()
    return float(F.cross_entropy(scores, y)), float((scores.argmax(1) == y).float().mean())


def test_a_network_that_learns_gives_no_sign() -> None:
    net, (_, y) = made(), rows()
    watch = trained(net, y)
    assert watch.path >= PATH
    assert not list(watch.signs())
    assert not list(watch.guessed(*judged(net, y), y))


def test_a_step_that_is_far_too_long_is_told_once_with_its_share() -> None:
    net, (_, y) = made(), rows()
    ((name, facts),) = trained(net, y, rate=0.3).signs()
    assert name == "rate-too-high"
    assert facts["step"] == 1
    assert facts["update"] > facts["usual"]


def test_a_layer_that_does_not_move_is_told_by_name() -> None:
    for way in ("asked", "left out"):
        net, (_, y) = made(), rows()
        net[0].requires_grad_(way == "left out")
        watch = Steps(net)
        if way == "left out":
            optimizer = torch.optim.Adam(net[2].parameters(), 0.01)
            for _ in range(4):
                optimizer.zero_grad()
                torch.autograd.backward(F.cross_entropy(net(rows()[0]), y))
                watch.before()
                optimizer.step()
                watch.after()
        else:
            trained(net, y, watch=watch)
        assert dict(watch.signs()) == {"parameters-frozen": {"count": 2, "of": 4, "name": "0.weight"}}, way


def test_a_gradient_that_is_cut_is_told() -> None:
    net, (_, y) = made(), rows()
    net[0].register_forward_hook(lambda module, inputs, output: output.detach())
    assert dict(trained(net, y, steps=8).signs()) == {"gradient-cut": {"count": 2, "of": 4, "name": "0.weight"}}


def test_a_loss_made_without_looking_is_told_after_some_way_only() -> None:
    net, (_, y) = made(), rows()
    shuffled = y[torch.randperm(N, generator=torch.Generator().manual_seed(1))]
    watch = trained(net, shuffled)
    loss, right = judged(net, y)
    assert [name for name, _ in watch.guessed(loss, right, y)] == ["labels-unrelated"]
    assert not list(trained(made(), shuffled, steps=1).guessed(loss, right, y))


def test_what_was_seen_is_kept_as_text_and_goes_on() -> None:
    net, (_, y) = made(), rows()
    net[0].requires_grad_(False)
    whole = trained(net, y, steps=40)
    other = made()
    other[0].requires_grad_(False)
    first = trained(other, y, steps=20)
    second = Steps(other)
    second.restore(first.kept())
    assert second.step == 20
    assert list(second.signs()) == list(first.signs()) == list(whole.signs())


def test_every_name_has_its_words() -> None:
    causes = load().causes
    names = {
        "rate-too-high",
        "parameters-frozen",
        "gradient-cut",
        *FOLLOWS,
        *(n for ns in FOLLOWS.values() for n in ns),
    }
    assert names <= causes.keys()
