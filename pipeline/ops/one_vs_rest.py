"""One logistic loss a class, of that class against the rest."""

import torch
import torch.nn.functional as F
from torch import Tensor


def one_vs_rest(logits: Tensor, labels: Tensor) -> Tensor:
    """(B,) phi(z_y) + sum_{k != y} phi(-z_k) with phi(a) = log(1 + exp(-a)), of logits (B, K)."""
    signs = torch.ones_like(logits).scatter(1, labels[:, None], -1.0)
    return F.softplus(signs * logits).sum(1)
