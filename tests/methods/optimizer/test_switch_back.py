"""Rounding by loops, gradients that are rounded and one that is not."""

import torch

from pipeline.methods.optimizer.stable_adam_w import StableAdamW
from pipeline.methods.optimizer.switch_back import SwitchBack
from pipeline.ops.int8 import Int8Linear, rounded
from tests.kit.optimizers import check_different, fresh


def slow(rows):
    found = []
    for row in rows.tolist():
        scale = max(abs(v) for v in row) / 127
        found.append([round(v / scale) * scale for v in row])
    return torch.tensor(found, dtype=torch.float64)


def layers(weights_too=False):
    torch.manual_seed(0)
    linear = torch.nn.Linear(6, 4).double()
    inputs = torch.randn(9, 6, dtype=torch.float64, requires_grad=True)
    slope = torch.randn(9, 4, dtype=torch.float64)
    layer = Int8Linear(linear, weights_too)
    found = layer(inputs)
    found.backward(slope)
    return linear, inputs, slope, found.detach()


def test_what_is_rounded():
    linear, inputs, slope, found = layers()
    weight = slow(linear.weight.detach().reshape(1, -1)).reshape(4, 6)
    torch.testing.assert_close(found, slow(inputs.detach()) @ weight.T + linear.bias.detach())
    torch.testing.assert_close(inputs.grad, slow(slope) @ weight)
    torch.testing.assert_close(linear.weight.grad, slope.T @ inputs.detach())


def test_the_gradient_of_the_weights_is_rounded_too_if_asked():
    linear, inputs, slope, _ = layers(True)
    torch.testing.assert_close(linear.weight.grad, slow(slope.T) @ slow(inputs.detach().T).T)


def test_there_are_255_values():
    values = rounded(torch.linspace(-3, 3, 2001))
    assert len(values.unique()) == 255 and values.max() == 3


def test_the_network_is_another_one():
    check_different(fresh(SwitchBack), fresh(StableAdamW))
    check_different(fresh(SwitchBack), fresh(SwitchBack, int8_all=True))
    assert isinstance(fresh(SwitchBack).head, Int8Linear)
