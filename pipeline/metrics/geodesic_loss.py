"""Worst mean loss on a Wasserstein geodesic between two classes' test images, averaged over couples of classes."""

from torch import Tensor

from pipeline.contract import Inputs
from pipeline.ops.attacks import Classify
from pipeline.ops.geodesics import curves

LABEL = "Geodesic loss"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = None


def compute(classify: Classify, test_views: Tensor, labels: Tensor, inputs: Inputs) -> float:
    """Robustness as Zhu et al. (2023) define it: sup_t of E CE(f(x_t), y_t)."""
    return float(curves(classify, test_views, labels, inputs).amax(0).mean())
