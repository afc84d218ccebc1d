"""Linear layers that multiply numbers rounded to 8-bit integers, simulated in floating point."""

from typing import Any

import torch
from torch import Tensor, nn

LEVELS = 127


def rounded(values: Tensor, dim: int | None = None) -> Tensor:
    """The nearest of 255 evenly spaced values up to the largest size along `dim`, or of all."""
    largest = values.abs().amax(dim, keepdim=True) if dim is not None else values.abs().max()
    scale = largest.clamp(min=1e-30) / LEVELS
    return (values / scale).round() * scale


class _Product(torch.autograd.Function):
    """X (B, i), W (o, i) -> X W^T; `weights_too` rounds for the gradient of W as well."""

    @staticmethod
    def forward(context: Any, inputs: Tensor, weight: Tensor, weights_too: bool) -> Tensor:
        context.save_for_backward(inputs, weight)
        context.weights_too = weights_too
        return rounded(inputs, 1) @ rounded(weight).T

    @staticmethod
    def backward(context: Any, *slopes: Tensor) -> tuple[Tensor, Tensor, None]:
        (inputs, weight), (slope,) = context.saved_tensors, slopes
        to_inputs = rounded(slope, 1) @ rounded(weight)
        if context.weights_too:
            return to_inputs, rounded(slope, 0).T @ rounded(inputs, 0), None
        return to_inputs, slope.T @ inputs, None


class Int8Linear(nn.Module):
    """A linear layer's weights, in its place."""

    def __init__(self, linear: nn.Linear, weights_too: bool) -> None:
        super().__init__()
        self.weight, self.bias, self.weights_too = linear.weight, linear.bias, weights_too

    def forward(self, inputs: Tensor) -> Tensor:
        found: Tensor = _Product.apply(inputs.flatten(0, -2), self.weight, self.weights_too)
        return found.view(*inputs.shape[:-1], -1) + self.bias
