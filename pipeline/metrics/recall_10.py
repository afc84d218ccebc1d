"""Recall at 10: of a query's labels, the share that is among the first ten; and by how often training showed them."""

import torch
from torch import Tensor

from pipeline.ops.ranked_labels import first, recall

LABEL = "R@10 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"

THIRDS = ("frequent", "medium", "rare")


def compute(scores: Tensor, positives: Tensor, label_counts: Tensor) -> dict[str, Tensor]:
    """Of scores (N, L), positives (N, L), zeros and ones, and how many training queries show each label, (L,).

    "frequent", "medium" and "rare": the share of all right pairs of query and label, for a third of the labels each.
    """
    places, hits = first(scores, positives, 10)
    found = torch.zeros_like(positives, dtype=torch.bool).scatter(1, places, hits)
    order = label_counts.argsort(descending=True, stable=True)
    pairs = {
        name: 100.0 * found[:, part][positives[:, part] > 0].double()
        for name, part in zip(THIRDS, order.tensor_split(3), strict=True)
    }
    return {"": recall(scores, positives, 10), **pairs}
