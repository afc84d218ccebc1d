"""Expected calibration error: how far confidence is from accuracy, bin by bin (Guo et al. 2017, equation 3)."""

import torch
from torch import Tensor

LABEL = "ECE (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(confidence: Tensor, predictions: Tensor, labels: Tensor) -> float:
    """Of greatest probabilities (N,), the classes that have them (N,) and labels (N,)."""
    return calibration_error(confidence, predictions == labels)


def calibration_error(confidence: Tensor, correct: Tensor, bins: int = 15) -> float:
    """sum_b n_b / N |accuracy_b - mean confidence_b| in percent, of confidence (N,) in [0, 1] and correct (N,) bool.

    Equal-width bins ((b - 1) / bins, b / bins]; a confidence of exactly 0 joins the first.
    """
    place = (confidence.double() * bins).ceil().long().sub(1).clamp(0, bins - 1)
    gap = correct.double() - confidence.double()
    sums = torch.zeros(bins, dtype=gap.dtype, device=gap.device).index_add(0, place, gap)
    return 100.0 * float(sums.abs().sum()) / len(gap)
