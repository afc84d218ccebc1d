"""Area under the ROC curve: the probability that a known input outscores an unknown one."""

import torch
from torch import Tensor

from pipeline.ops.detection import auroc, by_set, placements

LABEL = "AUROC (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(scores_known: Tensor, scores_unknown: dict[str, Tensor]) -> dict[str, float | tuple[float, Tensor]]:
    """Of scores (N,) of known inputs and (n,) of each set of unknown ones: each set's, and their mean.

    An example's value is its placement averaged over sets.
    """
    mean, by = by_set(auroc, scores_known, scores_unknown)
    examples = torch.stack([placements(scores_known, scores) for scores in scores_unknown.values()]).mean(0)
    return {"": (mean, examples), **by}
