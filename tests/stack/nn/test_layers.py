"""Layers: SwiGLU by its formula; float32 weights serve narrow activations."""

import torch
import torch.nn.functional as F

from wenjin.stack.nn.layers import Linear, SwiGLU


def test_swiglu_is_its_formula() -> None:
    """One number in, one inside: gate 2x, up 3x, down 5: x = 1 gives 5 * 2 sigmoid(2) * 3."""
    layer = SwiGLU(1, 1)
    for part, value in ((layer.gate_proj, 2.0), (layer.up_proj, 3.0), (layer.down_proj, 5.0)):
        torch.nn.init.constant_(part.weight, value)
    wanted = 5 * 2 * torch.sigmoid(torch.tensor([2.0])) * 3
    torch.testing.assert_close(layer(torch.ones(1)), wanted)


def test_biases_are_there_where_asked_for() -> None:
    assert sum(1 for name, _ in SwiGLU(4, 6, bias=True).named_parameters() if name.endswith("bias")) == 3
    assert not [name for name, _ in SwiGLU(4, 6).named_parameters() if name.endswith("bias")]


def test_activations_decide_the_dtype() -> None:
    layer, x = Linear(16, 8), torch.randn(4, 16)
    assert torch.equal(layer(x), F.linear(x, layer.weight, layer.bias))
    y = layer(x.bfloat16())
    assert y.dtype == torch.bfloat16
    torch.testing.assert_close(y.float(), layer(x), rtol=0.02, atol=0.02)
    y.sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.dtype == torch.float32
