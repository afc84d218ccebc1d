"""How much the loss rises and falls on a Wasserstein geodesic between two classes, averaged over couples."""

from torch import Tensor

from pipeline.contract import Inputs
from pipeline.ops.attacks import Classify
from pipeline.ops.geodesics import curves, variation

LABEL = "Geodesic variation"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = None


def compute(classify: Classify, test_views: Tensor, labels: Tensor, inputs: Inputs) -> float:
    """The integral of |d/dt E CE(f(x_t), y_t)| over t (Zhu et al. 2023), 0 for what is alike everywhere."""
    return float(variation(curves(classify, test_views, labels, inputs)).mean())
