"""Continuous ranked probability score: the absolute error of a whole distribution (Gneiting and Raftery 2007)."""

import math

from torch import Tensor

from pipeline.ops.distributions import spread

LABEL = "CRPS (target's unit)"
UNIT = "target's unit"
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(predictions: Tensor, deviations: Tensor | None, targets: Tensor) -> Tensor:
    """Of normal distributions by mean and standard deviation, at targets (N,), in float64.

    sigma (z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi)) with z = (y - mu) / sigma.
    """
    deviations = spread(deviations)
    z = (targets.double() - predictions.double()) / deviations.double()
    density = (-(z**2) / 2).exp() / math.sqrt(2 * math.pi)
    return deviations * (z * (z / math.sqrt(2)).erf() + 2 * density - 1 / math.sqrt(math.pi))
