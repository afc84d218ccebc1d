"""Examples with a label and without it, for a label that few have: drawn by a logistic model, or images of digits."""

from functools import cache

import numpy as np

from pipeline.ops.small_sets import digits

Array = np.ndarray
Random = np.random.Generator
Label = tuple[Array, Array]
"""Examples with it, and without."""


def logistic(scores: str, dimensions: int, rate: float, wanted: tuple[int, int], random: Random) -> Label:
    """So many Gaussian inputs with the label and without; log-odds are twice a score of variance one, and an offset.

    linear: the first input; cubic: its cube; union: the larger of the first two. Of those examples that one would
    have to draw, a share `rate` with the label, the inputs that do not bear on it are drawn for the wanted alone.
    """
    # six standard deviations more of either kind than are wanted on average
    enough = [(count + 6 * np.sqrt(count) + 36) / share for count, share in zip(wanted, (rate, 1 - rate), strict=True)]
    first, second = axes = random.normal(size=(2, round(max(enough))))
    made = {"linear": first, "cubic": first**3, "union": np.maximum(first, second)}[scores]
    odds = 2 * made / made.std()
    # the offset of the first few thousand is near enough
    has = random.random(len(odds)) < _chances(odds + offset(odds[:4000], rate))
    kinds = [axes[:, held][:, :count] for held, count in zip((has, ~has), wanted, strict=True)]
    with_it, without = (np.vstack([kind, random.normal(size=(dimensions - 2, kind.shape[1]))]).T for kind in kinds)
    return with_it, without


def offset(odds: Array, rate: float) -> float:
    """What is added to log-odds for a mean chance of `rate`."""
    from scipy.optimize import brentq

    far = float(np.abs(odds).max() + np.abs(np.log(rate / (1 - rate))) + 1)
    return float(brentq(lambda b: _chances(odds + b).mean() - rate, -far, far, xtol=1e-6))


def _chances(odds: Array) -> Array:
    from scipy.special import expit

    return np.asarray(expit(odds))


def digit_set(random: Random) -> Label:
    """scikit-learn's images of digits, in random order; five random digits have the label."""
    inputs, labels = _digits()
    order = random.permutation(len(inputs))
    has = np.isin(labels[order], random.permutation(10)[:5])
    return inputs[order][has], inputs[order][~has]


@cache
def _digits() -> tuple[Array, Array]:
    """(1797, 64) pixels, centred and of mean variance one, and the digits."""
    values, labels = digits()
    centred = values - values.mean(0)
    return centred / centred.std(), labels
