"""Upper bounds on a risk by an error measured on independent examples, with a penalty for what was chosen by it.

Losses lie in [0, 1]. `divergence` is KL(Q || P) of posterior and prior in nats; for one hypothesis that was chosen
among countably many it is log 1 / P(hypothesis).
"""

import numpy as np

Array = np.ndarray


def hoeffding(error: Array | float, examples: int, delta: float) -> Array:
    """Of one hypothesis fixed beforehand, with probability 1 - delta."""
    return np.asarray(error + np.sqrt(np.log(1 / delta) / (2 * examples)))


def mcallester(error: Array | float, divergence: Array | float, examples: int, delta: float) -> Array:
    """Of all posteriors at once, with probability 1 - delta: McAllester 1999."""
    return np.asarray(error + np.sqrt((divergence + np.log(examples / delta) + 2) / (2 * examples - 1)))


def seeger(error: Array | float, divergence: Array | float, examples: int, delta: float) -> Array:
    """The same by inverting kl(error || risk) <= (divergence + log(2 sqrt(n) / delta)) / n: Maurer 2004."""
    return inverse_kl(error, (divergence + np.log(2 * np.sqrt(examples) / delta)) / examples)


def inverse_kl(error: Array | float, most: Array | float) -> Array:
    """The largest risk with kl(error || risk) <= most, by bisection."""
    error, most = np.broadcast_arrays(np.asarray(error, np.float64), np.asarray(most, np.float64))
    low, high = error.copy(), np.ones_like(error)
    for _ in range(60):
        middle = (low + high) / 2
        within = binary_kl(error, middle) <= most
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    return low


def binary_kl(p: Array, q: Array) -> Array:
    """kl(p || q) of two coins in nats, for q in (0, 1)."""
    from scipy.special import rel_entr

    return np.asarray(rel_entr(p, q) + rel_entr(1 - p, 1 - q))
