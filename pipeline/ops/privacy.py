"""How much Gaussian noise makes a number of releases differentially private."""

import math


def gaussian_scale(sensitivity: float, releases: int, epsilon: float, delta: float) -> float:
    """The standard deviation of each entry's noise, for all releases together to be (epsilon, delta)-private.

    By concentrated privacy: each release costs rho = sensitivity^2 / (2 scale^2), costs add up, and a total of rho is
    (rho + 2 sqrt(rho log(1 / delta)), delta)-private. sensitivity: the largest Euclidean distance of what is released
    between data of neighbours.
    """
    logarithm = math.log(1 / delta)
    # sqrt(L + e) - sqrt(L), without the difference of near numbers
    root = epsilon / (math.sqrt(logarithm + epsilon) + math.sqrt(logarithm))
    return sensitivity * math.sqrt(releases / 2) / root
