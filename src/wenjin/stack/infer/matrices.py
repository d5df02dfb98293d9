"""A matrix of weights ready for products, in the form that torch's kernels want. They take and give float32.

    Dense   float32 or bfloat16 as it is                         F.linear
    Int8    one scale a row, vectors in bfloat16                 _weight_int8pack_mm
    Int4    groups of 32, scale and middle, both in bfloat16     _weight_int4pack_mm_for_cpu

torch's four bits count from the middle: w = scale * (q - 8) + (low + 8 * scale). Its eight bits have one scale a row:
groups are rounded anew, which may cost another half step. Only in bfloat16 are these kernels fast: in float32 they take
50 times as long. Our own kernels (infer/native.py) take groups as they are.

Shapes   N vectors   O rows, outputs   I columns, inputs   M = O / 2 of a matrix that opens one half by the other
Sources  kernels: aten/src/ATen/native/cpu/int8mm_kernel.cpp and int4mm_kernel.cpp of PyTorch
Proof    tests/stack/infer/test_matrices.py: each equals the plain product with its own dense values
"""

from abc import ABC, abstractmethod
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from wenjin.stack.infer.groups import GROUP, Groups, filled


class Matrix(ABC):
    """What a pass asks of each; our own kernels do norm, product and sum in one call."""

    rows: int
    columns: int
    bias: Tensor | None = None  # (O,) float32

    @abstractmethod
    def product(self, x: Tensor) -> Tensor:
        """(N, I) -> (N, O), without the bias."""

    @abstractmethod
    def dense(self) -> Tensor:
        """The numbers that stand for the weights: (O, I), float32."""

    @abstractmethod
    def take(self, rows: Tensor) -> Tensor:
        """Some rows, as an embedding: (N,) -> (N, I)."""

    @property
    @abstractmethod
    def bytes(self) -> int:
        """Of memory that a product reads."""

    def __call__(self, x: Tensor, norm: Tensor | None = None, epsilon: float = 0.0) -> Tensor:
        """(N, I) -> (N, O), with the bias; x normalized first if there is a norm (I,)."""
        if norm is not None:
            x = F.rms_norm(x, norm.shape, norm, epsilon)
        y = self.product(x)
        return y if self.bias is None else y + self.bias

    def add(self, x: Tensor, to: Tensor) -> None:
        """to (N, O) += what x (N, I) gives."""
        to += self(x)

    def gate(self, x: Tensor, norm: Tensor, epsilon: float) -> Tensor:
        """(N, I) -> (N, M): the upper half of the rows opens the lower."""
        opening, up = self(x, norm, epsilon).chunk(2, dim=-1)
        return F.silu(opening) * up


class Dense(Matrix):
    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        self.weight, self.bias = weight.contiguous(), bias  # (O, I)
        self.rows, self.columns = weight.shape

    def product(self, x: Tensor) -> Tensor:
        return F.linear(x.to(self.weight.dtype), self.weight).float()

    def dense(self) -> Tensor:
        return self.weight.float()

    def take(self, rows: Tensor) -> Tensor:
        return self.weight[rows].float()

    @property
    def bytes(self) -> int:
        return self.weight.nbytes


class Int8(Matrix):
    """Filled up as Int4 is: the kernel reads whole vectors of its columns, also where there are none."""

    def __init__(self, groups: Groups, bias: Tensor | None = None) -> None:
        self.rows, self.columns, self.bias = groups.rows, groups.columns, bias
        full = filled(groups, 16)
        values = replace(full, columns=full.scale.shape[1] * GROUP).dense()  # (O, G * 32)
        scale = values.abs().amax(1) / 127  # (O,)
        self.scale = scale.where(scale > 0, 1).bfloat16()
        self.q = (values / self.scale.float()[:, None]).round().clamp(-127, 127).to(torch.int8)  # (O, G * 32)

    def product(self, x: Tensor) -> Tensor:
        x = F.pad(x.bfloat16(), (0, -self.columns % GROUP)).contiguous()
        out: Tensor = torch.ops.aten._weight_int8pack_mm(x, self.q, self.scale)
        return out[:, : self.rows].float()

    def dense(self) -> Tensor:
        return self.take(torch.arange(self.rows))

    def take(self, rows: Tensor) -> Tensor:
        return (self.q[rows] * self.scale[rows, None].float())[:, : self.columns]

    @property
    def bytes(self) -> int:
        return self.q.nbytes + self.scale.nbytes


class Int4(Matrix):
    """Rows are filled up to a multiple of 16, columns to one of 32, as the kernel wants."""

    def __init__(self, groups: Groups, bias: Tensor | None = None) -> None:
        self.rows, self.columns, self.bias = groups.rows, groups.columns, bias
        full = filled(groups, 16)
        self.packed: Tensor = torch.ops.aten._convert_weight_to_int4pack_for_cpu(full.whole().int(), 2)  # (O, I / 2)
        scale, low = full.scale.float(), full.lows()  # (O, G) each
        self.middle = torch.stack((scale, low + 8 * scale), -1).transpose(0, 1).contiguous().bfloat16()  # (G, O, 2)

    def product(self, x: Tensor) -> Tensor:
        return self.kernel(x.bfloat16(), self.middle).float()

    def kernel(self, x: Tensor, middle: Tensor) -> Tensor:
        x = F.pad(x, (0, -self.columns % GROUP)).contiguous()
        out: Tensor = torch.ops.aten._weight_int4pack_mm_for_cpu(x, self.packed, GROUP, middle)
        return out[:, : self.rows]

    def dense(self) -> Tensor:
        return self.kernel(torch.eye(self.columns), self.middle.float()).T

    def take(self, rows: Tensor) -> Tensor:
        return self.dense()[rows]

    @property
    def bytes(self) -> int:
        return self.packed.nbytes + self.middle.nbytes
