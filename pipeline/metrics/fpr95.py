"""Share of unknown inputs accepted at the threshold that accepts 95% of known ones."""

import torch
from torch import Tensor

from pipeline.ops.detection import by_set, false_positives, fpr95

LABEL = "FPR95 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(scores_known: Tensor, scores_unknown: dict[str, Tensor]) -> dict[str, float | tuple[float, Tensor]]:
    """Of scores (N,) of known inputs and (n,) of each set of unknown ones: each set's, and their mean.

    Examples, set after set: 0 or 100 N / (S n) for an input of a set of n among S sets with N inputs in all (100 where
    sets are of one size), so that their plain mean is the metric.
    """
    mean, by = by_set(fpr95, scores_known, scores_unknown)
    sets, total = len(scores_unknown), sum(map(len, scores_unknown.values()))
    examples = [false_positives(scores_known, each) * total / (sets * len(each)) for each in scores_unknown.values()]
    return {"": (mean, torch.cat(examples)), **by}
