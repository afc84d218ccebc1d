"""The neural tangent kernel of fully connected ReLU networks of infinite width."""

import numpy as np

Array = np.ndarray


def kernel(left: Array, right: Array, layers: int) -> Array:
    """(n, m) between rows (n, d) and (m, d), none zero; without biases, weights of variance 2 over the layer's inputs.

    layers: of weights, 1 for a linear model. Of two unit vectors at a cosine c the kernel of arc-cosines of order 1
    gives the next layer's inner product, that of order 0 how much of a gradient passes; a norm is kept by every layer.
    """
    lengths = np.outer(np.linalg.norm(left, axis=1), np.linalg.norm(right, axis=1))
    return lengths * profile(np.clip(left @ right.T / lengths, -1, 1), layers)


def profile(cosines: Array, layers: int) -> Array:
    """The kernel of unit vectors by the cosine between them."""
    inner, tangent = cosines, cosines
    for _ in range(layers - 1):
        angle = np.arccos(np.clip(inner, -1, 1))
        inner = (np.sin(angle) + np.cos(angle) * (np.pi - angle)) / np.pi
        tangent = inner + tangent * (np.pi - angle) / np.pi
    return tangent
