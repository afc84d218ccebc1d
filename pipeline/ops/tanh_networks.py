"""Networks of tanh layers with cross-entropy, and all second derivatives of their loss."""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray
AT_ONCE = 64
"""Directions in which derivatives are taken together."""


@dataclass(frozen=True)
class TanhNetwork:
    """Layers of `widths`, from inputs to outputs, each with a bias; the loss is mean cross-entropy."""

    inputs: Array
    """(N, widths[0])."""
    labels: Array
    """(N,) classes."""
    widths: tuple[int, ...]

    @property
    def size(self) -> int:
        """The number of parameters."""
        return sum((below + 1) * above for below, above in zip(self.widths, self.widths[1:], strict=False))

    def layers(self, flat: Array) -> list[Array]:
        """(..., below + 1, above) of each layer, the bias last, from parameters (..., size)."""
        found, start = [], 0
        for below, above in zip(self.widths, self.widths[1:], strict=False):
            end = start + (below + 1) * above
            found.append(flat[..., start:end].reshape(*flat.shape[:-1], below + 1, above))
            start = end
        return found

    def started(self, random: np.random.Generator) -> Array:
        """Normal weights, of variance 1 over the layer's inputs, and no biases."""
        parts = []
        for below, above in zip(self.widths, self.widths[1:], strict=False):
            weights = random.normal(size=(below + 1, above)) / np.sqrt(below)
            weights[-1] = 0
            parts.append(weights.ravel())
        return np.concatenate(parts)

    def _forward(self, layers: list[Array]) -> tuple[list[Array], Array]:
        """Inputs of every layer, and probabilities of classes."""
        below = [self.inputs]
        for weights in layers[:-1]:
            below.append(np.tanh(below[-1] @ weights[:-1] + weights[-1]))
        outputs = below[-1] @ layers[-1][:-1] + layers[-1][-1]
        powers = np.exp(outputs - outputs.max(1, keepdims=True))
        return below, powers / powers.sum(1, keepdims=True)

    def loss(self, flat: Array) -> tuple[float, Array]:
        """The loss and its gradient."""
        layers = self.layers(flat)
        below, chances = self._forward(layers)
        rows = np.arange(len(self.labels))
        value = -np.log(np.maximum(chances[rows, self.labels], 1e-300)).mean()
        gradients = []
        for inputs, errors in zip(below[::-1], self._errors(layers, below, chances), strict=True):
            gradients.append(np.concatenate([inputs.T @ errors, errors.sum(0, keepdims=True)]).ravel())
        return float(value), np.concatenate(gradients[::-1])

    def _errors(self, layers: list[Array], below: list[Array], chances: Array) -> list[Array]:
        """Derivatives of the loss in the sums of each layer, the last first."""
        errors = [(chances - np.eye(self.widths[-1])[self.labels]) / len(chances)]
        for weights, inputs in zip(layers[:0:-1], below[:0:-1], strict=True):
            errors.append((errors[-1] @ weights[:-1].T) * (1 - inputs**2))
        return errors

    def descended(self, flat: Array, until: float, iterations: int) -> Array:
        """By gradient descent on all examples at once, with a momentum of 0.9, until the loss is below `until`."""
        speed = np.zeros_like(flat)
        for _ in range(iterations):
            value, gradient = self.loss(flat)
            if value < until:
                break
            speed = 0.9 * speed - 0.2 * gradient
            flat = flat + speed
        return flat

    def stepped(self, flat: Array, batches: Array, rate: float) -> Array:
        """By a plain gradient step on each of the batches (steps, B) of examples in turn."""
        for batch in batches:
            part = TanhNetwork(self.inputs[batch], self.labels[batch], self.widths)
            flat = flat - rate * part.loss(flat)[1]
        return flat

    def curvature(self, flat: Array) -> tuple[Array, Array]:
        """The Hessian of the loss, and its Gauss-Newton part, that of the gradients of outputs: (size, size) each.

        Column by column, as derivatives of the gradient in the direction of each parameter.
        """
        layers = self.layers(flat)
        below, chances = self._forward(layers)
        errors = self._errors(layers, below, chances)[::-1]
        hessian, slopes = [], []
        for start in range(0, self.size, AT_ONCE):
            turns = self.layers(np.eye(self.size)[start : start + AT_ONCE])
            moved = [np.zeros((len(turns[0]), *self.inputs.shape))]
            for weights, turn, inputs in zip(layers, turns, below, strict=True):
                moved.append(moved[-1] @ weights[:-1] + inputs @ turn[:, :-1] + turn[:, -1:])
                if len(moved) < len(self.widths):
                    moved[-1] *= 1 - below[len(moved) - 1] ** 2
            outputs = moved.pop()
            turned = chances * (outputs - (chances * outputs).sum(-1, keepdims=True)) / len(chances)
            slopes.append((outputs.reshape(len(outputs), -1), turned.reshape(len(outputs), -1)))
            parts = []
            for place in range(len(layers) - 1, -1, -1):
                inputs, change = below[place], moved[place]
                weight_part = np.swapaxes(change, 1, 2) @ errors[place] + inputs.T @ turned
                parts.append(np.concatenate([weight_part, turned.sum(1, keepdims=True)], 1).reshape(len(turned), -1))
                if place:
                    slope = 1 - inputs**2
                    back = errors[place] @ layers[place][:-1].T
                    turned_back = turned @ layers[place][:-1].T + errors[place] @ np.swapaxes(
                        turns[place][:, :-1], 1, 2
                    )
                    turned = turned_back * slope - 2 * back * inputs * change
            hessian.append(np.concatenate(parts[::-1], axis=1))
        left, right = (np.concatenate(each) for each in zip(*slopes, strict=True))
        found = np.concatenate(hessian)
        return (found + found.T) / 2, left @ right.T
