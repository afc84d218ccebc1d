"""Classes drawn to stand for all that an example does not belong to."""

import torch
from torch import Tensor


def gaps(logits: Tensor, labels: Tensor, count: int) -> Tensor:
    """psi_k - psi_y (B, S) of S = min(count, K - 1) other classes k of each example, of logits psi (B, K).

    They are drawn for each example, without replacement and all alike, by torch's global generator. (K - 1) / S times
    a sum over them estimates the sum over all other classes.
    """
    true = labels[:, None]
    # uniform numbers, the true class's above all of them: the least S belong to a random set of others
    order = torch.rand_like(logits).scatter(1, true, 2.0)
    drawn = order.topk(min(count, logits.shape[1] - 1), largest=False, sorted=False).indices
    return logits.gather(1, drawn) - logits.gather(1, true)
