"""Linear bounds of small ReLU networks over boxes (CROWN, Zhang et al. 2018), for many boxes at once, in float64."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Array = np.ndarray


class Layer(NamedTuple):
    weight: Array
    """(outputs, inputs)"""
    bias: Array


class Linear(NamedTuple):
    """Functions a.x + c of the inputs: slopes (N, M, D) and offsets (N, M), or N of 1 where boxes share them."""

    slopes: Array
    offsets: Array


class Boxes(NamedTuple):
    """N boxes between (N, D) and (N, D)."""

    low: Array
    high: Array

    @property
    def centre(self) -> Array:
        return (self.low + self.high) / 2

    @property
    def half(self) -> Array:
        return (self.high - self.low) / 2


Least = Callable[[Linear, Boxes], Array]
"""(N, M): below what linear functions are, at most, over boxes."""


def least(functions: Linear, boxes: Boxes) -> Array:
    """(N, M): the least values of linear functions over boxes."""
    slopes, offsets = functions
    moved = slopes @ boxes.centre[..., None] - np.abs(slopes) @ boxes.half[..., None]
    return moved[..., 0] + offsets


def outputs(layers: list[Layer], inputs: Array) -> Array:
    """(N, K) of inputs (N, D)."""
    for layer in layers[:-1]:
        inputs = np.maximum(inputs @ layer.weight.T + layer.bias, 0)
    return inputs @ layers[-1].weight.T + layers[-1].bias


def crown(layers: list[Layer], boxes: Boxes, compared: Array, least: Least = least) -> tuple[Linear, Linear]:
    """Linear functions below and above the rows of `compared` (M, K) times the outputs, over each box.

    An unstable unit with inputs in [l, u] lies below the chord u (z - l) / (u - l), and above z where u > -l, above 0
    elsewhere. Bounds of hidden units are made in the same way, first layer first, and read off by `least`.
    """
    relaxed: list[tuple[Array, Array, Array]] = []
    for depth, layer in enumerate(layers[:-1]):
        below = _backward(layers[:depth], relaxed, layer.weight, layer.bias)
        above = _backward(layers[:depth], relaxed, -layer.weight, -layer.bias)
        relaxed.append(_relaxation(least(below, boxes), -least(above, boxes)))
    weight, bias = compared @ layers[-1].weight, compared @ layers[-1].bias
    above = _backward(layers[:-1], relaxed, -weight, -bias)
    return _backward(layers[:-1], relaxed, weight, bias), Linear(-above.slopes, -above.offsets)


def _relaxation(low: Array, high: Array) -> tuple[Array, Array, Array]:
    """Slope of the lower line, slope of the upper one and its offset, each (N, units)."""
    # over a region with nothing in it lower bounds may pass upper ones; then any line will do
    high = np.maximum(high, low)
    unstable = (low < 0) & (high > 0)
    chord = np.where(unstable, high / np.where(unstable, high - low, 1), low >= 0)
    lower = np.where(unstable, high > -low, low >= 0)
    return lower.astype(np.float64), chord.astype(np.float64), np.where(unstable, -chord * low, 0)


def _backward(layers: list[Layer], relaxed: list[tuple[Array, Array, Array]], weight: Array, bias: Array) -> Linear:
    """Functions below weight (M, units) times what `layers` and a ReLU give, plus bias."""
    slopes, offsets = weight[None], bias[None]
    for layer, (lower, upper, intercept) in zip(reversed(layers), reversed(relaxed), strict=True):
        positive, negative = np.maximum(slopes, 0), np.minimum(slopes, 0)
        offsets = offsets + (negative @ intercept[..., None])[..., 0]
        slopes = positive * lower[:, None] + negative * upper[:, None]
        offsets = offsets + slopes @ layer.bias
        slopes = slopes @ layer.weight
    return Linear(slopes, offsets)
