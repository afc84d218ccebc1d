"""Small sets of labelled points: handwritten digits in their main directions, and Gaussian clusters."""

import functools

import numpy as np

Array = np.ndarray


def images(classes: int, count: int, directions: int, random: np.random.Generator) -> tuple[Array, Array]:
    """Of the first so many digits, in their main directions, with a variance of 1 on average; and labels."""
    pixels, labels = digits()
    chosen = random.permutation(np.flatnonzero(labels < classes))[:count]
    centred = pixels[chosen] - pixels[chosen].mean(0)
    inputs = centred @ np.linalg.svd(centred, full_matrices=False)[2][:directions].T
    return inputs / inputs.std(), labels[chosen]


def gaussian_clusters(classes: int, count: int, inputs: int, random: np.random.Generator) -> tuple[Array, Array]:
    """Centres of variance 1, and around them points of a standard deviation of a fifth; and labels."""
    labels = np.arange(count) % classes
    return random.normal(size=(classes, inputs))[labels] + 0.2 * random.normal(size=(count, inputs)), labels


@functools.cache
def digits() -> tuple[Array, Array]:
    """Those bundled with scikit-learn: (1797, 64) grey values from 0 to 1, and which digit each is."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    return pixels / 16, labels
