"""tr(S_W S_B^+) / K of training features: the variability collapse of Papyan, Han and Donoho 2020."""

import torch
from torch import Tensor

from pipeline.ops.geometry import apart, with_pairs

LABEL = "NC1"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(train_features: Tensor, train_labels: Tensor, class_means: Tensor) -> float:
    """Of features (M, F), labels (M,) and `ops.geometry.class_means` of both, (K, F) float64.

    S_W is the mean over examples of the outer products around their class's mean, S_B that over classes of the class
    means around their mean.
    """
    _, places = with_pairs(train_labels).unique(return_inverse=True)
    spread = train_features.double() - class_means[places]
    centred = apart(class_means)
    within, between = spread.T @ spread / len(spread), centred.T @ centred / len(class_means)
    # of K means around their mean at most K - 1 directions are more than rounding
    return float((within @ torch.linalg.pinv(between, rtol=1e-9, hermitian=True)).trace()) / len(class_means)
