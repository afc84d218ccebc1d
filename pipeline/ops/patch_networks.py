"""Networks of one hidden layer on images of patches, which sum soft thresholds, and gradient descent on them.

A unit answers z to an image, and counts with phi_b(z) = relu(z - b) - relu(-z - b), which has slope 1 beyond b. Of the
kinds, "convolutional" has a unit for each of the k patches, all with the same weights (d,), "local" one with weights of
its own (k, d), and "full" has k units that look at all patches, (k d, k).
"""

import numpy as np

Array = np.ndarray

RATE, MOMENTUM = 0.1, 0.9


def responses(kind: str, images: Array, w: Array) -> Array:
    """(n, k) of each unit to images (n, k, d)."""
    if kind == "local":
        return np.einsum("nkd,kd->nk", images, w)
    found: Array = images @ w if kind == "convolutional" else images.reshape(len(images), -1) @ w
    return found


def values(kind: str, images: Array, w: Array, b: float) -> Array:
    """(n,) outputs."""
    z = responses(kind, images, w)
    found: Array = (z - np.clip(z, -b, b)).sum(1)
    return found


def gradients(kind: str, images: Array, labels: Array, w: Array, b: float) -> tuple[Array, float]:
    """Of the mean logistic loss of labels 1 and -1, in the weights and in b."""
    from scipy.special import expit

    z = responses(kind, images, w)
    inside = np.clip(z, -b, b)
    outer = -labels * expit(-labels * (z - inside).sum(1)) / len(labels)
    slopes = outer[:, None] * (z != inside)
    if kind == "full":
        by_weights = images.reshape(len(images), -1).T @ slopes
    elif kind == "local":
        by_weights = np.einsum("nk,nkd->kd", slopes, images)
    else:
        by_weights = slopes.ravel() @ images.reshape(-1, images.shape[2])
    return by_weights, float(-(slopes * np.sign(z)).sum())


def trained(kind: str, images: Array, labels: Array, start: Array, iterations: int) -> tuple[Array, float]:
    """Weights and b by gradient descent with momentum; b is 0 for half of the iterations, and then learnt too."""
    w, b, fast, fast_b = start, 0.0, np.zeros_like(start), 0.0
    for iteration in range(iterations):
        by_weights, by_b = gradients(kind, images, labels, w, b)
        fast = MOMENTUM * fast + by_weights
        w = w - RATE * fast
        if iteration >= iterations // 2:
            fast_b = MOMENTUM * fast_b + by_b
            b = max(b - RATE * fast_b, 0.0)
    return w, b
