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
