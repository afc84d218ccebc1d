"""Operating-point inconsistency: how much classes differ in what one threshold is worth to them."""

import torch
from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.retrieval import accepted

LABEL = "OPIS (1e-3)"
UNIT = "1e-3"
BOUNDS = (0.0, 1000.0)
DIRECTION = "lower"

HIGH, LOW, STEPS = 1e-1, 1e-2, 100
"""False accept rates at the ends of the range of thresholds, and how many of these there are."""


def compute(
    similarities: Tensor, labels: Tensor, pair_similarities: tuple[Tensor, Tensor]
) -> dict[str, float | Absent]:
    """1000 mean_i mean_d (U_i(d) - mean_j U_j(d))^2 over classes i and thresholds d; U = 2 phi psi / (phi + psi).

    psi is the share of pairs within class i that is accepted, phi the share of pairs of one of its images and another
    class's that is rejected. Thresholds are evenly spaced between those where 10% and 1% of all pairs of two classes
    are accepted. "worst": 1000 mean_d (max_i U_i - min_i U_i)^2, of the extreme classes alone.
    Of similarities (N, N) and labels (N,).
    """
    same, different = pair_similarities
    if not len(same) or not len(different):
        raise Absent("there are no pairs of one class, or none of two")
    ends = accepted(different, HIGH), accepted(different, LOW)
    # on the CPU: the thresholds must be the same numbers everywhere
    utilities = class_utilities(similarities, labels, torch.linspace(*ends, STEPS).to(similarities))
    spread = utilities - utilities.mean(0)
    gap = utilities.amax(0) - utilities.amin(0)
    return {"": 1e3 * float(spread.square().mean()), "worst": 1e3 * float(gap.square().mean())}


def class_utilities(similarities: Tensor, labels: Tensor, thresholds: Tensor) -> Tensor:
    """(K', T) float64: what ascending thresholds (T,) are worth to each class of two images or more; see `compute`."""
    counts = torch.bincount(labels)
    steps = len(thresholds) + 1
    # how many thresholds a similarity exceeds; that with itself exceeds none
    places = torch.searchsorted(thresholds, similarities)
    index = labels[:, None] * steps + places

    def exceeded(index: Tensor) -> Tensor:
        found = torch.bincount(index, minlength=len(counts) * steps).view(-1, steps)
        return found.flip(1).cumsum(1).flip(1)[:, 1:]

    within, every = exceeded(index[labels[:, None] == labels]), exceeded(index.flatten())
    pairs_within, pairs_beyond = counts * (counts - 1), counts * (len(labels) - counts)
    kept = (pairs_within > 0) & (pairs_beyond > 0)
    accept = within[kept].double() / pairs_within[kept, None]
    reject = 1 - (every - within)[kept].double() / pairs_beyond[kept, None]
    return 2 * accept * reject / (accept + reject).clamp_min(1e-12)
