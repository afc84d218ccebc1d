"""How many examples each class has, guessed from clusters where few have labels."""

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.ops.assignment import assignment


def estimated_counts(clusters: Tensor, labels: Tensor, classes: int, old: int) -> Tensor:
    """(K,) of clusters (N,) in 0..K-1 and labels (N,), of which -1 is none and the others are 0..old-1.

    Clusters are paired with classes such that the shares of each cluster that are labelled as its class have the
    largest sum. The sizes of those paired with old classes go to the old classes in the order of their labelled
    examples; the other sizes to the new ones, largest first, since these have no order of their own.
    """
    sizes = torch.bincount(clusters, minlength=classes)
    member, known = F.one_hot(clusters, classes).double(), F.one_hot(labels.clamp_min(0), classes).double()
    known = known * (labels >= 0)[:, None]
    shares = member.T @ known / sizes.clamp_min(1)[:, None]
    paired = assignment(-shares)
    found = sizes.new_zeros(classes)
    found[known.sum(0)[:old].argsort(stable=True)] = sizes[paired < old].sort().values
    found[old:] = sizes[paired >= old].sort(descending=True).values
    return found


def surest(confidence: Tensor, predicted: Tensor, rates: Tensor) -> Tensor:
    """(M,) bool: of those predicted c, a binomial number at rate c, the most confident; rates (K,).

    Draws come from torch's global generator, so many of them as there are examples.
    """
    chosen = torch.zeros(len(predicted), dtype=torch.bool, device=predicted.device)
    for number in predicted.unique().tolist():
        place = (predicted == number).nonzero().squeeze(1)
        count = int(torch.bernoulli(rates[number].expand(len(place))).sum())
        chosen[place[confidence[place].topk(count).indices]] = True
    return chosen


def weighted_contrast(logits: Tensor, weights: Tensor) -> Tensor:
    """Mean over anchors i of -sum_j w_ij log p_ij / sum_j w_ij, j != i, p_i the softmax of l_ij over j != i.

    logits and weights (N, N); of each anchor some weight beside its own is positive.
    """
    itself = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    log_p = logits.masked_fill(itself, -torch.inf).log_softmax(1).masked_fill(itself, 0.0)
    weights = weights.masked_fill(itself, 0.0)
    return -((weights * log_p).sum(1) / weights.sum(1)).mean()
