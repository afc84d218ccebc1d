"""Equal error rate: the errors at the threshold where as many pairs of one class are rejected as others accepted."""

import torch
from torch import Tensor

from pipeline.errors import Absent

LABEL = "EER (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"
CHANCE = 50.0


def compute(pair_similarities: tuple[Tensor, Tensor]) -> float:
    """Of similarities of pairs of one class (P,) and of two (Q,), each ascending.

    Thresholds are those of the pairs of one class; at the one where the two rates are closest, their mean.
    """
    same, different = pair_similarities
    if not len(same) or not len(different):
        raise Absent("there are no pairs of one class, or none of two")
    rejected = torch.searchsorted(same, same).double() / len(same)
    accepted = 1 - torch.searchsorted(different, same).double() / len(different)
    closest = (rejected - accepted).abs().argmin()
    return 50.0 * float(rejected[closest] + accepted[closest])
