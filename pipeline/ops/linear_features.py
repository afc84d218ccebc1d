"""Deep linear networks on unconstrained features: the features of every example are free, as the weights are."""

import functools
from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class LinearFeatures:
    """f = W_M ... W_1 H + b on N examples, with (1 / 2N) |f - Y|^2 or cross-entropy, and weight decay.

    Decay is (weight_decay / 2) |W_j|^2 for each layer and (feature_decay / 2) |H|^2; the bias has none. All hidden
    layers have as many units as there are features.
    """

    labels: Array
    """(N,) classes."""
    features: int
    depth: int
    """M."""
    weight_decay: float
    feature_decay: float
    bias: bool = False
    cross_entropy: bool = False

    @functools.cached_property
    def targets(self) -> Array:
        """(K, N): one column an example."""
        return np.eye(self.labels.max() + 1)[:, self.labels]

    @functools.cached_property
    def shapes(self) -> list[tuple[int, ...]]:
        """Of H, W_1 to W_M, and the bias."""
        classes, d = self.labels.max() + 1, self.features
        return [(d, len(self.labels)), *[(d, d)] * (self.depth - 1), (classes, d), *[(classes,)] * self.bias]

    def parts(self, flat: Array) -> list[Array]:
        ends = np.cumsum([np.prod(shape) for shape in self.shapes])[:-1]
        return [part.reshape(shape) for part, shape in zip(np.split(flat, ends), self.shapes, strict=True)]

    def loss(self, flat: Array) -> tuple[float, Array]:
        """The objective and its gradient."""
        layers, targets = self.parts(flat), self.targets
        shift = layers.pop()[:, None] if self.bias else 0.0
        decays = [self.feature_decay, *[self.weight_decay] * self.depth]
        outputs = [layers[0]]
        for weight in layers[1:]:
            outputs.append(weight @ outputs[-1])
        value, slope = (_cross_entropy if self.cross_entropy else _squares)(outputs[-1] + shift, targets)
        gradients = [slope.sum(1)] if self.bias else []
        for weight, below in zip(layers[:0:-1], outputs[-2::-1], strict=True):
            gradients.append(slope @ below.T)
            slope = weight.T @ slope
        gradients.append(slope)
        value += sum(decay / 2 * (layer**2).sum() for decay, layer in zip(decays, layers, strict=True))
        for place, (decay, layer) in enumerate(zip(decays, layers, strict=True), 1):
            gradients[-place] = gradients[-place] + decay * layer
        return float(value), joined(gradients[::-1])

    def trained(self, start: Array) -> list[Array]:
        """H, W_1 to W_M, and the bias, where L-BFGS on all examples at once comes to rest."""
        from scipy.optimize import minimize

        options = {"maxiter": 2000, "maxfun": 4000, "gtol": 1e-10, "ftol": 1e-16, "maxcor": 30}
        return self.parts(minimize(self.loss, start, jac=True, method="L-BFGS-B", options=options).x)

    def started(self, random: np.random.Generator, scale: float = 1.0) -> Array:
        """Normal draws; with a scale of 1 no layer makes vectors longer or shorter on average."""
        return random.normal(size=sum(int(np.prod(shape)) for shape in self.shapes)) * scale / np.sqrt(self.features)

    def means(self, parts: list[Array]) -> list[Array]:
        """(d, K) class means of the features, then of every hidden layer's outputs."""
        shares = self.targets.T / np.bincount(self.labels)
        found = [parts[0] @ shares]
        for weight in parts[1 : self.depth]:
            found.append(weight @ found[-1])
        return found

    def spread(self, parts: list[Array]) -> float:
        """The largest distance of a feature from its class mean, over the largest norm of a mean."""
        means = self.means(parts)[0]
        distances = np.linalg.norm(parts[0] - means[:, self.labels], axis=0)
        return float(distances.max() / np.linalg.norm(means, axis=0).max())


def joined(parts: list[Array]) -> Array:
    """One vector of all, as `parts` divides it."""
    return np.concatenate([part.ravel() for part in parts])


def cosines(means: Array) -> Array:
    """Between all pairs of columns."""
    units = means / np.linalg.norm(means, axis=0)
    return (units.T @ units)[np.triu_indices(means.shape[1], 1)]


def _squares(outputs: Array, targets: Array) -> tuple[float, Array]:
    errors = (outputs - targets) / targets.shape[1]
    return float((errors**2).sum() * targets.shape[1] / 2), errors


def _cross_entropy(outputs: Array, targets: Array) -> tuple[float, Array]:
    from scipy.special import log_softmax

    logs = log_softmax(outputs, axis=0)
    return float(-(logs * targets).sum() / targets.shape[1]), (np.exp(logs) - targets) / targets.shape[1]
