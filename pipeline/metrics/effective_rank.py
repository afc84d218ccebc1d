"""exp of the entropy of the singular values of test features (Roy and Vetterli 2007)."""

import torch
from torch import Tensor

from pipeline.ops.geometry import several

LABEL = "Effective rank"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "higher"


@torch.no_grad()
def compute(features: Tensor) -> float:
    """Of features (N, F), centred, since an offset that all share tells nothing apart; in [1, min(N - 1, F)].

    The singular values are scaled to sum to 1. Features that are all the same give 0.
    """
    centred = several(features, "test example").double() - features.double().mean(0)
    # the smaller Gram matrix has the same eigenvalues; they are squared singular values
    gram = centred.T @ centred if len(centred) >= centred.shape[1] else centred @ centred.T
    singular = torch.linalg.eigvalsh(gram).clamp_min(0).sqrt()
    if not bool(singular.sum() > 0):
        return 0.0
    share = singular / singular.sum()
    return float(torch.special.entr(share).sum().exp())
