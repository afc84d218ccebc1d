"""Whether classes that stand apart from the others are the more robust: a rank correlation over classes."""

import torch
from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.geometry import class_means

LABEL = "Distance and robustness"
UNIT = ""
BOUNDS = (-1.0, 1.0)
DIRECTION = None


def compute(aa_classes: Tensor, test_views: Tensor, labels: Tensor) -> float:
    """Spearman's, of a class's accuracy under attack, of classes told (N,), and its mean distance from the others.

    Distances are Euclidean, of the classes' mean images, which no method has a say in. Equal values share their ranks.
    """
    means = class_means(test_views.flatten(1), labels)
    apart = torch.cdist(means, means).sum(1)
    right = (aa_classes == labels).double()
    robust = torch.stack([right[labels == c].mean() for c in labels.unique()])
    x, y = (_ranks(values) - _ranks(values).mean() for values in (apart, robust))
    scale = (x.square().sum() * y.square().sum()).sqrt()
    if not scale:
        raise Absent("all classes are equally robust")
    return float((x @ y / scale).clamp(-1, 1))


def _ranks(values: Tensor) -> Tensor:
    """(K,) how many are less, and half of those that are equal."""
    return (values < values[:, None]).double().sum(1) + (values == values[:, None]).double().sum(1) / 2
