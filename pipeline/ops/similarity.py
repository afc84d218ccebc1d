"""Pairwise cosines among the embeddings of two views."""

import torch
import torch.nn.functional as F
from torch import Tensor


def positives_and_negatives(z1: Tensor, z2: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines of the 2B embeddings of B images in two views, z1 and z2 (B, D) each, not normalised.

    Returns positives (2B,), each anchor with the other view of its image, and negatives (2B, 2B), each anchor
    with every embedding, -inf in the two places of its own image. B must be at least 2.
    """
    size = len(z1)
    z = F.normalize(torch.cat([z1, z2]).float())
    cosines = z @ z.T
    positives = torch.cat([cosines.diagonal(size), cosines.diagonal(-size)])
    own_image = torch.eye(size, dtype=torch.bool, device=z.device).repeat(2, 2)
    return positives, cosines.masked_fill(own_image, -torch.inf)


def contrast_of_many(logits: Tensor, positive: Tensor, itself: Tensor) -> Tensor:
    """Mean over anchors i of -1/|P(i)| sum_{p in P(i)} log exp(l_ip) / sum_{a != i} exp(l_ia), for logits l (N, M).

    positive (N, M) marks P(i), at least one for each anchor and never itself; itself (N, M) marks the anchor.
    """
    log_p = logits.masked_fill(itself, -torch.inf).log_softmax(1)
    return -(log_p.where(positive, 0.0).sum(1) / positive.sum(1)).mean()
