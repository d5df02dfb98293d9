"""LeNet-5, and the plain network of equal size that it is held against.

    picture (1, 28, 28)
      -> C1 6 maps of 28 x 28   5 x 5, two pixels of padding     156 parameters
      -> S2 6 maps of 14 x 14   means of 2 x 2
      -> C3 16 maps of 10 x 10  5 x 5 over all six             2,416
      -> S4 16 maps of 5 x 5    means of 2 x 2
      -> C5 120 numbers         5 x 5, which is all of it     48,120
      -> F6 84                                                10,164
      -> 10 scores                                               850        61,706 in all

A tanh stands after C1, C3, C5 and F6. The original takes 32 x 32 pixels with the digit in the middle: two pixels of
padding are the same.

Omits    of the original: weights of the subsampling layers, C3's table of connections (each map saw some of the six),
         the scaled tanh, the output by distances to drawn letters (RBF); today's softmax stands for it
Shapes   N pictures
Sources  LeCun, Bottou, Bengio, Haffner 1998, doi:10.1109/5.726791 (II.B)
Proof    tests/stack/models/test_lenet.py: shapes and parameters of every layer by hand; equals the same network made of
         torch.nn, gradients, too
"""

import torch
from torch import Tensor, nn

from wenjin.stack.nn.convolution import Convolution, pool_greatest, pool_mean

POOLS = {"mean": pool_mean, "greatest": pool_greatest}


class LeNet(nn.Module):
    """`pool`: "mean" as in 1998, or "greatest"."""

    def __init__(self, *, pool: str = "mean", classes: int = 10) -> None:
        super().__init__()
        self.pool = POOLS[pool]
        self.c1 = Convolution(1, 6, 5, padding=2)
        self.c3 = Convolution(6, 16, 5)
        self.c5 = Convolution(16, 120, 5)
        self.f6 = nn.Linear(120, 84)
        self.out = nn.Linear(84, classes)

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        """What each layer makes of pictures (N, 1, 28, 28)."""
        c1 = torch.tanh(self.c1(x))  # (N, 6, 28, 28)
        s2 = self.pool(c1, 2)  # (N, 6, 14, 14)
        c3 = torch.tanh(self.c3(s2))  # (N, 16, 10, 10)
        s4 = self.pool(c3, 2)  # (N, 16, 5, 5)
        c5 = torch.tanh(self.c5(s4))  # (N, 120, 1, 1)
        f6 = torch.tanh(self.f6(c5.flatten(1)))  # (N, 84)
        return {"c1": c1, "s2": s2, "c3": c3, "s4": s4, "c5": c5, "f6": f6, "scores": self.out(f6)}

    def forward(self, x: Tensor) -> Tensor:
        return self.maps(x)["scores"]  # (N, 10)


class Plain(nn.Module):
    """Every pixel into every hidden unit: 784 -> 78 -> 10, 62,020 parameters, a few more than LeNet's."""

    def __init__(self, *, pixels: int = 784, hidden: int = 78, classes: int = 10) -> None:
        super().__init__()
        self.hidden = nn.Linear(pixels, hidden)
        self.out = nn.Linear(hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.out(torch.tanh(self.hidden(x.flatten(1))))
        return scores  # (N, 10)
