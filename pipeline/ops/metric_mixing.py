"""Mixtures of two examples as further examples for an anchor, seen through cosines alone."""

import torch
from torch import Tensor


def mixed_cosines(anchored: Tensor, partners: Tensor, cosines: Tensor, share: Tensor) -> Tensor:
    """(A, B) cosines of anchors with mixtures of their partner and each of B examples, made unit length again.

    anchored (A, B): cosines of anchors with the examples; partners (A,): which of the examples is mixed in, by `share`
    in [0, 1]; cosines (B, B): of the examples with each other.
    """
    rest = 1 - share
    own = anchored.gather(1, partners[:, None])
    length = (share**2 + rest**2 + 2 * share * rest * cosines[partners]).clamp_min(1e-12).sqrt()
    return (share * own + rest * anchored) / length


def one_of_each(chosen: Tensor, otherwise: Tensor) -> Tensor:
    """(A,) a place among the chosen ones (A, B) of each row, drawn by torch's global generator; `otherwise` (A,) where
    none is chosen."""
    drawn = (torch.rand(chosen.shape).to(chosen.device) * chosen).argmax(1)
    return torch.where(chosen.any(1), drawn, otherwise)


def drawn_share(concentration: float) -> Tensor:
    """One draw from Beta(concentration, concentration), by torch's global generator."""
    return torch.distributions.Beta(concentration, concentration).sample()
