"""LeNet's layers by hand, and the same network made of torch.nn."""

import pytest
import torch
from torch import nn

from wenjin.stack.models.lenet import LeNet, Plain


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_shapes_and_parameters_are_those_worked_out_by_hand() -> None:
    net = LeNet()
    counts = {name: parameters(layer) for name, layer in net.named_children()}
    assert counts == {"c1": 6 * 26, "c3": 16 * 151, "c5": 120 * 401, "f6": 84 * 121, "out": 10 * 85}
    assert parameters(net) == 61_706
    shapes = {name: tuple(x.shape[1:]) for name, x in net.maps(torch.zeros(2, 1, 28, 28)).items()}
    assert shapes == {
        "c1": (6, 28, 28),
        "s2": (6, 14, 14),
        "c3": (16, 10, 10),
        "s4": (16, 5, 5),
        "c5": (120, 1, 1),
        "f6": (84,),
        "scores": (10,),
    }


def test_the_rival_is_a_little_larger() -> None:
    assert parameters(LeNet()) < parameters(Plain()) < 1.01 * parameters(LeNet())
    assert Plain()(torch.zeros(3, 1, 28, 28)).shape == (3, 10)


@pytest.mark.parametrize(("pool", "layer"), [("mean", nn.AvgPool2d(2)), ("greatest", nn.MaxPool2d(2))])
def test_it_equals_the_same_network_of_torch_with_gradients(pool: str, layer: nn.Module) -> None:
    torch.manual_seed(0)
    ours = LeNet(pool=pool).double()
    convolutions = [nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5), nn.Conv2d(16, 120, 5)]
    linear = [nn.Linear(120, 84), nn.Linear(84, 10)]
    c1, c3, c5 = convolutions
    tanh = nn.Tanh()
    theirs = nn.Sequential(
        c1, tanh, layer, c3, tanh, layer, c5, tanh, nn.Flatten(), linear[0], tanh, linear[1]
    ).double()
    with torch.no_grad():
        for a, b in zip(theirs.parameters(), ours.parameters(), strict=True):
            a.copy_(b)
    x = torch.rand(4, 1, 28, 28, dtype=torch.float64)
    torch.testing.assert_close(ours(x), theirs(x))
    for net in (ours, theirs):
        nn.functional.cross_entropy(net(x), torch.tensor([3, 1, 4, 1])).backward()
    for a, b in zip(theirs.parameters(), ours.parameters(), strict=True):
        torch.testing.assert_close(b.grad, a.grad)
