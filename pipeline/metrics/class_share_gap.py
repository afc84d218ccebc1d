"""How far the sizes that a method takes classes to have are from their true sizes."""

import torch
from torch import Tensor

LABEL = "Gap of assumed class sizes (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(assumed_shares: Tensor, true_shares: Tensor, old_classes: int) -> float:
    """Total variation of shares (K',) and true shares (K,), old classes first.

    New classes have no names, and are compared in the order of their sizes; of fewer the missing have none.
    """
    assumed, true = (in_order(shares.double().cpu(), old_classes) for shares in (assumed_shares, true_shares))
    size = max(len(assumed), len(true))
    padded = [torch.cat([shares, shares.new_zeros(size - len(shares))]) for shares in (assumed, true)]
    return float(50 * (padded[0] - padded[1]).abs().sum())


def in_order(shares: Tensor, old: int) -> Tensor:
    return torch.cat([shares[:old], shares[old:].sort(descending=True).values])
