"""How far the share of images taken to be of a new class is from the share that is."""

from torch import Tensor

from pipeline.metrics.new_share import compute as new_share

LABEL = "Gap of the share predicted as new (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(unlabelled_predictions: Tensor, unlabelled_labels: Tensor, old_classes: int) -> float:
    """Of matched classes (M,) and labels (M,)."""
    found, true = (new_share(of, old_classes).mean() for of in (unlabelled_predictions, unlabelled_labels))
    return float((found - true).abs())
