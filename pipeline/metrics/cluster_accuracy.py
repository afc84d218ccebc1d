"""Accuracy of clusters, each matched to a class, all classes at once: of the training images without labels."""

import torch
from torch import Tensor

LABEL = "Clustering accuracy (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(
    unlabelled_predictions: Tensor, unlabelled_labels: Tensor, predictions: Tensor, labels: Tensor, old_classes: int
) -> dict[str, Tensor | float]:
    """Of matched classes (M,) and labels (M,); `_old` and `_new` are of the examples of these classes.

    One matching holds for old and new classes together. `_balanced` is the mean over classes; `_test` and what is named
    after it are of the test split, with a matching of its own.
    """
    right, of_test = (
        100.0 * (found == true).double()
        for found, true in ((unlabelled_predictions, unlabelled_labels), (predictions, labels))
    )
    old, old_of_test = unlabelled_labels < old_classes, labels < old_classes
    return {
        "": right,
        "old": right[old],
        "new": right[~old],
        "balanced": balanced(right, unlabelled_labels),
        "test": of_test,
        "test_old": of_test[old_of_test],
        "test_new": of_test[~old_of_test],
        "test_balanced": balanced(of_test, labels),
    }


def balanced(right: Tensor, labels: Tensor) -> float:
    return float(torch.stack([right[labels == c].mean() for c in labels.unique()]).mean())
